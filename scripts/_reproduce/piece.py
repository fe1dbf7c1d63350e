"""A piece of a result: one stack of networks, trained epoch by epoch, and kept in two files.

`NAME.npz` holds where the training stands, with the figures of every epoch so far in its history;
`NAME.json` tells which run that is of. Both are replaced after each epoch: an interruption costs an
epoch at the most.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import numpy as np

import fnnet
from _machine import machine
from _reproduce.experiment import Experiment, Settings
from _reproduce.images import Images
from fnnet.checks import InputError, finite_number, require
from fnnet.records import Array
from fnnet.replacing import replacing

__all__ = ["Piece", "is_finished", "resume", "train"]


@attrs.frozen
class Piece:
    """How far the training of a stack has come.

    Attributes
    ----------
    state
        Where it stands; its history has the evaluations.
    digests
        Of the stack, after each epoch.
    seconds
        It took, evaluation included.
    """

    state: fnnet.TrainState
    digests: tuple[str, ...] = ()
    seconds: float = 0.0

    def accuracies(self, part: str) -> Array:
        """The right answers among a part of the images, in percent: (epochs, seeds)."""
        history = (dict(report.evaluations) for report in self.state.history)
        return 100 * np.array([evaluations[part].accuracy for evaluations in history])


def train(
    experiment: Experiment,
    settings: Settings,
    seeds: tuple[int, ...],
    images: Images,
    on: tuple[str, ...],
    path: Path,
    advance: Callable[[int], None],
) -> Piece:
    """The networks of these seeds, from their files as far as those go.

    Parameters
    ----------
    on
        Which parts of the images to evaluate on after each epoch.
    path
        `NAME.json`.
    advance
        Is told of epochs that are done: at first of those in the files.

    Raises
    ------
    InputError
        Where the files are of another run, or are damaged.
    """
    piece = resume(experiment, settings, seeds, images, on, path)
    advance(piece.state.epoch)
    run = _run(experiment, settings, seeds, images)
    began = time.perf_counter() - piece.seconds
    states = experiment.trajectory(
        piece.state,
        images.train,
        settings.seeded(seeds),
        monitor={part: getattr(images, part) for part in on},
    )
    for state in states:
        digests = (*piece.digests, state.params.digest())
        piece = Piece(state, digests, time.perf_counter() - began)
        about = {"run": run, "digests": digests, "seconds": piece.seconds}
        # It goes first: a digest too much is cut off again.
        with replacing(path) as file:
            file.write(f"{json.dumps(about, indent=1)}\n".encode())
        fnnet.save_state(path.with_suffix(".npz"), state)
        advance(1)
    return piece


def is_finished(path: Path, epochs: int) -> bool:
    """Whether there is nothing left to train."""
    states = path.with_suffix(".npz")
    return path.exists() and states.exists() and fnnet.load_state(states).epoch == epochs


def resume(
    experiment: Experiment,
    settings: Settings,
    seeds: tuple[int, ...],
    images: Images,
    on: tuple[str, ...],
    path: Path,
) -> Piece:
    """What there is; arguments and errors as in `train`."""
    start = fnnet.start(settings.init(experiment.sizes, seeds), settings.seeded(seeds))
    if not path.exists():
        return Piece(start)
    run, digests, seconds = _read(path)
    for name, value in _run(experiment, settings, seeds, images).items():
        expected = f"{run.get(name)!r}, as in {path}, or another --out"
        require(run.get(name) == value, name, value, expected)
    states = path.with_suffix(".npz")
    if not states.exists():
        return Piece(start, seconds=seconds)
    state = fnnet.load_state(states)
    digests = digests[: state.epoch]
    parts = [tuple(dict(report.evaluations)) for report in state.history]
    if digests[-1:] != (state.params.digest(),) or parts != [on] * len(digests):
        expected = "both of one run, or neither"
        raise InputError(f"{states} is not of the run that {path} tells of: expected {expected}")
    return Piece(state, digests, seconds)


def _run(
    experiment: Experiment, settings: Settings, seeds: tuple[int, ...], images: Images
) -> dict[str, Any]:
    """All that the bytes of the result depend on."""
    return {
        "network": list(experiment.sizes),
        "seeds": list(seeds),
        **settings.described(),
        "step": experiment.trajectory.__name__,
        "data": images.digest,
        "fnnet": fnnet.__version__,
        "numpy": np.__version__,
        "processor": machine()["processor"],
    }


def _read(path: Path) -> tuple[dict[str, Any], tuple[str, ...], float]:
    try:
        about = json.loads(path.read_text())
        seconds = finite_number("seconds", about["seconds"], at_least=0)
        return dict(about["run"]), tuple(about["digests"]), seconds
    except (ValueError, KeyError, TypeError):
        expected = "its JSON, or no file"
        raise InputError(f"{path} is not what reproduce.py writes: expected {expected}") from None
