"""Samples as the two passes take them: rows of inputs that end in a one, columns of targets."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import repeat
from typing import Any

import numpy as np

from fnnet._records import Array, freeze
from fnnet.datasets.dataset import Dataset

__all__ = ["Samples", "mini_batches", "per_network", "sample_scale", "target_columns", "with_ones"]

Samples = tuple[Array, Array, Array | None]
"""A mini batch: inputs, targets, weights."""

_GATHERED = 160
"""Samples gathered at once, about: enough to share the calls, few enough for the cache."""


def with_ones(x: Array, scale: float, dtype: np.dtype[Any]) -> Array:
    """The inputs x (..., n, n_in), scaled, with a last column of ones: (..., n, n_in + 1)."""
    inputs = np.empty((*x.shape[:-1], x.shape[-1] + 1), dtype)
    inputs[..., :-1] = x
    inputs[..., -1] = 1
    if scale != 1:
        np.multiply(inputs, dtype.type(scale), inputs)  # in one piece: half the time of a view
        inputs[..., -1] = 1
    return inputs


def target_columns(y: Array, n_out: int, dtype: np.dtype[Any]) -> Array:
    """Targets (..., n_out, n) from integer labels (..., n), or from targets (..., n, n_out)."""
    if y.dtype.kind in "iu":
        return np.equal(y[..., np.newaxis, :], _column_of_classes(n_out)).astype(dtype)
    return np.ascontiguousarray(y.swapaxes(-1, -2), dtype)


@lru_cache(maxsize=8)
def _column_of_classes(classes: int) -> Array:
    return freeze(np.arange(classes)[:, np.newaxis])


def per_network(factor: Any, dtype: np.dtype[Any], *, axes: int) -> Array:
    """A number, or one for each of K networks, to multiply arrays with that have `axes` more."""
    array = np.asarray(factor, dtype)
    return array.reshape(array.shape + (1,) * axes) if array.ndim else array


def sample_scale(factor: Any, n: int, weights: Array | None, dtype: np.dtype[Any]) -> Array:
    """`factor` times what each sample's cost counts in the mean of n, to multiply columns with."""
    each = per_network(factor / n, dtype, axes=2)
    return each if weights is None else each * weights[..., np.newaxis, :]


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
    y = target_columns(dataset.y.take(rows, axis=0, mode="clip"), dataset.n_out, dtype)
    if dataset.weights is None:
        return zip(x, y, repeat(None), strict=False)
    return zip(x, y, dataset.weights[rows].astype(dtype), strict=True)
