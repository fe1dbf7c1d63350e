"""A data set split at random into three parts: to train, to validate and to test."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from fnnet._checks import finite_number, integer, record, require
from fnnet._random import Purpose, stream
from fnnet._records import Array, freeze
from fnnet.datasets.dataset import Dataset, Splits

__all__ = ["split", "subset"]


def split(
    dataset: Dataset,
    *,
    validation: float = 0.1,
    test: float = 0.2,
    seed: int = 0,
    stratified: bool = True,
) -> Splits:
    """Split a data set at random; the same labels, seed and shares give the same split.

    Parameters
    ----------
    dataset
        Of n samples, 3 at least.
    validation, test
        The parts' shares of the samples, above 0 and together below 1. A part gets the nearest
        whole number of samples, 1 at least; the rest is for training.
    seed
        Of the draw.
    stratified
        Whether to split each class by itself; data with targets is one class. The shares are
        rounded by the largest remainder (Hamilton's method), the test part's first; of equal
        remainders the smaller label's comes first.

    Returns
    -------
    Splits
        The samples of each part in the order that they have in `dataset`.

    Raises
    ------
    InputError
        If a share is not as said here, or no sample is left for training.

    Examples
    --------
    >>> data = Dataset(np.arange(20.0).reshape(10, 2), [0, 1] * 5)
    >>> [part.y.tolist() for part in split(data, validation=0.2, test=0.2)]
    [[0, 0, 1, 1, 0, 1], [1, 0], [1, 0]]
    """
    record("dataset", dataset, Dataset)
    validation = finite_number("validation", validation, above=0, below=1)
    test = finite_number("test", test, above=0, below=1)
    require(validation + test < 1, "validation + test", validation + test, "less than 1")
    seed, n = integer("seed", seed, at_least=0), len(dataset)
    n_validation, n_test = max(1, round(validation * n)), max(1, round(test * n))
    expected = f"more than the {n_validation} to validate and the {n_test} to test"
    require(n > n_validation + n_test, "the number of samples", n, expected)
    labels = dataset.y if stratified and dataset.classes is not None else np.zeros(n, np.int64)
    _, labels, counts = np.unique(labels, return_inverse=True, return_counts=True)
    to_test = _shares(n_test, counts)
    to_validation = _shares(n_validation, counts - to_test)
    # Each class in random order: its first samples test, the next validate, the rest train.
    order = stream(seed, Purpose.SPLIT).permutation(n)
    order = order[np.argsort(labels[order], kind="stable")]
    shares = np.stack([to_test, to_validation, counts - to_test - to_validation], axis=1)
    part = np.repeat(np.tile([2, 1, 0], len(counts)), shares.reshape(-1))
    return Splits(*(subset(dataset, np.sort(order[part == k])) for k in range(3)))


def subset(dataset: Dataset, rows: Any) -> Dataset:
    """The samples of these rows, a slice or an array of row numbers (n,), as a data set.

    >>> subset(Dataset([[1.0], [2.0], [3.0]], [0, 1, 2]), [2, 0]).y
    array([2, 0])
    """
    x, y, weights = dataset.of_rows(rows)
    return attrs.evolve(dataset, x=freeze(x), y=freeze(y), weights=weights)


def _shares(total: int, counts: Array) -> Array:
    """How many of `total` samples each class gives, in proportion to its count."""
    shares, remainders = np.divmod(counts * total, counts.sum())
    largest = np.argsort(-remainders, kind="stable")[: total - shares.sum()]
    shares[largest] += 1
    return shares
