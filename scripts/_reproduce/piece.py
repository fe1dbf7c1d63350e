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
from fnnet._checks import InputError, finite_number, require
from fnnet._files import replacing
from fnnet._records import Array

__all__ = ["Piece", "Plan", "is_finished", "resume", "train"]


@attrs.frozen
class Plan:
    """A stack to train: a network a seed, evaluated `on` parts of the images after each epoch.

    `path` is `NAME.json`.
    """

    experiment: Experiment
    settings: Settings
    seeds: tuple[int, ...]
    on: tuple[str, ...]
    path: Path


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


def train(plan: Plan, images: Images, advance: Callable[[int], None]) -> Piece:
    """The networks of a plan, from their files as far as those go.

    `advance` is told of epochs that are done: at first of those in the files.

    Raises
    ------
    InputError
        Where the files are of another run, or are damaged.
    """
    piece = resume(plan, images)
    advance(piece.state.epoch)
    run = _run(plan, images)
    began = time.perf_counter() - piece.seconds
    config = plan.settings.seeded(plan.seeds)
    monitor = {part: getattr(images, part) for part in plan.on}
    states = plan.experiment.trajectory(piece.state, images.train, config, monitor=monitor)
    for state in states:
        digests = (*piece.digests, state.params.digest())
        piece = Piece(state, digests, time.perf_counter() - began)
        about = {"run": run, "digests": digests, "seconds": piece.seconds}
        # It goes first: a digest too much is cut off again.
        with replacing(plan.path) as file:
            file.write(f"{json.dumps(about, indent=1)}\n".encode())
        fnnet.save_state(plan.path.with_suffix(".npz"), state)
        advance(1)
    return piece


def is_finished(plan: Plan) -> bool:
    """Whether there is nothing left to train."""
    states, epochs = plan.path.with_suffix(".npz"), plan.settings.config.epochs
    return plan.path.exists() and states.exists() and fnnet.load_state(states).epoch == epochs


def resume(plan: Plan, images: Images) -> Piece:
    """What there is; errors as in `train`."""
    params = plan.settings.init(plan.experiment.sizes, plan.seeds)
    start = fnnet.start(params, plan.settings.seeded(plan.seeds))
    if not plan.path.exists():
        return Piece(start)
    run, digests, seconds = _read(plan.path)
    for name, value in _run(plan, images).items():
        expected = f"{run.get(name)!r}, as in {plan.path}, or another --out"
        require(run.get(name) == value, name, value, expected)
    states = plan.path.with_suffix(".npz")
    if not states.exists():
        return Piece(start, seconds=seconds)
    state = fnnet.load_state(states)
    digests = digests[: state.epoch]
    parts = [tuple(dict(report.evaluations)) for report in state.history]
    if digests[-1:] != (state.params.digest(),) or parts != [plan.on] * len(digests):
        held = f"{states} is not of the run that {plan.path} tells of"
        raise InputError(f"{held}: expected both of one run, or neither")
    return Piece(state, digests, seconds)


def _run(plan: Plan, images: Images) -> dict[str, Any]:
    """All that the bytes of the result depend on."""
    return {
        "network": list(plan.experiment.sizes),
        "seeds": list(plan.seeds),
        **plan.settings.described(),
        "step": plan.experiment.trajectory.__name__,
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
    except (ValueError, KeyError, TypeError, RecursionError):
        expected = "its JSON, or no file"
        raise InputError(f"{path} is not what reproduce.py writes: expected {expected}") from None
