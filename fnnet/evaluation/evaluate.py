"""The notebook's `evaluate`: how many samples a network gets right, or how near its outputs are.

Threads share the samples, in blocks. The blocks' figures are added up in the samples' order, so the
number of threads changes no bit.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from fnnet._checks import InputError, record, require
from fnnet._records import Array, freeze
from fnnet._threads import arithmetic, run, threads
from fnnet.datasets.dataset import Dataset
from fnnet.evaluation.metrics import Evaluation, RegressionReport, error_sums
from fnnet.network.costs import Cost, cost_for, quadratic
from fnnet.network.functions import PROBABILISTIC, check_output, classes_of
from fnnet.network.inputs import target_columns, with_ones
from fnnet.network.params import Params, check_real
from fnnet.network.passes import Workspace, costs, feedforward

__all__ = ["check_fits", "check_targets", "confusion_matrix", "evaluate", "regression_report"]

_BLOCK = 1000  # samples of a block: memory stays small for any number of them
_SHARED = 2**13  # parameters for threads to share blocks: with fewer, NumPy's calls are too short


def evaluate(
    params: Params, dataset: Dataset, *, cost: str | Cost = quadratic, workers: int | None = None
) -> Evaluation:
    """The notebook's `evaluate`: how many samples a network gets right, and their mean cost.

    Parameters
    ----------
    params
        A network, or a stack of them.
    dataset
        Samples with labels, or with targets, whose class is read as `predict` reads outputs.
        Each sample counts 1: weights are for training.
    cost
        A `Cost` or its name, by default the notebook's, 1/4 sum (a - y)^2.
    workers
        Threads at the most, by default one a processor. They change no bit of the result.

    Raises
    ------
    InputError
        If the data does not fit the network, or the cost its output layer or the targets; or if an
        output is not finite.

    Examples
    --------
    >>> import fnnet
    >>> test = fnnet.load_digits().test
    >>> evaluation = fnnet.evaluate(fnnet.init([64, 10], seed=[0, 1]), test)
    >>> evaluation.correct, evaluation.total
    (array([21, 25]), 360)
    """
    check_fits(params, dataset)
    cost = cost_for(params.architecture, cost)
    check_targets(dataset, cost)

    def figures(output: Array, y: Array, work: Workspace) -> tuple[Array, Array]:
        targets = target_columns(y, dataset.n_out, params.dtype)
        is_right = classes_of(output, -2) == classes_of(targets, -2)
        return is_right.sum(axis=-1), costs(work, targets, cost).sum(axis=-1, dtype=np.float64)

    right, total_costs = _of_blocks(figures, params, dataset, workers)
    return Evaluation(sum(right), len(dataset), sum(total_costs) / len(dataset))


def confusion_matrix(params: Params, dataset: Dataset, *, workers: int | None = None) -> Array:
    """How many samples of each class (row) a network takes for which class (column).

    Parameters and errors are those of `evaluate`.

    Returns
    -------
    Array
        int64, shape (..., classes, classes) with the leading axes of params. A single output unit
        tells two classes apart, as for `predict`.

    Examples
    --------
    >>> import fnnet
    >>> matrix = fnnet.confusion_matrix(fnnet.init([64, 10], seed=0), fnnet.load_digits().test)
    >>> matrix.shape, matrix.sum()
    ((10, 10), np.int64(360))
    """
    check_fits(params, dataset)
    classes = max(2, dataset.n_out)

    def cells(output: Array, y: Array, _work: Workspace) -> tuple[Array]:
        targets = target_columns(y, dataset.n_out, params.dtype)
        return (classes * classes_of(targets, -2) + classes_of(output, -2),)

    (blocks,) = _of_blocks(cells, params, dataset, workers)
    numbers = np.concatenate(blocks, axis=-1).reshape(-1, len(dataset))
    counts = [np.bincount(row, minlength=classes**2) for row in numbers]
    return freeze(np.array(counts, np.int64).reshape(*params.leading, classes, classes))


def regression_report(
    params: Params, dataset: Dataset, *, workers: int | None = None
) -> RegressionReport:
    """How near a network's outputs come to the targets, by three metrics of regression.

    Parameters and errors are those of `evaluate`; data with labels is refused, too.

    >>> import fnnet
    >>> data = fnnet.Dataset([[0.0], [1.0], [2.0]], [[0.0], [1.0], [0.5]])
    >>> regression_report(fnnet.init([1, 1], seed=[0, 1]), data).mean_absolute_error
    array([0.325..., 0.343...])
    """
    check_fits(params, dataset)
    require(dataset.classes is None, "dataset.y", dataset.y, "float targets, not class labels")

    def sums(output: Array, y: Array, _work: Workspace) -> tuple[Array, Array]:
        return error_sums(output.mT, y)

    absolute, squared = _of_blocks(sums, params, dataset, workers)
    return RegressionReport.of_sums(sum(absolute), sum(squared), dataset.y)


def _of_blocks(
    figures: Callable[..., tuple[Any, ...]], params: Params, dataset: Dataset, workers: int | None
) -> Any:
    """The tuples `figures(output, y, work)` of all blocks, zipped: for each figure the blocks'.

    The output (..., n_out, n) was computed in `work`; y is the data set's. Threads call `figures`.
    """
    results: dict[int, Any] = {}

    def compute(start: int) -> None:
        rows = slice(start, start + _BLOCK)
        x = with_ones(dataset.x[rows], dataset.scale, params.dtype)
        work = Workspace(params.architecture, params.theta, params.leading, len(x))
        output = feedforward(work, x)
        check_output(output, start)
        results[start] = figures(output, dataset.y[rows], work)

    starts, workers = range(0, len(dataset), _BLOCK), threads(workers)
    with arithmetic():
        tasks = [partial(compute, start) for start in starts]
        run(tasks, workers if params.theta.size >= _SHARED else 1)
    return zip(*(results[start] for start in starts), strict=True)


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
    if cost.output in PROBABILISTIC and dataset.classes is None:
        for value in dataset.y[(dataset.y < 0) | (dataset.y > 1)][:1].tolist():
            expected = f"targets from 0 to 1, for {cost.name} (squared-error and others take any)"
            raise InputError(f"{argument}.y has {value}: expected {expected}")
