"""The notebook's `backprop`, on many samples at once: from the cost back to each layer's c/z."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise

import numpy as np

from fnnet._records import Array
from fnnet.network.activations import Activation
from fnnet.network.costs import Cost
from fnnet.network.feedforward import Feedforward, Layer
from fnnet.network.params import Architecture
from fnnet.network.products import product, right

__all__ = ["Backprop"]


class _Layer(Layer):
    """A layer that the cost is derived by."""

    __slots__ = ("backward", "delta", "delta_with_ones", "slopes")

    def __init__(
        self, function: Activation, matrix: Array, z: Array, a_and_ones: Array, slopes: Array
    ) -> None:
        super().__init__(function, matrix, z, a_and_ones)
        self.backward = function.backward
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
            self.layers.append(_Layer(function, matrix, *own))
        self._slopes = function.slopes
        # The rows of ones between two layers are derived along with them, for nothing.
        self._buffers = tuple(buffer[..., :-1, :] for buffer in (z, a, slopes))

    def take_slopes(self) -> None:
        """Fill the layers' `slopes`, after a forward pass."""
        z, a, slopes = self._buffers
        self._slopes(z, a, slopes)


def _one_activation_each(
    functions: Iterable[Activation], matrices: Iterable[Array]
) -> list[tuple[Activation, list[Array]]]:
    """The layers' matrices in runs of one activation; a caller's own may look at a whole layer."""
    runs: list[tuple[Activation, list[Array]]] = []
    for function, matrix in zip(functions, matrices, strict=True):
        if runs and function.is_builtin and function is runs[-1][0]:
            runs[-1][1].append(matrix)
        else:
            runs.append((function, [matrix]))
    return runs


class Backprop(Feedforward):
    """The forward and the backward pass of one architecture, over n samples at a time.

    theta (..., P) is read at each pass, and never written. `leading` are its leading axes,
    broadcast with those of the inputs. `activations` are each layer's, where they are not the
    architecture's own.
    """

    layers: Sequence[_Layer]

    def __init__(
        self,
        architecture: Architecture,
        theta: Array,
        leading: tuple[int, ...],
        n: int,
        activations: Iterable[Activation] | None = None,
    ) -> None:
        functions = activations or architecture.activations
        runs = _one_activation_each(functions, architecture.matrices(theta))
        self._runs = [_Run(function, matrices, leading, n) for function, matrices in runs]
        layers = [layer for run in self._runs for layer in run.layers]
        super().__init__(layers, leading)
        self._downward = [
            (*product(layer.matrix.mT, below.delta_with_ones), right(layer.delta, leading), below)
            for layer, below in pairwise(reversed(layers))
        ]

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
