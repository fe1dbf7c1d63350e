from __future__ import annotations

import time
import tracemalloc
from functools import partial
from threading import Barrier, get_ident
from typing import Any

import numpy as np
import pytest

from fnnet import (
    Cost,
    Dataset,
    TrainConfig,
    confusion_matrix,
    evaluate,
    forward,
    init,
    regression_report,
    squared_error,
    start,
    train,
)
from fnnet import _parallel as parallel
from fnnet._records import Array
from fnnet.evaluation.blocks import Block, of_blocks
from tests._support import assert_refused, dataset, same_bits

SMALL, LARGE = (3, 5, 4), (90, 90, 4)
"""Networks for one thread, and for several."""


WORKERS = [1, 2, 3, 9]


@pytest.mark.parametrize("workers", WORKERS)
@pytest.mark.parametrize("sizes", [SMALL, LARGE])
@pytest.mark.parametrize("n", [1, 999, 1000, 1001, 2000, 4300])
def test_every_sample_is_in_one_block_and_the_order_is_kept(
    n: int, sizes: tuple[int, ...], workers: int
) -> None:
    params, data = init(sizes, seed=[0, 1]), dataset(n, sizes)

    def seen(block: Block) -> tuple[Array, Array]:
        time.sleep(0.01 if block.rows.start == 0 else 0)  # the first is done last
        assert block.output.shape == (2, sizes[-1], len(data.y[block.rows]))
        return block.output.argmax(axis=-2), block.targets.argmax(axis=-2)

    pairs = of_blocks(seen, params, data, workers)
    predicted, actual = (np.concatenate(parts, axis=-1) for parts in zip(*pairs, strict=True))
    assert predicted.tolist() == forward(params, data.x).output.argmax(axis=-1).tolist()
    assert actual.tolist() == data.y.tolist()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("seed", [0, [0, 1]])
def test_no_bit_depends_on_the_number_of_threads(dtype: Any, seed: Any) -> None:
    params = init(LARGE, seed=seed, dtype=dtype)
    labelled, aimed = dataset(5500, LARGE), dataset(5500, LARGE, "targets")
    found = [
        (
            evaluate(params, labelled, cost="cross-entropy", workers=workers),
            confusion_matrix(params, labelled, workers=workers),
            regression_report(params, aimed, workers=workers),
        )
        for workers in (*WORKERS, None)
    ]
    assert all(
        same_bits(one, other) for each in found for one, other in zip(found[0], each, strict=True)
    )


def test_threads_share_a_large_networks_blocks() -> None:
    barrier = Barrier(3)
    of_blocks(lambda _: (barrier.wait(10), 0), init(LARGE, seed=0), dataset(3000, LARGE), 3)


@pytest.mark.parametrize(("sizes", "n"), [(SMALL, 3000), (LARGE, 1000)])
def test_a_small_network_and_a_single_block_stay_in_this_thread(
    sizes: tuple[int, ...], n: int
) -> None:
    threads = of_blocks(lambda _: (get_ident(), 0), init(sizes, seed=0), dataset(n, sizes), 3)
    assert {thread for thread, _ in threads} == {get_ident()}


@pytest.mark.parametrize("workers", WORKERS)
def test_there_are_no_more_buffers_than_threads(workers: int) -> None:
    params = init(LARGE, seed=0)
    data = Dataset(np.zeros((20_000, LARGE[0]), np.uint8), np.zeros(20_000, int), classes=4)

    def peak(n: int) -> int:
        part = Dataset(data.x[:n], data.y[:n], classes=4)
        tracemalloc.start()
        evaluate(params, part, workers=workers)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(20_000) < 1.5 * min(workers, 20) * peak(1000)


@pytest.mark.parametrize("workers", WORKERS)
def test_what_the_function_raises_comes_out(workers: int) -> None:
    def failing(block: Block) -> tuple[Any, Any]:
        raise KeyError(block.rows.start)

    with pytest.raises(KeyError, match=r"^0$"):
        of_blocks(failing, init(LARGE, seed=0), dataset(3000, LARGE), workers)


@pytest.mark.parametrize("workers", [0, -1, 1.0, True, "2"])
@pytest.mark.parametrize("sizes", [SMALL, LARGE])
def test_a_wrong_number_of_threads_is_named(workers: Any, sizes: tuple[int, ...]) -> None:
    params, data = init(sizes, seed=0), dataset(5, sizes)
    for function in (evaluate, confusion_matrix):
        assert_refused(
            partial(function, params, data, workers=workers),
            f"workers is {workers!r}: expected an integer of at least 1",
        )


def test_the_default_is_a_thread_for_each_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "processors", lambda: 3)
    barrier = Barrier(3)
    of_blocks(lambda _: (barrier.wait(10), 0), init(LARGE, seed=0), dataset(3000, LARGE), None)


def test_a_runs_monitor_has_the_runs_threads() -> None:
    # A large monitored set, in a run that is to keep to one thread.
    seen = set()

    def value(a: Array, y: Array) -> Array:
        seen.add(get_ident())
        time.sleep(0.01)  # for other threads to begin, if there were any
        return np.asarray(squared_error.value(a, y))

    cost = Cost("own", value, squared_error.derivative)
    config = TrainConfig(epochs=1, cost=cost)
    data = dataset(4000, LARGE)
    state = start(init(LARGE, seed=0), config)
    train(state, dataset(20, LARGE), config, monitor={"test": data}, workers=1)
    assert seen == {get_ident()}
