"""Activation functions and their derivatives, elementwise and in place."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import numpy as np
from numpy.typing import ArrayLike

from fnnet.checks import by_name
from fnnet.records import Array

__all__ = ["Activation", "as_activation", "sigmoid"]

# A 0-d array: a Python 1 would be converted anew at each call, which takes as long as the sum does.
_ONE = np.ones((), np.float32)


@attrs.frozen
class Activation:
    """An activation function and its derivative; called, it maps linear outputs to activations.

    Attributes
    ----------
    name
        What `init`, a saved file and a digest know it by.
    function
        `function(z, out)` writes the activations of the linear outputs z into `out`.
    derivative
        `derivative(z, a, out)` writes the derivative at z, where the activations are `a`.

    Examples
    --------
    >>> sigmoid(np.array([-1e9, 0, 2]))
    array([0.        , 0.5       , 0.88079708])
    >>> sigmoid.prime(np.array([-1e9, 0, 2]))
    array([0.        , 0.25      , 0.10499359])
    """

    name: str
    function: Callable[[Array, Array], None] = attrs.field(repr=False)
    derivative: Callable[[Array, Array, Array], None] = attrs.field(repr=False)

    @np.errstate(over="ignore")
    def __call__(self, z: ArrayLike) -> Array:
        """The activations of the linear outputs z, an array of any shape."""
        z = _as_floats(z)
        a = np.empty_like(z)
        self.function(z, a)
        return a

    @np.errstate(over="ignore")
    def prime(self, z: ArrayLike) -> Array:
        """The derivative at the linear outputs z, an array of any shape."""
        z = _as_floats(z)
        out = np.empty_like(z)
        self.derivative(z, self(z), out)
        return out


def _as_floats(z: ArrayLike) -> Array:
    array = np.asarray(z)
    return array.astype(np.result_type(array, np.float32), copy=False)


def _sigmoid(z: Array, out: Array) -> None:
    """1 / (1 + exp(-z)): the notebook's `sigmoid`."""
    # exp overflows to infinity where the sigmoid is 0 to the last bit, and 1 / inf is that 0.
    np.negative(z, out=out)
    np.exp(out, out=out)
    np.add(out, _ONE, out=out)
    np.reciprocal(out, out=out)


def _sigmoid_prime(z: Array, a: Array, out: Array) -> None:  # noqa: ARG001  # every derivative gets z
    """The notebook's `sigmoid_prime` as a (1 - a), without its second exponential."""
    np.subtract(_ONE, a, out=out)
    np.multiply(out, a, out=out)


sigmoid = Activation("sigmoid", _sigmoid, _sigmoid_prime)

_BY_NAME = {activation.name: activation for activation in (sigmoid,)}


def as_activation(activation: str | Activation) -> Activation:
    """An activation from its name, or as it is."""
    return by_name("activations", activation, _BY_NAME)
