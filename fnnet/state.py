"""Where a run stands: its params, what its optimizer keeps, and what was seen on the way."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs

from fnnet.checks import integer, record, require
from fnnet.evaluation import Evaluation
from fnnet.metrics.figures import Figure, as_figure, figure_bits
from fnnet.params import Params
from fnnet.records import Record, bits, read_only

__all__ = ["EpochReport", "TrainState"]


@attrs.frozen
class EpochReport(Record):
    """What the monitor saw after an epoch.

    Attributes
    ----------
    epoch
        Which one, counted from 0.
    eta
        The learning rate of its first step; an array (K,) where a stack's networks have their own.
    evaluations
        The monitored data sets' names, each with its evaluation.
    score
        How well the validation samples are done, for early stopping and `halving`: their accuracy,
        or, where they have targets and no labels, minus their cost. None without such samples.
    """

    epoch: int
    eta: Figure = attrs.field(converter=as_figure, eq=figure_bits)
    evaluations: tuple[tuple[str, Evaluation], ...] = ()
    score: Figure = attrs.field(default=None, converter=as_figure, eq=figure_bits)

    def row(self) -> dict[str, Any]:
        """The report as a row of a table."""
        row = {"epoch": self.epoch, "eta": self.eta}
        for name, evaluation in self.evaluations:
            row |= {f"{name} cost": evaluation.cost, f"{name} accuracy": evaluation.accuracy}
        return row


def _frozen(state: Any) -> Any:
    return tuple(map(_frozen, state)) if isinstance(state, tuple) else read_only(state)


def _bits(state: Any) -> Any:
    return tuple(map(_bits, state)) if isinstance(state, tuple) else bits(state)


def _as_history(history: Iterable[EpochReport]) -> tuple[EpochReport, ...]:
    return tuple(history)


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
    """

    params: Params
    epoch: int = 0
    optimizer: tuple[Any, ...] = attrs.field(default=(), converter=_frozen, eq=_bits, kw_only=True)
    history: tuple[EpochReport, ...] = attrs.field(default=(), converter=_as_history, kw_only=True)
    best: Params | None = attrs.field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        record("params", self.params, Params)
        integer("epoch", self.epoch, at_least=0)
        if self.best is not None:
            record("best", self.best, Params)
            alike = self._kind(self.best) == self._kind(self.params)
            require(
                alike, "best", self.best.theta, "the architecture, networks and dtype of params"
            )

    @staticmethod
    def _kind(params: Params) -> tuple[Any, ...]:
        return params.architecture, params.leading, params.dtype

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
