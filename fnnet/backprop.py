"""The notebook's `feedforward` and `backprop`, on many samples at once.

The notebook's column vector becomes a matrix with a column for each sample, and below the
activations stands a row of ones: with (W | b) for a layer's matrix, `np.dot(w, a) + b` is one
product, and so is a layer's gradient, c/w and c/b together. Every result goes into a buffer that is
allocated once, for at these sizes a step is all call overhead and memory traffic.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from fnnet.activations import Activation
from fnnet.costs import Cost
from fnnet.params import Architecture
from fnnet.products import product, right
from fnnet.records import Array

__all__ = ["Layer", "Passes"]


class Layer:
    """One layer's view of theta, and its rows of a run's buffers, (..., units, n)."""

    __slots__ = (
        "activate",
        "activation",
        "backward",
        "delta",
        "delta_with_ones",
        "linear_output",
        "matrix",
        "slopes",
        "with_ones",
    )

    def __init__(
        self, function: Activation, matrix: Array, z: Array, a_and_ones: Array, slopes: Array
    ) -> None:
        self.activate, self.backward = function.function, function.backward
        self.matrix = matrix  # (W | b)
        self.linear_output = z
        self.with_ones = a_and_ones
        self.activation = a_and_ones[..., :-1, :]
        self.slopes = slopes  # a/z
        # With c/a of the ones, which nobody reads: (W | b)^T as it is takes less time to multiply
        # than W^T, with gaps between its columns.
        self.delta_with_ones = np.empty(a_and_ones.shape, z.dtype)
        self.delta = self.delta_with_ones[..., :-1, :]  # c/a, and then c/z


class _Run:
    """Layers in a row that have one activation: a/z of all of them is one call."""

    def __init__(
        self, function: Activation, matrices: list[Array], leading: tuple[int, ...], n: int
    ) -> None:
        ends = list(accumulate(matrix.shape[-2] + 1 for matrix in matrices))
        shape, dtype = (*leading, ends[-1], n), matrices[0].dtype
        z, a, slopes = np.zeros(shape, dtype), np.empty(shape, dtype), np.empty(shape, dtype)
        a.fill(1)  # np.ones takes four times as long for one sample
        self.layers = []
        for matrix, end in zip(matrices, ends, strict=True):
            stop = end - 1  # of the layer's own rows, above the row of ones
            start = stop - matrix.shape[-2]
            own = z[..., start:stop, :], a[..., start:end, :], slopes[..., start:stop, :]
            self.layers.append(Layer(function, matrix, *own))
        self._slopes = function.slopes
        # The rows of ones between two layers are derived along with them, for nothing.
        self._buffers = tuple(buffer[..., :-1, :] for buffer in (z, a, slopes))

    def take_slopes(self) -> None:
        """Fill the layers' `slopes`, after a forward pass."""
        z, a, slopes = self._buffers
        self._slopes(z, a, slopes)


def _one_activation_each(
    functions: Iterable[Activation], matrices: Iterable[Array], apart: bool
) -> list[tuple[Activation, list[Array]]]:
    """The layers' matrices in runs of one activation; a caller's own may look at a whole layer."""
    runs: list[tuple[Activation, list[Array]]] = []
    for function, matrix in zip(functions, matrices, strict=True):
        if runs and not apart and function.is_builtin and function is runs[-1][0]:
            runs[-1][1].append(matrix)
        else:
            runs.append((function, [matrix]))
    return runs


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
    apart
        Whether each layer has memory of its own, to be kept without that of the others.
    """

    def __init__(
        self,
        architecture: Architecture,
        theta: Array,
        leading: tuple[int, ...],
        n: int,
        activations: Iterable[Activation] | None = None,
        *,
        apart: bool = False,
    ) -> None:
        self._leading = leading
        functions = activations or architecture.activations
        runs = _one_activation_each(functions, architecture.matrices(theta), apart)
        self._runs = [_Run(function, matrices, leading, n) for function, matrices in runs]
        self.layers = layers = [layer for run in self._runs for layer in run.layers]
        # What each layer's weights are multiplied with: the samples, once they are there, and the
        # activations of the layers below; a column a sample, and the same with a row a sample.
        self._columns = [np.empty(0), *(right(layer.with_ones, leading) for layer in layers[:-1])]
        self.inputs = [self._columns[0], *(a.mT for a in self._columns[1:])]
        self._upward = [
            (*product(layer.matrix, layer.linear_output, transposed=layer is layers[0]), layer)
            for layer in layers
        ]

    @cached_property
    def _downward(self) -> list[tuple[Any, ...]]:
        # Made when it is needed, for a forward pass of one sample takes no longer than this.
        return [
            (
                *product(layer.matrix.mT, below.delta_with_ones),
                right(layer.delta, self._leading),
                below,
            )
            for layer, below in pairwise(reversed(self.layers))
        ]

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

    def backprop(self, x: Array, y: Array, cost: Cost, scale: Array) -> None:
        """Fill each layer's `delta`: `scale` times c/z, a column for each sample.

        x is (..., n, n_in + 1) as for `feedforward`, y the targets (..., n_out, n). A gradient is
        linear in the output's delta, so what scales it is multiplied here, where it is smallest.
        """
        self.feedforward(x)
        for run in self._runs:
            run.take_slopes()
        layer = self.layers[-1]
        cost.derivative(layer.activation, y, layer.delta)
        np.multiply(layer.delta, scale, layer.delta)
        if cost.output is None:  # else the cost has taken the activation into account
            layer.backward(layer.delta, layer.slopes)
        for multiply, matrix_t, out, delta, below in self._downward:
            multiply(matrix_t, delta, out)  # c/a(L-1) = c/z(L) * z/a(L-1)
            below.backward(below.delta, below.slopes)  # c/z = c/a * a/z

    def costs(self, y: Array, cost: Cost) -> Array:
        """What each sample of the last pass costs, (..., n), given the targets (..., n_out, n)."""
        layer = self.layers[-1]
        return cost.of_samples(layer.activation if cost.output is None else layer.linear_output, y)
