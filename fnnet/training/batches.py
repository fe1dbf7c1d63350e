"""The notebook's `mini_batchs`: an epoch's samples, shuffled and cut into mini batches."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat
from typing import TYPE_CHECKING, Any

import numpy as np

from fnnet._random import Purpose, Seed, stream
from fnnet._records import Array
from fnnet.datasets.dataset import Dataset
from fnnet.network.inputs import Samples, target_columns, with_ones

if TYPE_CHECKING:
    from fnnet.augmentation import Augmentation

__all__ = ["augmented", "mini_batches"]

_GATHERED = 320
"""About this many samples are copied at once: few calls, and they fit into the cache."""


def mini_batches(
    dataset: Dataset, order: Array, batch_size: int, dtype: np.dtype[Any]
) -> Iterator[Samples]:
    """The notebook's `mini_batchs`: `order`, cut into batches; the last one may be smaller.

    `order` has the row numbers (..., n): one order for all networks, or one for each of a stack.
    Yields inputs (..., batch_size, n_in + 1), targets (..., n_out, batch_size), and the samples'
    weights (..., batch_size) or None, all of `dtype`.
    """
    n = order.shape[-1]
    whole = n // batch_size * batch_size
    members = order.size // n
    at_once = max(1, _GATHERED // (batch_size * members)) * batch_size
    for start in range(0, whole, at_once):
        yield from _gather(
            dataset, order[..., start : min(start + at_once, whole)], batch_size, dtype
        )
    if whole < n:
        yield from _gather(dataset, order[..., whole:], n - whole, dtype)


@np.errstate(over="ignore")  # a float64 beyond float32's range becomes an infinity
def _gather(
    dataset: Dataset, rows: Array, batch_size: int, dtype: np.dtype[Any]
) -> Iterator[Samples]:
    # Batches first, so that each of them lies in one piece: (m, ..., batch_size).
    rows = np.moveaxis(rows.reshape(*rows.shape[:-1], -1, batch_size), -2, 0)
    x = with_ones(dataset.x.take(rows, axis=0, mode="clip"), dataset.scale, dtype)
    y = target_columns(dataset.y.take(rows, axis=0, mode="clip"), dataset.classes, dtype)
    if dataset.weights is None:
        return zip(x, y, repeat(None), strict=False)
    return zip(x, y, dataset.weights[rows].astype(dtype), strict=True)


def augmented(
    batches: Iterator[Samples], augment: Augmentation, seed: Seed, epoch: int
) -> Iterator[Samples]:
    """The mini batches with their inputs changed: a function of (batch, seed, epoch, step)."""
    seeds = seed if isinstance(seed, tuple) else (seed,)
    for step, (x, y, weights) in enumerate(batches):
        for member, own_seed in zip(x.reshape(-1, *x.shape[-2:]), seeds, strict=True):
            rng = stream(own_seed, Purpose.AUGMENT, epoch, step)
            # In place: the batch is fresh, and nobody else has it.
            member[:, :-1] = augment.changed(member[:, :-1], rng)
        yield x, y, weights
