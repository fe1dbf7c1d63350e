"""What a network's output costs against its targets, and how that changes with the output."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import numpy as np

from fnnet.records import Array

__all__ = ["Cost", "quadratic"]

_HALF = np.full((), 0.5, np.float32)


@attrs.frozen
class Cost:
    """A cost of activations a against targets y, both of shape (..., n_out, n): a column a sample.

    Attributes
    ----------
    name
        What a configuration and a saved file know it by.
    value
        `value(a, y)` is the cost of each sample, shape (..., n).
    derivative
        `derivative(a, y, out)` writes the cost's derivative with respect to `a`.
    """

    name: str
    value: Callable[[Array, Array], Array] = attrs.field(repr=False)
    derivative: Callable[[Array, Array, Array], None] = attrs.field(repr=False)


def _quadratic(a: Array, y: Array) -> Array:
    error = a - y
    return np.asarray(np.sum(error * error, axis=-2) / 4)


def _quadratic_derivative(a: Array, y: Array, out: Array) -> None:
    """(a - y) / 2: the notebook's `cost_derivative`."""
    np.subtract(a, y, out=out)
    np.multiply(out, _HALF, out=out)


quadratic = Cost("quadratic", _quadratic, _quadratic_derivative)
"""The notebook's cost, 1/4 sum (a - y)^2 for one sample."""
