"""Whole processes: from the start of one to a test accuracy, and to an import."""

from __future__ import annotations

import gzip
import json
import subprocess
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import fnnet
from _benchmark.contestant import SCRIPTS
from _benchmark.peers import Peer
from _benchmark.process import python
from _benchmark.race import BETWEEN, FILES, Race
from _benchmark.timing import Variant, against, fastest, interleaved, ratio, spread
from fnnet._records import Array

COST, ETA = "cross-entropy", 0.5
"""For all contestants: the cost that each of them has, with sigmoid outputs."""


def idx_folder(data: str, splits: fnnet.Splits, folder: Path) -> Path:
    """A folder with the data as gzipped IDX files: where they are, or else `folder`, written."""
    if all(Path(data, f"{name}-ubyte.gz").is_file() for name in FILES):
        return Path(data)
    train, validation, test = splits.train, splits.validation, splits.test
    pixels = 255 / (int(train.x.max()) or 1)  # the embedded digits' go up to 16
    side = round(train.n_in**0.5)
    images = [np.concatenate([train.x, validation.x]), test.x]
    labels = [np.concatenate([train.y, validation.y]), test.y]
    squares = [(x * pixels).reshape(-1, side, side) for x in images]
    for name, array in zip(FILES, (squares[0], labels[0], squares[1], labels[1]), strict=True):
        Path(folder, f"{name}-ubyte.gz").write_bytes(gzip.compress(_idx(array)))
    return folder


def _idx(array: Array) -> bytes:
    header = bytes([0, 0, 8, array.ndim]) + np.asarray(array.shape, ">u4").tobytes()
    return header + array.astype(np.uint8).tobytes()


def measure(folder: Path, accuracy: float, peers: dict[str, Peer], rounds: int) -> dict[str, Any]:
    """From the start of a process to a test accuracy, by contestant."""
    arrivals: dict[str, dict[str, Any]] = {}

    def race(peer: str, variant: Variant) -> float:
        task = Race(peer, variant, str(folder), (100,), 10, COST, ETA, accuracy)
        took, arrivals[peer] = _run(task)
        return took

    racers = [peer for peer in peers if peer != "listing"]
    chosen = {peer: fastest(peers[peer].variants, partial(race, peer)) for peer in racers}
    times = interleaved({peer: partial(race, peer, chosen[peer]) for peer in racers}, rounds)
    contestants = {
        peer: {
            "variant": chosen[peer],
            **against(times[peer], times["fnnet"]),
            **arrivals[peer],
        }
        for peer in racers
    }
    settings = {"hidden": (100,), "batch_size": 10, "cost": COST, "eta": ETA, "between": BETWEEN}
    return {**settings, "target": accuracy, "contestants": contestants}


def _run(race: Race) -> tuple[float, dict[str, Any]]:
    """The seconds until the process reports its arrival, and what it reports."""
    arguments = ("-m", "_benchmark.race", json.dumps(race))
    begin = time.perf_counter()
    with python(*arguments, cwd=SCRIPTS, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        took = time.perf_counter() - begin
    if not line:
        raise RuntimeError(f"a contestant failed: {race}")
    return took, json.loads(line)


def _interpreter(line: str) -> float:
    """Seconds that a Python takes to start, run a line and end."""
    begin = time.perf_counter()
    with python("-c", line) as process:
        failed = process.wait()
        took = time.perf_counter() - begin
    if failed:
        raise RuntimeError(f"a Python failed: {line}")
    return took


def imports(peers: dict[str, Peer], rounds: int) -> dict[str, Any]:
    """Seconds that an import takes: of a whole process, less those of one that imports nothing."""
    modules = ["fnnet", "numpy", *(p.module for name, p in peers.items() if name != "fnnet")]
    lines = {"": "pass", **{module: f"import {module}" for module in modules}}
    lines["fnnet, every name"] = "from fnnet import *"  # what is imported when it is used
    runs = {name: partial(_interpreter, line) for name, line in lines.items()}
    interleaved(runs, 1)  # the files are read from the disk
    times = interleaved(runs, rounds)
    bare = times.pop("")
    net = {name: [a - b for a, b in zip(took, bare, strict=True)] for name, took in times.items()}
    return {
        name: {"seconds": spread(took), "to_numpy": ratio(took, net["numpy"])}
        for name, took in net.items()
    }
