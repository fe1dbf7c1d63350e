from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fnnet import Architecture, Cost, Params, quadratic
from fnnet import cost as cost_of
from fnnet._records import Array
from fnnet.network import gradients, products
from fnnet.network.batches import with_ones
from fnnet.network.costs import COSTS
from fnnet.network.gradients import BatchGradient
from tests._support import SIZES, close, inputs

SCALE = np.full((), 0.25)


def gradient_of(
    sizes: tuple[int, ...],
    n: int,
    leading: tuple[int, ...] = (),
    workers: int = 1,
    scale: Array = SCALE,
) -> tuple[Array, Array]:
    """What `fill` gives, and what `descend` makes of theta."""
    architecture = Architecture.of(sizes)
    theta = inputs(*leading, architecture.n_parameters)
    before = theta.copy()
    x, y = with_ones(inputs(n, sizes[0]), 1.0, np.dtype(float)), inputs(sizes[-1], n)
    gradient = BatchGradient(architecture, theta, leading, n, workers)
    filled = gradient.fill(x, y, quadratic, scale).copy()
    assert theta.tobytes() == before.tobytes()
    gradient.descend(x, y, quadratic, scale)
    assert theta.tobytes() == (before - filled).tobytes()
    return filled, theta


SHARDS = [1, 30, 10**4]
"""Shards of a few samples, so that small networks have many of them."""


@pytest.fixture(params=SHARDS)
def _shard(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gradients, "_SHARD", request.param)
    monkeypatch.setattr(products, "_has_small_kernels", lambda: True)
    monkeypatch.setattr(products, "_MULTIPLICATIONS", 2000)


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("n", [1, 2, 7, 40])
@pytest.mark.parametrize("leading", [(), (3,)])
def test_shards_add_up(
    sizes: tuple[int, ...], n: int, leading: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, _ = gradient_of(sizes, n, leading)
    for shard in SHARDS:
        monkeypatch.setattr(gradients, "_SHARD", shard)
        sharded, _ = gradient_of(sizes, n, leading)
        assert close(sharded, whole)


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.usefixtures("_shard")
def test_workers_change_no_bit(sizes: tuple[int, ...]) -> None:
    results = [gradient_of(sizes, 40, (), workers)[0].tobytes() for workers in (1, 2, 3, 50)]
    assert len(set(results)) == 1


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("leading", [(), (3,)])
@pytest.mark.parametrize("shape", [(1, 40), (1, 1), (3, 1, 40), (3, 1, 1)])
def test_each_sample_is_scaled_by_its_own_number_whatever_the_shards(
    sizes: tuple[int, ...],
    leading: tuple[int, ...],
    shape: tuple[int, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    leading = leading or shape[:-2]
    scale = np.random.default_rng(0).random(shape)
    whole, _ = gradient_of(sizes, 40, leading, scale=scale)
    for shard in SHARDS:
        monkeypatch.setattr(gradients, "_SHARD", shard)
        results = [gradient_of(sizes, 40, leading, workers, scale)[0] for workers in (1, 3)]
        assert results[0].tobytes() == results[1].tobytes()
        assert close(results[0], whole)


@pytest.mark.parametrize("cost", COSTS.values(), ids=COSTS)
@pytest.mark.usefixtures("_shard")
def test_the_costs_are_those_of_the_samples_in_their_order(cost: Cost) -> None:
    architecture = Architecture.of((5, 4, 3), ["tanh", cost.output or "sigmoid"])
    theta, x, y = inputs(architecture.n_parameters), inputs(40, 5), np.abs(inputs(40, 3))
    columns = with_ones(x, 1.0, np.dtype(float)), np.ascontiguousarray(y.T)
    batch = BatchGradient(architecture, theta, (), 40)
    batch.fill(*columns, cost, SCALE)
    params = Params(architecture, theta)
    each = [cost_of(params, x[k], y[k], cost=cost) for k in range(40)]
    assert close(batch.costs(columns[1], cost), each)


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.usefixtures("_shard")
def test_a_stack_is_its_members_bit_for_bit(sizes: tuple[int, ...]) -> None:
    architecture, n = Architecture.of(sizes), 40
    theta = inputs(3, architecture.n_parameters)
    x, y = with_ones(inputs(n, sizes[0]), 1.0, np.dtype(float)), inputs(sizes[-1], n)
    stacked = BatchGradient(architecture, theta, (3,), n).fill(x, y, quadratic, SCALE)
    for k in range(3):
        own = BatchGradient(architecture, theta[k].copy(), (), n).fill(x, y, quadratic, SCALE)
        assert own.tobytes() == stacked[k].tobytes()


def test_a_batch_is_cut_by_its_size_and_by_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    tasks: list[int] = []

    def run(given: Any, _: int) -> None:
        tasks.append(len(given))
        for task in given:
            task()

    monkeypatch.setattr(gradients, "run", run)
    gradient_of((784, 16, 16, 10), 10, workers=8)
    assert set(tasks) == {1}
    tasks.clear()
    monkeypatch.setattr(gradients, "_SHARD", 13002 * 10)
    for workers in (1, 8):
        gradient_of((784, 16, 16, 10), 45, workers=workers)
        assert set(tasks) == {4}
