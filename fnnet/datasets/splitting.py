"""One data set shared out at random into what is learnt from, chosen on and reported on."""

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
    """Share a data set out at random: a function of the data set's labels, the seed and the shares.

    Parameters
    ----------
    dataset
        Of n samples, 3 at least.
    validation, test
        The parts' shares of the samples, above 0 and together below 1. A part gets the nearest
        whole number of samples, 1 at least; what remains is there to train.
    seed
        Of the draw.
    stratified
        Whether each part has of each class what is due to it, give or take one sample. A part may
        do without a class that has few samples. Targets are shared out as one class.

    Returns
    -------
    Splits
        The samples of each part in the order in which they stand in `dataset`.

    Raises
    ------
    InputError
        Where a share is not as said here, or nothing remains to train.

    Notes
    -----
    What is due is rounded by the largest remainder (Hamilton's method), the test part first, the
    validation part among the rest; of equal remainders the smaller label's comes first.

    Examples
    --------
    >>> data = Dataset(np.arange(20.0).reshape(10, 2), [0, 1] * 5)
    >>> parts = split(data, validation=0.2, test=0.2)
    >>> [part.y.tolist() for part in (parts.train, parts.validation, parts.test)]
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
    to_test = _shared_out(n_test, counts)
    to_validation = _shared_out(n_validation, counts - to_test)
    # Each class in an order of its own: the first of it test, the next validate, the rest train.
    order = stream(seed, Purpose.SPLIT).permutation(n)
    order = order[np.argsort(labels[order], kind="stable")]
    place, label = np.arange(n) - np.repeat(np.cumsum(counts) - counts, counts), labels[order]
    in_test = place < to_test[label]
    in_train = place >= (to_test + to_validation)[label]
    parts = (in_train, ~in_train & ~in_test, in_test)
    return Splits(*(subset(dataset, np.sort(order[part])) for part in parts))


def subset(dataset: Dataset, rows: Any) -> Dataset:
    """The samples of these rows, a slice or an array of row numbers (n,), as a data set.

    Examples
    --------
    >>> subset(Dataset([[1.0], [2.0], [3.0]], [0, 1, 2]), [2, 0]).y
    array([2, 0])
    """
    x, y, weights = dataset.of_rows(rows)
    weights = None if weights is None else freeze(weights)
    return attrs.evolve(dataset, x=freeze(x), y=freeze(y), weights=weights)


def _shared_out(total: int, counts: Array) -> Array:
    """How many of `total` samples each class gives, in proportion to how many it has."""
    given, remainders = np.divmod(counts * total, counts.sum())
    largest = np.argsort(-remainders, kind="stable")[: total - given.sum()]
    given[largest] += 1
    return given
