from __future__ import annotations

import numpy as np
import pytest

from fnnet import Architecture
from fnnet._records import Array
from fnnet.network.backprop import Backprop
from fnnet.network.batches import with_ones
from fnnet.network.feedforward import Feedforward
from tests._support import SIZES, inputs


def network_of(sizes: tuple[int, ...], *leading: int) -> tuple[Architecture, Array, Array]:
    """An architecture, theta, and x with its ones."""
    architecture = Architecture.of(sizes)
    x = with_ones(inputs(6, sizes[0]), 1.0, np.dtype(float))
    return architecture, inputs(*leading, architecture.n_parameters), x


@pytest.mark.parametrize("sizes", SIZES)
def test_a_network_is_the_notebooks(sizes: tuple[int, ...]) -> None:
    architecture, theta, x = network_of(sizes)
    a = x[:, :-1].T
    for matrix in architecture.matrices(theta):
        a = 1 / (1 + np.exp(-(np.dot(matrix[:, :-1], a) + matrix[:, -1:])))
    output = Feedforward.of(architecture, theta, (), 6).feedforward(x)
    np.testing.assert_allclose(output, a, rtol=1e-12)


@pytest.mark.parametrize("leading", [(), (2,)])
def test_each_layers_input_ends_in_ones(leading: tuple[int, ...]) -> None:
    architecture, theta, x = network_of((4, 5, 3), *leading)
    network = Feedforward.of(architecture, theta, leading, 6)
    network.feedforward(x)
    for layer, given in zip(network.layers, network.inputs, strict=True):
        assert (given[..., -1] == 1).all()
        assert given.shape[-1] == layer.matrix.shape[-1]


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("leading", [(), (2,)])
def test_the_forward_pass_is_the_one_that_backprop_makes(
    sizes: tuple[int, ...], leading: tuple[int, ...]
) -> None:
    architecture, theta, x = network_of(sizes, *leading)
    forward = Feedforward.of(architecture, theta, leading, 6)
    both = Backprop(architecture, theta, leading, 6)
    assert forward.feedforward(x).tobytes() == both.feedforward(x).tobytes()
    for alone, trained in zip(forward.layers, both.layers, strict=True):
        assert alone.activation.tobytes() == trained.activation.tobytes()
        assert alone.linear_output.tobytes() == trained.linear_output.tobytes()


def test_layers_are_kept_without_each_others_memory() -> None:
    architecture, theta, _ = network_of((4, 5, 3, 2))
    layers = Feedforward.of(architecture, theta, (), 6).layers
    buffers = [buffer for layer in layers for buffer in (layer.with_ones, layer.linear_output)]
    assert all(buffer.base is None for buffer in buffers)
    assert len({id(buffer) for buffer in buffers}) == 2 * len(layers)
