"""The notebook's `feedforward` and `backprop`, on a whole mini batch at once.

A sample is a column, as in the notebook. A row of ones stands below each layer's activations, and
a bias is its unit's last weight: `np.dot(w, a) + b` is then one product, and dC/dw with dC/db is
another. Each NumPy call writes into the workspace, so a step allocates no array.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from fnnet._records import Array
from fnnet.network.activations import Activation
from fnnet.network.costs import Cost
from fnnet.network.params import Architecture

__all__ = ["Layer", "Workspace", "backprop", "costs", "feedforward"]

_DOT_UP_TO = 2**14
"""With more numbers in a result, `np.matmul` is faster: `np.dot` fills it with zeros first, but is
called in half the time."""


class Layer:
    """One layer's views of theta and of the workspace, (..., units, n): columns are samples."""

    __slots__ = (
        "a", "a_ones", "a_ones_t", "activate", "activation", "backward", "delta", "delta_ones",
        "gradient", "matrix", "matrix_t", "multiply_gradient", "multiply_matrix",
        "multiply_matrix_t", "slopes", "z",
    )  # fmt: skip

    def __init__(self, activation: Activation, matrix: Array, z: Array, a_ones: Array) -> None:
        self.activation, self.activate = activation, activation.activate
        self.matrix = matrix  # (W | b)
        self.z = z  # linear outputs
        self.a_ones, self.a = a_ones, a_ones[..., :-1, :]  # activations
        self.multiply_matrix = _faster_product(z)

    def add_backward(self, slopes: Array, delta_ones: Array, gradient: Array) -> None:
        """The views that only `backprop` needs."""
        self.matrix_t, self.a_ones_t = self.matrix.mT, self.a_ones.mT
        self.slopes, self.backward = slopes, self.activation.backward  # da/dz
        # First dC/da, then dC/dz. It has a spare row, for (W | b)^T to be multiplied as a whole.
        self.delta_ones, self.delta = delta_ones, delta_ones[..., :-1, :]
        self.gradient = gradient  # dC/dw and dC/db
        self.multiply_gradient = _faster_product(gradient)
        self.multiply_matrix_t = _faster_product(delta_ones)


def _faster_product(out: Array) -> Callable[[Array, Array, Array], object]:
    """NumPy's matrix product that is faster for such a result; both give the same bits."""
    return np.dot if out.ndim == 2 and out.size < _DOT_UP_TO else np.matmul


class Workspace:
    """Buffers for a pass over n samples: one array each for z and a; a layer views rows of them.

    The caller writes the parameters into theta (..., P) before each pass. `leading` are its leading
    axes, broadcast with those of the samples. `activations` replace the architecture's.
    """

    def __init__(
        self,
        architecture: Architecture,
        theta: Array,
        leading: tuple[int, ...],
        n: int,
        activations: Sequence[Activation] = (),
    ) -> None:
        rows = sum(architecture.sizes[1:]) + len(architecture.sizes) - 1  # with a row of ones each
        self._z = np.zeros((*leading, rows, n), theta.dtype)
        self._a = np.empty(self._z.shape, theta.dtype)
        self._a.fill(1)  # np.ones takes four times as long for one sample
        self.layers: list[Layer] = []
        activations, start = activations or architecture.activations, 0
        for activation, matrix in zip(activations, architecture.matrices(theta), strict=True):
            end = start + matrix.shape[-2]
            z, a_ones = self._z[..., start:end, :], self._a[..., start : end + 1, :]
            self.layers.append(Layer(activation, matrix, z, a_ones))
            start = end + 1

    def with_gradient(self, architecture: Architecture) -> Workspace:
        """The same workspace, with all that `backprop` needs."""
        z, a = self._z, self._a
        slopes, delta = np.zeros((2, *z.shape), z.dtype)
        self.gradient = np.empty((*z.shape[:-2], architecture.n_parameters), z.dtype)
        self.groups: list[tuple[Activation, Array, Array, Array]] = []
        gradients, start, span, before = architecture.matrices(self.gradient), 0, 0, None
        for layer, gradient in zip(self.layers, gradients, strict=True):
            end = start + gradient.shape[-2]
            layer.add_backward(slopes[..., start:end, :], delta[..., start : end + 1, :], gradient)
            # Neighbours with the same activation share a call for da/dz, with the row between them.
            if layer.activation is before and layer.activation.is_builtin:
                self.groups.pop()
            else:
                span, before = start, layer.activation
            own = z[..., span:end, :], a[..., span:end, :], slopes[..., span:end, :]
            self.groups.append((layer.activation, *own))
            start = end + 1
        self.downward = list(pairwise(reversed(self.layers)))  # from the top
        return self


def feedforward(work: Workspace, x: Array) -> Array:
    """The output (..., n_out, n) for the samples x (..., n, n_in + 1), rows that end in a one."""
    a = x.mT
    for layer in work.layers:
        layer.multiply_matrix(layer.matrix, a, layer.z)  # z = np.dot(w, a) + b
        layer.activate(layer.z, layer.a)  # a = sigmoid(z)
        a = layer.a_ones
    return layer.a


def costs(work: Workspace, y: Array, cost: Cost) -> Array:
    """The costs (..., n) of the samples of the last pass, given their targets (..., n_out, n)."""
    last = work.layers[-1]
    return cost.of_samples(last.a if cost.output is None else last.z, y)


def backprop(work: Workspace, x: Array, y: Array, cost: Cost, scale: Array) -> Array:
    """The gradient (..., P): the samples' gradients, each times its `scale`, added up.

    A gradient is linear in the last delta, so `scale` is multiplied there, where it costs least.
    """
    feedforward(work, x)
    for activation, z, a, slopes in work.groups:
        activation.slopes(z, a, slopes)  # da/dz = sigmoid_prime(z)

    layer = work.layers[-1]
    cost.delta(layer.a, y, layer.delta)  # dC/da = cost_derivative(a, y)
    np.multiply(layer.delta, scale, layer.delta)  # 1/n for the mean, or eta/n
    if cost.output is None:  # otherwise that was dC/dz
        layer.backward(layer.delta, layer.slopes, layer.delta)  # dC/dz = dC/da * da/dz
    for layer, below in work.downward:
        # dC/dw = dC/dz * a(L-1), dC/db = dC/dz * 1
        layer.multiply_gradient(layer.delta, below.a_ones_t, layer.gradient)
        # dC/da(L-1) = w^T dC/dz(L)
        below.multiply_matrix_t(layer.matrix_t, layer.delta, below.delta_ones)
        below.backward(below.delta, below.slopes, below.delta)  # dC/dz = dC/da * da/dz
    first = work.layers[0]
    first.multiply_gradient(first.delta, x, first.gradient)  # the layer below are the inputs
    return work.gradient
