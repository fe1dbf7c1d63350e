"""What came out, held against what was printed. All figures are in percent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import attrs
import numpy as np

from _reproduce.experiment import Experiment, Settings
from fnnet._records import Array

__all__ = ["FROM_EPOCH", "Result", "Verdict", "figures", "verdict"]

FROM_EPOCH = 3
"""The first epochs' figures are a matter of luck: a curve is judged from here on."""

_ROUNDING = 1e-9
"""Percentages that differ by less are equal."""


@attrs.frozen(kw_only=True)
class Result:
    """The seeds' networks of an experiment, trained.

    Attributes
    ----------
    settings
        Those that were taken.
    tried
        What each of the settings in question came to on the validation images, if there were any.
    accuracies
        "test" and "validation": right answers after each epoch, shape (epochs, seeds).
    digests
        Of the networks.
    seconds
        It took, with all trials and evaluations.
    """

    experiment: Experiment
    settings: Settings
    tried: tuple[tuple[Settings, float], ...] = ()
    accuracies: Mapping[str, Array]
    digests: tuple[str, ...]
    seconds: float


class Verdict(NamedTuple):
    """Whether a result is reproduced (None where there is nothing to compare), and how."""

    reproduced: bool | None
    text: str


def figures(result: Result, of: str | None = None) -> Array:
    """The figure of each seed, in the unit of the source; (epochs, seeds) for those of each epoch.

    Parameters
    ----------
    of
        Which epoch's, as in `Experiment`, or the "last"; by default the one that is compared.
    """
    experiment = result.experiment
    accuracies = result.accuracies[experiment.on]
    of = of or experiment.of
    if of == "first":
        accuracies = accuracies[0]
    elif of == "last":
        accuracies = accuracies[-1]
    elif of == "best":
        accuracies = accuracies.max(axis=0)
    elif of == "validated":  # the test images', whatever the source printed
        epoch = result.accuracies["validation"].argmax(axis=0)
        accuracies = result.accuracies["test"][epoch, np.arange(len(epoch))]
    return 100 - accuracies if experiment.unit == "error" else accuracies


def verdict(result: Result) -> Verdict:
    """Reproduced is what a seed comes to, give or take `within`; a curve is for the seeds' mean."""
    experiment = result.experiment
    if experiment.unjudged:
        return Verdict(None, f"none: {experiment.unjudged}")
    if not experiment.published:
        return Verdict(None, "none: no figure to compare with")
    if experiment.of == "each":
        return _of_curve(result)
    ours, printed = figures(result), experiment.published[0]
    ahead = ours - printed if experiment.unit == "accuracy" else printed - ours
    if -ahead.max() - experiment.within > _ROUNDING:
        distances = f"the best seed is off by {-ahead.max():.2f}, the mean by {-ahead.mean():.2f}"
        return Verdict(False, f"not reproduced: {distances}")
    if experiment.unit == "under":
        return Verdict(True, f"reproduced by {np.sum(ahead > _ROUNDING)} of {len(ahead)} seeds")
    beaten = ahead.min() > _ROUNDING
    return Verdict(True, "reproduced: beaten by all seeds" if beaten else "reproduced")


def _of_curve(result: Result) -> Verdict:
    """The mean over the seeds against each epoch's figure."""
    experiment = result.experiment
    off = np.abs(figures(result).mean(axis=1) - experiment.published)[FROM_EPOCH:]
    worst = off.argmax() + FROM_EPOCH
    distance = f"off by {off.max():.2f} at the most (epoch {worst})"
    if off.max() - experiment.within > _ROUNDING:
        return Verdict(False, f"not reproduced, {distance}")
    return Verdict(True, f"reproduced: from epoch {FROM_EPOCH} on, the mean is {distance}")
