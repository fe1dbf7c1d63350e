"""The optimizers: what each of them makes of a gradient g, the parameters being theta."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from fnnet._checks import finite_number
from fnnet._recipes import remembered
from fnnet._records import Array, freeze
from fnnet.network.params import Architecture, Params
from fnnet.training.sgd import Optimizer, State, chain, stateless

__all__ = [
    "adam",
    "adamw",
    "clip_by_norm",
    "clip_by_value",
    "l1",
    "l2",
    "momentum",
    "nesterov",
    "rmsprop",
]


def _zeros(params: Params) -> State:
    return (np.zeros_like(params.theta),)


@remembered
def momentum(mu: float = 0.9) -> Optimizer:
    """The direction v <- mu v + g.

    B. T. Polyak, 1964, in the form of Sutskever et al., On the importance of initialization and
    momentum in deep learning, ICML 2013; the learning rate stands before v, as in PyTorch.

    >>> momentum()
    Optimizer(name='momentum(0.9)')
    """
    mu = _fraction("mu", mu)

    def update(g: Array, state: State, _params: Params) -> tuple[Array, State]:
        v = mu * state[0] + g
        return v, (v,)

    return Optimizer(f"momentum({mu})", _zeros, update)


@remembered
def nesterov(mu: float = 0.9) -> Optimizer:
    """The direction g + mu v, where v <- mu v + g: momentum that looks a step ahead.

    Y. Nesterov, 1983, in the form of Sutskever et al., 2013.

    >>> nesterov()
    Optimizer(name='nesterov(0.9)')
    """
    mu = _fraction("mu", mu)

    def update(g: Array, state: State, _params: Params) -> tuple[Array, State]:
        v = mu * state[0] + g
        return g + mu * v, (v,)

    return Optimizer(f"nesterov({mu})", _zeros, update)


@remembered
def rmsprop(rho: float = 0.9, *, epsilon: float = 1e-8) -> Optimizer:
    """The direction g / (sqrt(s) + epsilon), where s <- rho s + (1 - rho) g^2.

    Tieleman and Hinton, Neural networks for machine learning, lecture 6.5, 2012.

    >>> rmsprop()
    Optimizer(name='rmsprop(0.9)')
    """
    rho, epsilon = _fraction("rho", rho), finite_number("epsilon", epsilon, above=0)

    def update(g: Array, state: State, _params: Params) -> tuple[Array, State]:
        s = rho * state[0] + (1 - rho) * np.square(g)
        return g / (np.sqrt(s) + epsilon), (s,)

    return Optimizer(f"rmsprop({rho}{_unless_default(epsilon)})", _zeros, update)


@remembered
def adam(beta1: float = 0.9, beta2: float = 0.999, *, epsilon: float = 1e-8) -> Optimizer:
    """The direction m / (sqrt(s) + epsilon), where m and s are running means of g and of g^2.

    Both start at 0, for which in step t m is divided by 1 - beta1^t and s by 1 - beta2^t.
    Kingma and Ba, Adam: a method for stochastic optimization, ICLR 2015, algorithm 1.

    >>> adam()
    Optimizer(name='adam(0.9, 0.999)')
    """
    beta1, beta2 = _fraction("beta1", beta1), _fraction("beta2", beta2)
    epsilon = finite_number("epsilon", epsilon, above=0)

    def init(params: Params) -> State:
        return (*_zeros(params), *_zeros(params), np.zeros((), np.int64))

    def update(g: Array, state: State, _params: Params) -> tuple[Array, State]:
        m, s, t = state
        m = beta1 * m + (1 - beta1) * g
        s = beta2 * s + (1 - beta2) * np.square(g)
        t = t + 1
        # Python floats: NumPy's would make float64 of float32.
        bias1, bias2 = 1 - beta1 ** int(t), 1 - beta2 ** int(t)
        return (m / bias1) / (np.sqrt(s / bias2) + epsilon), (m, s, t)

    return Optimizer(f"adam({beta1}, {beta2}{_unless_default(epsilon)})", init, update)


@remembered
def adamw(
    decay: float = 0.01, *, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8
) -> Optimizer:
    """Adam, and weights that shrink by eta * decay in each step, whatever their gradient.

    Biases do not shrink. Loshchilov and Hutter, Decoupled weight decay regularization, ICLR 2019,
    algorithm 2.

    >>> adamw(0.1)
    Optimizer(name='adam(0.9, 0.999), l2(0.1)')
    """
    return chain(adam(beta1, beta2, epsilon=epsilon), l2(decay))


@remembered
def clip_by_norm(limit: float) -> Optimizer:
    """A gradient longer than `limit` becomes that long: one network's at a time, in a stack.

    Pascanu, Mikolov and Bengio, On the difficulty of training recurrent neural networks, ICML 2013,
    algorithm 1.

    >>> clip_by_norm(1.0)
    Optimizer(name='clip-by-norm(1.0)')
    """
    limit = finite_number("limit", limit, above=0)

    def direction(g: Array, _params: Params) -> Array:
        # In float64, and with a largest number of 1, no square overflows.
        exact = g.astype(np.float64)
        largest = np.maximum(np.abs(exact).max(axis=-1, keepdims=True), limit)
        norm = largest * np.linalg.norm(exact / largest, axis=-1, keepdims=True)
        return np.asarray(exact * (limit / np.maximum(norm, limit))).astype(g.dtype)

    return stateless(f"clip-by-norm({limit})", direction)


@remembered
def clip_by_value(limit: float) -> Optimizer:
    """Each number of the gradient, brought to the range of -limit to limit.

    >>> clip_by_value(1.0)
    Optimizer(name='clip-by-value(1.0)')
    """
    limit = finite_number("limit", limit, above=0)
    return stateless(f"clip-by-value({limit})", lambda g, _params: np.clip(g, -limit, limit))


@remembered
def l2(decay: float) -> Optimizer:
    """The direction g + decay * w for weights, g for biases: the cost has decay/2 sum w^2 more.

    The book's lambda is decay times the number of training samples: Nielsen, chapter 3, eq. 87.

    >>> l2(5.0 / 50_000)
    Optimizer(name='l2(0.0001)')
    """
    decay = finite_number("decay", decay, at_least=0)

    def direction(g: Array, params: Params) -> Array:
        each = _of_weights(params.architecture, decay, params.dtype)
        return np.asarray(g + each * params.theta)

    return stateless(f"l2({decay})", direction)


@remembered
def l1(decay: float) -> Optimizer:
    """The direction g + decay * sign(w) for weights, g for biases: the cost has decay sum |w| more.

    Nielsen, chapter 3, equation 96; `decay` as for `l2`.

    >>> l1(0.001)
    Optimizer(name='l1(0.001)')
    """
    decay = finite_number("decay", decay, at_least=0)

    def direction(g: Array, params: Params) -> Array:
        each = _of_weights(params.architecture, decay, params.dtype)
        return np.asarray(g + each * np.sign(params.theta))

    return stateless(f"l1({decay})", direction)


@lru_cache(maxsize=8)
def _of_weights(architecture: Architecture, decay: float, dtype: np.dtype[Any]) -> Array:
    """`decay` where theta has a weight, 0 where it has a bias."""
    return freeze(np.where(architecture.is_weight, decay, 0.0).astype(dtype))


def _fraction(argument: str, value: float) -> float:
    return finite_number(argument, value, at_least=0, below=1)


def _unless_default(epsilon: float) -> str:
    return "" if epsilon == 1e-8 else f", epsilon={epsilon}"
