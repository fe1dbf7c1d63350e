"""From an experiment to its result: the settings chosen where they are open, then all its seeds."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from _reproduce.experiment import Experiment, Settings
from _reproduce.images import Images
from _reproduce.piece import Piece, is_finished, resume, train
from _reproduce.result import Result
from fnnet.checks import InputError

__all__ = ["TRIAL_SEED", "all_epochs", "check", "is_there", "run"]

TRIAL_SEED = 1000
"""Of the networks that settings are tried with: far from those of a result, 0 and up."""

_CHOOSES, _REPORTS = ("validation",), ("validation", "test")
"""The parts of the images that a trial is evaluated on, and a result."""


def run(
    experiment: Experiment, images: Images, folder: Path, advance: Callable[[int], None]
) -> Result:
    """Train what the folder does not hold yet; `advance` is told of epochs that are done."""
    with _alone(folder / experiment.name):
        trials = [
            train(experiment, settings, (TRIAL_SEED,), images, _CHOOSES, path, advance)
            for path, settings in _trials(experiment, folder)
        ]
        scores, settings = _chosen(experiment, trials)
        pieces = [
            train(experiment, settings, seeds, images, _REPORTS, path, advance)
            for path, seeds in _stacks(experiment, folder)
        ]
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
    trials = [
        resume(experiment, settings, (TRIAL_SEED,), images, _CHOOSES, path)
        for path, settings in _trials(experiment, folder)
    ]
    if all(trial.state.epoch == experiment.trial for trial in trials):
        _, settings = _chosen(experiment, trials)
        for path, seeds in _stacks(experiment, folder):
            resume(experiment, settings, seeds, images, _REPORTS, path)


def all_epochs(experiment: Experiment) -> int:
    """How many epochs `run` has to go through, one for each stack."""
    trials = [settings.config.epochs for _, settings in _trials(experiment, Path())]
    stacks = len(_stacks(experiment, Path()))
    return sum(trials) + stacks * experiment.settings[0].config.epochs


def is_there(experiment: Experiment, folder: Path) -> bool:
    """Whether the folder holds all of a result."""
    epochs = experiment.settings[0].config.epochs
    return all(is_finished(path, epochs) for path, _ in _stacks(experiment, folder)) and all(
        is_finished(path, settings.config.epochs) for path, settings in _trials(experiment, folder)
    )


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Refuse a folder that another process is training in: both would write the same files."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            expected = "its end, or another --out"
            raise InputError(f"{folder} is in use by another run: expected {expected}") from None
        yield


def _chosen(experiment: Experiment, trials: Sequence[Piece]) -> tuple[list[float], Settings]:
    """What the settings in question came to on the validation images, and the best of them."""
    scores = [float(trial.accuracies("validation").max()) for trial in trials]
    return scores, experiment.settings[int(np.argmax(scores)) if scores else 0]


def _trials(experiment: Experiment, folder: Path) -> list[tuple[Path, Settings]]:
    """The settings to choose from, where there is a choice, each for the epochs of a trial."""
    if len(experiment.settings) == 1:
        return []
    return [
        (folder / experiment.name / f"trial-{k}.json", settings.for_epochs(experiment.trial))
        for k, settings in enumerate(experiment.settings)
    ]


def _stacks(experiment: Experiment, folder: Path) -> list[tuple[Path, tuple[int, ...]]]:
    """The seeds, cut into stacks, each with the file of its piece."""
    n, size = experiment.seeds, experiment.stacked
    cuts = [tuple(range(start, min(start + size, n))) for start in range(0, n, size)]
    return [(folder / experiment.name / f"seeds-{cut[0]}-{cut[-1]}.json", cut) for cut in cuts]
