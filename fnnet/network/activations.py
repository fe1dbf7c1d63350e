"""The activation functions a = f(z) and their derivatives da/dz."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import attrs
import numpy as np
from numpy.typing import ArrayLike

from fnnet._checks import InputError, array_of_numbers, by_name, function_of, require
from fnnet._records import Array, Partial

__all__ = ["ACTIVATIONS", "Activation", "InPlace", "as_activation", "gelu", "identity"]
__all__ += ["in_place", "leaky_relu", "locked", "relu", "result_of", "sigmoid", "softmax", "tanh"]

# At the notebook's sizes a call costs more than its numbers: results are passed by position where
# NumPy allows it, and constants are arrays, since it converts a Python 1 again in each call.
_ZERO, _ONE = np.zeros((), np.float32), np.ones((), np.float32)


InPlace = Callable[..., object]
"""A function that writes its result into its last argument, on columns."""


@attrs.frozen
class Activation:
    """An activation function and its derivative; called, it maps linear outputs to activations.

    Attributes
    ----------
    name
        The name that `init`, a saved file and a digest use.
    f
        `f(z)` returns the activations of the linear outputs z (..., n, units), rows are samples. A
        pure function; several threads may call it at a time.
    derivative
        `derivative(z)` returns da/dz, of the same shape: f is elementwise.

    Examples
    --------
    >>> sigmoid(np.array([-1e9, 0, 2]))
    array([0.        , 0.5       , 0.88079708])
    >>> Activation("sine", np.sin, np.cos).prime([0.0])
    array([1.])
    """

    name: str
    f: Callable[[Array], Array] = attrs.field(validator=function_of(1), repr=False)
    derivative: Callable[[Array], Array] = attrs.field(validator=function_of(1), repr=False)

    @np.errstate(over="ignore", under="ignore")
    def __call__(self, z: ArrayLike) -> Array:
        """The activations of the linear outputs z, an array of any shape."""
        return _result(f"{self.name}.f", self.f, _as_floats(z))

    @np.errstate(over="ignore", under="ignore")
    def prime(self, z: ArrayLike, /) -> Array:
        """The derivative da/dz at the linear outputs z, an array of any shape."""
        return _result(f"{self.name}.derivative", self.derivative, _as_floats(z))

    @property
    def is_builtin(self) -> bool:
        """Whether it is one of the package's own."""
        return ACTIVATIONS.get(self.name) == self  # equal, not identical: it may be unpickled

    # The two passes call these: in place, on arrays (..., units, n), columns are samples.

    @cached_property
    def activate(self) -> InPlace:
        """`activate(z, out)` writes the activations."""
        if isinstance(self.f, _Function):
            return self.f.in_place
        return Partial(_write, f"{self.name}.f", self.f)

    @cached_property
    def slopes(self) -> InPlace:
        """`slopes(z, a, out)` writes da/dz, or whatever `backward` needs of it."""
        if isinstance(self.derivative, _Derivative) and self.derivative.f == self.f:
            return self.derivative.in_place
        return Partial(_write_slopes, f"{self.name}.derivative", self.derivative)

    @cached_property
    def backward(self) -> InPlace:
        """`backward(delta, slopes, out)` writes dC/dz = dC/da * da/dz, from dC/da in `delta`."""
        if isinstance(self.derivative, _Derivative) and self.derivative.f == self.f:
            return self.derivative.backward
        return np.multiply


def _as_floats(z: ArrayLike) -> Array:
    array = array_of_numbers("z", z)
    return array.astype(np.result_type(array, np.float32), copy=False)


def _write(name: str, f: Callable[[Array], Array], z: Array, out: Array) -> None:
    out.mT[...] = _result(name, f, z.mT)


def _write_slopes(name: str, f: Callable[[Array], Array], z: Array, _a: Array, out: Array) -> None:
    _write(name, f, z, out)


def _result(name: str, f: Callable[[Array], Array], z: Array) -> Array:
    return result_of(name, f(locked(z)), z.shape, z.dtype)


def locked(array: Array) -> Array:
    """A view that a caller's own function cannot write to."""
    view = array.view()
    view.flags.writeable = False
    return view


