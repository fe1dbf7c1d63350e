"""`feedforward` and `backprop`, held against the notebook's listing line by line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np
import pytest

from fnnet import Activation, Architecture, Cost, Params, quadratic
from fnnet._records import Array
from fnnet.network.costs import COSTS
from fnnet.network.inputs import with_ones
from fnnet.network.passes import Workspace, backprop, costs, feedforward
from tests._notebook import Network, columns, sigmoid_prime
from tests._support import SIZES, close, inputs, linear, same_bits

N = 6
ONE = np.ones(())
SHAPES = [*SIZES, (130, 130, 3)]  # the gradient of the last one is large enough for np.matmul
LEADING = pytest.mark.parametrize("leading", [(), (3,)])


def work_of(
    sizes: tuple[int, ...], *leading: int, activations: Any = "sigmoid"
) -> tuple[Workspace, Architecture, Array]:
    """A workspace for all of a step, its architecture and its theta."""
    architecture = Architecture.of(sizes, activations)
    theta = inputs(*leading, architecture.n_parameters)
    work = Workspace(architecture, theta, leading, N).with_gradient(architecture)
    return work, architecture, theta


def samples(sizes: tuple[int, ...]) -> tuple[Array, Array]:
    """Inputs as rows that end in a one, and targets as columns."""
    return with_ones(inputs(N, sizes[0]), 1.0, np.dtype(float)), inputs(sizes[-1], N)


def computed(work: Workspace) -> list[Array]:
    """All that a step leaves in the workspace."""
    parts = [(layer.z, layer.a, layer.slopes, layer.delta) for layer in work.layers]
    return [work.gradient.copy(), *(array.copy() for part in parts for array in part)]


@pytest.mark.parametrize("sizes", SHAPES)
class TestAgainstTheNotebook:
    def test_feedforward(self, sizes: tuple[int, ...]) -> None:
        _, architecture, theta = work_of(sizes)
        work = Workspace(architecture, theta, (), N)
        x, _ = samples(sizes)
        output = feedforward(work, x)
        for k, column in enumerate(columns(x[:, :-1])):
            activations, linear_outputs = Network(Params(architecture, theta)).feedforward(column)
            for layer, z, a in zip(work.layers, linear_outputs, activations[1:], strict=True):
                assert close(layer.z[:, k], z[:, 0])
                assert close(layer.a[:, k], a[:, 0])
            assert same_bits(output, work.layers[-1].a)
        assert all((layer.a_ones[-1] == 1).all() for layer in work.layers)

    def test_backprop(self, sizes: tuple[int, ...]) -> None:
        work, architecture, theta = work_of(sizes)
        network, (x, y) = Network(Params(architecture, theta)), samples(sizes)
        scale = np.arange(1.0, N + 1)[np.newaxis]
        gradient = backprop(work, x, y, quadratic, scale)
        total = np.zeros(theta.size)
        for k, (own_x, own_y) in enumerate(zip(columns(x[:, :-1]), columns(y.T), strict=True)):
            linear_outputs = network.feedforward(own_x)[1]
            delta_w, delta_b = network.backprop(own_x, own_y)
            for layer, z, b in zip(work.layers, linear_outputs, delta_b, strict=True):
                assert close(layer.slopes[:, k], sigmoid_prime(z)[:, 0])
                assert close(layer.delta[:, k], scale[0, k] * b[:, 0])  # dC/db is dC/dz
            parts = [np.hstack([w, b]).ravel() for w, b in zip(delta_w, delta_b, strict=True)]
            total += scale[0, k] * np.concatenate(parts)
        assert close(gradient, total)
        assert gradient is work.gradient


@LEADING
class TestBuffers:
    """What is in the workspace before a pass makes no difference, and arguments are only read."""

    sizes = (4, 5, 3)

    def test_what_the_buffers_held_does_not_count(self, leading: tuple[int, ...]) -> None:
        work, *_ = work_of(self.sizes, *leading)
        step = *samples(self.sizes), quadratic, ONE
        backprop(work, *step)
        first = computed(work)
        for layer in work.layers:
            for buffer in (layer.z, layer.a, layer.slopes, layer.delta_ones, layer.gradient):
                buffer.fill(np.nan)
        backprop(work, *step)
        assert all(map(same_bits, computed(work), first))

    def test_arguments_and_theta_are_only_read(self, leading: tuple[int, ...]) -> None:
        work, _, theta = work_of(self.sizes, *leading)
        x, y = samples(self.sizes)
        before = [array.tobytes() for array in (theta, x, y)]
        backprop(work, x, y, quadratic, ONE)
        costs(work, y, quadratic)
        assert [array.tobytes() for array in (theta, x, y)] == before

    def test_theta_is_read_anew_at_each_pass(self, leading: tuple[int, ...]) -> None:
        work, architecture, theta = work_of(self.sizes, *leading)
        step = *samples(self.sizes), quadratic, ONE
        backprop(work, *step)
        first = computed(work)
        theta[...] = inputs(*theta.shape, seed=1)
        fresh = Workspace(architecture, theta, leading, N).with_gradient(architecture)
        for each in (work, fresh):
            backprop(each, *step)
        assert all(map(same_bits, computed(work), computed(fresh)))
        assert not any(map(same_bits, computed(work), first))


@pytest.mark.parametrize("cost", COSTS.values(), ids=COSTS)
@LEADING
def test_costs_and_their_own_output_layers(cost: Cost, leading: tuple[int, ...]) -> None:
    work, *_ = work_of((4, 5, 3), *leading, activations=["tanh", cost.output or "sigmoid"])
    (x, _), y = samples((4, 5, 3)), np.abs(inputs(3, N)) / 3
    backprop(work, x, y, cost, ONE)
    last = work.layers[-1]
    delta = cost.derivative(last.a.mT, y.mT).mT
    outputs = last.z if cost.output else last.a
    assert same_bits(costs(work, y, cost), cost.value(outputs.mT, y.mT))
    assert same_bits(last.delta, delta if cost.output else delta * last.slopes)


shares = Activation("shares", lambda z: z / z.sum(-1, keepdims=True), lambda z: np.exp(z / z.sum()))
"""One that looks at a whole layer at once, as softmax does."""


@pytest.mark.parametrize(
    "activations", [["tanh", "sigmoid", "sigmoid", shares, shares], ["softmax"] * 5, [linear] * 5]
)
def test_each_layer_has_its_own_slopes(activations: Sequence[str | Activation]) -> None:
    # Neighbours of one activation share a call: the row between them must not count.
    sizes = (4, 5, 3, 6, 2, 3)
    work, architecture, _ = work_of(sizes, activations=activations)
    backprop(work, *samples(sizes), quadratic, ONE)
    for activation, layer in zip(architecture.activations, work.layers, strict=True):
        slopes = np.empty_like(layer.delta)
        activation.slopes(layer.z.copy(), layer.a.copy(), slopes)
        assert same_bits(layer.slopes, slopes)


def test_activations_replace_the_architectures() -> None:
    work, architecture, theta = work_of((4, 5, 3), activations="tanh")
    named = attrs.evolve(architecture, activations=("relu", "identity"))
    replaced = Workspace(architecture, theta, (), N, named.activations)
    x, _ = samples((4, 5, 3))
    output = feedforward(replaced, x)
    assert same_bits(output, feedforward(Workspace(named, theta, (), N), x))
    assert not same_bits(output, feedforward(work, x))
