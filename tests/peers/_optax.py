"""fnnet's networks in JAX, by its gradients and Optax's optimizers: a program that saves arrays.

It runs as a process of its own: once JAX is imported, it warns whenever a process forks, as other
tests make theirs do, and its float64 is a setting of the whole process.
"""

from __future__ import annotations

import sys
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

import fnnet
from fnnet._records import Array
from tests.peers._steps import ACTIVATIONS, OPTAX, OUTPUTS, PAIRS, SIZES, X, Y, start

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


def targets(cost: str) -> Array:
    return fnnet.one_hot(Y[cost], SIZES[-1], dtype=np.float64) if Y[cost].ndim == 2 else Y[cost]


def _decayed(decay: float) -> Any:
    """Of the weights alone; Optax's own takes a mask of whole arrays, and theta is one."""
    each = np.where(start("tanh", "identity").architecture.is_weight, decay, 0.0)
    return optax.stateless(lambda updates, theta: updates + each * theta)


TRANSFORMATIONS: dict[str, Any] = {
    "nesterov": optax.trace(0.9, nesterov=True),
    "rmsprop": optax.scale_by_rms(0.9, eps_in_sqrt=False),
    "adamw": optax.chain(optax.scale_by_adam(), _decayed(0.1)),
    "clip-by-norm": optax.clip_by_global_norm(0.1),
    "clip-by-norm-adam": optax.chain(optax.clip_by_global_norm(0.1), optax.scale_by_adam()),
}

SCHEDULES: dict[str, Any] = {
    "cosine": optax.cosine_decay_schedule(1.0, 200),
    "warm-up": optax.warmup_cosine_decay_schedule(0.0, 1.0, 60, 200),
    "exponential": optax.exponential_decay(1.0, 20, np.exp(-0.3)),
    "step": optax.exponential_decay(1.0, 60, 0.5, staircase=True),
}
"""Over twelve epochs of 20 steps."""


def thetas(optimizer: str) -> Array:
    """The theta of each of the PAIRS, in one compiled run."""
    architecture = start("tanh", "identity").architecture
    descent = optax.chain(TRANSFORMATIONS[optimizer], optax.scale(-OPTAX[optimizer][1]))

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

    starts = np.stack([start(hidden, OUTPUTS[cost]).theta for hidden, cost in PAIRS])
    hiddens = np.array([ACTIVATIONS.index(hidden) for hidden, _ in PAIRS])
    costs = np.array([list(OUTPUTS).index(cost) for _, cost in PAIRS])
    ys = np.stack([targets(cost) for _, cost in PAIRS])
    ends = jax.jit(jax.vmap(run))(starts, hiddens, costs, ys)
    return np.asarray(ends)


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    schedules: dict[str, Any] = {
        name: np.array([schedule(step) for step in range(240)])
        for name, schedule in SCHEDULES.items()
    }
    arrays: dict[str, Any] = {f"theta {name}": thetas(name) for name in OPTAX}
    np.savez(sys.argv[1], **arrays, **schedules)
