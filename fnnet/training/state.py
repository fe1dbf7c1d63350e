"""Where a run stands: its params, what its optimizer keeps, and what was seen on the way."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs
import numpy as np
from numpy.typing import ArrayLike

from fnnet._checks import array_of_numbers, integer, record, refusal, require
from fnnet._records import Figure, Record, all_bits, as_figure, figure_bits, read_only
from fnnet.evaluation.evaluate import Evaluation
from fnnet.network.params import Params

__all__ = ["EpochReport", "TrainState"]


def _as_epoch(epoch: Any) -> int:
    return integer("epoch", epoch, at_least=0)


def _as_eta(eta: ArrayLike) -> Figure:
    return _as_float64("eta", eta)


def _as_score(score: ArrayLike | None) -> Figure:
    return None if score is None else _as_float64("score", score)


def _as_float64(argument: str, values: ArrayLike) -> Figure:
    # What a file gives back, whatever a schedule of one's own computes in.
    array = array_of_numbers(argument, values)
    require(array.dtype.kind != "c", argument, values, "real numbers")
    return as_figure(array.astype(np.float64, copy=False))


def _as_evaluations(
    evaluations: Iterable[tuple[str, Evaluation]],
) -> tuple[tuple[str, Evaluation], ...]:
    expected = "pairs of a name and an Evaluation"
    try:
        pairs = tuple((name, evaluation) for name, evaluation in evaluations)
    except (TypeError, ValueError):
        raise refusal("evaluations", evaluations, expected) from None
    for name, evaluation in pairs:
        fits = isinstance(name, str) and isinstance(evaluation, Evaluation)
        require(fits, "evaluations", (name, evaluation), expected)
    return pairs


@attrs.frozen
class EpochReport(Record):
    """What the monitor saw after an epoch.

    Attributes
    ----------
    epoch
        Which one, counted from 0.
    eta
        The learning rate of its first step; an array (K,) where a stack's networks have their own.
        Kept as float64, as is `score`.
    evaluations
        The monitored data sets' names, each with its evaluation.
    score
        How well the validation samples are done, for early stopping and `halving`: their accuracy,
        or, where they have targets and no labels, minus their cost. None without such samples.

    Raises
    ------
    InputError
        Where the epoch is no integer of at least 0, or eta or the score no real number.

    Examples
    --------
    >>> EpochReport(0, 3.0, score=0.5).row()
    {'epoch': 0, 'eta': 3.0}
    """

    epoch: int = attrs.field(converter=_as_epoch)
    eta: Figure = attrs.field(converter=_as_eta, eq=figure_bits)
    evaluations: tuple[tuple[str, Evaluation], ...] = attrs.field(
        default=(), converter=_as_evaluations
    )
    score: Figure = attrs.field(default=None, converter=_as_score, eq=figure_bits)

    def row(self) -> dict[str, Any]:
        """The report as a row of a table."""
        row = {"epoch": self.epoch, "eta": self.eta}
        for name, evaluation in self.evaluations:
            row |= {f"{name} cost": evaluation.cost, f"{name} accuracy": evaluation.accuracy}
        return row


def _frozen(state: Any, name: str) -> Any:
    if not isinstance(state, tuple):
        return read_only(state, name)
    return tuple(_frozen(part, f"{name}[{k}]") for k, part in enumerate(state))


def _as_kept(state: tuple[Any, ...]) -> tuple[Any, ...]:
    require(isinstance(state, tuple), "optimizer", state, "a tuple of arrays, or of such tuples")
    return tuple(_frozen(part, f"optimizer[{k}]") for k, part in enumerate(state))


def _as_history(history: Iterable[EpochReport]) -> tuple[EpochReport, ...]:
    require(isinstance(history, Iterable), "history", history, "a sequence of EpochReports")
    reports = tuple(history)
    for k, report in enumerate(reports):
        record(f"history[{k}]", report, EpochReport)
    return reports


@attrs.frozen
class TrainState(Record):
    """Where a run stands.

    Attributes
    ----------
    params
        The parameters after the epochs so far.
    epoch
        How many epochs that were.
    optimizer
        What the optimizer keeps: a tuple of arrays, or of such tuples.
    history
        A report for each epoch of the run.
    best
        With early stopping: the parameters after the epoch with the best score, the first one
        where several are; of each network of a stack by itself. Else None.

    Raises
    ------
    InputError
        Where `epoch` is no integer of at least 0, a report is none, or `best` is not of the
        params' kind.

    Examples
    --------
    >>> import fnnet
    >>> state = TrainState(fnnet.init([64, 10], seed=0))
    >>> state.epoch, state.history, state.result == state.params
    (0, (), True)
    """

    params: Params
    epoch: int = attrs.field(default=0, converter=_as_epoch)
    optimizer: tuple[Any, ...] = attrs.field(
        default=(), converter=_as_kept, eq=all_bits, kw_only=True
    )
    history: tuple[EpochReport, ...] = attrs.field(default=(), converter=_as_history, kw_only=True)
    best: Params | None = attrs.field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        record("params", self.params, Params)
        if self.best is not None:
            record("best", self.best, Params)
            expected = "the architecture, networks and dtype of params"
            require(self.best.kind == self.params.kind, "best", self.best.theta, expected)

    @property
    def result(self) -> Params:
        """The parameters to use: the best ones with early stopping, else the last ones."""
        return self.params if self.best is None else self.best

    def table(self) -> list[dict[str, Any]]:
        """The history as a plain table: a row for each epoch, a dict from column to figure.

        Examples
        --------
        >>> import fnnet
        >>> digits = fnnet.load_digits()
        >>> config = fnnet.TrainConfig(epochs=2)
        >>> state = fnnet.start(fnnet.init([64, 16, 10], seed=0), config)
        >>> monitor = {"training": digits.train, "validation": digits.validation}
        >>> state = fnnet.train(state, digits.train, config, monitor=monitor)
        >>> [round(row["validation accuracy"], 2) for row in state.table()]
        [0.56, 0.83]
        """
        return [report.row() for report in self.history]
