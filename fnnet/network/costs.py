"""The costs C(a, y) of a network's outputs, and their derivatives dC/da."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import attrs
import numpy as np
from numpy.typing import ArrayLike

from fnnet._checks import InputError, by_name, finite_number, function_of
from fnnet._records import Array, Partial
from fnnet.network.activations import (
    ACTIVATIONS,
    Activation,
    InPlace,
    locked,
    result_of,
    sigmoid,
    softmax,
)
from fnnet.network.params import Architecture

__all__ = ["COSTS", "Cost", "as_cost", "cost_for", "cross_entropy", "huber", "huber_beyond"]
__all__ += ["log_likelihood", "mean_cost", "quadratic", "squared_error"]

_HALF = np.full((), 0.5, np.float32)


def _as_output(output: str | Activation | None) -> Activation | None:
    if output is None or isinstance(output, Activation):
        return output
    return by_name("output", output, ACTIVATIONS)


Function = Callable[[Array, Array], Array]


@attrs.frozen
class Cost:
    """A cost of the outputs a against the targets y, arrays (..., n, n_out): rows are samples.

    Attributes
    ----------
    name
        The name that a configuration and a saved file use.
    value
        `value(a, y)` returns the cost of each sample, shape (..., n). Both functions are pure;
        several threads may call them at a time.
    derivative
        `derivative(a, y)` returns dC/da, of the shape of a.
    output
        The activation that the cost needs in the output layer, or its name; None if any will do.
        With it, `value` gets z instead of a, which stays finite where a rounds to 0 or 1, and
        `derivative(a, y)` returns dC/dz instead of dC/da.

    Examples
    --------
    >>> cost = Cost("quartic", lambda a, y: ((a - y)**4).sum(-1) / 4, lambda a, y: (a - y)**3)
    >>> import fnnet
    >>> params, x, y = fnnet.init([3, 4, 2], seed=0), [[0.0, 1.0, 2.0]], [1]
    >>> print(f"{fnnet.cost(params, x, y, cost=cost):.4f}")
    0.1458
    """

    name: str
    value: Function = attrs.field(validator=function_of(2), repr=False)
    derivative: Function = attrs.field(validator=function_of(2), repr=False)
    output: Activation | None = attrs.field(default=None, converter=_as_output, repr=False)
    # The two passes call these: on arrays (..., n_out, n), columns are samples.

    @cached_property
    def of_samples(self) -> Function:
        """`of_samples(a, y)` returns the cost of each sample, (..., n)."""
        if isinstance(self.value, _Value):
            return self.value.of_samples
        return Partial(_of_samples, self.name, self.value)

    @cached_property
    def delta(self) -> InPlace:
        """`delta(a, y, out)` writes the derivative."""
        if isinstance(self.derivative, _Derivative):
            return self.derivative.in_place
        return Partial(_write_delta, self.name, self.derivative)


def _of_samples(name: str, value: Function, a: Array, y: Array) -> Array:
    *leading, _, n = np.broadcast_shapes(a.shape, y.shape)
    costs = value(locked(a.mT), locked(y.mT))
    return result_of(f"{name}.value", costs, (*leading, n), a.dtype)


def _write_delta(name: str, derivative: Function, a: Array, y: Array, out: Array) -> None:
    rows, slopes = out.mT, derivative(locked(a.mT), locked(y.mT))
    rows[...] = result_of(f"{name}.derivative", slopes, rows.shape, out.dtype)


@attrs.frozen
class _Value:
    """value(a, y), on rows, by a function of columns."""

    of_samples: Function

    def __call__(self, a: Array, y: Array) -> Array:
        return self.of_samples(a.mT, y.mT)


@attrs.frozen
class _Derivative:
    """derivative(a, y), on rows, by a function of columns that works in place."""

    in_place: InPlace

    def __call__(self, a: Array, y: Array) -> Array:
        out = np.empty_like(a)
        self.in_place(a.mT, y.mT, out.mT)
        return out


def _squared_error(a: Array, y: Array) -> Array:
    error = a - y
    return np.asarray(np.sum(error * error, axis=-2) / 2)


squared_error = Cost("squared-error", _Value(_squared_error), _Derivative(np.subtract))
"""The book's quadratic cost, 1/2 sum (a - y)^2 for one sample. Nielsen, chapter 1, equation 6."""


