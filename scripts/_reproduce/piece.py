"""A piece of a result: one stack of networks, trained epoch by epoch, and kept in two files.

`NAME.json` holds the figures of every epoch so far, `NAME.npz` where the training stands. Both are
replaced after each epoch: an interruption costs an epoch at the most.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import fnnet
from _reproduce.experiment import Experiment, Settings
from _reproduce.images import Images
from fnnet.checks import require
from fnnet.replacing import replacing

__all__ = ["Piece", "is_finished", "resume", "train"]

Piece = dict[str, Any]
"""What `NAME.json` holds: the `run` that it is of, the accuracies after its `epochs`, the `digests`
of its networks, and the `seconds` that it took, evaluation included."""


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
        Where the files are of another run.
    """
    config = settings.seeded(seeds)
    piece, before = resume(experiment, settings, seeds, images, path)
    advance(before.epoch)
    began = time.perf_counter() - piece["seconds"]
    for state in experiment.trajectory(before, images.train, config):
        reports = {
            part: fnnet.evaluate(state.params, getattr(images, part), cost=config.cost)
            for part in on
        }
        piece["epochs"].append({part: reports[part].accuracy.tolist() for part in on})
        piece["digests"] = [state.params[k].digest() for k in range(len(seeds))]
        piece["seconds"] = time.perf_counter() - began
        # The figures go first: those of an epoch too much are cut off again.
        with replacing(path) as file:
            file.write(f"{json.dumps(piece, indent=1)}\n".encode())
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
    path: Path,
) -> tuple[Piece, fnnet.TrainState]:
    """What there is, and where it stands; arguments and errors as in `train`."""
    run = {
        "network": list(experiment.sizes),
        "seeds": list(seeds),
        "settings": settings.described(),
        "step": experiment.trajectory.__name__,
        "data": images.digest,
        "numpy": np.__version__,
    }
    start = fnnet.start(settings.init(experiment.sizes, seeds), settings.seeded(seeds))
    if not path.exists():
        return {"run": run, "epochs": [], "seconds": 0.0, "digests": []}, start
    piece = _read(path)
    for name, value in run.items():
        expected = f"{piece['run'].get(name)!r}, as in {path}, or another --out"
        require(piece["run"].get(name) == value, name, value, expected)
    states = path.with_suffix(".npz")
    state = fnnet.load_state(states) if states.exists() else start
    return {**piece, "epochs": piece["epochs"][: state.epoch]}, state


def _read(path: Path) -> Piece:
    try:
        piece = json.loads(path.read_text())
        piece["run"].items(), piece["seconds"], piece["digests"], piece["epochs"][:]
    except (ValueError, KeyError, TypeError, AttributeError):
        expected = "its JSON, or no file"
        raise fnnet.InputError(
            f"{path} is not what reproduce.py writes: expected {expected}"
        ) from None
    return dict(piece)
