"""200 steps of fnnet against 200 of Optax along JAX's gradients: also of what PyTorch lacks."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest

import fnnet
from fnnet.records import Array
from tests.peers._steps import (
    ACTIVATIONS,
    OUTPUTS,
    SIZES,
    X,
    Y,
    assert_same_run,
    descended,
    start,
)

jax: Any = pytest.importorskip("jax", reason="the comparison with JAX needs jax")
optax: Any = pytest.importorskip("optax", reason="the comparison with Optax needs optax")
jnp = jax.numpy


@pytest.fixture(autouse=True)
def _float64() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


HIDDEN = {
    "sigmoid": jax.nn.sigmoid,
    "tanh": jnp.tanh,
    "relu": jax.nn.relu,
    "leaky-relu": lambda z: jax.nn.leaky_relu(z, 0.01),
    "gelu": lambda z: jax.nn.gelu(z, approximate=True),
    "identity": lambda z: z,
    "softmax": jax.nn.softmax,
}

LOSSES = {
    "quadratic": lambda z, y: optax.squared_error(jax.nn.sigmoid(z), y).sum(-1) / 4,
    "squared-error": lambda z, y: optax.l2_loss(z, y).sum(-1),
    "cross-entropy": lambda z, y: optax.sigmoid_binary_cross_entropy(z, y).sum(-1),
    "log-likelihood": optax.softmax_cross_entropy,
    "huber": lambda z, y: optax.huber_loss(z, y, delta=1.0).sum(-1),
}
"""Each sample's cost from the output layer's linear outputs, the layer being that of `OUTPUTS`."""

PAIRS = [(hidden, cost) for hidden in ACTIVATIONS for cost in OUTPUTS]


def targets(cost: str) -> Array:
    return fnnet.one_hot(Y[cost], SIZES[-1], dtype=np.float64) if Y[cost].ndim == 2 else Y[cost]


@cache
def theirs(optimizer: str) -> dict[tuple[str, str], Array]:
    """Optax's theta for each hidden activation and cost, in one compiled run."""
    architecture = start("tanh", "identity").architecture
    _, transformation, eta = OPTIMIZERS[optimizer]
    descent = optax.chain(transformation, optax.scale(-eta))

    def loss(theta: Any, hidden: Any, cost: Any, x: Any, y: Any) -> Any:
        *inner, last = architecture.matrices(theta)
        for matrix in inner:
            z = x @ matrix[:, :-1].T + matrix[:, -1]
            x = jax.lax.switch(hidden, [HIDDEN[name] for name in ACTIVATIONS], z)
        z = x @ last[:, :-1].T + last[:, -1]
        return jax.lax.switch(cost, [LOSSES[name] for name in OUTPUTS], z, y).mean()

    def run(theta: Any, hidden: Any, cost: Any, ys: Any) -> Any:
        def step(carry: Any, batch: Any) -> Any:
            theta, state = carry
            gradient = jax.grad(loss)(theta, hidden, cost, *batch)
            updates, state = descent.update(gradient, state, theta)
            return (optax.apply_updates(theta, updates), state), None

        (theta, _), _ = jax.lax.scan(step, (theta, descent.init(theta)), (jnp.asarray(X), ys))
        return theta

    thetas = np.stack([start(hidden, OUTPUTS[cost]).theta for hidden, cost in PAIRS])
    hiddens = np.array([ACTIVATIONS.index(hidden) for hidden, _ in PAIRS])
    costs = np.array([list(OUTPUTS).index(cost) for _, cost in PAIRS])
    ys = np.stack([targets(cost) for _, cost in PAIRS])
    ends = jax.jit(jax.vmap(run))(thetas, hiddens, costs, ys)
    return dict(zip(PAIRS, np.asarray(ends), strict=True))


def _decayed(decay: float) -> Any:
    """Of the weights alone; Optax's own takes a mask of whole arrays, and theta is one."""
    each = np.where(start("tanh", "identity").architecture.is_weight, decay, 0.0)
    return optax.stateless(lambda updates, theta: updates + each * theta)


OPTIMIZERS: dict[str, tuple[fnnet.Optimizer, Any, float]] = {
    "nesterov": (fnnet.nesterov(), optax.trace(0.9, nesterov=True), 0.01),
    "rmsprop": (fnnet.rmsprop(), optax.scale_by_rms(0.9, eps_in_sqrt=False), 0.003),
    "adamw": (fnnet.adamw(0.1), optax.chain(optax.scale_by_adam(), _decayed(0.1)), 0.01),
    "clip-by-norm": (fnnet.clip_by_norm(0.1), optax.clip_by_global_norm(0.1), 0.05),
    "clip-by-norm-adam": (
        fnnet.chain(fnnet.clip_by_norm(0.1), fnnet.adam()),
        optax.chain(optax.clip_by_global_norm(0.1), optax.scale_by_adam()),
        0.01,
    ),
}


@pytest.mark.parametrize("cost", OUTPUTS)
@pytest.mark.parametrize("hidden", ACTIVATIONS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_200_steps_are_optaxs(optimizer: str, hidden: str, cost: str) -> None:
    ours, _, eta = OPTIMIZERS[optimizer]
    before = start(hidden, OUTPUTS[cost])
    after = descended(before, cost, ours, eta)
    assert_same_run(before, after, theirs(optimizer)[hidden, cost])


@pytest.mark.parametrize("warm_up", [0, 3])
def test_cosine_with_a_warm_up_is_optaxs(warm_up: int) -> None:
    ours, steps = fnnet.cosine(10, warm_up=warm_up), 20
    theirs = optax.warmup_cosine_decay_schedule(
        init_value=0.0 if warm_up else 1.0,
        peak_value=1.0,
        warmup_steps=warm_up * steps,
        decay_steps=10 * steps,
    )
    for step in range(12 * steps):
        assert abs(ours(step / steps) - theirs(step)) < 1e-14


def test_exponential_and_step_are_optaxs() -> None:
    steps = 20
    exponential = optax.exponential_decay(1.0, steps, np.exp(-0.3))
    stairs = optax.exponential_decay(1.0, 3 * steps, 0.5, staircase=True)
    for step in range(12 * steps):
        assert abs(fnnet.exponential(0.3)(step / steps) - exponential(step)) < 1e-14
        assert abs(fnnet.step_decay(3, 0.5)(step / steps) - stairs(step)) < 1e-14
