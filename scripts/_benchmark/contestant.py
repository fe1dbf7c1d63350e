"""A contestant in a process of its own, which answers a line with a line of JSON.

In one process the thread pools of PyTorch, JAX and OpenBLAS spin against each other. Processes that
wait for a line leave all cores to the one that works.
"""

import gzip
import json
import math
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from _benchmark.peers import PEERS, Problem
from _benchmark.timing import Variant, seconds

IDX_FILES = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
"""MNIST's, each with `-ubyte.gz` at its end."""

_MOST_STEPS = 100_000

Ask = Callable[[str], Any]
"""Ask for an epoch (its seconds), the accuracy, compile_seconds, or `race TARGET`."""


class Task(NamedTuple):
    """What to train: a peer's variant on the images in a folder, a `part` of them in each epoch."""

    peer: str
    variant: Variant
    folder: str
    hidden: tuple[int, ...]
    batch_size: int
    eta: float
    cost: str = "quadratic"
    part: int = sys.maxsize


@contextmanager
def contestant(task: Task) -> Iterator[Ask]:
    """A process that trains until the block ends. Ctrl-C does not reach its process group."""
    command = [sys.executable, "-m", __name__, json.dumps(task)]
    pipe, scripts = subprocess.PIPE, Path(__file__).parents[1]
    with subprocess.Popen(
        command, cwd=scripts, stdin=pipe, stdout=pipe, text=True, process_group=0
    ) as process:

        def ask(what: str) -> Any:
            assert process.stdout is not None
            with suppress(BrokenPipeError):  # there is no answer then
                print(what, file=process.stdin, flush=True)
            line = process.stdout.readline()
            if not line:
                raise RuntimeError(f"a contestant failed: {task}")
            return json.loads(line)

        try:
            yield ask
        finally:
            process.kill()


def _main() -> None:
    """Answer each line that comes in."""
    output, sys.stdout = sys.stdout, sys.stderr  # where libraries print
    task = Task(*json.loads(sys.argv[1]))
    x, y, x_test, y_test = (_read_by_fnnet if task.peer == "fnnet" else _read)(task.folder)
    sizes, part = (x.shape[1], *task.hidden, 10), min(task.part, len(x))
    settings = sizes, task.batch_size, task.eta, task.cost, part
    learner = PEERS[task.peer].prepare(Problem(*settings, x, y, x_test, y_test), task.variant)

    def race(target: float) -> dict[str, Any]:
        steps, accuracy = 0, 0.0
        while accuracy < target and steps < _MOST_STEPS:
            learner.epoch()
            accuracy = learner.accuracy()
            steps += math.ceil(part / task.batch_size)
        return {"steps": steps, "accuracy": accuracy, "peak_bytes": _peak_memory()}

    answers: dict[str, Callable[..., Any]] = {
        "epoch": lambda: seconds(learner.epoch),
        "accuracy": learner.accuracy,
        "compile_seconds": lambda: learner.compile_seconds,
        "race": race,
    }
    for line in sys.stdin:
        what, *numbers = line.split()
        print(json.dumps(answers[what](*map(float, numbers))), file=output, flush=True)


def _read(folder: str) -> tuple[Any, ...]:
    """Training images and labels, without the last sixth, and those to test."""
    arrays = []
    for name in IDX_FILES:
        data = gzip.decompress(Path(folder, f"{name}-ubyte.gz").read_bytes())
        shape = np.frombuffer(data, ">u4", data[3], 4).tolist()
        arrays.append(np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(shape[0], -1))
    x, y, x_test, y_test = arrays
    n = len(x) - len(x) // 6
    return x[:n], y[:n, 0].astype(np.int64), x_test, y_test[:, 0].astype(np.int64)


def _read_by_fnnet(folder: str) -> tuple[Any, ...]:
    import fnnet  # here, as the time of imports counts

    splits = fnnet.load_mnist(folder)
    return splits.train.x, splits.train.y, splits.test.x, splits.test.y


def _peak_memory() -> int:
    """The most memory that this process has used, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # on Linux, getrusage may tell the parent's peak
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    _main()
