from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fnnet
from fnnet import Activation, Cost, InputError, Params, grads, init, quadratic, sigmoid
from fnnet.evaluation.gradient_check import complex_step, relative_error
from tests._support import (
    assert_refused,
    close,
    dataset,
    inputs,
    labels,
    linear,
    same_bits,
    tripled,
)

wrong = Activation("wrong", sigmoid.f, linear.derivative)
wrong_cost = Cost("wrong", tripled.value, quadratic.derivative)


@settings(max_examples=40, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 6), min_size=2, max_size=5),
    n=st.integers(1, 8),
    seed=st.integers(0, 1000),
    as_labels=st.booleans(),
)
def test_the_gradient_is_the_costs_derivative_to_the_last_digits(
    sizes: list[int], n: int, seed: int, as_labels: bool
) -> None:
    params, x = init(sizes, seed=seed, dtype=np.float64), inputs(n, sizes[0], seed=seed)
    y = labels(n, classes=sizes[-1]) if as_labels else inputs(n, sizes[-1], seed=seed + 1)
    assert relative_error(params, x, y) < 1e-12


@pytest.mark.parametrize("activations", [linear, [linear, "sigmoid"], ["sigmoid", linear]])
def test_an_own_activation_and_cost_can_be_checked(activations: Any) -> None:
    params = init([3, 4, 2], seed=0, dtype=np.float64, activations=activations)
    assert relative_error(params, inputs(5, 3), inputs(5, 2), cost=tripled) < 1e-12


@pytest.mark.parametrize("activations", [wrong, ["sigmoid", wrong], [wrong, "sigmoid"]])
def test_a_wrong_derivative_shows(activations: Any) -> None:
    params = init([3, 4, 2], seed=0, dtype=np.float64, activations=activations)
    assert relative_error(params, inputs(5, 3), [0, 1, 0, 1, 1]) > 0.1


def test_a_wrong_costs_derivative_shows() -> None:
    params = init([3, 4, 2], seed=0, dtype=np.float64)
    assert relative_error(params, inputs(5, 3), [0, 1, 0, 1, 1], cost=wrong_cost) > 0.1


def test_the_complex_step_agrees_with_difference_quotients() -> None:
    params, x, y = init([2, 2, 1], seed=0, dtype=np.float64), inputs(5, 2), inputs(5, 1)
    steps = 1e-6 * np.eye(params.theta.size)
    costs = [
        [_cost(Params(params.architecture, params.theta + sign * step), x, y) for step in steps]
        for sign in (1, -1)
    ]
    quotient = (np.array(costs[0]) - np.array(costs[1])) / 2e-6
    np.testing.assert_allclose(complex_step(params, x, y).theta, quotient, atol=1e-9)


def _cost(params: Params, x: Any, y: Any) -> float:
    a = x
    for w, b in zip(params.weights, params.biases, strict=True):
        a = 1 / (1 + np.exp(-(a @ w.T + b)))
    return float(np.mean(np.sum((a - y) ** 2, axis=1) / 4))


def test_complex_params_are_for_derivatives_alone(tmp_path: Path) -> None:
    real, data = init([3, 4, 2], seed=0, dtype=np.float64), dataset(5, (3, 2), "targets")
    params, path = Params(real.architecture, real.theta + 0j), tmp_path / "params.npz"
    batch = data.batch(dtype=np.float64)
    assert same_bits(
        fnnet.forward(params, batch.x).output.real, fnnet.forward(real, batch.x).output
    )
    assert close(grads(params, batch.x, batch.y).theta, grads(real, batch.x, batch.y).theta)
    fnnet.save_params(path, real)
    entries = dict(np.load(path))
    np.savez(path, **entries | {"theta": params.theta})
    for call in (
        lambda: fnnet.evaluate(params, data),
        lambda: fnnet.confusion_matrix(params, data),
        lambda: fnnet.regression_report(params, data),
        lambda: fnnet.start(params, fnnet.TrainConfig()),
        lambda: fnnet.train(fnnet.TrainState(params), data, fnnet.TrainConfig()),
        lambda: fnnet.save_params(path, params),
        lambda: fnnet.save_state(path, fnnet.TrainState(params)),
        lambda: fnnet.load_params(path),
    ):
        assert_refused(call, "params is an array of shape (26,)", "complex128: expected dtype")


def test_the_result_is_a_gradient_like_any_other() -> None:
    params, x, y = init([3, 4, 2], seed=0, dtype=np.float64), inputs(5, 3), [0, 1, 0, 1, 1]
    gradient = complex_step(params, x, y)
    assert gradient.architecture == params.architecture
    assert gradient.dtype == np.float64
    assert close(gradient.theta, grads(params, x, y).theta)


@pytest.mark.parametrize("params", [init([2, 1], seed=0), init([2, 1], seed=[0], dtype=np.float64)])
def test_only_one_network_in_float64_is_taken(params: Params) -> None:
    for call in (complex_step, relative_error):
        refused = partial(call, params, [[1.0, 2.0]], [0])
        assert_refused(refused, "params is ", "one network", "float64")


@pytest.mark.parametrize("size", [900.0, -900.0])
def test_a_saturated_network_is_checked_or_refused_in_silence(size: float) -> None:
    architecture = init([2, 2, 1], seed=0).architecture
    params = Params(architecture, np.full(architecture.n_parameters, size))
    with suppress(InputError):  # beyond the range of exp
        assert relative_error(params, [[1.0, 2.0]], [0]) == 0
