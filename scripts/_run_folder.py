"""A run on disk.

`params.npz` is the network to use, `state.npz` where the run stands, `run.json` how it came there.
"""

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import Any

import attrs
import numpy as np

import fnnet
from _common import Reading, digest_of
from _lock import lock
from fnnet._checks import require
from fnnet._files import replacing

_SHAPE: dict[str, Any] = {
    "data": str,
    "reading": {"target": str | None, "task": str | None, "header": bool | None},
    "task": str,
    "classes": [str],
    "network": {"sizes": [int]},
    "config": {"cost": str},
    "digests": {"start": str},
    "history": [{"digest": str}],
}
"""What the scripts rely on in a `run.json`."""


def describe(
    data: str,
    reading: Reading,
    scale: str,
    task: str,
    classes: list[str],
    train: fnnet.Dataset,
    validation: fnnet.Dataset,
    start: fnnet.Params,
    config: fnnet.TrainConfig,
) -> dict[str, Any]:
    """What a run depends on, as `run.json` gives it back."""
    activations = [activation.name for activation in start.architecture.activations]
    settings = attrs.asdict(config, recurse=False)
    run = {
        "data": data,
        "reading": reading._asdict(),
        "scale": scale,
        "task": task,
        "classes": classes,
        "network": {
            "sizes": list(start.sizes),
            "activations": activations,
            "dtype": start.dtype.name,
        },
        "config": {name: getattr(value, "name", value) for name, value in settings.items()},
        "versions": {
            "fnnet": fnnet.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
            "machine": platform.machine(),
        },
        "digests": {
            "training data": digest_of(train),
            "validation data": digest_of(validation),
            "start": start.digest(),
        },
    }
    return dict(json.loads(json.dumps(run)))


def create(folder: Path) -> None:
    """Make the folder of a new run, this process's until it ends; one with a run is left alone."""
    folder.mkdir(parents=True, exist_ok=True)
    lock(folder)
    is_new = not (folder / "state.npz").exists()
    require(is_new, "--out", str(folder), "a folder without a run (--resume continues one)")


def resume(folder: Path, run: dict[str, Any]) -> tuple[fnnet.TrainState, list[dict[str, Any]]]:
    """Where the run in a folder stands, and its history so far, if it is the same run.

    From here on the folder is this process's, until it ends.
    """
    has_run = (folder / "state.npz").exists()
    require(has_run, "--out", str(folder), "the folder of a run to --resume")
    lock(folder)
    state = fnnet.load_state(folder / "state.npz")
    before = read(folder)
    for part in ("network", "config", "digests"):
        for name, value in run[part].items():
            expected = f"{before[part].get(name)!r}, as the run in {folder} has it"
            require(name == "epochs" or before[part].get(name) == value, name, value, expected)
    history = before["history"][: state.epoch]
    digests = [before["digests"]["start"], *(row["digest"] for row in history)]
    if digests[state.epoch :] != [state.params.digest()]:
        held = f"{folder / 'state.npz'} is not of the run that {folder / 'run.json'} tells of"
        raise fnnet.InputError(f"{held}: expected both of one run")
    return state, history


def read(folder: Path) -> dict[str, Any]:
    """The `run.json` of a run."""
    path = folder / "run.json"
    try:
        run = json.loads(path.read_text())
        fits = (
            _fits(run, _SHAPE)
            and run["reading"].keys() == _SHAPE["reading"].keys()
            and len(run["classes"]) == max([2, *run["network"]["sizes"][-1:]])
        )
    except (ValueError, RecursionError):
        fits = False
    if not fits:
        raise fnnet.InputError(f"{path} is not what train.py writes: expected its JSON")
    return dict(run)


def _fits(value: Any, shape: Any) -> bool:
    """Whether JSON is of a kind, a list of what fits [shape], or a dict with the shapes in it."""
    if isinstance(shape, list):
        return isinstance(value, list) and all(_fits(item, *shape) for item in value)
    if isinstance(shape, dict):
        is_there = isinstance(value, dict) and shape.keys() <= value.keys()
        return is_there and all(_fits(value[name], part) for name, part in shape.items())
    return isinstance(value, shape)


def row(state: fnnet.TrainState, task: str) -> dict[str, Any]:
    """The last epoch, for the history in `run.json`."""
    report = state.history[-1]
    evaluations = {
        name: {"total": evaluation.total, "cost": evaluation.cost}
        if task == "regression"
        else {**attrs.asdict(evaluation), "accuracy": evaluation.accuracy}
        for name, evaluation in report.evaluations
    }
    digest = state.params.digest()
    return {"epoch": report.epoch, "eta": report.eta, "digest": digest, **evaluations}


def write(
    folder: Path,
    state: fnnet.TrainState,
    run: dict[str, Any],
    history: list[dict[str, Any]],
    scaling: fnnet.Scaling | None,
) -> None:
    """Bring the files up to date. The history goes first: `resume` cuts off what is too much."""
    digests = {**run["digests"], "params": state.result.digest()}
    text = json.dumps({**run, "digests": digests, "history": history}, indent=1)
    with replacing(folder / "run.json") as file:
        file.write(f"{text}\n".encode())
    fnnet.save_params(folder / "params.npz", state.result, scaling=scaling)
    fnnet.save_state(folder / "state.npz", state)
