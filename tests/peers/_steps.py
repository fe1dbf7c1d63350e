"""The runs that fnnet and its peers are compared on: 200 steps of a small network, in float64."""

from __future__ import annotations

from functools import cache

import numpy as np

import fnnet
from fnnet._records import Array

STEPS, SAMPLES, SIZES = 200, 8, (5, 7, 6, 3)

ACTIVATIONS = ["sigmoid", "tanh", "relu", "leaky-relu", "gelu", "identity", "softmax"]

OUTPUTS = {
    "quadratic": "sigmoid",
    "squared-error": "identity",
    "cross-entropy": "sigmoid",
    "log-likelihood": "softmax",
    "huber": "identity",
}
"""Each cost, and the output layer that it is compared with."""

PAIRS = [(hidden, cost) for hidden in ACTIVATIONS for cost in OUTPUTS]

OPTAX: dict[str, tuple[fnnet.Optimizer, float]] = {
    "nesterov": (fnnet.nesterov(), 0.01),
    "rmsprop": (fnnet.rmsprop(), 0.003),
    "adamw": (fnnet.adamw(0.1), 0.01),
    "clip-by-norm": (fnnet.clip_by_norm(0.1), 0.05),
    "clip-by-norm-adam": (fnnet.chain(fnnet.clip_by_norm(0.1), fnnet.adam()), 0.01),
}
"""What is compared with Optax, and its eta."""

_rng = np.random.default_rng(20)

X: Array = _rng.normal(size=(STEPS, SAMPLES, SIZES[0]))
"""A mini batch for each step."""

Y: dict[str, Array] = {
    "quadratic": _rng.uniform(size=(STEPS, SAMPLES, SIZES[-1])),
    "squared-error": _rng.normal(size=(STEPS, SAMPLES, SIZES[-1])),
    "cross-entropy": _rng.uniform(size=(STEPS, SAMPLES, SIZES[-1])),
    "log-likelihood": _rng.integers(SIZES[-1], size=(STEPS, SAMPLES)),
    "huber": _rng.normal(size=(STEPS, SAMPLES, SIZES[-1])) * 2,  # on both sides of the threshold
}
"""Each cost's targets; log-likelihood's are class labels."""

WEIGHTS: Array = _rng.exponential(size=(STEPS, SAMPLES))
"""What each sample counts, where they do not all count the same."""


def start(hidden: str, output: str) -> fnnet.Params:
    """The network that all sides start from."""
    return fnnet.init(
        SIZES,
        seed=20,
        activations=[hidden, hidden, output],
        weights="glorot-normal",
        dtype=np.float64,
    )


@cache
def descended(
    params: fnnet.Params, cost: str, optimizer: fnnet.Optimizer, eta: float
) -> fnnet.Params:
    """The network after fnnet's steps."""
    state = optimizer.init(params)
    for x, y in zip(X, Y[cost], strict=True):
        gradient = fnnet.grads(params, x, y, cost=cost)
        direction, state = optimizer.update(gradient.theta, state, params)
        params = fnnet.descend(params, direction, eta)
    return params


def assert_same_run(before: fnnet.Params, ours: fnnet.Params, theirs: Array) -> None:
    """Both have learned, and what they have agrees to 1e-10 of the largest parameter."""
    largest = np.max(np.abs(theirs))
    assert np.max(np.abs(theirs - before.theta)) > 1e-2 * largest
    assert np.max(np.abs(ours.theta - theirs)) <= 1e-10 * largest
