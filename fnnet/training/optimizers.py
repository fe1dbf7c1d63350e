"""Optimizers: each makes the direction of a step from a gradient g."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import numpy as np

from fnnet._checks import finite_number, function_of, record, require
from fnnet._records import Array, Partial
from fnnet.network.params import Params

__all__ = ["OPTIMIZERS", "Optimizer", "State", "adam", "adamw", "chain", "clip_by_norm"]
__all__ += ["clip_by_value", "l1", "l2", "momentum", "nesterov", "rmsprop", "sgd"]

State = tuple[Any, ...]
"""What an optimizer keeps from step to step: arrays, or tuples of them."""

Updated = tuple[Array, State]  # the direction and the new state
Update = Callable[[Array, State, Params], Updated]


@attrs.frozen
class Optimizer:
    """A pair of pure functions that make the direction of each step from the gradient.

    The form is Optax's, but without the learning rate: `descend` then computes
    theta - eta * direction.

    Attributes
    ----------
    name
        The optimizer with its settings, as a configuration and a table show it.
    init
        `init(params)` returns the first state: a tuple of arrays, or of such tuples.
    update
        `update(gradient, state, params)` returns the direction and the new state. Both vectors
        are (..., P). It changes no argument, and keeps the shapes and dtypes of the state.

    Examples
    --------
    >>> import fnnet
    >>> params, optimizer = fnnet.init([3, 2], seed=0), fnnet.momentum()
    >>> gradient = fnnet.grads(params, [[0.0, 1.0, 2.0]], [1]).theta
    >>> direction, state = optimizer.update(gradient, optimizer.init(params), params)
    >>> fnnet.descend(params, direction, eta=0.1).theta.shape, state[0].shape
    ((8,), (8,))
    """

    name: str
    init: Callable[[Params], State] = attrs.field(validator=function_of(1), repr=False)
    update: Update = attrs.field(validator=function_of(3), repr=False)


def _nothing(_params: Params) -> State:
    return ()


def _zeros(params: Params) -> State:
    return (np.zeros_like(params.theta),)


def _sgd(g: Array, state: State, _params: Params) -> Updated:
    return g, state


sgd = Optimizer("sgd", _nothing, _sgd)
"""Plain gradient descent: the direction is the gradient."""


def momentum(mu: float = 0.9) -> Optimizer:
    """The direction v, where v <- mu v + g.

    B. T. Polyak, 1964, in the form of Sutskever et al., On the importance of initialization and
    momentum in deep learning, ICML 2013; but eta multiplies v, as in PyTorch.

    >>> momentum()
    Optimizer(name='momentum(0.9)')
    """
    mu = finite_number("mu", mu, at_least=0, below=1)
    return Optimizer(f"momentum({mu})", _zeros, Partial(_momentum, mu, False))


def nesterov(mu: float = 0.9) -> Optimizer:
    """The direction g + mu v, where v <- mu v + g: momentum that looks a step ahead.

    Y. Nesterov, 1983, in the form of Sutskever et al., 2013.

    >>> nesterov()
    Optimizer(name='nesterov(0.9)')
    """
    mu = finite_number("mu", mu, at_least=0, below=1)
    return Optimizer(f"nesterov({mu})", _zeros, Partial(_momentum, mu, True))


def _momentum(mu: float, is_ahead: bool, g: Array, state: State, _params: Params) -> Updated:
    v = mu * state[0] + g
    return g + mu * v if is_ahead else v, (v,)


def rmsprop(rho: float = 0.9, *, epsilon: float = 1e-8) -> Optimizer:
    """The direction g / (sqrt(s) + epsilon), where s <- rho s + (1 - rho) g^2.

    Tieleman and Hinton, Neural networks for machine learning, lecture 6.5, 2012.

    >>> rmsprop()
    Optimizer(name='rmsprop(0.9)')
    """
    rho = finite_number("rho", rho, at_least=0, below=1)
    epsilon = finite_number("epsilon", epsilon, above=0)
    name = f"rmsprop({rho})" if epsilon == 1e-8 else f"rmsprop({rho}, {epsilon=})"
    return Optimizer(name, _zeros, Partial(_rmsprop, rho, epsilon))


def _rmsprop(rho: float, epsilon: float, g: Array, state: State, _params: Params) -> Updated:
    s = rho * state[0] + (1 - rho) * np.square(g)
    return g / (np.sqrt(s) + epsilon), (s,)


def adam(beta1: float = 0.9, beta2: float = 0.999, *, epsilon: float = 1e-8) -> Optimizer:
    """The direction m / (sqrt(s) + epsilon), where m and s are running means of g and of g^2.

    Both start at 0; to make up for that, step t divides m by 1 - beta1^t and s by 1 - beta2^t.
    Kingma and Ba, Adam: a method for stochastic optimization, ICLR 2015, algorithm 1.

    >>> adam()
    Optimizer(name='adam(0.9, 0.999)')
    """
    beta1 = finite_number("beta1", beta1, at_least=0, below=1)
    beta2 = finite_number("beta2", beta2, at_least=0, below=1)
    epsilon = finite_number("epsilon", epsilon, above=0)
    name = f"adam({beta1}, {beta2})" if epsilon == 1e-8 else f"adam({beta1}, {beta2}, {epsilon=})"
    return Optimizer(name, _adam_init, Partial(_adam, beta1, beta2, epsilon))


def _adam_init(params: Params) -> State:
    return (*_zeros(params), *_zeros(params), np.zeros((), np.int64))


def _adam(beta1: float, beta2: float, epsilon: float, g: Array, state: State, _: Params) -> Updated:
    m = beta1 * state[0] + (1 - beta1) * g
    s = beta2 * state[1] + (1 - beta2) * np.square(g)
    t = state[2] + 1
    # Python floats: NumPy's would make float64 of float32.
    bias1, bias2 = 1 - beta1 ** int(t), 1 - beta2 ** int(t)
    return (m / bias1) / (np.sqrt(s / bias2) + epsilon), (m, s, t)


def adamw(
    decay: float = 0.01, *, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8
) -> Optimizer:
    """Adam, and each step also shrinks the weights (not the biases) by the share eta * decay.

    Loshchilov and Hutter, Decoupled weight decay regularization, ICLR 2019, algorithm 2.

    >>> adamw(0.1)
    Optimizer(name='adam(0.9, 0.999), l2(0.1)')
    """
    return chain(adam(beta1, beta2, epsilon=epsilon), l2(decay))


def clip_by_norm(limit: float) -> Optimizer:
    """Clip the gradient to this norm; in a stack, each network's by itself.

    Pascanu et al., On the difficulty of training recurrent neural networks, ICML 2013, alg. 1.

    >>> clip_by_norm(1.0)
    Optimizer(name='clip-by-norm(1.0)')
    """
    limit = finite_number("limit", limit, above=0)
    return Optimizer(f"clip-by-norm({limit})", _nothing, Partial(_clip_by_norm, limit))


def _clip_by_norm(limit: float, g: Array, state: State, _params: Params) -> Updated:
    # Divided by its largest number, in float64: no square overflows.
    exact = g.astype(np.float64)
    largest = np.maximum(np.abs(exact).max(axis=-1, keepdims=True), limit)
    norm = largest * np.linalg.norm(exact / largest, axis=-1, keepdims=True)
    return (exact * (limit / np.maximum(norm, limit))).astype(g.dtype), state


def clip_by_value(limit: float) -> Optimizer:
    """Clip each number of the gradient to the range from -limit to limit.

    >>> clip_by_value(1.0)
    Optimizer(name='clip-by-value(1.0)')
    """
    limit = finite_number("limit", limit, above=0)
    return Optimizer(f"clip-by-value({limit})", _nothing, Partial(_clip_by_value, limit))


def _clip_by_value(limit: float, g: Array, state: State, _params: Params) -> Updated:
    return np.clip(g, -limit, limit), state


def l2(decay: float) -> Optimizer:
    """The direction g + decay * w for weights, g for biases: decay/2 sum w^2 joins the cost.

    The book's lambda is decay times the number of training samples: Nielsen, chapter 3, eq. 87.

    >>> l2(5.0 / 50_000)
    Optimizer(name='l2(0.0001)')
    """
    decay = finite_number("decay", decay, at_least=0)
    return Optimizer(f"l2({decay})", _nothing, Partial(_penalised, decay, 2))


def l1(decay: float) -> Optimizer:
    """The direction g + decay * sign(w) for weights, g for biases: decay sum |w| joins the cost.

    Nielsen, chapter 3, equation 96; `decay` as for `l2`.

    >>> l1(0.001)
    Optimizer(name='l1(0.001)')
    """
    decay = finite_number("decay", decay, at_least=0)
    return Optimizer(f"l1({decay})", _nothing, Partial(_penalised, decay, 1))


def _penalised(decay: float, power: int, g: Array, state: State, params: Params) -> Updated:
    w = params.architecture.is_weight * params.theta  # 0 in place of a bias
    return g + decay * (w if power == 2 else np.sign(w)), state


def chain(*optimizers: Optimizer) -> Optimizer:
    """Several optimizers in a row: each takes the direction of the one before as its gradient.

    >>> chain(l2(0.001), clip_by_norm(1.0), momentum(0.9))
    Optimizer(name='l2(0.001), clip-by-norm(1.0), momentum(0.9)')
    """
    for k, optimizer in enumerate(optimizers):
        record(f"optimizers[{k}]", optimizer, Optimizer)
    require(optimizers, "optimizers", optimizers, "at least one")
    if len(optimizers) == 1:
        return optimizers[0]
    name = ", ".join(optimizer.name for optimizer in optimizers)
    return Optimizer(name, Partial(_chain_init, optimizers), Partial(_chain, optimizers))


def _chain_init(optimizers: tuple[Optimizer, ...], params: Params) -> State:
    return tuple(optimizer.init(params) for optimizer in optimizers)


def _chain(optimizers: tuple[Optimizer, ...], g: Array, state: State, params: Params) -> Updated:
    states = []
    for optimizer, own in zip(optimizers, state, strict=True):
        g, own = optimizer.update(g, own, params)
        states.append(own)
    return g, tuple(states)


OPTIMIZERS = {"sgd": sgd} | {m.__name__: m() for m in (momentum, nesterov, rmsprop, adam, adamw)}
"""The optimizers by name, with their default settings."""
