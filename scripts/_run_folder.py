"""A run in a folder, at the same cost for each epoch.

`run.json` holds the settings, `history.jsonl` a line of JSON for each epoch, `params.npz` the
network to use, and `state.npz` where the run stands.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs

import fnnet
from _common import require
from _files import alone, replacing

Run = Mapping[str, Any]
"""What a `run.json` holds."""

FIGURES = ("correct", "total", "cost", "accuracy")
"""What a line of the history says of each evaluation."""

_COMPARED = {"network": {}, "config": {}, "digests": {"start": str}}
"""The parts of `run.json` that are equal where a run is the same."""


def has_state(folder: Path) -> bool:
    """Whether the folder holds a run that has begun."""
    return (folder / "state.npz").exists()


@contextmanager
def held(folder: Path, *, resume: bool) -> Iterator[None]:
    """The folder of a run to resume, or of a new one, until the block ends; see `alone`."""
    new, old = "a folder without a run (--resume continues one)", "the folder of a run to --resume"
    require(not resume or has_state(folder), "--out", str(folder), old)
    with alone(folder):
        require(resume or not has_state(folder), "--out", str(folder), new)
        yield


def read(folder: Path, shape: Run) -> dict[str, Any]:
    """The `run.json` of a run, with values of the given shape."""
    path = folder / "run.json"
    try:
        run = json.loads(path.read_text())
    except (ValueError, RecursionError):
        run = None
    if not _fits(run, shape):
        raise fnnet.InputError(f"{path} is damaged, or no run's: expected the JSON of a run")
    return dict(run)


def _fits(value: Any, shape: Any) -> bool:
    """Whether JSON is of a type, a list of what fits [shape], or a dict with the shapes in it."""
    if isinstance(shape, list):
        return isinstance(value, list) and all(_fits(item, *shape) for item in value)
    if isinstance(shape, dict):
        is_there = isinstance(value, dict) and shape.keys() <= value.keys()
        return is_there and all(_fits(value[name], part) for name, part in shape.items())
    return isinstance(value, shape)


def load(folder: Path, run: Run) -> tuple[fnnet.TrainState, list[dict[str, Any]]]:
    """Where the run in a folder stands, with its last report only, and all of its history.

    It is refused if it is not this run, which may have other epochs, or damaged.
    """
    before, run = read(folder, _COMPARED), dict(json.loads(json.dumps(run)))
    for part in _COMPARED:
        for name, value in run[part].items():
            old = before[part].get(name)
            expected = f"{old!r}, as in the run in {folder}, or another --out"
            require(name == "epochs" or old == value, name, value, expected)
    state, path = fnnet.load_state(folder / "state.npz"), folder / "history.jsonl"
    try:
        # A killed run may leave a line too many, or half a line, which has no end.
        rows = [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1][: state.epoch]]
    except (ValueError, RecursionError):
        rows = []
    fits = _fits(rows, [{"epoch": int, "digest": str}]) and len(rows) == state.epoch
    if not fits or any(row["epoch"] != number for number, row in enumerate(rows)):
        expected = f"a line of JSON for each of the {state.epoch} epochs of state.npz"
        raise fnnet.InputError(f"{path} is damaged, or of another run: expected {expected}")
    if state.params.digest() != (rows[-1]["digest"] if rows else run["digests"]["start"]):
        wrong = f"{folder / 'state.npz'} is not of the run that {path} tells of"
        raise fnnet.InputError(f"{wrong}: expected both of one run")
    return state, rows


def begin(
    folder: Path, run: Run, state: fnnet.TrainState, scaling: fnnet.Scaling | None = None
) -> None:
    """Bring the files to where the run stands before its next epoch."""
    with replacing(folder / "run.json") as file:
        file.write(f"{json.dumps(run, indent=1)}\n".encode())
    with (folder / "history.jsonl").open("a+b") as history:
        history.seek(0)
        history.truncate(sum(len(history.readline()) for _ in range(state.epoch)))
    _save(folder, state, scaling)


def add(
    folder: Path,
    state: fnnet.TrainState,
    scaling: fnnet.Scaling | None = None,
    figures: Sequence[str] = FIGURES,
    **more: object,
) -> None:
    """Put an epoch into the files. The history goes first: `begin` cuts off what is too much."""
    report = state.history[-1]
    row = {"epoch": report.epoch, "eta": report.eta, "digest": state.params.digest(), **more}
    for name, evaluation in report.evaluations:
        row[name] = {figure: getattr(evaluation, figure) for figure in figures}
    with (folder / "history.jsonl").open("a") as history:
        # A stack of networks has arrays of figures.
        history.write(f"{json.dumps(row, default=lambda array: array.tolist())}\n")
        history.flush()
        os.fsync(history.fileno())
    _save(folder, state, scaling)


def _save(folder: Path, state: fnnet.TrainState, scaling: fnnet.Scaling | None) -> None:
    fnnet.save_params(folder / "params.npz", state.result, scaling=scaling)
    # The reports are in history.jsonl. To go on, a run needs only the last one.
    fnnet.save_state(folder / "state.npz", attrs.evolve(state, history=state.history[-1:]))
