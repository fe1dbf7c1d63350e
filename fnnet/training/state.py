"""The state of a run: its params, its optimizer's state, and a report of each epoch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from typing import Any, overload

import attrs
import numpy as np

from fnnet._checks import array_of_numbers, integer, record, require
from fnnet._records import Figure, Record, all_bits, as_figure, figure_bits, read_only
from fnnet.evaluation.metrics import Evaluation
from fnnet.network.params import Params
from fnnet.training.optimizers import State

__all__ = ["EpochReport", "History", "TrainState", "read_only_state"]

Evaluations = tuple[tuple[str, Evaluation], ...]


def _as_epoch(epoch: Any) -> int:
    return integer("epoch", epoch, at_least=0)


def _as_figure(values: Any, field: Any) -> Figure:
    """In float64, or int64 for a count, as a saved file returns it; one number as Python's."""
    if values is None and field.default is None:
        return None
    array, is_count = array_of_numbers(field.name, values), field.name == "waited"
    fits = array.dtype.kind in "iu" and np.all(array >= 0) if is_count else array.dtype.kind != "c"
    require(fits, field.name, values, "integers of at least 0" if is_count else "real numbers")
    return as_figure(array.astype(np.int64 if is_count else np.float64, copy=False))


_FIGURE: Any = {"converter": attrs.Converter(_as_figure, takes_field=True), "eq": figure_bits}
"""A field for a number, or for an array (K,) of a stack of K networks."""


def _as_evaluations(evaluations: Iterable[tuple[str, Evaluation]]) -> Evaluations:
    try:
        pairs = tuple((name, seen) for name, seen in evaluations)
        fits = all(isinstance(name, str) and isinstance(seen, Evaluation) for name, seen in pairs)
    except (TypeError, ValueError):
        fits = False
    require(fits, "evaluations", evaluations, "pairs of a name and an Evaluation")
    return pairs


@attrs.frozen
class EpochReport(Record):
    """The figures of an epoch: numbers, or arrays (K,) for a stack of K networks.

    Fields of another kind are refused with an `InputError`.

    Attributes
    ----------
    epoch
        Its number, counted from 0.
    eta, factor
        The learning rate of its first step, and the schedule's factor in it.
    evaluations
        For each monitored data set its name and its evaluation after the epoch.
    score
        The validation score: the accuracy, or minus the cost of samples without labels. None
        without monitored validation data.
    waited
        Number of epochs since the best score so far, 0 for a new best one. None if unknown.
    """

    epoch: int = attrs.field(converter=_as_epoch)
    eta: Figure = attrs.field(**_FIGURE)
    evaluations: Evaluations = attrs.field(default=(), converter=_as_evaluations)
    score: Figure = attrs.field(default=None, **_FIGURE)
    waited: Figure = attrs.field(default=None, kw_only=True, **_FIGURE)
    factor: Figure = attrs.field(default=1.0, kw_only=True, **_FIGURE)

    def row(self) -> dict[str, Any]:
        """The report as a row of `TrainState.table`."""
        row = {"epoch": self.epoch, "eta": self.eta}
        for name, evaluation in self.evaluations:
            row |= {f"{name} cost": evaluation.cost, f"{name} accuracy": evaluation.accuracy}
        return row


@attrs.frozen(eq=False, repr=False)
class History(Sequence[EpochReport]):
    """A tuple of reports, in blocks: adding one copies a block, not all of them."""

    _blocks: tuple[tuple[EpochReport, ...], ...] = ((),)  # of 256 reports, but for the last one

    def then(self, report: EpochReport) -> History:
        """A history with one more report."""
        record(f"history[{len(self)}]", report, EpochReport)
        *full, last = self._blocks
        return History((*full, last, (report,)) if len(last) == 256 else (*full, (*last, report)))

    def __len__(self) -> int:
        return 256 * (len(self._blocks) - 1) + len(self._blocks[-1])

    @overload
    def __getitem__(self, index: int) -> EpochReport: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[EpochReport, ...]: ...
    def __getitem__(self, index: Any) -> Any:
        place = range(len(self))[index]
        if isinstance(place, range):
            return tuple(self[k] for k in place)
        return self._blocks[place // 256][place % 256]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, History | tuple | list) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))


def _as_history(history: Iterable[EpochReport]) -> History:
    require(isinstance(history, Iterable), "history", history, "a sequence of EpochReports")
    return history if isinstance(history, History) else reduce(History.then, history, History())


def read_only_state(state: Any, name: str = "optimizer") -> State:
    """An optimizer's state, with its arrays read-only."""
    require(isinstance(state, tuple), name, state, "a tuple of arrays, or of such tuples")
    kept = []
    for k, part in enumerate(state):
        as_kept = read_only_state if isinstance(part, tuple) else read_only
        kept.append(as_kept(part, f"{name}[{k}]"))
    return tuple(kept)


@attrs.frozen
class TrainState(Record):
    """The state of a run between two epochs.

    Fields of another kind, or that do not fit the params, are refused with an `InputError`.

    Attributes
    ----------
    params
        The parameters after the last finished epoch.
    epoch
        Number of finished epochs.
    optimizer
        The optimizer's state: a tuple of arrays, or of such tuples.
    history
        A report for each epoch, the oldest first; index, slice and iterate over it as over a tuple.
    best
        With early stopping: the parameters with the best score so far, of equal ones the first; in
        a stack, each network's own. Else None.
    best_score, waited
        The best score so far, at first minus infinity, and the number of epochs since then:
        numbers, or arrays (K,) for a stack of K.

    Examples
    --------
    >>> import fnnet
    >>> state = TrainState(fnnet.init([2, 1], seed=0), 1, history=[EpochReport(0, 3.0)])
    >>> state.result == state.params, state.table()
    (True, [{'epoch': 0, 'eta': 3.0}])
    """

    params: Params
    epoch: int = attrs.field(default=0, converter=_as_epoch)
    optimizer: State = attrs.field(default=(), converter=read_only_state, eq=all_bits, kw_only=True)
    history: History = attrs.field(default=History(), converter=_as_history, kw_only=True)
    best: Params | None = attrs.field(default=None, kw_only=True)
    best_score: Figure = attrs.field(default=-np.inf, kw_only=True, **_FIGURE)
    waited: Figure = attrs.field(default=0, kw_only=True, **_FIGURE)

    def __attrs_post_init__(self) -> None:
        record("params", self.params, Params)
        if self.best is not None:
            record("best", self.best, Params)
            expected = "the architecture, networks and dtype of params"
            require(self.best.kind == self.params.kind, "best", self.best.theta, expected)
        for name, figure in (("best_score", self.best_score), ("waited", self.waited)):
            fits = np.shape(figure) in ((), self.params.leading)
            require(fits, name, figure, "a number, or one for each network of params")

    @property
    def result(self) -> Params:
        """The parameters to use: the best ones with early stopping, else the last ones."""
        return self.params if self.best is None else self.best

    def table(self) -> list[dict[str, Any]]:
        """The history as a plain table: a row for each epoch, a dict from column to figure."""
        return [report.row() for report in self.history]
