"""What a network's output costs against its targets, and how that changes with the output."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache

import attrs
import numpy as np
from numpy.typing import ArrayLike

from fnnet._checks import InputError, a_key_function, by_name, finite_number, require, writes
from fnnet._recipes import Remade, remembered
from fnnet._records import Array
from fnnet.network.activations import ACTIVATIONS, Activation, sigmoid, softmax
from fnnet.network.params import Architecture

__all__ = [
    "COSTS",
    "Cost",
    "as_cost",
    "cost_for",
    "cross_entropy",
    "huber",
    "huber_beyond",
    "log_likelihood",
    "mean_cost",
    "quadratic",
    "squared_error",
]

_HALF = np.full((), 0.5, np.float32)


def _as_output(output: str | Activation | None) -> Activation | None:
    return None if output is None else by_name("output", output, ACTIVATIONS)


@attrs.frozen
class Cost(Remade):
    """A cost of outputs a against targets y, both of shape (..., n_out, n): a column a sample.

    Several threads may call the two functions at a time.

    Attributes
    ----------
    name
        What a configuration and a saved file know it by.
    value
        `value(a, y)` is the cost of each sample, shape (..., n).
    derivative
        `derivative(a, y, out)` writes c/a, the cost's derivative with respect to `a`.
    output
        None, or the one activation of the output layer that the cost goes with, or its name. The
        cost then takes the two together, as one function of the linear outputs z: `value(z, y)` is
        finite where the activation alone would round to 0 or 1, and `derivative(a, y, out)` writes
        c/z.

    Examples
    --------
    >>> def quartic_derivative(a, y, out):
    ...     np.power(a - y, 3, out=out)
    >>> cost = Cost("quartic", lambda a, y: np.sum((a - y) ** 4, axis=-2) / 4, quartic_derivative)
    >>> import fnnet
    >>> params, x, y = fnnet.init([3, 4, 2], seed=0), [[0.0, 1.0, 2.0]], [1]
    >>> print(f"{fnnet.cost(params, x, y, cost=cost):.4f}")
    0.1458
    """

    name: str
    value: Callable[[Array, Array], Array] = attrs.field(validator=a_key_function, repr=False)
    derivative: Callable[[Array, Array, Array], object] = attrs.field(
        validator=a_key_function, repr=False
    )
    output: Activation | None = attrs.field(default=None, converter=_as_output, repr=False)

    def of_samples(self, a: Array, y: Array) -> Array:
        """`value(a, y)` in the dtype of a, if it has a number for each sample."""
        costs = np.asarray(self.value(a, y))
        *leading, _, n = np.broadcast_shapes(a.shape, y.shape)
        expected = f"shape {(*leading, n)}, a cost for each sample (a column)"
        fits = costs.shape == (*leading, n) and np.can_cast(costs.dtype, a.dtype, "same_kind")
        require(fits, f"{self.name}.value(a, y)", costs, expected)
        return costs.astype(a.dtype, copy=False)


def _quadratic(a: Array, y: Array) -> Array:
    return _squared_error(a, y) / 2


def _quadratic_derivative(a: Array, y: Array, out: Array) -> None:
    """(a - y) / 2: the notebook's `cost_derivative`."""
    np.subtract(a, y, out)
    np.multiply(out, _HALF, out)


quadratic = Cost("quadratic", _quadratic, _quadratic_derivative)
"""The notebook's cost, 1/4 sum (a - y)^2 for one sample."""


def _squared_error(a: Array, y: Array) -> Array:
    error = a - y
    return np.asarray(np.sum(error * error, axis=-2) / 2)


squared_error = Cost("squared-error", _squared_error, np.subtract)
"""The book's quadratic cost, 1/2 sum (a - y)^2 for one sample. Nielsen, chapter 1, equation 6."""


def _cross_entropy(z: Array, y: Array) -> Array:
    # -ln sigmoid(-z) = ln(1 + e^z), written so that e is never raised to a positive power.
    positive = np.maximum(z, 0)
    softplus = positive + np.log1p(np.exp(z - 2 * positive))
    return np.asarray(np.sum(softplus - z * y, axis=-2))


