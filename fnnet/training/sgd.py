"""The notebook's `update_mini_batch`: one step of gradient descent."""

from __future__ import annotations

import numpy as np

from fnnet._checks import array_of_numbers, finite_array, finite_number, record, require
from fnnet._records import Array, freeze
from fnnet._threads import arithmetic
from fnnet.datasets.dataset import Batch
from fnnet.network.costs import Cost, cost_for, quadratic
from fnnet.network.inputs import as_samples, per_network
from fnnet.network.params import Params
from fnnet.network.shards import borrowed

__all__ = ["descend", "sgd_step"]


def sgd_step(params: Params, batch: Batch, eta: float, *, cost: str | Cost = quadratic) -> Params:
    """One step of gradient descent: theta - eta * (mean gradient over the batch).

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
        New parameters of the dtype of `params`, which stay as they are; with the leading axes of
        `params` and of the batch.

    Raises
    ------
    InputError
        If eta is not finite, or the batch is not as `grads` takes it.

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
    eta, cost = finite_number("eta", eta), cost_for(params.architecture, cost)
    with arithmetic():
        samples = as_samples(params, batch.x, batch.y, batch.weights)
        with borrowed(params, samples) as gradient:
            # backprop multiplies the last delta by eta/n: the mean gradient comes out times eta.
            eta_gradient = gradient(samples, cost, eta)
            return Params(params.architecture, freeze(params.theta - eta_gradient))


def descend(params: Params, direction: Array, eta: float | Array) -> Params:
    """Theta - eta * direction, as new parameters of the dtype of `params`.

    `direction` (..., P) is what an optimizer made of the gradient; `eta` is the learning rate, or
    one for each network of a stack. An `InputError` says which of them does not fit.

    >>> import fnnet
    >>> params = fnnet.init([3, 4, 2], seed=0)
    >>> bool(np.all(descend(params, params.theta, eta=1.0).theta == 0))
    True
    """
    record("params", params, Params)
    theta, direction = params.theta, array_of_numbers("direction", direction)
    same = direction.shape == theta.shape and np.can_cast(direction.dtype, theta.dtype, "same_kind")
    require(same, "direction", direction, f"an array of real numbers, of shape {theta.shape}")
    etas, expected = array_of_numbers("eta", eta), "a number, or one for each network of a stack"
    fits = etas.shape in ((), params.leading) and etas.dtype.kind in "biuf"
    require(fits, "eta", eta, expected)
    finite_array("eta", etas)
    with arithmetic():
        step = per_network(etas, params.dtype, axes=1) * direction
        return Params(params.architecture, freeze(np.subtract(theta, step, dtype=theta.dtype)))
