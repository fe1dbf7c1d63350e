"""One race, in a process of its own: from its start to a test accuracy, reading gzipped IDX files.

Nothing is imported here that not all contestants need.
"""

from __future__ import annotations

import gzip
import json
import math
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from _benchmark.peers import PEERS
from _benchmark.problem import Problem
from _benchmark.process import ignore_interrupts
from _benchmark.timing import Variant

BETWEEN = 1000
"""Steps between two evaluations, for all the same."""

_AT_MOST = 100_000

FILES = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
"""MNIST's, each with `-ubyte.gz` at its end."""


class Race(NamedTuple):
    """Who runs how, on which files, with which cost, to which accuracy."""

    peer: str
    variant: Variant
    folder: str
    hidden: tuple[int, ...]
    batch_size: int
    cost: str
    eta: float
    accuracy: float


def _read(folder: str) -> tuple[Any, ...]:
    """Training images and labels, without the last sixth, and those to test."""
    arrays = []
    for name in FILES:
        data = gzip.decompress(Path(folder, f"{name}-ubyte.gz").read_bytes())
        shape = np.frombuffer(data, ">u4", data[3], 4).tolist()
        arrays.append(np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(shape[0], -1))
    x, y, x_test, y_test = arrays
    n = len(x) - len(x) // 6
    return x[:n], y[:n, 0].astype(np.int64), x_test, y_test[:, 0].astype(np.int64)


def _read_by_fnnet(folder: str) -> tuple[Any, ...]:
    import fnnet

    splits = fnnet.load_mnist(folder)
    return splits.train.x, splits.train.y, splits.test.x, splits.test.y


def _peak_memory() -> int | None:
    """The most memory that this process has had resident, in bytes; None where nobody tells."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage may tell of the parent there: its peak survives an exec
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) * 1024
    try:
        import resource
    except ImportError:  # as on Windows
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # in bytes on macOS


def main() -> None:
    """Run; print how many steps it took, the accuracy, and the most memory used."""
    ignore_interrupts()
    race = Race(*json.loads(sys.argv[1]))
    x, y, x_test, y_test = (_read_by_fnnet if race.peer == "fnnet" else _read)(race.folder)
    sizes, size = (x.shape[1], *race.hidden, 10), race.batch_size
    part = min(BETWEEN * size, len(x))
    problem = Problem(sizes, size, race.eta, race.cost, x, y, x_test, y_test, 1 / 256, part)
    learner = PEERS[race.peer].prepare(problem, race.variant)
    steps, accuracy = 0, 0.0
    while accuracy < race.accuracy and steps < _AT_MOST:
        learner.epoch()
        accuracy = learner.accuracy()
        steps += math.ceil(part / size)
    print(json.dumps({"steps": steps, "accuracy": accuracy, "peak_bytes": _peak_memory()}))


if __name__ == "__main__":
    main()
