"""Networks and runs in files: `.npz` without pickle."""

from __future__ import annotations

import json
import os
from typing import Any

import attrs
import numpy as np

from fnnet._archive import read_npz, reading
from fnnet._checks import InputError, as_path, finite_array, integer, record, require
from fnnet._files import replacing
from fnnet._records import Array
from fnnet.datasets.scaling import Scaling
from fnnet.evaluation.evaluate import Evaluation
from fnnet.network.params import Architecture, Params, check_real
from fnnet.training.state import EpochReport, TrainState

__all__ = ["load_params", "load_scaling", "load_state", "save_params", "save_state"]

_FORMAT = 1
"""One more whenever an older fnnet could not read what this one writes."""

_NETWORK, _RUN = "a file of save_params or save_state", "a file of save_state"


def save_params(
    path: str | os.PathLike[str], params: Params, *, scaling: Scaling | None = None
) -> None:
    """Save a network, or a stack, as an `.npz` of `sizes`, `activations` and `theta`.

    Equal params, with equal scalings if any, give equal files, byte for byte.

    Parameters
    ----------
    path
        The file, replaced if there is one. It is used as it is: no ending is added.
    params
        Of the package's own activations; a function of one's own cannot be put in a file.
    scaling
        What the network's inputs are scaled by, for `load_scaling` to give back: the entries
        `scaling_shift` and `scaling_factor`.

    Raises
    ------
    InputError
        Where theta is not finite, an activation is one's own, or the scaling does not fit.
    OSError
        Where the disk cannot take the file: what was there stays.

    Examples
    --------
    >>> import fnnet, tempfile
    >>> params = fnnet.init([64, 10], seed=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     fnnet.save_params(f"{folder}/params.npz", params)
    ...     fnnet.load_params(f"{folder}/params.npz") == params
    True
    """
    entries = _entries(params)
    if scaling is not None:
        record("scaling", scaling, Scaling)
        _match(scaling, params)
        entries |= {"scaling_shift": scaling.shift, "scaling_factor": scaling.factor}
    _save(path, entries)


def load_params(path: str | os.PathLike[str]) -> Params:
    """The network, or the stack, that a file of `save_params` or `save_state` holds.

    Raises
    ------
    InputError
        Where the file is missing, is not such a file or is damaged.
    """
    return _params(path, _load(path))


def load_scaling(path: str | os.PathLike[str]) -> Scaling | None:
    """The scaling that `save_params` saved with a network, if any; errors as in `load_params`.

    Examples
    --------
    >>> import fnnet, tempfile
    >>> params, scaling = fnnet.init([2, 1], seed=0), Scaling([1.0, 0.0], [2.0, 1.0])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     fnnet.save_params(f"{folder}/params.npz", params, scaling=scaling)
    ...     fnnet.load_scaling(f"{folder}/params.npz") == scaling
    True
    """
    entries = _load(path)
    params = _params(path, entries)
    if not {"scaling_shift", "scaling_factor"} & entries.keys():
        return None
    with reading(path, _NETWORK):
        scaling = Scaling(entries["scaling_shift"], entries["scaling_factor"])
        _match(scaling, params)
    return scaling


def save_state(path: str | os.PathLike[str], state: TrainState) -> None:
    """Save where a run stands: the entries of `save_params`, and what else it takes to go on.

    Errors are those of `save_params`.

    Examples
    --------
    >>> import fnnet, tempfile
    >>> state = fnnet.TrainState(fnnet.init([64, 10], seed=0), 3)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     fnnet.save_state(f"{folder}/state.npz", state)
    ...     fnnet.load_params(f"{folder}/state.npz") == state.params
    True
    """
    record("state", state, TrainState)
    arrays: list[Array] = []

    def numbered(array: Array) -> int:
        arrays.append(array)
        return len(arrays) - 1

    history = [attrs.asdict(report) for report in state.history]
    texts = {
        "optimizer": json.dumps(state.optimizer, default=numbered),
        "history": json.dumps(history, default=lambda figure: figure.tolist()),
    }
    extra = {} if state.best is None else {"best": state.best.theta}
    extra |= {f"optimizer.{k}": array for k, array in enumerate(arrays)}
    # As bytes, for NumPy's own strings take four of them for each character.
    extra |= {name: np.asarray(text.encode()) for name, text in texts.items()}
    _save(path, {**_entries(state.params), "epoch": np.asarray(state.epoch), **extra})


def load_state(path: str | os.PathLike[str]) -> TrainState:
    """Where the run stood that `save_state` saved; errors as in `load_params`.

    Examples
    --------
    >>> import fnnet, tempfile
    >>> state = fnnet.TrainState(fnnet.init([64, 10], seed=0), 3)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     fnnet.save_state(f"{folder}/state.npz", state)
    ...     fnnet.load_state(f"{folder}/state.npz") == state
    True
    """
    entries = _load(path, _RUN)
    params = _params(path, entries)
    if "epoch" not in entries:
        raise InputError(f"{os.fspath(path)} holds params, no state: expected {_RUN}")
    with reading(path, _RUN):
        best = entries.get("best")
        return TrainState(
            params,
            integer("epoch", entries["epoch"].tolist(), at_least=0),
            optimizer=_with_arrays(json.loads(entries["optimizer"].item()), entries),
            history=tuple(map(_report, json.loads(entries["history"].item()))),
            best=None if best is None else Params(params.architecture, best),
        )


def _with_arrays(structure: Any, entries: dict[str, Array]) -> Any:
    if isinstance(structure, list):
        return tuple(_with_arrays(part, entries) for part in structure)
    return entries[f"optimizer.{structure}"]


def _report(row: dict[str, Any]) -> EpochReport:
    evaluations = tuple((name, Evaluation(**figures)) for name, figures in row["evaluations"])
    return EpochReport(**{**row, "evaluations": evaluations})


def _entries(params: Params) -> dict[str, Array]:
    check_real(params)
    finite_array("theta", params.theta)
    activations = params.architecture.activations
    for activation in activations:
        expected = "the package's own, to be saved"
        require(activation.is_builtin, "activations", activation.name, expected)
    return {
        "format": np.asarray(_FORMAT),
        "sizes": np.asarray(params.sizes),
        "activations": np.asarray([activation.name for activation in activations]),
        "theta": params.theta,
    }


def _match(scaling: Scaling, params: Params) -> None:
    n_in = params.sizes[0]
    require(scaling.n_in == n_in, "scaling", scaling.shift, f"one of the network's {n_in} inputs")


def _save(path: str | os.PathLike[str], entries: dict[str, Any]) -> None:
    as_path("path", path)
    with replacing(path) as file:
        np.savez(file, **entries)


def _load(path: str | os.PathLike[str], expected: str = _NETWORK) -> dict[str, Array]:
    entries = read_npz(path, expected)
    with reading(path, expected):
        number = entries["format"].tolist()
        require(number == _FORMAT, "format", number, f"{_FORMAT}, the newest this fnnet knows")
    return entries


def _params(path: str | os.PathLike[str], entries: dict[str, Array]) -> Params:
    with reading(path, _NETWORK):
        architecture = Architecture.of(entries["sizes"].tolist(), entries["activations"].tolist())
        finite_array("theta", entries["theta"])
        params = Params(architecture, entries["theta"])
        check_real(params)
        return params
