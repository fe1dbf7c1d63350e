"""The contestants: functions that make a network ready to train on the same `Problem`.

All start from the same weights and do the same maths in float32: sigmoid units, the cost
1/4 sum (a - y)^2, or cross-entropy, averaged over the batch, plain SGD, a new order each epoch.
Each library is imported only where it is used, as the time of imports counts, too.
"""

import itertools
import os
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from _benchmark.timing import Variant

_SCALE = np.float32(1 / 256)


class Problem(NamedTuple):
    """Labelled images (n, n_in) of uint8, and the network to train on them.

    An epoch of training goes over one `part` of the images, in a new order.
    """

    sizes: tuple[int, ...]
    batch_size: int
    eta: float
    cost: str
    part: int
    x: Any
    y: Any
    x_test: Any
    y_test: Any

    def matrices(self) -> list[Any]:
        """(W | b) of each layer: normal, of deviation 4 / sqrt(n_in), where sigmoids learn well."""
        rng = np.random.default_rng(0)
        return [
            rng.standard_normal((n_out, n_in + 1), np.float32) * np.float32(4 / n_in**0.5)
            for n_in, n_out in itertools.pairwise(self.sizes)
        ]

    def inputs(self, x: Any) -> Any:
        """Images as a network takes them."""
        return x * _SCALE

    def targets(self) -> Any:
        """The labels one-hot."""
        return np.eye(self.sizes[-1], dtype=np.float32)[self.y]

    def parts(self) -> list[slice]:
        """The rows of each part."""
        starts = range(0, len(self.x) - self.part + 1, self.part)
        return [slice(start, start + self.part) for start in starts]

    def orders(self) -> Iterator[Any]:
        """Shuffled row numbers for one epoch after the other, part after part."""
        rng = np.random.default_rng(0)
        for rows in itertools.cycle(self.parts()):
            yield rows.start + rng.permutation(self.part)

    def accuracy(self, predicted: Any) -> float:
        """The share of the test images whose labels these are."""
        return float(np.mean(np.asarray(predicted) == self.y_test))


class Learner(NamedTuple):
    """A network in training: `epoch()` trains it, `accuracy()` is that on the test images."""

    epoch: Callable[[], object]
    accuracy: Callable[[], float]
    compile_seconds: float = 0.0


class Peer(NamedTuple):
    """A contestant: the module it needs, how it may be run, and how it is made ready."""

    module: str
    variants: list[Variant]
    prepare: Callable[[Problem, Variant], Learner]


def _fnnet(problem: Problem, variant: Variant) -> Learner:
    import attrs

    import fnnet

    dataset = partial(fnnet.Dataset, scale=float(_SCALE), classes=problem.sizes[-1])
    parts = [dataset(problem.x[rows], problem.y[rows]) for rows in problem.parts()]
    test = dataset(problem.x_test, problem.y_test)
    theta = np.concatenate([matrix.ravel() for matrix in problem.matrices()])
    params = fnnet.Params(fnnet.Architecture.of(problem.sizes), theta)
    batch_size, eta, cost = problem.batch_size, problem.eta, problem.cost
    config = fnnet.TrainConfig(epochs=1, batch_size=batch_size, eta=eta, cost=cost)
    state = fnnet.start(params, config)

    def epoch() -> None:
        nonlocal state
        one_more = attrs.evolve(config, epochs=state.epoch + 1)
        state = fnnet.train(state, parts[state.epoch % len(parts)], one_more, **variant)

    return Learner(epoch, lambda: float(fnnet.evaluate(state.params, test).accuracy))


