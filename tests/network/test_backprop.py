from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from fnnet import Activation, Architecture, init, quadratic
from fnnet._records import Array
from fnnet.network import products
from fnnet.network.backprop import Backprop
from fnnet.network.batches import with_ones
from tests._support import SIZES, inputs, linear

ONE = np.ones(())


def passes_of(
    sizes: tuple[int, ...], n: int, *leading: int
) -> tuple[Backprop, Array, Array, Array]:
    """The passes, theta, x with its ones, and targets."""
    architecture = Architecture.of(sizes)
    theta = inputs(*leading, architecture.n_parameters)
    x = with_ones(inputs(n, sizes[0]), 1.0, np.dtype(float))
    return Backprop(architecture, theta, leading, n), theta, x, inputs(sizes[-1], n)


def deltas(passes: Backprop, x: Array, y: Array, scale: Array = ONE) -> list[Array]:
    passes.backprop(x, y, quadratic, scale)
    return [layer.delta.copy() for layer in passes.layers]


@pytest.mark.parametrize("sizes", SIZES)
def test_the_passes_are_the_textbooks(sizes: tuple[int, ...]) -> None:
    passes, theta, x, y = passes_of(sizes, 5)
    matrices = Architecture.of(sizes).matrices(theta)
    a, activations = x.T, []
    for matrix in matrices:
        activations.append(1 / (1 + np.exp(-matrix @ a)))
        a = np.vstack([activations[-1], np.ones(5)])
    np.testing.assert_allclose(passes.feedforward(x), activations[-1], rtol=1e-12)
    delta = (activations[-1] - y) / 2 * activations[-1] * (1 - activations[-1])
    expected = [delta]
    for matrix, a in zip(matrices[:0:-1], activations[-2::-1], strict=True):
        delta = (matrix[:, :-1].T @ delta) * a * (1 - a)
        expected.insert(0, delta)
    for ours, theirs in zip(deltas(passes, x, y), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("leading", [(), (3,)])
def test_a_pass_does_not_depend_on_what_the_buffers_held(leading: tuple[int, ...]) -> None:
    passes, _, x, y = passes_of((4, 5, 3), 6, *leading)
    first = deltas(passes, x, y)
    for layer in passes.layers:
        for buffer in (layer.activation, layer.linear_output, layer.delta, layer.slopes):
            buffer.fill(np.nan)
    for ours, theirs in zip(deltas(passes, x, y), first, strict=True):
        assert ours.tobytes() == theirs.tobytes()


def test_arguments_and_theta_are_only_read() -> None:
    passes, theta, x, y = passes_of((4, 5, 3), 6)
    before = [array.tobytes() for array in (theta, x, y)]
    deltas(passes, x, y)
    assert [array.tobytes() for array in (theta, x, y)] == before


def test_theta_is_read_anew_at_each_pass() -> None:
    passes, theta, x, y = passes_of((4, 5, 3), 6)
    first = deltas(passes, x, y)
    theta[...] = inputs(*theta.shape, seed=1)
    fresh = Backprop(Architecture.of((4, 5, 3)), theta, (), 6)
    second = deltas(passes, x, y)
    assert [delta.tobytes() for delta in second] == [d.tobytes() for d in deltas(fresh, x, y)]
    assert [delta.tobytes() for delta in second] != [delta.tobytes() for delta in first]


def test_the_deltas_are_linear_in_the_scale() -> None:
    passes, _, x, y = passes_of((4, 5, 3), 6)
    once, twice = deltas(passes, x, y), deltas(passes, x, y, np.full((), 2.0))
    for one, two in zip(once, twice, strict=True):
        assert (2 * one).tobytes() == two.tobytes()


def test_products_are_cut_where_that_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "_has_small_kernels", lambda: True)
    passes = Backprop(Architecture.of((600, 500, 400, 10)), np.zeros(504_910), (), 60)
    up = [matrix.shape[:-1] for _, matrix, *_ in passes._upward]
    down = [matrix.shape[:-1] for _, matrix, *_ in passes._downward]
    # (1,200 / 60 results), 1e6 / (501 * 60), ... rows, and what divides the units
    assert [*up, *down] == [(25, 20), (16, 25), (10,), (401,), (501,)]


def _shares(z: Array, out: Array) -> None:
    np.divide(z, z.sum(axis=-2, keepdims=True), out)


def _shares_derivative(z: Array, _a: Array, out: Array) -> None:
    np.divide(1, z.sum(axis=-2, keepdims=True), out)


def test_layers_of_one_activation_go_backward_each_for_itself() -> None:
    # One that looks at a whole layer at once, as softmax does: no other layer's rows disturb it.
    shares = Activation("shares", _shares, _shares_derivative)
    many: list[list[str | Activation]] = [
        ["tanh", "sigmoid", "sigmoid", shares, shares],
        ["softmax"] * 5,
    ]
    for activations in many:
        architecture = Architecture.of((4, 5, 3, 6, 2, 3), activations)
        passes = Backprop(architecture, inputs(architecture.n_parameters), (), 6)
        x = with_ones(inputs(6, 4), 1.0, np.dtype(float))
        passes.backprop(x, inputs(3, 6), quadratic, ONE)
        for function, layer in zip(architecture.activations, passes.layers, strict=True):
            slopes = np.empty_like(layer.delta)
            function.slopes(layer.linear_output.copy(), layer.activation.copy(), slopes)
            assert layer.slopes.tobytes() == slopes.tobytes()


def test_a_network_from_a_pickle_shares_calls_as_it_did() -> None:
    params = pickle.loads(pickle.dumps(init((4, 5, 3, 2), seed=0)))
    passes = Backprop(params.architecture, params.theta, (), 6)
    assert len(passes._runs) == 1


def test_each_layers_own_derivative_is_taken() -> None:
    architecture = Architecture.of((4, 5, 3), [linear, "sigmoid"])
    passes = Backprop(architecture, inputs(architecture.n_parameters), (), 6)
    x: Any = with_ones(inputs(6, 4), 1.0, np.dtype(float))
    passes.backprop(x, inputs(3, 6), quadratic, ONE)
    hidden, output = passes.layers
    assert (hidden.slopes == 1).all()
    assert output.slopes.tobytes() == ((1 - output.activation) * output.activation).tobytes()
