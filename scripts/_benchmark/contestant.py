"""A contestant in a process of its own, driven by a line of JSON at a time.

In one process the thread pools of PyTorch, JAX and OpenBLAS spin against each other; processes that
wait for a line while another one works leave it all the cores.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from _benchmark.peers import PEERS
from _benchmark.problem import Learner, Problem
from _benchmark.process import ignore_interrupts, python
from _benchmark.timing import Variant, seconds
from _common import load_data

SCRIPTS = Path(__file__).parents[1]


class Task(NamedTuple):
    """What a contestant is to train: a peer's variant, on some of the images of a data set."""

    peer: str
    variant: Variant
    hidden: tuple[int, ...]
    batch_size: int
    eta: float
    data: str
    images: int | None = None


class Contestant:
    """The other end: a process that is ready for its first epoch, or for its next one."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.compile_seconds = self._answer()

    def epoch(self) -> float:
        """Train an epoch: the seconds it took."""
        return self._ask("epoch")

    def accuracy(self) -> float:
        """On the test images."""
        return self._ask("accuracy")

    def _ask(self, what: str) -> float:
        assert self._process.stdin is not None
        print(what, file=self._process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> float:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"a contestant failed: {self._process.args!r}")
        return float(line)


@contextmanager
def contestant(task: Task) -> Iterator[Contestant]:
    """One that trains, until the block ends."""
    pipe = subprocess.PIPE
    with python("-m", __name__, json.dumps(task), cwd=SCRIPTS, stdin=pipe, stdout=pipe) as process:
        yield Contestant(process)


def prepared(task: Task) -> Learner:
    """The learner of a task."""
    splits = load_data(task.data)
    train, test = splits.train, splits.test
    x, y = train.x[: task.images], train.y[: task.images]
    sizes = (train.n_in, *task.hidden, train.n_out)
    problem = Problem(
        sizes, task.batch_size, task.eta, "quadratic", x, y, test.x, test.y, train.scale, len(x)
    )
    return PEERS[task.peer].prepare(problem, task.variant)


def main() -> None:
    """Answer each line that comes in with a number."""
    ignore_interrupts()
    answers = sys.stdout
    sys.stdout = sys.stderr  # a library that prints does not disturb
    learner = prepared(Task(*json.loads(sys.argv[1])))
    print(learner.compile_seconds, file=answers, flush=True)
    for line in sys.stdin:
        answer = seconds(learner.epoch) if line == "epoch\n" else learner.accuracy()
        print(answer, file=answers, flush=True)


if __name__ == "__main__":
    main()
