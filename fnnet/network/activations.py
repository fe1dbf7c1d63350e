"""Activation functions and their derivatives, in place: a column per sample, a row per unit."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

import attrs
import numpy as np
from numpy.typing import ArrayLike

from fnnet._checks import InputError, a_key_function, array_of_numbers, by_name, writes
from fnnet._records import Array

__all__ = [
    "ACTIVATIONS",
    "Activation",
    "as_activation",
    "gelu",
    "identity",
    "leaky_relu",
    "relu",
    "sigmoid",
    "softmax",
    "tanh",
]

# At the notebook's sizes a call's arguments take as long as its numbers: results are given by their
# place, not as `out=`, and constants are 0-d arrays, since a Python 1 is converted at each call.
_ZERO, _ONE = np.zeros((), np.float32), np.ones((), np.float32)


@attrs.frozen
class Activation:
    """An activation function and its derivative; called, it maps linear outputs to activations.

    Attributes
    ----------
    name
        What `init`, a saved file and a digest know it by.
    function
        `function(z, out)` writes the activations of the linear outputs z into `out`. Several
        threads may call it, and the derivative, at a time.
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
    function: Callable[[Array, Array], object] = attrs.field(validator=a_key_function, repr=False)
    derivative: Callable[[Array, Array, Array], object] = attrs.field(
        validator=a_key_function, repr=False
    )

    @np.errstate(over="ignore", under="ignore")
    def __call__(self, z: ArrayLike) -> Array:
        """The activations of the linear outputs z, an array of any shape."""
        z = _as_floats(z)
        a = np.empty_like(z)
        self.function(z, a)
        return a

    @np.errstate(over="ignore", under="ignore")
    def prime(self, z: ArrayLike, /) -> Array:
        """The derivative at the linear outputs z, an array of any shape."""
        z = _as_floats(z)
        out = np.empty_like(z)
        self.derivative(z, self(z), out)
        return out

    @property
    def is_builtin(self) -> bool:
        """Whether it is the package's own: its `slopes` then take each unit for itself."""
        return ACTIVATIONS.get(self.name) == self  # also where it comes from a pickle

    def slopes(self, z: Array, a: Array, out: Array, /) -> None:
        """Write what `backward` needs to know of the activations `a` at z: a/z."""
        self.derivative(z, a, out)

    def backward(self, delta: Array, slopes: Array, /) -> None:
        """From c/a, in `delta`, to c/z = c/a * a/z, in its place."""
        np.multiply(delta, slopes, delta)

    def check_writes(self, units: int) -> None:
        """Refuse functions of a caller's own that do not write their result, for so many units."""
        if self.is_builtin:
            return
        z, a = np.zeros((2, units, 1))
        writes(f"{self.name}.function", self.function, z)
        writes(f"{self.name}.derivative", self.derivative, z, a)


def _as_floats(z: ArrayLike) -> Array:
    array = array_of_numbers("z", z)
    return array.astype(np.result_type(array, np.float32), copy=False)


def _sigmoid(z: Array, out: Array) -> None:
    # exp overflows to infinity where the sigmoid is below the smallest normal number: 1 / inf is 0.
    np.negative(z, out)
    np.exp(out, out)
    np.add(out, _ONE, out)
    np.reciprocal(out, out)


def _sigmoid_prime(_z: Array, a: Array, out: Array) -> None:
    np.subtract(_ONE, a, out)
    np.multiply(out, a, out)


sigmoid = Activation("sigmoid", _sigmoid, _sigmoid_prime)
"""1 / (1 + exp(-z)), the notebook's; its `sigmoid_prime` is a (1 - a), without a second exp."""


def _tanh_prime(_z: Array, a: Array, out: Array) -> None:
    np.multiply(a, a, out)
    np.subtract(_ONE, out, out)


tanh = Activation("tanh", np.tanh, _tanh_prime)
"""tanh z, with the derivative 1 - a^2."""


def _relu(z: Array, out: Array) -> None:
    np.maximum(z, _ZERO, out=out)


def _relu_prime(z: Array, _a: Array, out: Array) -> None:
    np.copyto(out, z > _ZERO)


relu = Activation("relu", _relu, _relu_prime)
"""max(z, 0), with the derivative 0 at 0. Nair and Hinton, ICML 2010."""


def _leaky_relu(z: Array, out: Array) -> None:
    np.multiply(z, 0.01, out)
    np.maximum(z, out, out=out)


