"""Networks and runs in files: `.npz` without pickle."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from fnnet._checks import as_path, finite_array, record, require
from fnnet._files import read_npz, reading, replacing
from fnnet._records import Array
from fnnet.datasets.scaling import Scaling
from fnnet.evaluation.metrics import Evaluation
from fnnet.network.params import Architecture, Params, check_real
from fnnet.training.state import EpochReport, TrainState

__all__ = ["load_params", "load_scaling", "load_state", "save_params", "save_state"]

AnyPath = str | os.PathLike[str]

_PARAMS_FORMAT, _STATE_FORMAT = 1, 2  # the network's entries are the same in both

_NETWORK = "a file of save_params or save_state"


def save_params(path: AnyPath, params: Params, *, scaling: Scaling | None = None) -> None:
    """Save a network, or a stack, as an `.npz` of `sizes`, `activations` and `theta`.

    Equal arguments give equal files, byte for byte.

    Parameters
    ----------
    path
        The file, replaced if there is one. No ending is added.
    params
        With the package's own activations; a caller's own function cannot be saved.
    scaling
        How the network's inputs were scaled, for `load_scaling`: the entries `scaling_shift` and
        `scaling_factor`.

    Raises
    ------
    InputError
        If theta is not finite, an activation is a caller's own, or the scaling does not fit.
    OSError
        If the disk cannot take the file. A file that was there stays as it was.

    Examples
    --------
    >>> import fnnet, tempfile
    >>> params, scaling = fnnet.init([2, 1], seed=0), fnnet.Scaling([1.0, 0.0], [2.0, 1.0])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = f"{folder}/params.npz"
    ...     fnnet.save_params(path, params, scaling=scaling)
    ...     fnnet.load_params(path) == params, fnnet.load_scaling(path) == scaling
    (True, True)
    """
    entries = _entries(params, _PARAMS_FORMAT)
    if scaling is not None:
        record("scaling", scaling, Scaling)
        _check_scaling(scaling, params)
        entries |= {"scaling_shift": scaling.shift, "scaling_factor": scaling.factor}
    _save(path, entries)


def load_params(path: AnyPath) -> Params:
    """The network, or the stack, from a file of `save_params` or `save_state`.

    Raises
    ------
    InputError
        If the file is missing, damaged or of another kind.
    """
    return _load(path, _NETWORK)[1]


def load_scaling(path: AnyPath) -> Scaling | None:
    """The scaling from a file of `save_params`, or None; errors are those of `load_params`."""
    entries, params = _load(path, _NETWORK)
    if not {"scaling_shift", "scaling_factor"} & entries.keys():
        return None
    with reading(path, _NETWORK):
        scaling = Scaling(entries["scaling_shift"], entries["scaling_factor"])
        _check_scaling(scaling, params)
    return scaling


def save_state(path: AnyPath, state: TrainState) -> None:
    """Save a run's state: the entries of `save_params`, and the rest for a run to continue.

    Errors are those of `save_params`.

    >>> import fnnet, tempfile
    >>> state = fnnet.TrainState(fnnet.init([64, 10], seed=0), 3)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     fnnet.save_state(f"{folder}/state.npz", state)
    ...     fnnet.load_state(f"{folder}/state.npz") == state
    True
    """
    record("state", state, TrainState)
    arrays: list[Array] = []

    def numbered(array: Array) -> int:
        arrays.append(array)
        return len(arrays) - 1

    optimizer = json.dumps(state.optimizer, default=numbered)
    reports = [attrs.asdict(report) for report in state.history]
    history = json.dumps(reports, default=lambda figure: figure.tolist())
    # Text as bytes: NumPy's own strings take four of them for each character.
    texts = {"optimizer": optimizer.encode(), "history": history.encode()}
    figures = {name: getattr(state, name) for name in ("epoch", "best_score", "waited")}
    best = {} if state.best is None else {"best": state.best.theta}
    kept = {f"optimizer.{k}": array for k, array in enumerate(arrays)}
    _save(path, _entries(state.params, _STATE_FORMAT) | figures | best | kept | texts)


def load_state(path: AnyPath) -> TrainState:
    """The state from a file of `save_state`; errors are those of `load_params`."""
    expected = "a file of save_state"
    entries, params = _load(path, expected, (_STATE_FORMAT,))
    with reading(path, expected):
        best = entries.get("best")
        return TrainState(
            params,
            entries["epoch"].tolist(),
            optimizer=_with_arrays(json.loads(entries["optimizer"].item()), entries),
            history=map(_report, json.loads(entries["history"].item())),
            best=None if best is None else Params(params.architecture, best),
            best_score=entries["best_score"],
            waited=entries["waited"],
        )


def _with_arrays(structure: Any, entries: dict[str, Array]) -> Any:
    if isinstance(structure, list):
        return tuple(_with_arrays(part, entries) for part in structure)
    return entries[f"optimizer.{structure}"]


def _report(row: dict[str, Any]) -> EpochReport:
    seen = [(name, Evaluation(**figures)) for name, figures in row["evaluations"]]
    return EpochReport(**{**row, "evaluations": seen})


def _check_scaling(scaling: Scaling, params: Params) -> None:
    n_in = params.sizes[0]
    require(scaling.n_in == n_in, "scaling", scaling.shift, f"one of the network's {n_in} inputs")


def _entries(params: Params, number: int) -> dict[str, Array]:
    check_real(params)
    finite_array("theta", params.theta)
    activations = params.architecture.activations
    for activation in activations:
        expected = "one of fnnet's own, since a caller's function cannot be saved"
        require(activation.is_builtin, "activations", activation.name, expected)
    return {
        "format": np.asarray(number),
        "sizes": np.asarray(params.sizes),
        "activations": np.asarray([activation.name for activation in activations]),
        "theta": params.theta,
    }


def _save(path: AnyPath, entries: dict[str, Any]) -> None:
    as_path("path", path)
    with replacing(path) as file:
        np.savez(file, **entries)


def _load(
    path: AnyPath, expected: str, formats: Sequence[int] = (_PARAMS_FORMAT, _STATE_FORMAT)
) -> tuple[dict[str, Array], Params]:
    entries = read_npz(path, expected)
    with reading(path, expected):
        number, known = entries["format"].tolist(), " or ".join(map(str, formats))
        require(number in formats, "format", number, f"{known}, {expected}")
        architecture = Architecture.of(entries["sizes"].tolist(), entries["activations"].tolist())
        params = Params(architecture, entries["theta"])
        check_real(params)
        finite_array("theta", params.theta)
        return entries, params
