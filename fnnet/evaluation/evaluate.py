"""How good a network is: how many classes it gets right, how near it comes to its targets."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from numpy.typing import ArrayLike

from fnnet._checks import InputError, array_of_numbers, integer, record, require
from fnnet._records import Array, Figure, Record, as_figure, figure_bits, freeze
from fnnet.datasets.dataset import Dataset
from fnnet.datasets.labels import one_hot
from fnnet.evaluation.blocks import Block, of_blocks
from fnnet.evaluation.regression import RegressionReport, error_sums
from fnnet.network.costs import Cost, cost_for, quadratic
from fnnet.network.params import Params, check_real
from fnnet.network.prediction import PROBABILISTIC, classes_of

__all__ = [
    "Evaluation",
    "check_fits",
    "check_targets",
    "confusion_matrix",
    "evaluate",
    "regression_report",
]


def _as_correct(correct: ArrayLike) -> Figure:
    return _as_real("correct", correct)


def _as_total(total: int) -> int:
    return integer("total", total, at_least=1)


def _as_cost(cost: ArrayLike) -> Figure:
    return _as_real("cost", cost)


def _as_real(argument: str, values: ArrayLike) -> Figure:
    array = array_of_numbers(argument, values)
    require(array.dtype.kind in "iuf", argument, values, "real numbers")
    return as_figure(array)


@attrs.frozen
class Evaluation(Record):
    """What `evaluate` found: numbers for one network, arrays (K,) for a stack of K.

    Attributes
    ----------
    correct
        Samples whose class is the one that `predict` gives.
    total
        Samples there are.
    cost
        Mean cost over the samples.
    """

    correct: Figure = attrs.field(converter=_as_correct, eq=figure_bits)
    total: int = attrs.field(converter=_as_total)
    cost: Figure = attrs.field(converter=_as_cost, eq=figure_bits)

    @property
    def accuracy(self) -> Figure:
        """The share of the samples that is correct, 0 to 1; of regression it says nothing."""
        return self.correct / self.total


def evaluate(
    params: Params,
    dataset: Dataset,
    *,
    cost: str | Cost = quadratic,
    workers: int | None = None,
) -> Evaluation:
    """How many of the samples a network gets right, and their mean cost: the notebook's `evaluate`.

    Each sample counts 1: a data set's weights are for training.

    Parameters
    ----------
    params
        A network, or a stack of them.
    dataset
        Samples with labels, or with targets, from which the class is read as `predict` reads it
        from outputs: the largest; of a single target, 1 where it is above 0.5, else 0.
    cost
        A `Cost` or its name, by default the notebook's, 1/4 sum (a - y)^2.
    workers
        Threads at the most, by default one a processor. They change no bit of the result.

    Returns
    -------
    Evaluation
        `correct`, `total`, `cost` and `accuracy`: numbers, or arrays (K,) for a stack of K.

    Raises
    ------
    InputError
        Where the data does not fit the network, or the cost its output layer or the targets.

    Examples
    --------
    >>> import fnnet
    >>> test = fnnet.load_digits().test
    >>> evaluation = fnnet.evaluate(fnnet.init([64, 10], seed=[0, 1]), test)
    >>> evaluation.correct, evaluation.total
    (array([21, 25]), 360)
    """
    record("params", params, Params)
    cost = cost_for(params.architecture, cost)
    check_fits(params, dataset)
    check_targets(dataset, cost)

    def figures(block: Block) -> tuple[Any, Any]:
        is_right = classes_of(block.output, -2) == classes_of(block.targets, -2)
        costs = block.network.costs(block.targets, cost)
        return np.sum(is_right, axis=-1), costs.sum(axis=-1, dtype=np.float64)

    correct, total_cost = 0, 0.0
    for right, costs in of_blocks(figures, params, dataset, workers):
        correct, total_cost = correct + right, total_cost + costs
    return Evaluation(correct, len(dataset), total_cost / len(dataset))


def confusion_matrix(params: Params, dataset: Dataset, *, workers: int | None = None) -> Array:
    """How many samples of each class (row) a network takes for which class (column).

    Parameters
    ----------
    params, dataset, workers
        As for `evaluate`.

    Returns
    -------
    Array
        int64, shape (..., classes, classes) with the leading axes of params. A single output unit
        tells two classes apart, as for `predict`.

    Raises
    ------
    InputError
        Where the data does not fit the network.

    Examples
    --------
    >>> import fnnet
    >>> matrix = fnnet.confusion_matrix(fnnet.init([64, 10], seed=0), fnnet.load_digits().test)
    >>> matrix.shape, matrix.sum()
    ((10, 10), np.int64(360))
    """
    check_fits(params, dataset)
    classes = max(2, dataset.n_out)
    matrix = np.zeros((*params.leading, classes, classes), np.int64)

    def classes_in(block: Block) -> tuple[Array, Array]:
        return classes_of(block.targets, -2), classes_of(block.output, -2)

    for pair in of_blocks(classes_in, params, dataset, workers):
        actual, predicted = (one_hot(numbers, classes, dtype=np.int64) for numbers in pair)
        matrix += actual.swapaxes(-1, -2) @ predicted
    return freeze(matrix)


def regression_report(
    params: Params, dataset: Dataset, *, workers: int | None = None
) -> RegressionReport:
    """How near a network's outputs come to the targets.

    Parameters
    ----------
    params
        A network, or a stack of them.
    dataset
        Samples with targets.
    workers
        As for `evaluate`.

    Returns
    -------
    RegressionReport
        `r2_score` and its neighbours, of all samples.

    Raises
    ------
    InputError
        Where the data does not fit the network, or has labels.

    Examples
    --------
    >>> import fnnet
    >>> data = fnnet.Dataset([[0.0], [1.0], [2.0]], [[0.0], [1.0], [0.5]])
    >>> report = regression_report(fnnet.init([1, 1], seed=[0, 1]), data)
    >>> report.mean_absolute_error
    array([0.325..., 0.343...])
    """
    check_fits(params, dataset)
    require(dataset.classes is None, "dataset.y", dataset.y, "float targets, not class labels")

    def sums(block: Block) -> tuple[Array, Array]:
        targets = dataset.y[block.rows]  # not rounded to params' dtype
        return error_sums(block.output.swapaxes(-1, -2), targets)

    absolute, squared = np.zeros((2, *params.leading, dataset.n_out))
    for of_part in of_blocks(sums, params, dataset, workers):
        absolute, squared = absolute + of_part[0], squared + of_part[1]
    return RegressionReport.of_sums(absolute, squared, dataset.y)


def check_fits(params: Params, dataset: Dataset, argument: str = "dataset") -> None:
    """Refuse a data set that the network cannot take in, or whose targets it cannot give."""
    check_real(params)
    record(argument, dataset, Dataset)
    shape, n_in, n_out = (dataset.n_in, dataset.n_out), params.sizes[0], params.sizes[-1]
    expected = f"the network's {n_in} inputs and {n_out} outputs"
    require(shape == (n_in, n_out), f"{argument} (inputs, outputs)", shape, expected)
    dataset.check_range(params.dtype, argument)


def check_targets(dataset: Dataset, cost: Cost, argument: str = "dataset") -> None:
    """Refuse targets that are no probabilities, if the cost is one of probabilities."""
    if cost.output not in PROBABILISTIC or dataset.classes is not None:
        return
    for value in dataset.y[(dataset.y < 0) | (dataset.y > 1)][:1].tolist():
        expected = f"targets from 0 to 1, for {cost.name} (squared-error and others take any)"
        raise InputError(f"{argument}.y has {value}: expected {expected}")
