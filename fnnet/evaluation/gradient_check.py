"""Gradients by the complex step, to hold `grads` against.

For an analytic cost C, C(theta + ih) has the imaginary part h C'(theta) + O(h^3), and no difference
is taken: with h = 1e-30 the derivative is exact to rounding. Squire and Trapp, Using complex
variables to estimate derivatives of real functions, SIAM Review 40 (1998).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from fnnet._checks import InputError, require
from fnnet.network.costs import Cost, quadratic
from fnnet.network.functions import cost as cost_of
from fnnet.network.functions import grads
from fnnet.network.params import Params

__all__ = ["complex_step", "relative_error"]

_H = 1e-30


def complex_step(
    params: Params, x: ArrayLike, y: ArrayLike, *, cost: str | Cost = quadratic
) -> Params:
    """The gradient of the mean cost without back-propagation, for comparison.

    Each parameter's step is taken by a network of its own: a stack of P networks, P parameters.

    Parameters
    ----------
    params
        One small network in float64: the work grows with the square of P.
    x, y, cost
        As for `grads`.

    Examples
    --------
    >>> import fnnet
    >>> params = fnnet.init([3, 4, 2], seed=0, dtype=np.float64)
    >>> x, y = [[0.0, 1.0, 2.0], [1.0, 0.0, 0.0]], [1, 0]
    >>> np.allclose(complex_step(params, x, y).theta, fnnet.grads(params, x, y).theta, rtol=1e-12)
    True
    """
    is_one = params.leading == () and params.dtype == np.float64
    require(is_one, "params", params.theta, "one network in float64")
    steps = params.theta + 1j * _H * np.eye(params.architecture.n_parameters)
    costs = cost_of(Params(params.architecture, steps), x, y, cost=cost)
    gradient = costs.imag / _H
    if not np.isfinite(gradient).all():
        raise InputError("params give linear outputs beyond exp's range: expected smaller ones")
    return Params(params.architecture, gradient)


def relative_error(
    params: Params, x: ArrayLike, y: ArrayLike, *, cost: str | Cost = quadratic
) -> float:
    """The largest difference between `grads` and `complex_step`, relative to the largest gradient.

    Examples
    --------
    >>> import fnnet
    >>> params = fnnet.init([3, 4, 2], seed=0, dtype=np.float64)
    >>> relative_error(params, [[0.0, 1.0, 2.0]], [1]) < 1e-12
    True
    """
    expected = complex_step(params, x, y, cost=cost).theta
    difference = np.abs(grads(params, x, y, cost=cost).theta - expected)
    return float(difference.max() / (np.abs(expected).max() or 1.0))
