"""How the learning rate changes in a run: a factor, from the epoch or from the history so far."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import cos, exp, isfinite, pi
from typing import Any

import attrs
import numpy as np

from fnnet._checks import (
    a_function,
    array_of_numbers,
    finite_array,
    finite_number,
    integer,
    require,
)
from fnnet._recipes import Remade, made_by, remembered
from fnnet.training.early_stopping import waits
from fnnet.training.state import EpochReport

__all__ = ["Schedule", "constant", "cosine", "exponential", "halving", "step_decay"]

History = Sequence[EpochReport]


@attrs.frozen
class Schedule(Remade):
    """What the learning rate is multiplied by, as a function without a memory.

    Called, it gives the factor at a time, counted in epochs: 2.5 in the middle of the third.

    Attributes
    ----------
    name
        The schedule with its settings. Two of one name count as equal.
    given
        `given(history)`, asked before each epoch: the function of time for this epoch, asked at
        each of its steps. It returns a number; or one each for K stacked networks, where it
        comes from their history.
    by_validation
        Whether it needs the scores of validation samples in the history.

    Examples
    --------
    >>> Schedule("reciprocal", lambda history: lambda epoch: 1 / (1 + epoch))(3.0)
    0.25
    """

    name: str
    given: Callable[[History], Callable[[float], Any]] = attrs.field(
        validator=a_function, eq=False, repr=False
    )
    by_validation: bool = False

    def __call__(self, epoch: float, history: History = ()) -> Any:
        """The factor at that time, given what was reported of the epochs before."""
        return self.given(history)(epoch)

    def checked(self, history: History, leading: tuple[int, ...]) -> Callable[[float], Any]:
        """`given(history)`, if the learning rates of networks can be multiplied by its factors.

        `leading` is () for one network, (K,) for a stack of K.
        """
        given = self.given(history)
        require(callable(given), f"{self.name}.given(history)", given, "a function of time")

        def factor(epoch: float) -> Any:
            value = given(epoch)
            if type(value) is float and isfinite(value):  # asked at each step: most are this
                return value
            argument, expected = f"the factor of {self.name}", "a number, or one for each network"
            values = array_of_numbers(argument, value)
            fits = values.dtype.kind in "iuf" and values.shape in ((), leading)
            require(fits, argument, value, expected)
            finite_array(argument, values)
            return values

        return factor


def _of_time(name: str, factor: Callable[[float], float]) -> Schedule:
    return Schedule(name, lambda _history: factor)


constant = made_by("constant", _of_time("constant", lambda _epoch: 1.0))
"""The learning rate as it is."""


def _as_epochs(epochs: int) -> int:
    epochs = integer("epochs", epochs, at_least=1)
    finite_number("epochs", epochs)  # times are floats, and are divided by it
    return epochs


@remembered
def step_decay(epochs: int, by: float = 0.1) -> Schedule:
    """Multiplied by `by`, at most 1, after every so many epochs.

    >>> step_decay(10, 0.5)(9.9), step_decay(10, 0.5)(20)
    (1.0, 0.25)
    """
    epochs, by = _as_epochs(epochs), finite_number("by", by, above=0)
    require(by <= 1, "by", by, "a number of at most 1")
    return _of_time(f"step({epochs}, {by})", lambda epoch: by ** (epoch // epochs))


@remembered
def exponential(rate: float) -> Schedule:
    """Multiplied by exp(-rate) over each epoch, a little in each step.

    >>> print(f"{exponential(0.1)(10):.4f}")
    0.3679
    """
    rate = finite_number("rate", rate, at_least=0)
    return _of_time(f"exponential({rate})", lambda epoch: exp(-rate * epoch))


@remembered
def cosine(epochs: int, *, warm_up: float = 0.0) -> Schedule:
    """Up from 0 in a line over the first `warm_up` epochs, then down to 0 along half a cosine.

    Loshchilov and Hutter, SGDR: Stochastic gradient descent with warm restarts, ICLR 2017, eq. 5,
    without the restarts; the warm-up is Goyal et al.'s, 2017.

    Parameters
    ----------
    epochs
        When it reaches 0, where it stays: as a rule the run's number of epochs.
    warm_up
        How many of these epochs the way up takes.

    Examples
    --------
    >>> schedule = cosine(30, warm_up=2)
    >>> [round(schedule(epoch), 2) for epoch in (0, 1, 2, 16, 30)]
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    epochs = _as_epochs(epochs)
    warm_up = finite_number("warm_up", warm_up, at_least=0, below=epochs)

    def factor(epoch: float) -> float:
        if epoch < warm_up:
            return epoch / warm_up
        way = min(1.0, (epoch - warm_up) / (epochs - warm_up))
        return (1 + cos(pi * way)) / 2

    return _of_time(f"cosine({epochs}, {warm_up})", factor)


@remembered
def halving(patience: int = 10, *, least: float = 1 / 128) -> Schedule:
    """Halved whenever the validation samples have not been done better for `patience` epochs.

    It stops at `least`. Nielsen, chapter 3, "How to choose a neural network's hyper-parameters".
    Training needs a `monitor` with the validation data for it.

    Parameters
    ----------
    patience
        Epochs in a row without a new best `EpochReport.score`, at least 1.
    least
        The smallest factor.

    Raises
    ------
    InputError
        Where a setting makes no sense, or the history it is called with has no scores.

    Examples
    --------
    >>> history = [EpochReport(epoch, 3.0, score=0.5) for epoch in range(3)]
    >>> halving(2)(3.0, history[:2]), halving(2)(3.0, history)
    (1.0, 0.5)
    """
    patience = integer("patience", patience, at_least=1)
    least = finite_number("least", least, above=0)
    require(least <= 1, "least", least, "a number of at most 1")
    factors = [1.0]
    while factors[-1] > least:
        factors.append(max(factors[-1] / 2, least))

    def given(history: History) -> Callable[[float], Any]:
        _, waited = waits(history)
        # After a halving patience begins anew, and so it does with each new best.
        every = min(patience, len(waited))  # however large, for NumPy's integers
        halvings = np.sum((waited > 0) & (waited % every == 0), axis=0)
        current = np.take(factors, halvings, mode="clip")
        factor = current if np.ndim(current) else float(current)
        return lambda _epoch: factor

    return Schedule(f"halving({patience}, {least})", given, by_validation=True)
