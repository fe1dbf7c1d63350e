"""Early stopping: a run ends when its validation samples have not been done better for a while."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from fnnet.params import Params
from fnnet.records import freeze
from fnnet.state import EpochReport

__all__ = ["Standing"]


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
        score: Any = np.float64(-np.inf)
        waited: Any = 0
        stopped: Any = np.False_
        if patience is not None:
            for report in history:
                better = (report.score > score) & ~stopped
                score = np.where(better, report.score, score)
                waited = np.where(better, 0, waited + 1)
                stopped = waited >= patience
        return cls(score, stopped)

    def best(self, best: Params | None, params: Params, score: Any) -> Params:
        """The best parameters, now that `params` have this score; each network's by itself."""
        if best is None:
            return params
        return _chosen(score > self.score, params, best)

    def last(self, before: Params, after: Params) -> Params:
        """The parameters after an epoch: a network that is stopped has those from before it."""
        return _chosen(self.stopped, before, after)


def _chosen(which: Any, params: Params, other: Params) -> Params:
    theta = np.where(np.asarray(which)[..., np.newaxis], params.theta, other.theta)
    return Params(params.architecture, freeze(theta))