def _quadratic(a: Array, y: Array) -> Array:
    return _squared_error(a, y) / 2


def _quadratic_delta(a: Array, y: Array, out: Array) -> None:
    """(a - y) / 2: the notebook's `cost_derivative`."""
    np.subtract(a, y, out)
    np.multiply(out, _HALF, out)


quadratic = Cost("quadratic", _Value(_quadratic), _Derivative(_quadratic_delta))
"""The notebook's cost, 1/4 sum (a - y)^2 for one sample."""


def _cross_entropy(z: Array, y: Array) -> Array:
    # -ln sigmoid(-z) = ln(1 + e^z), written so that e is never raised to a positive power.
    positive = np.maximum(z, 0)
    softplus = positive + np.log1p(np.exp(z - 2 * positive))
    return np.asarray(np.sum(softplus - z * y, axis=-2))


cross_entropy = Cost("cross-entropy", _Value(_cross_entropy), _Derivative(np.subtract), sigmoid)
"""-sum (y ln a + (1 - y) ln(1 - a)) for one sample, a = sigmoid(z), 0 <= y <= 1: dC/dz is a - y.

M. Nielsen, Neural Networks and Deep Learning, chapter 3, equation 63.
"""


def _log_likelihood(z: Array, y: Array) -> Array:
    # ln a_j = z_j - ln sum e^z, the largest e^z being 1.
    # No z becomes infinite: times a target of 0, it would be NaN.
    z = np.maximum(z - z.max(axis=-2, keepdims=True), np.finfo(z.dtype).min)
    log_sum = np.log(np.exp(z).sum(axis=-2, keepdims=True))
    return np.asarray(np.sum(y * (log_sum - z), axis=-2))


def _log_likelihood_delta(a: Array, y: Array, out: Array) -> None:
    np.multiply(a, y.sum(axis=-2, keepdims=True), out)  # the targets sum to 1, as a rule
    np.subtract(out, y, out)


log_likelihood = Cost(
    "log-likelihood", _Value(_log_likelihood), _Derivative(_log_likelihood_delta), softmax
)
"""-sum y ln a for one sample, a = softmax(z): dC/dz is a sum(y) - y. Nielsen, chapter 3, eq. 80."""


def huber_beyond(threshold: float) -> Cost:
    """Half the squared error of each output up to an error of `threshold`, linear beyond it.

    P. J. Huber, Robust estimation of a location parameter, Ann. Math. Statist. 35 (1964).

    >>> huber_beyond(2.0).value(np.array([[1.0], [5.0]]), np.array([[0.0], [0.0]]))  # two samples
    array([0.5, 8. ])
    """
    limit = finite_number("threshold", threshold, above=0)
    name = "huber" if limit == 1 else f"huber({limit})"
    return Cost(name, Partial(_huber, limit), Partial(_huber_derivative, limit))


def _huber(limit: float, a: Array, y: Array) -> Array:
    error = a - y
    near = np.clip(error, -limit, limit)
    return np.asarray(np.sum(near * (error - near / 2), axis=-1))


def _huber_derivative(limit: float, a: Array, y: Array) -> Array:
    return np.asarray(np.clip(a - y, -limit, limit))


huber = huber_beyond(1.0)
"""`huber_beyond(1.0)`: an outlier counts by its distance, not by its square."""

COSTS = {
    cost.name: cost for cost in (quadratic, squared_error, cross_entropy, log_likelihood, huber)
}
"""The package's own, by their names."""


def as_cost(cost: str | Cost) -> Cost:
    """A cost from its name, or as it is."""
    return cost if isinstance(cost, Cost) else by_name("cost", cost, COSTS)


def cost_for(architecture: Architecture, cost: str | Cost) -> Cost:
    """A cost from its name, or as it is, if it goes with the network's output layer."""
    cost, output = as_cost(cost), architecture.activations[-1]
    if cost.output is not None and cost.output != output:
        needed = f"an output layer of {cost.output.name}, not {output.name}"
        raise InputError(f"cost is {cost.name}: expected {needed}")
    return cost


def mean_cost(costs: Array, weights: ArrayLike | None) -> Array:
    """The mean of the samples' costs (..., n), each times its weight: (...)."""
    if weights is not None:
        costs = costs * np.asarray(weights, costs.dtype)
    return np.asarray(np.mean(costs, axis=-1))[()]
