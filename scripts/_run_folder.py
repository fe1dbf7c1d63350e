"""A run on disk.

`params.npz` is the network to use, `state.npz` where the run stands, `run.json` how it came there.
"""

from __future__ import annotations

import json
import platform
from hashlib import sha256
from pathlib import Path
from typing import Any

import attrs
import numpy as np

import fnnet
from fnnet.checks import require
from fnnet.storage import replacing


def describe(
    data: str, splits: fnnet.Splits, start: fnnet.Params, config: fnnet.TrainConfig
) -> dict[str, Any]:
    """What a run depends on, for `run.json`."""
    train = splits.train
    settings = attrs.asdict(config, recurse=False)
    return {
        "data": data,
        "network": {"sizes": list(start.sizes), "dtype": start.dtype.name},
        "config": {name: getattr(value, "name", value) for name, value in settings.items()},
        "versions": {
            "fnnet": fnnet.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
            "machine": platform.machine(),
        },
        "digests": {
            "training data": sha256(train.x.tobytes() + train.y.tobytes()).hexdigest(),
            "start": start.digest(),
        },
    }


def create(folder: Path) -> None:
    """Make the folder of a new run; one that holds a run already is left alone."""
    is_new = not (folder / "run.json").exists()
    require(is_new, "--out", str(folder), "a folder without a run (--resume continues one)")
    folder.mkdir(parents=True, exist_ok=True)


def resume(folder: Path, run: dict[str, Any]) -> tuple[fnnet.TrainState, list[dict[str, Any]]]:
    """Where the run in a folder stands, and its history so far, if it is the same run."""
    state = fnnet.load_state(folder / "state.npz")
    before = read(folder)
    for part in ("network", "config", "digests"):
        for name, value in run[part].items():
            expected = f"{before[part].get(name)!r}, as the run in {folder} has it"
            require(name == "epochs" or before[part].get(name) == value, name, value, expected)
    return state, before["history"][: state.epoch]


def read(folder: Path) -> dict[str, Any]:
    """The `run.json` of a run."""
    path = folder / "run.json"
    try:
        run = json.loads(path.read_text())
        for part in ("network", "config", "digests"):
            run[part].items()
        run["data"], run["config"]["cost"], run["history"][:]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise fnnet.InputError(f"{path} is not what train.py writes: expected its JSON") from None
    return dict(run)


def write(
    folder: Path, state: fnnet.TrainState, run: dict[str, Any], history: list[dict[str, Any]]
) -> None:
    """Bring the files up to date. The history goes first: `resume` cuts off what is too much."""
    digests = {**run["digests"], "params": state.params.digest()}
    text = json.dumps({**run, "digests": digests, "history": history}, indent=1)
    with replacing(folder / "run.json") as file:
        file.write(f"{text}\n".encode())
    fnnet.save_state(folder / "state.npz", state)
    fnnet.save_params(folder / "params.npz", state.result)
