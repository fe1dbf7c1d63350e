"""How good a network is: its class numbers, and how many of them are right."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import numpy as np
from numpy.typing import ArrayLike

from fnnet.arithmetic import arithmetic
from fnnet.backprop import Passes
from fnnet.batches import mini_batches
from fnnet.checks import record, require
from fnnet.costs import Cost, cost_for, quadratic
from fnnet.datasets.dataset import Dataset, one_hot
from fnnet.network import forward
from fnnet.params import Params
from fnnet.records import Array, Figure, Record, as_figure, figure_bits, freeze

__all__ = [
    "Evaluation",
    "check_fits",
    "confusion_matrix",
    "evaluate",
    "predict",
]

_AT_ONCE = 1000
"""Samples that go through the network at once: memory stays small however many there are."""


@attrs.frozen
class Evaluation(Record):
    """What `evaluate` found: numbers for one network, arrays (K,) for a stack of K.

    Attributes
    ----------
    correct
        Samples whose largest output is that of their class.
    total
        Samples there are.
    cost
        Mean cost over the samples.
    """

    correct: Figure = attrs.field(converter=as_figure, eq=figure_bits)
    total: int
    cost: Figure = attrs.field(converter=as_figure, eq=figure_bits)

    @property
    def accuracy(self) -> Figure:
        """The share of the samples that is correct, 0 to 1."""
        return self.correct / self.total


def predict(params: Params, x: ArrayLike) -> Array:
    """The class numbers of samples: which output is largest, the first one where several are.

    Parameters
    ----------
    params, x
        As for `forward`.

    Returns
    -------
    Array
        int64, shape (n,), with the leading axes; for one sample without the n.

    Examples
    --------
    >>> import fnnet
    >>> fnnet.predict(fnnet.init([3, 4, 2], seed=0), [[0, 1, 2], [1, 0, 0]])
    array([0, 0])
    """
    return np.asarray(forward(params, x).output.argmax(axis=-1))


def evaluate(params: Params, dataset: Dataset, *, cost: str | Cost = quadratic) -> Evaluation:
    """How many of the samples a network gets right, and their mean cost: the notebook's `evaluate`.

    Parameters
    ----------
    params
        A network, or a stack of them.
    dataset
        Samples with labels, or with targets, the largest of which counts as the class.
    cost
        A `Cost` or its name, by default the notebook's, 1/4 sum (a - y)^2.

    Examples
    --------
    >>> import fnnet
    >>> test = fnnet.load_digits().test
    >>> evaluation = fnnet.evaluate(fnnet.init([64, 10], seed=[0, 1]), test)
    >>> evaluation.correct, evaluation.total
    (array([21, 25]), 360)
    """
    record("params", params, Params)
    cost = cost_for(params.architecture.activations[-1], cost)
    check_fits(params, dataset)
    correct, total_cost = 0, 0.0
    for passes, output, targets in _passes(params, dataset):
        correct = correct + np.sum(output.argmax(axis=-2) == targets.argmax(axis=-2), axis=-1)
        with arithmetic():
            costs = passes.costs(targets, cost)
            total_cost = total_cost + costs.sum(axis=-1, dtype=np.float64)
    return Evaluation(correct, len(dataset), total_cost / len(dataset))


def confusion_matrix(params: Params, dataset: Dataset) -> Array:
    """How many samples of each class (row) a network takes for which class (column).

    Returns
    -------
    Array
        int64, shape (..., classes, classes) with the leading axes of params.

    Examples
    --------
    >>> import fnnet
    >>> matrix = fnnet.confusion_matrix(fnnet.init([64, 10], seed=0), fnnet.load_digits().test)
    >>> matrix.shape, matrix.sum()
    ((10, 10), np.int64(360))
    """
    record("params", params, Params)
    check_fits(params, dataset)
    classes = dataset.n_out
    matrix = np.zeros((*params.leading, classes, classes), np.int64)
    for _, output, targets in _passes(params, dataset):
        actual = one_hot(targets.argmax(axis=-2), classes, dtype=np.int64)
        predicted = one_hot(output.argmax(axis=-2), classes, dtype=np.int64)
        matrix += actual.swapaxes(-1, -2) @ predicted
    return freeze(matrix)


def _passes(params: Params, dataset: Dataset) -> Iterator[tuple[Passes, Array, Array]]:
    """A thousand samples at a time: their pass, its output and the targets, (..., n_out, n)."""
    all_passes: dict[int, Passes] = {}
    for x, y, _ in mini_batches(dataset, np.arange(len(dataset)), _AT_ONCE, params.dtype):
        n = len(x)
        if n not in all_passes:
            all_passes[n] = Passes(params.architecture, params.theta, params.leading, n)
        passes = all_passes[n]
        with arithmetic():
            output = passes.feedforward(x)
        yield passes, output, y


def check_fits(params: Params, dataset: Dataset) -> None:
    """Refuse a data set that the network cannot take in, or whose targets it cannot give."""
    record("dataset", dataset, Dataset)
    shape, n_in, n_out = (dataset.n_in, dataset.n_out), params.sizes[0], params.sizes[-1]
    expected = f"the network's {n_in} inputs and {n_out} outputs"
    require(shape == (n_in, n_out), "dataset (inputs, outputs)", shape, expected)
    largest, dtype = dataset.largest_input, params.dtype
    is_finite = largest <= float(np.finfo(dtype).max)
    require(is_finite, "dataset.x, scaled,", largest, f"inputs that are finite in {dtype.name}")
