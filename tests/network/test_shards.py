from __future__ import annotations

from threading import Thread
from typing import Any

import numpy as np
import pytest

from fnnet import Architecture, Cost, Params, grads, init, quadratic, squared_error
from fnnet import cost as cost_of
from fnnet._records import Array
from fnnet.network import shards
from fnnet.network.costs import COSTS
from fnnet.network.inputs import Samples, with_ones
from fnnet.network.shards import BatchGradient
from tests._support import SIZES, assert_refused, close, inputs, same_bits

SHARDS = [1, 30, 10**4]
"""Shards of a few samples, so that small networks have many of them."""


def samples_of(sizes: tuple[int, ...], n: int, weights: Array | None = None) -> Samples:
    return with_ones(inputs(n, sizes[0]), 1.0, np.dtype(float)), inputs(sizes[-1], n), weights


def gradient_of(
    sizes: tuple[int, ...],
    n: int,
    leading: tuple[int, ...] = (),
    workers: int = 1,
    factor: Any = 0.25,
    weights: Array | None = None,
) -> Array:
    architecture = Architecture.of(sizes)
    theta = inputs(*leading, architecture.n_parameters)
    before = theta.tobytes()
    gradient = BatchGradient(architecture, theta, leading, n, workers)
    result = gradient(samples_of(sizes, n, weights), quadratic, factor)
    assert theta.tobytes() == before
    return result.copy()


@pytest.fixture(params=SHARDS)
def _shard(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "_SHARD", request.param)


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("n", [1, 2, 7, 40])
@pytest.mark.parametrize(
    ("leading", "factor", "shape"),
    [
        ((), 0.25, None),
        ((3,), 0.25, ()),
        ((3,), 0.25, (3,)),
        ((3,), [1, 0.5, 2], None),
        ((3,), [1, 0.5, 2], ()),
    ],
)
def test_shards_add_up_whatever_the_workers(
    sizes: tuple[int, ...],
    n: int,
    leading: Any,
    factor: Any,
    shape: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    weights = None if shape is None else np.random.default_rng(0).random((*shape, n))
    options: Any = {"factor": np.array(factor), "weights": weights}
    whole = gradient_of(sizes, n, leading, **options)
    for shard in SHARDS:
        monkeypatch.setattr(shards, "_SHARD", shard)
        one, *more = (gradient_of(sizes, n, leading, w, **options) for w in (1, 2, 50))
        assert close(one, whole)
        assert all(same_bits(one, other) for other in more)


@pytest.mark.parametrize("cost", COSTS.values(), ids=COSTS)
@pytest.mark.usefixtures("_shard")
def test_the_costs_are_those_of_the_samples_in_their_order(cost: Cost) -> None:
    architecture = Architecture.of((5, 4, 3), ["tanh", cost.output or "sigmoid"])
    theta, x, y = inputs(architecture.n_parameters), inputs(40, 5), np.abs(inputs(40, 3))
    samples = with_ones(x, 1.0, np.dtype(float)), np.ascontiguousarray(y.T), None
    gradient = BatchGradient(architecture, theta, (), 40, 1)
    gradient(samples, cost)
    params = Params(architecture, theta)
    each = [cost_of(params, x[k], y[k], cost=cost) for k in range(40)]
    assert close(gradient.costs(samples, cost), each)


@pytest.mark.parametrize("sizes", [*SIZES, (130, 130, 3)])  # and one for np.matmul
@pytest.mark.usefixtures("_shard")
def test_a_stack_is_its_members_bit_for_bit(sizes: tuple[int, ...]) -> None:
    architecture, samples = Architecture.of(sizes), samples_of(sizes, 40)
    theta = inputs(3, architecture.n_parameters)
    stacked = BatchGradient(architecture, theta, (3,), 40, 1)(samples, quadratic)
    for k in range(3):
        own = BatchGradient(architecture, theta[k].copy(), (), 40, 1)(samples, quadratic)
        assert same_bits(own, stacked[k])


def test_a_batch_is_cut_by_its_size_and_by_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    tasks: list[int] = []

    def run(given: Any, _: int) -> None:
        tasks.append(len(given))
        for task in given:
            task()

    monkeypatch.setattr(shards, "run", run)
    gradient_of((784, 16, 16, 10), 10, workers=8)
    assert tasks == []
    monkeypatch.setattr(shards, "_SHARD", 13002 * 10)
    for workers in (1, 8):
        gradient_of((784, 16, 16, 10), 45, workers=workers)
        assert set(tasks) == {4}


class TestBorrowed:
    """Calls leave their buffers to the next ones, and no call sees that."""

    sizes, x, y = (3, 4, 2), inputs(5, 3), inputs(5, 2)

    def test_calls_of_other_networks_between_change_nothing(self) -> None:
        many = [
            init(self.sizes, seed=seed, dtype=dtype, activations=activation)
            for seed in (0, 1, [0, 1])
            for dtype in (np.float32, np.float64)
            for activation in ("sigmoid", "tanh")
        ]
        alone = []
        for params in many:
            shards._idle.clear()
            alone.append(grads(params, self.x, self.y))
        assert [grads(params, self.x, self.y) for params in many * 2] == alone * 2

    def test_a_call_within_a_call_has_its_own(self) -> None:
        outer, inner = init(self.sizes, seed=0), init(self.sizes, seed=1)
        expected = grads(outer, self.x, self.y, cost=squared_error), grads(inner, self.x, self.y)
        found = []

        def derivative(a: Array, y: Array) -> Array:
            found.append(grads(inner, self.x, self.y))
            return a - y

        nested = Cost("nested", squared_error.value, derivative)
        assert grads(outer, self.x, self.y, cost=nested) == expected[0]
        assert found == [expected[1]]

    def test_threads_have_their_own(self) -> None:
        many = [init(self.sizes, seed=seed) for seed in range(4)]
        expected = [grads(params, self.x, self.y) for params in many]
        found: list[set[Params]] = [set() for _ in many]

        def repeat(k: int) -> None:
            found[k].update(grads(many[k], self.x, self.y) for _ in range(200))

        threads = [Thread(target=repeat, args=(k,)) for k in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [{gradient} for gradient in expected]

    def test_a_call_that_fails_leaves_the_next_one_as_it_would_be(self) -> None:
        params = init(self.sizes, seed=0)
        expected = grads(params, self.x, self.y)
        failing = Cost("failing", quadratic.value, lambda _a, _y: np.zeros(3))
        told = "the result of failing.derivative is an array of shape (3,)"
        assert_refused(lambda: grads(params, self.x, self.y, cost=failing), told)
        assert grads(params, self.x, self.y) == expected

    def test_few_of_them_are_kept_and_no_large_ones(self) -> None:
        for n in range(1, 20):
            grads(init(self.sizes, seed=0), inputs(n, 3), inputs(n, 2))
        assert len(shards._idle) <= 4
        before = list(shards._idle)
        grads(init((1000, 1100, 2), seed=0), inputs(1, 1000), inputs(1, 2))
        assert list(shards._idle) == before


def test_a_batch_of_any_size_has_few_gradients_in_memory() -> None:
    architecture = Architecture.of([2000, 1000, 1])
    gradient = BatchGradient(architecture, np.empty(architecture.n_parameters), (), 2000, 1)
    assert 1 < len(gradient._works) <= 8
