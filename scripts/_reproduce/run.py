"""From an experiment to its result: the settings chosen where they are open, then all its seeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from _lock import alone
from _reproduce.experiment import Experiment, Settings
from _reproduce.images import Images
from _reproduce.piece import Piece, Plan, is_finished, resume, train
from _reproduce.result import Result

__all__ = ["TRIAL_SEED", "all_epochs", "check", "is_there", "run"]

TRIAL_SEED = 1000
"""Of the networks that settings are tried with: far from those of a result, 0 and up."""

_CHOOSES, _REPORTS = ("validation",), ("validation", "test")
"""The parts of the images that a trial is evaluated on, and a result."""


def run(
    experiment: Experiment, images: Images, folder: Path, advance: Callable[[int], None]
) -> Result:
    """Train what the folder does not hold yet; `advance` is told of epochs that are done."""
    with alone(folder / experiment.name):
        trials = [train(plan, images, advance) for plan in _trials(experiment, folder)]
        scores, settings = _chosen(experiment, trials)
        plans = _stacks(experiment, settings, folder)
        pieces = [train(plan, images, advance) for plan in plans]
    return Result(
        experiment=experiment,
        settings=settings,
        tried=tuple(zip(experiment.settings, scores, strict=bool(scores))),
        accuracies={
            part: np.hstack([piece.accuracies(part) for piece in pieces]) for part in _REPORTS
        },
        digests=tuple(
            piece.state.params[k].digest()
            for piece in pieces
            for k in range(*piece.state.params.leading)
        ),
        seconds=sum(piece.seconds for piece in (*trials, *pieces)),
    )


def check(experiment: Experiment, images: Images, folder: Path) -> None:
    """Refuse, before anything is trained, what the folder holds of another run."""
    trials = [resume(plan, images) for plan in _trials(experiment, folder)]
    if all(trial.state.epoch == experiment.trial for trial in trials):
        _, settings = _chosen(experiment, trials)
        for plan in _stacks(experiment, settings, folder):
            resume(plan, images)


def all_epochs(experiment: Experiment) -> int:
    """How many epochs `run` has to go through, one for each stack."""
    return sum(plan.settings.config.epochs for plan in _plans(experiment, Path()))


def is_there(experiment: Experiment, folder: Path) -> bool:
    """Whether the folder holds all of a result."""
    return all(map(is_finished, _plans(experiment, folder)))


def _chosen(experiment: Experiment, trials: Sequence[Piece]) -> tuple[list[float], Settings]:
    """What the settings in question came to on the validation images, and the best of them."""
    scores = [float(trial.accuracies("validation").max()) for trial in trials]
    return scores, experiment.settings[int(np.argmax(scores)) if scores else 0]


def _plans(experiment: Experiment, folder: Path) -> list[Plan]:
    """All that `run` trains; which settings it will take is not known yet, but for how long."""
    stacks = _stacks(experiment, experiment.settings[0], folder)
    return [*stacks, *_trials(experiment, folder)]


def _trials(experiment: Experiment, folder: Path) -> list[Plan]:
    """The settings to choose from, where there is a choice, each for the epochs of a trial."""
    if len(experiment.settings) == 1:
        return []
    here, epochs = folder / experiment.name, experiment.trial
    return [
        Plan(experiment, each.for_epochs(epochs), (TRIAL_SEED,), _CHOOSES, here / f"trial-{k}.json")
        for k, each in enumerate(experiment.settings)
    ]


def _stacks(experiment: Experiment, settings: Settings, folder: Path) -> list[Plan]:
    """The seeds, cut into stacks."""
    here, n, size = folder / experiment.name, experiment.seeds, experiment.stacked
    cuts = [tuple(range(start, min(start + size, n))) for start in range(0, n, size)]
    return [
        Plan(experiment, settings, cut, _REPORTS, here / f"seeds-{cut[0]}-{cut[-1]}.json")
        for cut in cuts
    ]
