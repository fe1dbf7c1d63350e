"""From an experiment to its result: the settings chosen where they are open, then all its seeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from _reproduce.experiment import Experiment, Settings
from _reproduce.images import Images
from _reproduce.piece import Piece, is_finished, resume, train
from _reproduce.result import Result

__all__ = ["all_epochs", "check", "is_there", "run"]

_TRIAL_SEED = 1000
"""Of the networks that settings are tried with; no result has it."""


def run(
    experiment: Experiment, images: Images, folder: Path, advance: Callable[[int], None]
) -> Result:
    """Train what the folder does not hold yet; `advance` is told of epochs that are done."""
    (folder / experiment.name).mkdir(parents=True, exist_ok=True)
    trials = [
        train(experiment, settings, (_TRIAL_SEED,), images, ("validation",), path, advance)
        for path, settings in _trials(experiment, folder)
    ]
    scores, settings = _chosen(experiment, trials)
    parts = ("validation", "test")
    pieces = [
        train(experiment, settings, seeds, images, parts, path, advance)
        for path, seeds in _stacks(experiment, folder)
    ]
    return Result(
        experiment=experiment,
        settings=settings,
        tried=tuple(zip(experiment.settings, scores, strict=bool(scores))),
        accuracies={
            part: 100 * np.hstack([[row[part] for row in piece["epochs"]] for piece in pieces])
            for part in parts
        },
        digests=tuple(digest for piece in pieces for digest in piece["digests"]),
        seconds=sum(piece["seconds"] for piece in (*trials, *pieces)),
    )


def check(experiment: Experiment, images: Images, folder: Path) -> None:
    """Refuse, before anything is trained, what the folder holds of another run."""
    trials = [
        resume(experiment, settings, (_TRIAL_SEED,), images, path)
        for path, settings in _trials(experiment, folder)
    ]
    if all(state.epoch == experiment.trial for _, state in trials):
        _, settings = _chosen(experiment, [trial for trial, _ in trials])
        for path, seeds in _stacks(experiment, folder):
            resume(experiment, settings, seeds, images, path)


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


def _chosen(experiment: Experiment, trials: Sequence[Piece]) -> tuple[list[float], Settings]:
    """What the settings in question came to on the validation images, and the best of them."""
    scores = [100 * max(row["validation"][0] for row in trial["epochs"]) for trial in trials]
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
