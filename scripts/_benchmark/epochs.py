"""Seconds per epoch of all contestants, at four shapes."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import Any, NamedTuple

from _benchmark.contestant import Task, contestant
from _benchmark.peers import Peer
from _benchmark.timing import Variant, against, fastest, interleaved

_TRIAL_IMAGES, _TRIAL_EPOCHS = 6_250, 10


class Shape(NamedTuple):
    """A network's hidden layers, and how it is trained: with etas at which all of them learn."""

    name: str
    hidden: tuple[int, ...]
    batch_size: int
    eta: float


SHAPES = {
    "A": Shape("the notebook's", (16, 16), 10, 3.0),
    "B": Shape("the book's", (100,), 10, 3.0),
    "C": Shape("two hidden layers", (100, 100), 32, 3.0),
    "D": Shape("wide", (512, 512), 128, 0.5),
}


def measure(shape: str, data: str, peers: dict[str, Peer], rounds: int) -> dict[str, Any]:
    """One shape's figures, by contestant; the listing takes part in the notebook's shape only."""
    _, hidden, batch_size, eta = SHAPES[shape]
    chosen: dict[str, Task] = {}
    for peer in peers:
        if peer == "listing" and shape != "A":
            continue
        trial = Task(peer, {}, hidden, batch_size, eta, data, _TRIAL_IMAGES)
        variant = fastest(peers[peer].variants, partial(_seconds, trial))
        chosen[peer] = trial._replace(variant=variant, images=None)
    with ExitStack() as stack:
        processes = {peer: stack.enter_context(contestant(task)) for peer, task in chosen.items()}
        for process in processes.values():
            process.epoch()  # memory is touched for the first time
        times = interleaved({peer: process.epoch for peer, process in processes.items()}, rounds)
        contestants = {
            peer: {
                "variant": chosen[peer].variant,
                **against(times[peer], times["fnnet"]),
                "compile_seconds": process.compile_seconds,
                "accuracy": process.accuracy(),
            }
            for peer, process in processes.items()
        }
    return {**SHAPES[shape]._asdict(), "epochs": rounds + 1, "contestants": contestants}


def _seconds(task: Task, variant: Variant) -> float:
    """The best of some epochs: on a busy machine two would choose by chance."""
    with contestant(task._replace(variant=variant)) as process:
        return min(process.epoch() for _ in range(_TRIAL_EPOCHS))
