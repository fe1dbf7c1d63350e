"""Check `grads` against the complex step: C'(theta) is the imaginary part of C(theta + ih) / h.

The error is O(h^2) and no costs are subtracted: with h = 1e-30, an analytic C has its derivative
exact to rounding. W. Squire and G. Trapp, Using complex variables to estimate derivatives of real
functions, SIAM Review 40, 1998.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from fnnet._checks import require
from fnnet.network import functions
from fnnet.network.costs import Cost, quadratic
from fnnet.network.params import Params

__all__ = ["complex_step", "relative_error"]

_H = 1e-30


def complex_step(
    params: Params, x: ArrayLike, y: ArrayLike, *, cost: str | Cost = quadratic
) -> Params:
    """The gradient of the mean cost without back-propagation, as `grads` returns it.

    A stack of P networks gives it: in each, another of the P parameters has moved by ih.

    Parameters
    ----------
    params
        One small network in float64, else an `InputError`: the work grows with the square of P.
    x, y, cost
        As for `grads`.
    """
    is_one = params.leading == () and params.dtype == np.float64
    require(is_one, "params", params.theta, "one network in float64")
    moved = Params(params.architecture, params.theta + 1j * _H * np.eye(params.theta.size))
    gradient = functions.cost(moved, x, y, cost=cost).imag / _H
    expected = "parameters small enough for exp"
    require(np.isfinite(gradient).all(), "params", params.theta, expected)
    return Params(params.architecture, gradient)


def relative_error(
    params: Params, x: ArrayLike, y: ArrayLike, *, cost: str | Cost = quadratic
) -> float:
    """The largest difference of `grads` from `complex_step`, relative to the largest gradient.

    >>> import fnnet
    >>> params = fnnet.init([3, 4, 2], seed=0, dtype=np.float64)
    >>> relative_error(params, [[0.0, 1.0, 2.0]], [1]) < 1e-12
    True
    """
    expected = complex_step(params, x, y, cost=cost).theta
    difference = np.abs(functions.grads(params, x, y, cost=cost).theta - expected)
    return float(difference.max() / (np.abs(expected).max() or 1.0))
