"""From an experiment to its result: open settings are chosen, then all seeds are trained.

A result has several stacks of networks, each in a run folder of its own.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import attrs
import numpy as np

import _run_folder
import fnnet
from _common import Array
from _files import alone
from _report import machine
from _reproduce.experiment import Experiment, Result, Settings
from _reproduce.images import Images

TRIAL_SEED = 1000
"""The seed of the networks that settings are tried with. Those of a result have 0 and up."""

Advance = Callable[[int], None]
"""What is told of epochs that are done."""


class _Trained(NamedTuple):
    """How far a stack has come, with its right answers in percent, (epochs, seeds)."""

    state: fnnet.TrainState
    accuracies: dict[str, Array]
    seconds: float


@attrs.frozen
class _Stack:
    """A stack to train: a network for each seed, evaluated `on` parts of the images."""

    experiment: Experiment
    settings: Settings
    seeds: tuple[int, ...]
    on: tuple[str, ...]
    folder: Path

    def start(self) -> fnnet.TrainState:
        params = self.settings.init(self.experiment.sizes, self.seeds)
        return fnnet.start(params, self.settings.seeded(self.seeds))

    def described(self, images: Images) -> dict[str, Any]:
        """All that its bytes depend on."""
        return {
            "network": {"sizes": self.experiment.sizes},
            "config": {
                "seeds": self.seeds,
                **self.settings.described(),
                "step": self.experiment.trajectory.__name__,
                "fnnet": fnnet.__version__,
                "numpy": np.__version__,
                "processor": machine()["processor"],
            },
            "digests": {"data": images.digest, "start": self.start().params.digest()},
        }

    def stored(self, images: Images) -> _Trained:
        """As its folder has it, or before its first epoch."""
        state, rows = self.start(), list[dict[str, Any]]()
        if _run_folder.has_state(self.folder):
            state, rows = _run_folder.load(self.folder, self.described(images))
        shape = len(rows), len(self.seeds)
        try:
            shares = {part: [row[part]["accuracy"] for row in rows] for part in self.on}
            accuracies = {part: 100 * np.reshape(shares[part], shape) for part in self.on}
            return _Trained(state, accuracies, sum(row["seconds"] for row in rows[-1:]))
        except (KeyError, TypeError, ValueError):
            held = f"{self.folder / 'history.jsonl'} is damaged"
            raise fnnet.InputError(f"{held}: expected what reproduce.py writes") from None

    def train(self, images: Images, advance: Advance) -> None:
        config = self.settings.seeded(self.seeds)
        if self.stored(images).state.epoch == config.epochs:
            advance(config.epochs)
            return
        with alone(self.folder):
            state, _, seconds = self.stored(images)
            advance(state.epoch)
            began = time.perf_counter() - seconds
            monitor = {part: getattr(images, part) for part in self.on}
            states = self.experiment.trajectory(state, images.train, config, monitor=monitor)
            _run_folder.begin(self.folder, self.described(images), state)
            for state in states:
                _run_folder.add(self.folder, state, seconds=time.perf_counter() - began)
                advance(1)


def run(experiment: Experiment, images: Images, folder: Path, advance: Advance) -> Result:
    """Train what the folder does not hold yet; a folder with another run is refused."""
    for stack in _trials(experiment, folder):
        stack.train(images, advance)
    trials = [stack.stored(images) for stack in _trials(experiment, folder)]
    for stack in _stacks(experiment, _chosen(experiment, trials)[1], folder):
        stack.train(images, advance)
    result = stored(experiment, images, folder)
    assert result is not None
    return result


def stored(experiment: Experiment, images: Images, folder: Path) -> Result | None:
    """The result, if the folder holds all of it; a folder with another run is refused."""
    trials = [stack.stored(images) for stack in _trials(experiment, folder)]
    if any(trial.state.epoch < experiment.trial for trial in trials):
        return None
    scores, settings = _chosen(experiment, trials)
    stacks = [stack.stored(images) for stack in _stacks(experiment, settings, folder)]
    if any(stack.state.epoch < settings.config.epochs for stack in stacks):
        return None
    every, parts = [stack.state.params for stack in stacks], stacks[0].accuracies
    return Result(
        experiment=experiment,
        settings=settings,
        tried=tuple(zip(experiment.settings, scores, strict=bool(scores))),
        accuracies={
            part: np.hstack([stack.accuracies[part] for stack in stacks]) for part in parts
        },
        digests=tuple(params[k].digest() for params in every for k in range(*params.leading)),
        seconds=sum(stack.seconds for stack in (*trials, *stacks)),
    )


def all_epochs(experiment: Experiment) -> int:
    """How many epochs `run` has to go through, over all stacks."""
    # Whatever settings are chosen, the number of epochs is the same.
    stacks = _stacks(experiment, experiment.settings[0], Path())
    return sum(one.settings.config.epochs for one in (*stacks, *_trials(experiment, Path())))


def _chosen(experiment: Experiment, trials: Sequence[_Trained]) -> tuple[list[float], Settings]:
    """The scores of the settings to choose from on the validation images, and the best of them."""
    scores = [float(trial.accuracies["validation"].max()) for trial in trials]
    return scores, experiment.settings[int(np.argmax(scores)) if scores else 0]


def _trials(experiment: Experiment, folder: Path) -> list[_Stack]:
    """A short run for each of the settings, where there are several."""
    here, several = folder / experiment.name, len(experiment.settings) > 1
    tried = [settings.changed(epochs=experiment.trial) for settings in experiment.settings]
    return [
        _Stack(experiment, settings, (TRIAL_SEED,), ("validation",), here / f"trial-{k}")
        for k, settings in enumerate(tried if several else ())
    ]


def _stacks(experiment: Experiment, settings: Settings, folder: Path) -> list[_Stack]:
    """The seeds, cut into stacks."""
    here, n, size = folder / experiment.name, experiment.seeds, experiment.stacked
    cuts = [tuple(range(start, min(start + size, n))) for start in range(0, n, size)]
    names, on = [f"seeds-{cut[0]}-{cut[-1]}" for cut in cuts], ("validation", "test")
    return [
        _Stack(experiment, settings, cut, on, here / name)
        for cut, name in zip(cuts, names, strict=True)
    ]
