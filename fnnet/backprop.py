"""The notebook's `feedforward` and `backprop`, on many samples at once.

The notebook's column vector becomes a matrix with a column for each sample, and below the
activations stands a row of ones: with (W | b) for a layer's matrix, `np.dot(w, a) + b` is one
product, and so is a layer's gradient, c/w and c/b together. Every result goes into a buffer that is
allocated once, for at these sizes a step is all call overhead and memory traffic.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np

from fnnet.activations import Activation
from fnnet.costs import Cost
from fnnet.params import Architecture
from fnnet.records import Array

__all__ = ["Layer", "Passes"]


class Layer:
    """One layer's view of theta, and its buffers for n samples."""

    __slots__ = (
        "activation",
        "buffer",
        "delta",
        "function",
        "linear_output",
        "matrix",
        "weights_t",
        "with_ones",
        "with_ones_t",
    )

    def __init__(
        self, function: Activation, matrix: Array, leading: tuple[int, ...], n: int
    ) -> None:
        units = matrix.shape[-2]
        self.function = function
        self.matrix = matrix  # (W | b)
        self.weights_t = matrix[..., :-1].swapaxes(-1, -2)
        self.linear_output = np.empty((*leading, units, n), matrix.dtype)
        self.delta = np.empty_like(self.linear_output)  # c/z
        self.buffer = np.empty_like(self.linear_output)
        self.with_ones = np.ones((*leading, units + 1, n), matrix.dtype)
        self.with_ones_t = self.with_ones.swapaxes(-1, -2)
        self.activation = self.with_ones[..., :-1, :]

    def through_activation(self) -> None:
        """From c/a, in `delta`, to c/z = c/a * a/z."""
        self.function.backward(self.linear_output, self.activation, self.delta, self.buffer)


class Passes:
    """The forward and the backward pass of one architecture, over n samples at a time.

    Parameters
    ----------
    architecture
        The network's.
    theta
        Its parameters (..., P): read at each pass, never written.
    leading
        The leading axes of theta, broadcast with those of the inputs.
    n
        How many samples a pass takes.
    activations
        Each layer's, where they are not the architecture's own.
    """

    def __init__(
        self,
        architecture: Architecture,
        theta: Array,
        leading: tuple[int, ...],
        n: int,
        activations: Iterable[Activation] | None = None,
    ) -> None:
        functions, matrices = activations or architecture.activations, architecture.matrices(theta)
        self.layers = [
            Layer(function, matrix, leading, n)
            for function, matrix in zip(functions, matrices, strict=True)
        ]
        self._downward = list(pairwise(reversed(self.layers)))
        # The same product, to the bit, called in two thirds of the time.
        self.product = np.matmul if leading else np.dot
        # What each layer's weights are multiplied with: the samples, then the layers' activations.
        self.inputs = [np.empty(0), *(layer.with_ones_t for layer in self.layers[:-1])]

    def feedforward(self, x: Array) -> Array:
        """The output (..., n_out, n) for the samples x (..., n, n_in + 1): a buffer.

        The last column of x is ones, to be multiplied with the biases.
        """
        product, activation = self.product, x.swapaxes(-1, -2)
        for layer in self.layers:
            product(layer.matrix, activation, out=layer.linear_output)
            layer.function.function(layer.linear_output, layer.activation)
            activation = layer.with_ones
        return self.layers[-1].activation

    def backprop(self, x: Array, y: Array, cost: Cost, scale: Array) -> None:
        """Fill each layer's `delta`: `scale` times c/z, a column for each sample.

        x is (..., n, n_in + 1) as for `feedforward`, y the targets (..., n_out, n). A gradient is
        linear in the output's delta, so what scales it is multiplied here, where it is smallest.
        """
        self.feedforward(x)
        self.inputs[0] = x
        layer = self.layers[-1]
        cost.derivative(layer.activation, y, layer.delta)
        np.multiply(layer.delta, scale, out=layer.delta)
        if cost.output is None:  # else the cost has taken the activation into account
            layer.through_activation()
        for layer, below in self._downward:
            # c/a(L-1) = c/z(L) * z/a(L-1)
            np.matmul(layer.weights_t, layer.delta, out=below.delta)
            below.through_activation()

    def costs(self, y: Array, cost: Cost) -> Array:
        """What each sample of the last pass costs, (..., n), given the targets (..., n_out, n)."""
        layer = self.layers[-1]
        return cost.of_samples(layer.activation if cost.output is None else layer.linear_output, y)
