"""Steps that lower the cost: the plain one, and the pairs of functions that others are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import numpy as np

from fnnet._checks import a_function, array_of_numbers, finite_array, finite_number, record, require
from fnnet._recipes import Remade, made_by, remembered
from fnnet._records import Array, freeze
from fnnet._threads import arithmetic
from fnnet.datasets.batch import Batch
from fnnet.network.batches import per_network
from fnnet.network.costs import Cost, quadratic
from fnnet.network.functions import from_gradient
from fnnet.network.params import Params

__all__ = ["Optimizer", "chain", "descend", "kinds_of", "sgd", "sgd_step"]

State = tuple[Any, ...]
"""Arrays, or such tuples: what an optimizer keeps from step to step."""


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
        New parameters of the dtype of `params`, which stay as they are; with the leading axes of
        `params` and of the batch.

    Raises
    ------
    InputError
        Where eta is not finite, or the batch is not as `grads` takes it.

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

    def lowered(vector: Array, _: object) -> Params:
        return Params(params.architecture, freeze(np.subtract(params.theta, vector)))

    return from_gradient(params, (batch.x, batch.y, batch.weights), cost, eta, lowered)


@attrs.frozen
class Optimizer(Remade):
    """What becomes of a gradient before a step is taken along it, as a pair of pure functions.

    The form is Optax's, but that a learning rate is no part of it: a step goes to
    theta - eta * direction, with `descend`.

    Attributes
    ----------
    name
        The optimizer with its settings, as a configuration and a table show it. Two of one name
        count as equal.
    init
        `init(params)`: the state before the first step, a tuple of arrays or of such tuples.
    update
        `update(gradient, state, params)`: the direction and the new state, from the gradient as a
        vector (..., P). It changes no argument, and keeps the shapes and dtypes of the state.

    Examples
    --------
    >>> import fnnet
    >>> params, x, y = fnnet.init([3, 4, 2], seed=0), [[0.0, 1.0, 2.0]], [1]
    >>> adam = fnnet.adam()
    >>> state = adam.init(params)
    >>> for _ in range(100):
    ...     direction, state = adam.update(fnnet.grads(params, x, y).theta, state, params)
    ...     params = fnnet.descend(params, direction, eta=0.1)
    >>> bool(fnnet.cost(params, x, y) < 0.001)
    True
    """

    name: str
    init: Callable[[Params], State] = attrs.field(validator=a_function, eq=False, repr=False)
    update: Callable[[Array, State, Params], tuple[Array, State]] = attrs.field(
        validator=a_function, eq=False, repr=False
    )


def kinds_of(state: Any) -> Any:
    """An optimizer's state with dtypes and shapes in place of its arrays."""
    if isinstance(state, tuple):
        return tuple(map(kinds_of, state))
    if not isinstance(state, np.ndarray | np.generic | int | float):
        return type(state).__name__
    array = np.asarray(state)
    return f"{array.dtype.name} {array.shape}"


def descend(params: Params, direction: Array, eta: float | Array) -> Params:
    """Theta - eta * direction, as new parameters.

    Parameters
    ----------
    params
        A network, or a stack of them.
    direction
        What an optimizer made of the gradient, (..., P).
    eta
        The learning rate; K of them for a stack of K.

    Returns
    -------
    Params
        New parameters of the dtype of `params`, which stay as they are.

    Raises
    ------
    InputError
        Where direction or eta has another shape, or is not real, or eta is not finite.

    Examples
    --------
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


def stateless(name: str, direction: Callable[[Array, Params], Array]) -> Optimizer:
    """An optimizer that keeps nothing: `direction(gradient, params)` is all it does."""

    def update(gradient: Array, state: State, params: Params) -> tuple[Array, State]:
        return direction(gradient, params), state

    return Optimizer(name, lambda _params: (), update)


sgd = made_by("sgd", stateless("sgd", lambda gradient, _params: gradient))
"""Plain gradient descent: the direction is the gradient."""


@remembered
def chain(*optimizers: Optimizer) -> Optimizer:
    """Several optimizers in a row: each takes the direction of the one before as its gradient.

    Examples
    --------
    >>> import fnnet
    >>> fnnet.chain(fnnet.l2(0.001), fnnet.clip_by_norm(1.0), fnnet.momentum(0.9))
    Optimizer(name='l2(0.001), clip-by-norm(1.0), momentum(0.9)')
    """
    for k, optimizer in enumerate(optimizers):
        record(f"optimizers[{k}]", optimizer, Optimizer)
    require(optimizers, "optimizers", optimizers, "at least one")
    if len(optimizers) == 1:
        return optimizers[0]

    def init(params: Params) -> State:
        return tuple(optimizer.init(params) for optimizer in optimizers)

    def update(gradient: Array, state: State, params: Params) -> tuple[Array, State]:
        states = []
        for optimizer, own in zip(optimizers, state, strict=True):
            gradient, own = optimizer.update(gradient, own, params)
            states.append(own)
        return gradient, tuple(states)

    return Optimizer(", ".join(optimizer.name for optimizer in optimizers), init, update)