def result_of(name: str, result: ArrayLike, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """What a caller's own function has returned, if it fits: real numbers of that shape."""
    array = array_of_numbers(f"the result of {name}", result)
    fits = array.shape == shape and np.can_cast(array.dtype, dtype, "same_kind")
    require(fits, f"the result of {name}", array, f"numbers of shape {shape}, castable to {dtype}")
    return array.astype(dtype, copy=False)


@attrs.frozen
class _Function:
    """f(z) by a function that works in place."""

    in_place: InPlace

    def __call__(self, z: Array) -> Array:
        columns = np.atleast_1d(z)[..., np.newaxis]
        out = np.empty_like(columns)
        if out.size:
            self.in_place(columns, out)
        return out.reshape(z.shape)


@attrs.frozen
class _Derivative:
    """da/dz by functions that work in place."""

    f: _Function
    in_place: InPlace
    backward: InPlace = np.multiply

    def __call__(self, z: Array) -> Array:
        if self.backward is not np.multiply:
            raise InputError("softmax has no elementwise derivative: expected another activation")
        out = np.empty_like(z)
        self.in_place(z, self.f(z), out)
        return out


def in_place(name: str, activate: InPlace, slopes: InPlace, *backward: InPlace) -> Activation:
    """An activation made of functions that work in place, as the package's own are."""
    f = _Function(activate)
    return Activation(name, f, _Derivative(f, slopes, *backward))


def _sigmoid(z: Array, out: Array) -> None:
    # For very negative z, exp(-z) is infinite, and 1 / infinity = 0 is right.
    np.subtract(_ZERO, z, out)  # NumPy 2.4's np.negative is wrong for arrays of some strides
    np.exp(out, out)
    np.add(out, _ONE, out)
    np.reciprocal(out, out)


def _sigmoid_slopes(_z: Array, a: Array, out: Array) -> None:
    np.subtract(_ONE, a, out)
    np.multiply(out, a, out)


sigmoid = in_place("sigmoid", _sigmoid, _sigmoid_slopes)
"""1 / (1 + exp(-z)), the notebook's; its `sigmoid_prime` is a (1 - a), without a second exp."""


def _tanh_slopes(_z: Array, a: Array, out: Array) -> None:
    np.multiply(a, a, out)
    np.subtract(_ONE, out, out)


tanh = in_place("tanh", np.tanh, _tanh_slopes)
"""tanh z, with the derivative 1 - a^2."""


def _relu(z: Array, out: Array) -> None:
    np.maximum(z, _ZERO, out=out)


def _relu_slopes(z: Array, _a: Array, out: Array) -> None:
    np.copyto(out, z > _ZERO)


relu = in_place("relu", _relu, _relu_slopes)
"""max(z, 0), with the derivative 0 at 0. Nair and Hinton, ICML 2010."""


def _leaky_relu(z: Array, out: Array) -> None:
    np.multiply(z, 0.01, out)
    np.maximum(z, out, out=out)


def _leaky_relu_slopes(z: Array, _a: Array, out: Array) -> None:
    np.copyto(out, z > _ZERO)
    np.maximum(out, 0.01, out=out)


leaky_relu = in_place("leaky-relu", _leaky_relu, _leaky_relu_slopes)
"""z above 0, z / 100 below. Maas, Hannun and Ng, ICML 2013."""

_SQRT_2_PI = (2 / np.pi) ** 0.5


# z Phi(z), Phi(z) = (1 + tanh u) / 2 = 1 / (1 + exp(-2u)), u = sqrt(2/pi) (z + 0.044715 z^3):
# the form with exp keeps its digits where tanh u is near -1.


def _gelu(z: Array, out: Array) -> None:
    np.multiply(z, z, out)
    np.multiply(out, 0.044715, out)
    np.add(out, _ONE, out)
    np.multiply(out, z, out)
    np.multiply(out, -2 * _SQRT_2_PI, out)
    np.exp(out, out)
    np.add(out, _ONE, out)
    np.divide(z, out, out)


def _gelu_slopes(z: Array, a: Array, out: Array) -> None:
    # Phi + z Phi', where Phi = a / z needs no second exp, and Phi' = 2 Phi (1 - Phi) u'.
    phi = np.divide(a, z, out=np.full_like(a, 0.5), where=np.abs(z) > 1e-30)
    # Beyond |z| = 32, Phi' is 0 in either dtype, and z^2 might be infinite.
    near = np.clip(z, -32, 32)
    np.multiply(near, near, out)
    np.multiply(out, 3 * 0.044715, out)
    np.add(out, _ONE, out)
    np.multiply(out, near, out)
    np.multiply(out, 2 * _SQRT_2_PI, out)
    np.multiply(out, phi, out)
    np.multiply(out, _ONE - phi, out)
    np.add(out, phi, out)


gelu = in_place("gelu", _gelu, _gelu_slopes)
"""z Phi(z), Phi the normal distribution in its form with tanh: within 0.0005 of the one with erf.

Hendrycks and Gimpel, Gaussian error linear units, 2016 (arXiv:1606.08415), section 2.
"""


def _identity(z: Array, out: Array) -> None:
    np.copyto(out, z)


def _identity_slopes(_z: Array, _a: Array, out: Array) -> None:
    out.fill(1)


identity = in_place("identity", _identity, _identity_slopes)
"""z as it is: an output layer for regression."""


def _softmax(z: Array, out: Array) -> None:
    np.subtract(z, z.max(axis=-2, keepdims=True), out)
    np.exp(out, out)
    np.divide(out, out.sum(axis=-2, keepdims=True), out)


def _softmax_slopes(_z: Array, a: Array, out: Array) -> None:
    np.copyto(out, a)  # all that backward needs


def _softmax_backward(delta: Array, a: Array, out: Array) -> None:
    # The outputs sum to 1, so the derivative is not elementwise:
    # dC/dz_j = a_j (dC/da_j - sum_k a_k dC/da_k)
    np.subtract(delta, (delta * a).sum(axis=-2, keepdims=True), out)
    np.multiply(out, a, out)


softmax = in_place("softmax", _softmax, _softmax_slopes, _softmax_backward)
"""exp z_j / sum_k exp z_k: probabilities. Nielsen, chapter 3, equation 78."""

ACTIVATIONS = {
    activation.name: activation
    for activation in (sigmoid, tanh, relu, leaky_relu, gelu, identity, softmax)
}
"""The package's own, by their names."""


def as_activation(activation: str | Activation) -> Activation:
    """An activation from its name, or as it is."""
    if isinstance(activation, Activation):
        return activation
    return by_name("activations", activation, ACTIVATIONS)
