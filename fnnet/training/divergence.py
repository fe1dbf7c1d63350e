"""What a run says that has left the finite numbers: one line with the epoch and eta."""

from __future__ import annotations

from typing import Any

import numpy as np

from fnnet._records import Array
from fnnet.training.config import TrainConfig

__all__ = ["DivergenceError", "check_finite"]


class DivergenceError(ArithmeticError):
    """Training left the finite numbers, most often because eta is too large."""


def check_finite(theta: Array, kept: Any, stopped: Any, epoch: int, config: TrainConfig) -> None:
    """Refuse an epoch's end where theta, or what the optimizer keeps, is not finite.

    `stopped` tells which networks of a stack training has left as they are.
    """
    finite = np.isfinite(theta).all(axis=-1)
    where, wrong = f"epoch {epoch}: ", f" no longer finite with eta {config.eta}: try less"
    if not finite.all():
        which = f" of networks {np.flatnonzero(~finite).tolist()}" if finite.ndim else ""
        raise DivergenceError(f"{where}parameters{which} are{wrong}")
    # A mean of squares, say, that is infinite: no step would move any more.
    if not _is_finite(kept, np.asarray(stopped)):
        raise DivergenceError(f"{where}what {config.optimizer.name} keeps is{wrong}")


def _is_finite(kept: Any, stopped: Array) -> bool:
    if isinstance(kept, tuple):
        return all(_is_finite(part, stopped) for part in kept)
    # What a stopped network's optimizer goes on to do is without effect on it.
    is_each = stopped.ndim > 0 and kept.shape[: stopped.ndim] == stopped.shape
    return bool(np.isfinite(kept[~stopped] if is_each else kept).all())
