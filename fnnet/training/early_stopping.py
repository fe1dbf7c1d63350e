"""Early stopping: a run ends when its validation score has not improved for `patience` epochs."""

from __future__ import annotations

from typing import Any

import numpy as np

from fnnet._records import Figure, freeze
from fnnet.network.params import Params
from fnnet.training.state import TrainState

__all__ = ["chosen", "is_stopped", "standing"]


def is_stopped(state: TrainState, patience: int | None) -> Any:
    """Whether early stopping ends the run: a bool, or (K,) for a stack of K networks."""
    return np.False_ if patience is None else np.greater_equal(state.waited, patience)


def standing(
    state: TrainState, params: Params, score: Figure, patience: int | None
) -> dict[str, Any]:
    """`best`, `best_score` and `waited` after one more epoch with these params and this score.

    NaN never counts as better. A stopped network keeps its best score.
    """
    is_best = np.greater(score, state.best_score) & ~is_stopped(state, patience)
    best = params if state.best is None else chosen(is_best, params, state.best)
    return {
        "best": None if patience is None else best,
        "best_score": np.where(is_best, score, state.best_score),
        "waited": np.where(is_best, 0, np.add(state.waited, 1)),
    }


def chosen(which: Any, params: Params, others: Params) -> Params:
    """The networks of `params` where `which` is true, the others from `others`."""
    theta = np.where(np.asarray(which)[..., np.newaxis], params.theta, others.theta)
    return Params(params.architecture, freeze(theta))
