"""Early stopping: a run ends when its validation samples have not been done better for a while."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from fnnet._checks import require
from fnnet._records import Array, freeze
from fnnet.network.params import Params
from fnnet.training.state import EpochReport

__all__ = ["Standing", "waits"]


@attrs.frozen
class Standing:
    """How a run stands that may be stopped early; arrays (K,) where a stack of K runs.

    Attributes
    ----------
    score
        The best one so far, up to the stop.
    stopped
        Whether `patience` epochs in a row have brought no better one.
    """

    score: Any
    stopped: Any

    @classmethod
    def after(cls, history: Sequence[EpochReport], patience: int | None) -> Standing:
        """The standing after these epochs; without patience, a run never stops."""
        if patience is None:
            return cls(np.float64(-np.inf), np.False_)
        best, waited = waits(history)
        is_over = waited >= patience
        stopped = is_over.any(axis=0)
        end = np.where(stopped, is_over.argmax(axis=0), len(history))
        return cls(np.take_along_axis(best, end[np.newaxis], axis=0)[0], stopped)

    def best(self, best: Params | None, params: Params, score: Any) -> Params:
        """The best parameters, now that `params` have this score; each network's by itself."""
        if best is None:
            return params
        return _chosen(score > self.score, params, best)

    def last(self, before: Params, after: Params) -> Params:
        """The parameters after an epoch: a network that is stopped has those from before it."""
        return _chosen(self.stopped, before, after)


def waits(history: Sequence[EpochReport]) -> tuple[Array, Array]:
    """The best score so far, and for how many epochs there has been none that is better.

    Both are of shape (1 + epochs, ...), with the axis of a stack's networks: before the first
    epoch, where the best is minus infinity, and after each. A NaN is never better.

    Examples
    --------
    >>> best, waited = waits([EpochReport(k, 3.0, score=s) for k, s in enumerate([0.5, 0.4, 0.6])])
    >>> best, waited
    (array([-inf,  0.5,  0.5,  0.6]), array([0, 0, 1, 0]))
    """
    # All epochs at once, for it is asked before each epoch, and a run may have thousands.
    given = [report.score for report in history]
    unscored = [report.epoch for report in history if report.score is None]
    require(not unscored, "history's epochs without a score", unscored, "none")
    first = np.full(np.shape(given[0]) if given else (), -np.inf)
    scores = np.array([first, *given])
    rows = np.arange(len(scores)).reshape(-1, *[1] * first.ndim)
    better = np.zeros(scores.shape, bool)
    np.greater(scores[1:], np.fmax.accumulate(scores)[:-1], out=better[1:])
    newest = np.maximum.accumulate(np.where(better, rows, 0))
    return np.take_along_axis(scores, newest, axis=0), rows - newest


def _chosen(which: Any, params: Params, other: Params) -> Params:
    theta = np.where(np.asarray(which)[..., np.newaxis], params.theta, other.theta)
    return Params(params.architecture, freeze(theta))