def _leaky_relu_prime(z: Array, _a: Array, out: Array) -> None:
    np.copyto(out, z > _ZERO)
    np.maximum(out, 0.01, out=out)


leaky_relu = Activation("leaky-relu", _leaky_relu, _leaky_relu_prime)
"""z above 0, z / 100 below. Maas, Hannun and Ng, ICML 2013."""


_SQRT_2_PI = (2 / np.pi) ** 0.5


def _gelu(z: Array, out: Array) -> None:
    # z Phi(z), Phi(z) = (1 + tanh u) / 2 = 1 / (1 + exp(-2u)), u = sqrt(2/pi) (z + 0.044715 z^3):
    # where tanh u is near -1, the sum would leave few digits of it, and exp leaves all.
    np.multiply(z, z, out)
    np.multiply(out, 0.044715, out)
    np.add(out, _ONE, out)
    np.multiply(out, z, out)
    np.multiply(out, -2 * _SQRT_2_PI, out)
    np.exp(out, out)
    np.add(out, _ONE, out)
    np.divide(z, out, out)


def _gelu_prime(z: Array, a: Array, out: Array) -> None:
    # Phi + z Phi', where Phi = a / z needs no second exp, and Phi' = 2 Phi (1 - Phi) u'.
    phi = np.divide(a, z, out=np.full_like(a, 0.5), where=np.abs(z) > 1e-30)
    # Past |z| = 32, Phi' is 0 to the last bit of either dtype, where z^2 may be infinite.
    near = np.clip(z, -32, 32)
    np.multiply(near, near, out)
    np.multiply(out, 3 * 0.044715, out)
    np.add(out, _ONE, out)
    np.multiply(out, near, out)
    np.multiply(out, 2 * _SQRT_2_PI, out)
    np.multiply(out, phi, out)
    np.multiply(out, _ONE - phi, out)
    np.add(out, phi, out)


gelu = Activation("gelu", _gelu, _gelu_prime)
"""z Phi(z), Phi the normal distribution in the form with tanh: to 0.0005 the one with erf.

Hendrycks and Gimpel, Gaussian error linear units, 2016 (arXiv:1606.08415), section 2.
"""


def _identity(z: Array, out: Array) -> None:
    np.copyto(out, z)


def _identity_prime(_z: Array, _a: Array, out: Array) -> None:
    out.fill(1)


identity = Activation("identity", _identity, _identity_prime)
"""z as it is: an output layer for regression."""


class _Softmax(Activation):
    """Units that share out 1 among them: no unit's derivative is its own alone."""

    @np.errstate(over="ignore", under="ignore")
    def __call__(self, z: ArrayLike) -> Array:
        """The shares of the linear outputs z (..., units): rows are samples."""
        columns = np.atleast_1d(_as_floats(z))[..., np.newaxis]
        a = np.empty_like(columns)
        if columns.size:  # no units have no largest one
            self.function(columns, a)
        return a[..., 0]

    def prime(self, _z: ArrayLike, /) -> NoReturn:
        """Refused: a unit's share changes with every linear output."""
        raise InputError("softmax has no derivative unit by unit: expected another activation")

    def slopes(self, _z: Array, a: Array, out: Array, /) -> None:
        """The shares themselves."""
        np.copyto(out, a)

    def backward(self, delta: Array, a: Array, /) -> None:
        """From c/a to c/z, as for any other: a_j (c/a_j - sum_k a_k c/a_k)."""
        np.subtract(delta, (delta * a).sum(axis=-2, keepdims=True), delta)
        np.multiply(delta, a, delta)


def _softmax(z: Array, out: Array) -> None:
    np.subtract(z, z.max(axis=-2, keepdims=True), out)
    np.exp(out, out)
    np.divide(out, out.sum(axis=-2, keepdims=True), out)


softmax = _Softmax("softmax", _softmax, _sigmoid_prime)  # a (1 - a), on the diagonal
"""exp z_j / sum_k exp z_k: probabilities. Nielsen, chapter 3, equation 78."""

ACTIVATIONS = {
    activation.name: activation
    for activation in (sigmoid, tanh, relu, leaky_relu, gelu, identity, softmax)
}
"""The package's own, by their names."""


def as_activation(activation: str | Activation) -> Activation:
    """An activation from its name, or as it is."""
    return by_name("activations", activation, ACTIVATIONS)
