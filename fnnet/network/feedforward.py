"""The notebook's `feedforward`, on many samples at once.

The notebook's column vector becomes a matrix with a column for each sample, and below the
activations stands a row of ones: with (W | b) for a layer's matrix, `np.dot(w, a) + b` is one
product. Every result goes into a buffer that is allocated once, for at these sizes a step is all
call overhead and memory traffic.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fnnet._records import Array
from fnnet.network.activations import Activation
from fnnet.network.costs import Cost
from fnnet.network.params import Architecture
from fnnet.network.products import product, right

__all__ = ["Feedforward", "Layer"]


class Layer:
    """One layer's view of theta, and its buffers, (..., units, n)."""

    __slots__ = ("activate", "activation", "linear_output", "matrix", "with_ones")

    def __init__(self, function: Activation, matrix: Array, z: Array, a_and_ones: Array) -> None:
        self.activate = function.function
        self.matrix = matrix  # (W | b)
        self.linear_output = z
        self.with_ones = a_and_ones
        self.activation = a_and_ones[..., :-1, :]

    @classmethod
    def alone(cls, function: Activation, matrix: Array, leading: tuple[int, ...], n: int) -> Layer:
        """A layer with memory of its own, to be kept without that of the others."""
        units = matrix.shape[-2]
        a_and_ones = np.empty((*leading, units + 1, n), matrix.dtype)
        a_and_ones[..., -1, :] = 1
        return cls(function, matrix, np.empty((*leading, units, n), matrix.dtype), a_and_ones)


class Feedforward:
    """The forward pass through given layers, over n samples at a time.

    Theta, which the layers view, is read at each pass, and never written. `leading` are its leading
    axes, broadcast with those of the inputs.
    """

    layers: Sequence[Layer]

    def __init__(self, layers: Sequence[Layer], leading: tuple[int, ...]) -> None:
        self._leading = leading
        self.layers = layers
        # What each layer's weights are multiplied with: the samples, once they are there, and the
        # activations of the layers below; a column a sample, and the same with a row a sample.
        self._columns = [np.empty(0), *(right(layer.with_ones, leading) for layer in layers[:-1])]
        self.inputs = [self._columns[0], *(a.mT for a in self._columns[1:])]
        self._upward = [
            (*product(layer.matrix, layer.linear_output, transposed=layer is layers[0]), layer)
            for layer in layers
        ]

    @classmethod
    def of(
        cls, architecture: Architecture, theta: Array, leading: tuple[int, ...], n: int
    ) -> Feedforward:
        """The forward pass of a network, each layer's buffers apart from the others'."""
        functions, matrices = architecture.activations, architecture.matrices(theta)
        pairs = zip(functions, matrices, strict=True)
        return cls([Layer.alone(*pair, leading, n) for pair in pairs], leading)

    def feedforward(self, x: Array) -> Array:
        """The output (..., n_out, n) for the samples x (..., n, n_in + 1): a buffer.

        The last column of x is ones, to be multiplied with the biases.
        """
        x = right(x, self._leading)
        self._columns[0], self.inputs[0] = x.mT, x
        for (multiply, matrix, z, layer), a in zip(self._upward, self._columns, strict=True):
            multiply(matrix, a, z)  # np.dot(w, a) + b
            layer.activate(layer.linear_output, layer.activation)
        return self.layers[-1].activation

    def costs(self, y: Array, cost: Cost) -> Array:
        """What each sample of the last pass costs, (..., n), given the targets (..., n_out, n)."""
        layer = self.layers[-1]
        return cost.of_samples(layer.activation if cost.output is None else layer.linear_output, y)