def _listing(problem: Problem, _variant: Variant) -> Learner:
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
        return problem.accuracy([listing.feedforward(network, x)[0][-1].argmax() for x in test])

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
    # PyTorch has one call for each cost. Both average over the output units, too.
    loss, weight = functional.mse_loss, problem.sizes[-1] / 4
    if problem.cost == "cross-entropy":
        loss, weight = functional.binary_cross_entropy_with_logits, problem.sizes[-1]
        layers.pop()
    model = torch.nn.Sequential(*layers)
    # The fused form of the optimizer is the fastest on a CPU.
    optimizer = torch.optim.SGD(model.parameters(), lr=problem.eta * weight, fused=True)
    x, y = torch.from_numpy(problem.inputs(problem.x)), torch.from_numpy(problem.targets())
    x_test, orders = torch.from_numpy(problem.inputs(problem.x_test)), problem.orders()

    def epoch() -> None:
        for rows in torch.from_numpy(next(orders)).split(problem.batch_size):
            optimizer.zero_grad(set_to_none=True)
            loss(model(x.index_select(0, rows)), y.index_select(0, rows)).backward()
            optimizer.step()

    predict = torch.inference_mode()(lambda: model(x_test).argmax(1).numpy())
    return Learner(epoch, lambda: problem.accuracy(predict()))


def _jax(problem: Problem, variant: Variant) -> Learner:
    os.environ["JAX_PLATFORMS"] = "cpu"
    if variant["threads"] == 1:  # read when the first computation starts
        os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
        os.environ["NPROC"] = "1"
    import jax
    import jax.numpy as jnp

    size, part, is_bytes = problem.batch_size, problem.part, variant["images"] == "uint8"
    whole = part - part % size

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
        gradient = jax.grad(cost)(params, x * _SCALE if is_bytes else x, y)
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
    x = jnp.asarray(problem.x if is_bytes else problem.inputs(problem.x))
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

    return Learner(epoch, lambda: problem.accuracy(predict(params, x_test)), compile_seconds)


def _sklearn(problem: Problem, variant: Variant) -> Learner:
    from sklearn.neural_network import MLPClassifier
    from threadpoolctl import threadpool_limits

    threadpool_limits(variant["threads"])
    has_sigmoids = problem.cost == "cross-entropy"
    network = MLPClassifier(
        hidden_layer_sizes=problem.sizes[1:-1],
        activation="logistic",
        solver="sgd",
        alpha=0.0,
        batch_size=problem.batch_size,
        # It has cross-entropy only, whose dC/dz lacks the factor a (1 - a) / 2: a smaller eta.
        learning_rate_init=problem.eta if has_sigmoids else problem.eta / 6,
        momentum=0.0,
        nesterovs_momentum=False,
        random_state=0,
        n_iter_no_change=10**9,
    )
    x, classes = problem.inputs(problem.x), np.arange(problem.sizes[-1])
    # It has outputs of sigmoids for targets, and of a softmax for labels.
    y = problem.targets().astype(np.int64) if has_sigmoids else problem.y
    x_test, parts = problem.inputs(problem.x_test), itertools.cycle(problem.parts())
    # A first call sets the network up. Then its weights are overwritten.
    first = slice(0, problem.batch_size)
    network.partial_fit(x[first], y[first], classes=classes)
    for w, b, matrix in zip(network.coefs_, network.intercepts_, problem.matrices(), strict=True):
        w[...], b[...] = matrix[:, :-1].T, matrix[:, -1]

    def epoch() -> None:
        # One pass in shuffled batches. `fit` with warm_start and max_iter=1 does more around it.
        rows = next(parts)
        network.partial_fit(x[rows], y[rows])

    return Learner(epoch, lambda: problem.accuracy(network.predict_proba(x_test).argmax(axis=1)))


_THREADS: list[Variant] = [{"threads": threads} for threads in sorted({1, os.cpu_count() or 1})]
_FORMS = itertools.product(("uint8", "float32"), ("batch", "epoch"), _THREADS)

PEERS = {
    "fnnet": Peer("fnnet", [{}], _fnnet),
    "JAX": Peer("jax", [{"images": x, "gather": by, **threads} for x, by, threads in _FORMS], _jax),
    "PyTorch": Peer("torch", _THREADS, _torch),
    "scikit-learn": Peer("sklearn.neural_network", _THREADS, _sklearn),
    "listing": Peer("numpy", [{}], _listing),
}
"""fnnet is the first: the others are compared with it."""
