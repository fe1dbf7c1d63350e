"""Steps that lower the cost."""

from __future__ import annotations

from functools import partial

import numpy as np

from fnnet.checks import finite_number, record
from fnnet.costs import Cost, quadratic
from fnnet.datasets.dataset import Batch
from fnnet.network import from_gradient
from fnnet.params import Params

__all__ = ["sgd_step"]


def sgd_step(params: Params, batch: Batch, eta: float, *, cost: str | Cost = quadratic) -> Params:
    """One step of gradient descent: the notebook's `update_mini_batch`, done right.

    theta - eta * (mean gradient over the batch).

    Parameters
    ----------
    params
        A network, or a stack of them.
    batch
        The samples and their labels or targets, as for `grads`.
    eta
        The learning rate, a finite number.
    cost
        A `Cost` or its name, by default the notebook's, 1/4 sum (a - y)^2.

    Returns
    -------
    Params
        New parameters; `params` stays as it is.

    Examples
    --------
    >>> import fnnet
    >>> params = fnnet.init([3, 4, 2], seed=0)
    >>> batch = fnnet.Batch([[0.0, 1.0, 2.0]], [1])
    >>> after = fnnet.sgd_step(params, batch, eta=3.0)
    >>> bool(fnnet.cost(after, batch.x, batch.y) < fnnet.cost(params, batch.x, batch.y))
    True
    """
    record("batch", batch, Batch)
    record("params", params, Params)
    eta = finite_number("eta", eta)
    lowered = partial(np.subtract, params.theta)
    return Params(params.architecture, from_gradient(params, batch.x, batch.y, cost, eta, lowered))
