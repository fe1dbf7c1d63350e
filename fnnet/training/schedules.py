"""Schedules: how the learning rate changes in a run, as a pure function of time and history."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import cos, exp, isfinite, pi
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from fnnet._checks import a_function, array_of_numbers, finite_number, integer, require
from fnnet._records import Figure, Partial, as_figure

if TYPE_CHECKING:
    from fnnet.training.state import EpochReport

__all__ = ["SCHEDULES", "Schedule", "constant", "cosine", "exponential", "halving", "step_decay"]


@attrs.frozen
class Schedule:
    """What each step multiplies eta by, as a pure function of time and history.

    Attributes
    ----------
    name
        The schedule with its settings.
    factor
        `factor(time)` returns a number, or one for each network of a stack (K,). Time is counted in
        epochs: 2.5 is the middle of the third.
    by_history
        Whether it is `factor(time, history)`; the history has the `EpochReport`s so far.
    by_validation
        As `by_history`; training then needs a monitor named "validation".

    Examples
    --------
    >>> Schedule("reciprocal", lambda time: 1 / (1 + time))(3.0)
    0.25
    """

    name: str
    factor: Callable[..., Any] = attrs.field(validator=a_function, repr=False)
    by_history: bool = attrs.field(default=False, kw_only=True)
    by_validation: bool = attrs.field(default=False, kw_only=True)

    def __call__(self, time: float, history: Sequence[EpochReport] = ()) -> Any:
        """The factor at a time, given the reports of the epochs before."""
        asks_history = self.by_history or self.by_validation
        return self.factor(time, history) if asks_history else self.factor(time)

    def at(self, history: Sequence[EpochReport], leading: tuple[int, ...], time: float) -> Any:
        """The factor at a time, if it is a number, or one for each network of the leading axes."""
        value = self(time, history)
        if type(value) is float and isfinite(value):  # most are, and each step asks
            return value
        argument, expected = (
            f"the factor of {self.name}",
            "a finite number, or one for each network",
        )
        values = array_of_numbers(argument, value)
        fits = values.dtype.kind in "iuf" and values.shape in ((), leading)
        require(fits and np.isfinite(values).all(), argument, value, expected)
        return values


def _one(_time: float) -> float:
    return 1.0


constant = Schedule("constant", _one)
"""The learning rate as it is."""


def step_decay(epochs: int, by: float = 0.1) -> Schedule:
    """Multiply eta by `by`, at most 1, every `epochs` epochs.

    >>> step_decay(10, 0.5)(9.9), step_decay(10, 0.5)(20)
    (1.0, 0.25)
    """
    epochs, by = _duration(epochs), finite_number("by", by, above=0, at_most=1)
    return Schedule(f"step({epochs}, {by})", Partial(_step, epochs, by))


def _step(epochs: int, by: float, time: float) -> float:
    return float(by ** (time // epochs))


def exponential(rate: float) -> Schedule:
    """Multiply eta by exp(-rate) over each epoch, a little in each step.

    >>> print(f"{exponential(0.1)(10):.4f}")
    0.3679
    """
    rate = finite_number("rate", rate, at_least=0)
    return Schedule(f"exponential({rate})", Partial(_exponential, rate))


def _exponential(rate: float, time: float) -> float:
    return exp(-rate * time)


def cosine(epochs: int, *, warm_up: float = 0.0) -> Schedule:
    """Raise eta from 0 in a line over `warm_up` epochs, then lower it along half a cosine.

    It is 0 from `epochs` on, most often the run's number of epochs. Loshchilov and Hutter, SGDR:
    Stochastic gradient descent with warm restarts, ICLR 2017, eq. 5, without the restarts; the
    warm-up is that of Goyal et al., 2017.

    >>> schedule = cosine(30, warm_up=2)
    >>> [round(schedule(time), 2) for time in (0, 1, 2, 16, 30)]
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    epochs = _duration(epochs)
    warm_up = finite_number("warm_up", warm_up, at_least=0, below=epochs)
    return Schedule(f"cosine({epochs}, {warm_up})", Partial(_cosine, epochs, warm_up))


def _cosine(epochs: int, warm_up: float, time: float) -> float:
    if time < warm_up:
        return time / warm_up
    share = min(1.0, (time - warm_up) / (epochs - warm_up))
    return (1 + cos(pi * share)) / 2


def _duration(epochs: int) -> int:
    epochs = integer("epochs", epochs, at_least=1)
    finite_number("epochs", epochs)  # a time, which is a float, is divided by it
    return epochs


def halving(patience: int = 10, *, least: float = 1 / 128) -> Schedule:
    """Halve eta whenever the validation score has not improved for `patience` epochs.

    The factor stays at least `least`. Training needs a `monitor` with validation data. Of the
    history, it reads only the last report. Nielsen, chapter 3, "How to choose a neural network's
    hyper-parameters".

    >>> import fnnet
    >>> report = fnnet.EpochReport(2, 3.0, score=0.5, waited=2)
    >>> halving(2)(3.0, [report]), halving(3)(3.0, [report])
    (0.5, 1.0)
    """
    patience = integer("patience", patience, at_least=1)
    least = finite_number("least", least, above=0, at_most=1)
    function = Partial(_halving, patience, least)
    return Schedule(f"halving({patience}, {least})", function, by_validation=True)


def _halving(patience: int, least: float, _time: float, history: Sequence[EpochReport]) -> Figure:
    if not history:
        return 1.0
    last, needed = history[-1], "a report with a score and the epochs waited since the best one"
    require(last.score is not None and last.waited is not None, "history[-1]", last, needed)
    every = min(patience, 2**62)  # NumPy's integers end at 2**63
    is_over = np.greater(last.waited, 0) & (np.remainder(last.waited, every) == 0)
    return as_figure(np.where(is_over, np.maximum(np.divide(last.factor, 2), least), last.factor))


SCHEDULES: dict[str, Callable[[int], Schedule]] = {
    "constant": lambda _epochs: constant,
    "step": lambda epochs: step_decay(max(1, epochs // 3)),
    "exponential": lambda epochs: exponential(1 / max(1, epochs // 3)),
    "cosine": lambda epochs: cosine(max(1, epochs)),
    "halving": lambda _epochs: halving(),
}
"""The schedules by name, each made for a run's number of epochs."""
