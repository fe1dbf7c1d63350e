"""What a network's output costs against its targets, and how that changes with the output."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import numpy as np

from fnnet.activations import Activation, sigmoid
from fnnet.checks import InputError, by_name
from fnnet.records import Array

__all__ = ["Cost", "as_cost", "cost_for", "cross_entropy", "quadratic"]

_HALF = np.full((), 0.5, np.float32)


@attrs.frozen
class Cost:
    """A cost of outputs a against targets y, both of shape (..., n_out, n): a column a sample.

    Attributes
    ----------
    name
        What a configuration and a saved file know it by.
    value
        `value(a, y)` is the cost of each sample, shape (..., n).
    derivative
        `derivative(a, y, out)` writes c/a, the cost's derivative with respect to `a`.
    output
        None, or the one activation of the output layer that the cost goes with. It then takes
        the two together, as one function of the linear outputs z: `value(z, y)` is finite where
        the activation alone would round to 0 or 1, and `derivative(a, y, out)` writes c/z.
    """

    name: str
    value: Callable[[Array, Array], Array] = attrs.field(repr=False)
    derivative: Callable[[Array, Array, Array], None] = attrs.field(repr=False)
    output: Activation | None = attrs.field(default=None, repr=False)


def _quadratic(a: Array, y: Array) -> Array:
    error = a - y
    return np.asarray(np.sum(error * error, axis=-2) / 4)


def _quadratic_derivative(a: Array, y: Array, out: Array) -> None:
    """(a - y) / 2: the notebook's `cost_derivative`."""
    np.subtract(a, y, out=out)
    np.multiply(out, _HALF, out=out)


quadratic = Cost("quadratic", _quadratic, _quadratic_derivative)
"""The notebook's cost, 1/4 sum (a - y)^2 for one sample."""


def _cross_entropy(z: Array, y: Array) -> Array:
    # -ln sigmoid(-z) = ln(1 + e^z), written so that e is never raised to a positive power.
    positive = np.maximum(z, 0)
    softplus = positive + np.log1p(np.exp(z - 2 * positive))
    return np.asarray(np.sum(softplus - z * y, axis=-2))


def _difference(a: Array, y: Array, out: Array) -> None:
    np.subtract(a, y, out=out)


cross_entropy = Cost("cross-entropy", _cross_entropy, _difference, sigmoid)
"""-sum (y ln a + (1 - y) ln(1 - a)) for one sample, a = sigmoid(z), 0 <= y <= 1: c/z is a - y.

M. Nielsen, Neural Networks and Deep Learning, chapter 3, equation 63.
"""

_BY_NAME = {cost.name: cost for cost in (quadratic, cross_entropy)}


def as_cost(cost: str | Cost) -> Cost:
    """A cost from its name, or as it is."""
    return by_name("cost", cost, _BY_NAME)


def cost_for(output: Activation, cost: str | Cost) -> Cost:
    """A cost from its name, or as it is, if it goes with the output layer's activation."""
    cost = as_cost(cost)
    if cost.output not in (None, output):
        needed = f"an output layer of {cost.output.name}, not {output.name}"
        raise InputError(f"cost is {cost.name}: expected {needed}")
    return cost