cross_entropy = Cost("cross-entropy", _cross_entropy, np.subtract, sigmoid)
"""-sum (y ln a + (1 - y) ln(1 - a)) for one sample, a = sigmoid(z), 0 <= y <= 1: c/z is a - y.

M. Nielsen, Neural Networks and Deep Learning, chapter 3, equation 63.
"""


def _log_likelihood(z: Array, y: Array) -> Array:
    # ln a_j = z_j - ln sum e^z, the largest e^z being 1.
    # No z becomes infinite: times a target of 0, it would be no number.
    z = np.maximum(z - z.max(axis=-2, keepdims=True), np.finfo(z.dtype).min)
    log_sum = np.log(np.exp(z).sum(axis=-2, keepdims=True))
    return np.asarray(np.sum(y * (log_sum - z), axis=-2))


def _log_likelihood_derivative(a: Array, y: Array, out: Array) -> None:
    np.multiply(a, y.sum(axis=-2, keepdims=True), out)  # the targets' sum is 1, as a rule
    np.subtract(out, y, out)


log_likelihood = Cost("log-likelihood", _log_likelihood, _log_likelihood_derivative, softmax)
"""-sum y ln a for one sample, a = softmax(z): c/z is a sum(y) - y. Nielsen, chapter 3, eq. 80."""


@remembered
def huber_beyond(threshold: float) -> Cost:
    """Half the squared error of each output, up to an error of `threshold`; beyond, a line.

    P. J. Huber, Robust estimation of a location parameter, Ann. Math. Statist. 35 (1964).

    Examples
    --------
    >>> cost = huber_beyond(2.0)
    >>> cost.value(np.array([[1.0, 5.0]]), np.array([[0.0, 0.0]]))  # one output, two samples
    array([0.5, 8. ])
    """
    return _huber(finite_number("threshold", threshold, above=0))


@cache  # functions made twice would not be equal
def _huber(limit: float) -> Cost:
    def value(a: Array, y: Array) -> Array:
        error = a - y
        near = np.clip(error, -limit, limit)
        return np.asarray(np.sum(near * (error - near / 2), axis=-2))

    def derivative(a: Array, y: Array, out: Array) -> None:
        np.subtract(a, y, out)
        np.clip(out, -limit, limit, out)

    return Cost("huber" if limit == 1 else f"huber({limit})", value, derivative)


huber = huber_beyond(1.0)
"""`huber_beyond(1.0)`: outliers count by their distance, not by its square."""

COSTS = {
    cost.name: cost for cost in (quadratic, squared_error, cross_entropy, log_likelihood, huber)
}
"""The package's own, by their names."""


def as_cost(cost: str | Cost) -> Cost:
    """A cost from its name, or as it is."""
    return by_name("cost", cost, COSTS)


def cost_for(architecture: Architecture, cost: str | Cost) -> Cost:
    """A cost from its name, or as it is, if it goes with the network's output layer."""
    cost, output = as_cost(cost), architecture.activations[-1]
    if cost.output not in (None, output):
        needed = f"an output layer of {cost.output.name}, not {output.name}"
        raise InputError(f"cost is {cost.name}: expected {needed}")
    if COSTS.get(cost.name) is not cost:
        _check_writes(cost, architecture.sizes[-1])
    return cost


@lru_cache(maxsize=16)  # a loop of steps asks each time
def _check_writes(cost: Cost, units: int) -> None:
    """Refuse a derivative of a caller's own that does not write it, for so many outputs."""
    a, y = np.zeros((2, units, 1))
    writes(f"{cost.name}.derivative", cost.derivative, a, y)


def mean_cost(costs: Array, weights: ArrayLike | None) -> Array:
    """The mean of the samples' costs (..., n), each times its weight: (...)."""
    if weights is not None:
        costs = costs * np.asarray(weights, costs.dtype)
    return np.asarray(np.mean(costs, axis=-1))[()]
