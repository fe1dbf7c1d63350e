"""All of a data set through a network, in blocks that threads share.

The cut depends on nothing, and blocks' figures come in the samples' order: threads make it faster,
and change no bit of their sum.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, TypeVar

import numpy as np

from fnnet._parallel import run, threads
from fnnet._records import Array
from fnnet._threads import arithmetic
from fnnet.datasets.dataset import Dataset
from fnnet.network.batches import mini_batches
from fnnet.network.feedforward import Feedforward
from fnnet.network.params import Params

__all__ = ["Block", "of_blocks"]

Result = TypeVar("Result")

_AT_ONCE = 1000
"""Samples of a block: memory stays small however many there are."""

_SHARED = 2**13
"""Parameters for threads to share blocks: NumPy's calls are too short with fewer, and they wait for
each other."""


class Block(NamedTuple):
    """Samples that have gone through the network, as the last ones that `network` took.

    Its output, a buffer, and the targets are of shape (..., n_out, n), in the dtype of params.
    """

    rows: slice
    network: Feedforward
    output: Array
    targets: Array


def of_blocks(
    function: Callable[[Block], Result], params: Params, dataset: Dataset, workers: int | None
) -> list[Result]:
    """What `function` makes of each block, in the samples' order; it may run in several threads."""
    workers = threads(workers)
    starts = range(0, len(dataset), _AT_ONCE)
    results: list[Any] = [None] * len(starts)

    def compute(k: int) -> None:
        rows = slice(starts[k], min(starts[k] + _AT_ONCE, len(dataset)))
        order = np.arange(rows.start, rows.stop)
        ((x, y, _),) = mini_batches(dataset, order, len(order), params.dtype)
        # Buffers that end with the block: there are never more of them than threads.
        network = Feedforward.of(params.architecture, params.theta, params.leading, len(order))
        results[k] = function(Block(rows, network, network.feedforward(x), y))

    with arithmetic():
        tasks = [partial(compute, k) for k in range(len(starts))]
        run(tasks, workers if params.theta.size >= _SHARED else 1)
    return results
