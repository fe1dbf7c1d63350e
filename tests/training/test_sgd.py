from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fnnet import Batch, cost, descend, grads, init, sgd_step
from tests._support import SIZES, assert_refused, close, inputs, labels


def batch(sizes: tuple[int, ...], n: int = 6) -> Batch:
    return Batch(inputs(n, sizes[0]), labels(n, classes=sizes[-1]))


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("eta", [3.0, 0.1, -1.0, np.float32(2), 5])
def test_a_step_goes_eta_along_the_mean_gradient_downwards(
    sizes: tuple[int, ...], eta: float
) -> None:
    params, samples = init(sizes, seed=0, dtype=np.float64), batch(sizes)
    gradient = grads(params, samples.x, samples.y)
    after = sgd_step(params, samples, eta)
    assert close(after.theta, params.theta - float(eta) * gradient.theta)
    assert after.architecture == params.architecture


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_small_step_lowers_the_cost_and_keeps_the_dtype(dtype: Any) -> None:
    params, samples = init([4, 5, 3], seed=0, dtype=dtype), batch((4, 5, 3))
    after = sgd_step(params, samples, 0.1)
    assert cost(after, samples.x, samples.y) < cost(params, samples.x, samples.y)
    assert after.dtype == dtype


def test_a_batch_that_is_repeated_backwards_makes_the_same_step() -> None:
    params, once = init([4, 5, 3], seed=0, dtype=np.float64), batch((4, 5, 3))
    twice = Batch(np.tile(once.x[::-1], (2, 1)), np.tile(once.y[::-1], 2))
    assert close(sgd_step(params, twice, 3.0).theta, sgd_step(params, once, 3.0).theta)


def test_no_eta_no_step() -> None:
    params = init([4, 5, 3], seed=[0, 1])
    assert sgd_step(params, batch((4, 5, 3)), 0) == params


@pytest.mark.parametrize("eta", [float("nan"), np.inf, "3", None, True, [1.0], 10**400])
def test_an_eta_that_is_no_finite_number_is_refused(eta: Any) -> None:
    params, samples = init([4, 5, 3], seed=0), batch((4, 5, 3))
    assert_refused(lambda: sgd_step(params, samples, eta), "eta is ", "a finite number")


def test_an_eta_beyond_the_params_range_steps_in_silence() -> None:
    params, samples = init([4, 5, 3], seed=0), batch((4, 5, 3))
    assert not np.isfinite(sgd_step(params, samples, 1e300).theta).all()


def test_a_step_along_a_direction() -> None:
    params = init([3, 2], seed=[0, 1])
    direction = inputs(2, 8).astype(np.float32)
    expected = params.theta - np.float32(0.5) * direction
    assert descend(params, direction, 0.5).theta.tobytes() == expected.tobytes()
    each = descend(params, direction, np.array([0.5, 0.25]))
    assert each[0] == descend(params[0], direction[0], 0.5)
    assert each[1] == descend(params[1], direction[1], 0.25)
    assert not np.isfinite(descend(params, direction, 1e300).theta).any()


def test_a_direction_that_does_not_fit_is_refused() -> None:
    params: Any = init([3, 2], seed=[0, 1])
    g: Any = np.zeros((2, 8), np.float32)
    record: Any = grads(params, [[0, 0, 0]], [0])
    eta: Any = "3"
    bad: list[tuple[Callable[[], object], str]] = [
        (lambda: descend(params, g[0], 1.0), "direction is an array of shape (8,)"),
        (lambda: descend(params, record, 1.0), "direction is Params"),
        (lambda: descend(params, g, np.ones(3)), "eta is an array of shape (3,)"),
        (lambda: descend(params, g, eta), "eta is '3': expected real numbers"),
        (lambda: descend(params, g, np.nan), "eta is nan: expected finite values only"),
        (lambda: descend(params, g, g[0, 0] * 1j), "eta is "),
        (lambda: descend(params, g * 1j, 1.0), "direction is an array of shape"),
        (lambda: descend(g, g, 1.0), "params is an array of shape (2, 8)"),
    ]
    for call, fragment in bad:
        assert_refused(call, fragment)
