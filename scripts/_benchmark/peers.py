"""The contestants, each a small record of functions over one `Problem`.

All start from the same weights and do the same maths in float32: sigmoid units, the cost
1/4 sum (a - y)^2, or cross-entropy, averaged over the batch, plain SGD, a new order each epoch.
Each library is imported where it is used only, since importing is timed, too. Which of a peer's
`variants` is fastest here is found out by a trial, for each shape.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from _benchmark.problem import Learner, Problem
from _benchmark.timing import Variant


class Peer(NamedTuple):
    """A contestant: the module it needs, how it may be run, and how it is made ready."""

    module: str
    variants: list[Variant]
    prepare: Callable[[Problem, Variant], Learner]


def _fnnet(problem: Problem, variant: Variant) -> Learner:
    import attrs

    import fnnet

    dataset = partial(fnnet.Dataset, scale=problem.scale, classes=problem.sizes[-1])
    parts = [dataset(problem.x[rows], problem.y[rows]) for rows in problem.parts()]
    test = dataset(problem.x_test, problem.y_test)
    theta = np.concatenate([matrix.ravel() for matrix in problem.matrices()])
    params = fnnet.Params(fnnet.Architecture.of(problem.sizes), theta)
    config = fnnet.TrainConfig(
        epochs=1, batch_size=problem.batch_size, eta=problem.eta, cost=problem.cost
    )
    state = fnnet.start(params, config)

    def epoch() -> None:
        nonlocal state
        one_more = attrs.evolve(config, epochs=state.epoch + 1)
        state = fnnet.train(state, parts[state.epoch % len(parts)], one_more, **variant)

    return Learner(epoch, lambda: float(fnnet.evaluate(state.params, test).accuracy))


def _listing(problem: Problem, variant: Variant) -> Learner:  # noqa: ARG001  # there is one way
    from _benchmark import listing

    columns = problem.inputs(problem.x).astype(np.float64)[:, :, np.newaxis]
    samples = list(zip(columns, problem.targets()[:, :, np.newaxis], strict=True))
    test = problem.inputs(problem.x_test)[:, :, np.newaxis]
    matrices = [matrix.astype(np.float64) for matrix in problem.matrices()]
    network = [m[:, :-1] for m in matrices], [m[:, -1:] for m in matrices]

    def epoch() -> None:
        nonlocal network
        network = listing.epoch(network, samples, problem.batch_size, problem.eta)

    def accuracy() -> float:
        labels = [np.argmax(listing.feedforward(network, x)[0][-1]) for x in test]
        return float(np.mean(labels == problem.y_test))

    return Learner(epoch, accuracy)


def _torch(problem: Problem, variant: Variant) -> Learner:
    import torch
    from torch.nn import functional

    torch.set_num_threads(variant["threads"])
    layers: list[torch.nn.Module] = []
    for matrix in problem.matrices():
        linear = torch.nn.Linear(matrix.shape[1] - 1, matrix.shape[0])
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(matrix[:, :-1]))
            linear.bias.copy_(torch.from_numpy(matrix[:, -1]))
        layers += [linear, torch.nn.Sigmoid()]
    # Each cost in the one call that PyTorch has for it; both average over the output units, too.
    loss, weight = functional.mse_loss, problem.sizes[-1] / 4
    if problem.cost == "cross-entropy":
        loss, weight = functional.binary_cross_entropy_with_logits, problem.sizes[-1]
        layers.pop()
    model = torch.nn.Sequential(*layers)
    # Of the optimizer's three forms, the fused one is the fastest on a CPU.
    optimizer = torch.optim.SGD(model.parameters(), lr=problem.eta * weight, fused=True)
    x, y = torch.from_numpy(problem.inputs(problem.x)), torch.from_numpy(problem.targets())
    x_test = torch.from_numpy(problem.inputs(problem.x_test))
    orders, size = problem.orders(), problem.batch_size

    def epoch() -> None:
        order = torch.from_numpy(next(orders))
        for rows in order.split(size):
            optimizer.zero_grad(set_to_none=True)
            loss(model(x.index_select(0, rows)), y.index_select(0, rows)).backward()
            optimizer.step()

    def accuracy() -> float:
        with torch.inference_mode():
            return float(np.mean(model(x_test).argmax(1).numpy() == problem.y_test))

    return Learner(epoch, accuracy)


def _jax(problem: Problem, variant: Variant) -> Learner:
    os.environ["JAX_PLATFORMS"] = "cpu"
    if variant["threads"] == 1:  # read when the first computation starts
        os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
        os.environ["NPROC"] = "1"
    import jax
    import jax.numpy as jnp

    size, part, scale = problem.batch_size, problem.part, problem.scale
    whole = part - part % size
    is_bytes = variant["images"] == "uint8"

    def linear_output(params: Any, x: Any) -> Any:
        for w, b in params[:-1]:
            x = jax.nn.sigmoid(x @ w.T + b)
        w, b = params[-1]
        return x @ w.T + b

    def cost(params: Any, x: Any, y: Any) -> Any:
        z = linear_output(params, x)
        if problem.cost == "cross-entropy":
            return jnp.sum(jax.nn.softplus(z) - y * z) / len(x)
        return jnp.sum((jax.nn.sigmoid(z) - y) ** 2) / (4 * len(x))

    def step(params: Any, batch: tuple[Any, Any]) -> tuple[Any, None]:
        x, y = batch
        gradient = jax.grad(cost)(params, x * jnp.float32(scale) if is_bytes else x, y)
        return jax.tree.map(lambda p, g: p - problem.eta * g, params, gradient), None

    def train(params: Any, x: Any, y: Any, order: Any) -> Any:
        def gathered(rows: Any) -> tuple[Any, Any]:
            return tuple(a.at[rows].get(mode="promise_in_bounds") for a in (x, y))

        rows = order[:whole].reshape(-1, size)
        if variant["gather"] == "epoch":
            params, _ = jax.lax.scan(step, params, gathered(rows))
        else:
            params, _ = jax.lax.scan(lambda p, r: step(p, gathered(r)), params, rows)
        return params if whole == part else step(params, gathered(order[whole:]))[0]

    params = [(jnp.asarray(m[:, :-1]), jnp.asarray(m[:, -1])) for m in problem.matrices()]
    x = jnp.asarray(problem.inputs(problem.x, variant["images"]))
    y, x_test = jnp.asarray(problem.targets()), jnp.asarray(problem.inputs(problem.x_test))
    orders = (order.astype(np.int32) for order in problem.orders())
    begin = time.perf_counter()
    order = jax.ShapeDtypeStruct((part,), np.int32)
    compiled = jax.jit(train, donate_argnums=0).lower(params, x, y, order).compile()
    compile_seconds = time.perf_counter() - begin
    predict = jax.jit(lambda params, x: linear_output(params, x).argmax(1))

    def epoch() -> None:
        nonlocal params
        params = jax.block_until_ready(compiled(params, x, y, next(orders)))

    def accuracy() -> float:
        return float(np.mean(np.asarray(predict(params, x_test)) == problem.y_test))

    return Learner(epoch, accuracy, compile_seconds)


def _sklearn(problem: Problem, variant: Variant) -> Learner:
    from sklearn.neural_network import MLPClassifier
    from threadpoolctl import threadpool_limits

    threadpool_limits(variant["threads"])
    network = MLPClassifier(
        hidden_layer_sizes=problem.sizes[1:-1],
        activation="logistic",
        solver="sgd",
        alpha=0.0,
        batch_size=problem.batch_size,
        # It has cross-entropy only, whose c/z lacks the factor a (1 - a) / 2: less eta will do.
        learning_rate_init=problem.eta if problem.cost == "cross-entropy" else problem.eta / 6,
        momentum=0.0,
        nesterovs_momentum=False,
        random_state=0,
        n_iter_no_change=10**9,
    )
    x, y, x_test = problem.inputs(problem.x), problem.y, problem.inputs(problem.x_test)
    classes = np.arange(problem.sizes[-1])
    if problem.cost == "cross-entropy":  # of sigmoids, which it has for problems of many labels
        y = problem.targets().astype(np.int64)
    parts = itertools.cycle(problem.parts())
    # A first call sets the network up; its weights are then overwritten in place.
    first = slice(0, problem.batch_size)
    network.partial_fit(x[first], y[first], classes=classes)
    for w, b, matrix in zip(network.coefs_, network.intercepts_, problem.matrices(), strict=True):
        w[...], b[...] = matrix[:, :-1].T, matrix[:, -1]

    def epoch() -> None:
        # One pass in shuffled batches; `fit` with warm_start and max_iter=1 does more around it.
        rows = next(parts)
        network.partial_fit(x[rows], y[rows])

    def accuracy() -> float:
        labels = network.predict_proba(x_test).argmax(axis=1)
        return float(np.mean(labels == problem.y_test))

    return Learner(epoch, accuracy)


def _variants(**choices: list[Any]) -> list[Variant]:
    choices["threads"] = sorted({1, os.cpu_count() or 1})
    values = itertools.product(*choices.values())
    return [dict(zip(choices, chosen, strict=True)) for chosen in values]


PEERS = {
    "fnnet": Peer("fnnet", [{}], _fnnet),
    "JAX": Peer("jax", _variants(images=["uint8", "float32"], gather=["batch", "epoch"]), _jax),
    "PyTorch": Peer("torch", _variants(), _torch),
    "scikit-learn": Peer("sklearn.neural_network", _variants(), _sklearn),
    "listing": Peer("numpy", [{}], _listing),
}
"""fnnet first: the others' times are compared with its own."""
