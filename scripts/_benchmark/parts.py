"""The parts of the benchmark: fnnet against its peers, and fnnet alone."""

import gzip
import math
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

import fnnet
from _benchmark.contestant import IDX_FILES, Task, contestant
from _benchmark.peers import Peer
from _benchmark.timing import against, interleaved, seconds
from _common import Array, require

Peers = Mapping[str, Peer]
Runs = dict[str, Callable[[], object]]

_TRIAL_IMAGES, _TRIAL_EPOCHS = 6_250, 10
_STEPS_BETWEEN = 1000
"""Steps between two evaluations on the way to a test accuracy."""

_HIDDEN, _BATCH_SIZE, _ETA = (16, 16), 10, 0.1
"""The notebook's network and batch, for fnnet alone."""

_BATCHES = (1, 3, 10, 32, 100, 316, 1000)
WIDTHS = (8, 16, 32, 64, 128, 256, 512, 1024)
SHAPES = {
    "A": ("the notebook's", (16, 16), 10, 3.0),
    "B": ("the book's", (100,), 10, 3.0),
    "C": ("two hidden layers", (100, 100), 32, 3.0),
    "D": ("wide", (512, 512), 128, 0.5),
}
"""A name, hidden layers, batch size, and an eta at which all contestants learn."""


def idx_folder(data: str, splits: fnnet.Splits, folder: Path) -> Path:
    """A folder with the data as gzipped IDX files: where they are, or else `folder`, written."""
    files = [f"{name}-ubyte.gz" for name in IDX_FILES]
    if all(Path(data, file).is_file() for file in files):
        return Path(data)
    train, validation, test = splits.train, splits.validation, splits.test
    side = round(train.n_in**0.5)
    are_images = train.classes == 10 and train.x.dtype == np.uint8 and side**2 == train.n_in
    require(are_images, "--data", data, "square images of uint8 with ten classes")
    pixels = 255 / (int(train.x.max()) or 1)  # the embedded digits' go up to 16
    for k, parts in ((0, (train, validation)), (2, (test,))):
        images = np.concatenate([part.x for part in parts]) * pixels
        labels = np.concatenate([part.y for part in parts])
        (folder / files[k]).write_bytes(_idx(images.reshape(-1, side, side)))
        (folder / files[k + 1]).write_bytes(_idx(labels))
    return folder


def _idx(array: Array) -> bytes:
    header = bytes([0, 0, 8, array.ndim]) + np.asarray(array.shape, ">u4").tobytes()
    return gzip.compress(header + array.astype(np.uint8).tobytes())


def epochs(shape: str, folder: Path, peers: Peers, rounds: int) -> dict[str, Any]:
    """One shape's figures, by contestant; the listing takes part in the notebook's shape only."""
    name, hidden, batch_size, eta = SHAPES[shape]

    def trial(task: Task) -> float:
        with contestant(task._replace(part=_TRIAL_IMAGES)) as ask:
            return float(min(ask("epoch") for _ in range(_TRIAL_EPOCHS)))

    task = Task("", {}, str(folder), hidden, batch_size, eta)
    tasks = _fastest(task, peers, trial, without="" if shape == "A" else "listing")
    with ExitStack() as stack:
        asks = {peer: stack.enter_context(contestant(task)) for peer, task in tasks.items()}
        for ask in asks.values():
            ask("epoch")  # memory is touched for the first time
        times = interleaved({peer: partial(ask, "epoch") for peer, ask in asks.items()}, rounds)
        contestants = against(times, "fnnet")
        for peer, figures in contestants.items():
            for what in ("compile_seconds", "accuracy"):
                figures[what] = asks[peer](what)
            figures["variant"] = tasks[peer].variant
    settings = {"name": name, "hidden": hidden, "batch_size": batch_size, "eta": eta}
    return {**settings, "epochs": rounds + 1, "contestants": contestants}


def start(folder: Path, accuracy: float, peers: Peers, rounds: int) -> dict[str, Any]:
    """From the start of a process to a test accuracy, by contestant."""
    arrivals: dict[str, dict[str, Any]] = {}

    def race(task: Task) -> None:
        with contestant(task) as ask:
            arrivals[task.peer] = ask(f"race {accuracy}")

    def trial(task: Task) -> float:
        return seconds(partial(race, task))

    task = Task("", {}, str(folder), (100,), 10, 0.5, "cross-entropy", 10 * _STEPS_BETWEEN)
    tasks = _fastest(task, peers, trial, without="listing")
    times = interleaved({peer: partial(race, task) for peer, task in tasks.items()}, rounds)
    contestants = against(times, "fnnet")
    for peer, figures in contestants.items():
        figures |= {**arrivals[peer], "variant": tasks[peer].variant}
    settings = {name: getattr(task, name) for name in ("hidden", "batch_size", "eta", "cost")}
    settings |= {"between": _STEPS_BETWEEN, "target": accuracy}
    return {**settings, "contestants": contestants}


def _fastest(
    task: Task, peers: Peers, trial: Callable[[Task], float], without: str
) -> dict[str, Task]:
    """The task for each peer, with the variant whose trial takes the least time."""
    chosen = {}
    for name, peer in peers.items():
        tasks = [task._replace(peer=name, variant=variant) for variant in peer.variants]
        if name != without:
            chosen[name] = tasks[0] if len(tasks) == 1 else min(tasks, key=trial)
    return chosen


def imports(peers: Peers, rounds: int) -> dict[str, Any]:
    """Seconds that an import takes: of a whole process, less those of one that imports nothing."""
    modules = ["fnnet", "numpy", *(p.module for name, p in peers.items() if name != "fnnet")]
    lines = {"": "pass", **{module: f"import {module}" for module in modules}}
    lines["fnnet, every name"] = "from fnnet import *"  # names are imported when they are used
    python = partial(subprocess.run, check=True, process_group=0)
    runs = {name: partial(python, [sys.executable, "-c", line]) for name, line in lines.items()}
    interleaved(runs, 1)  # the files are read from the disk
    times = interleaved(runs, rounds)
    bare = times.pop("")
    net = {name: [a - b for a, b in zip(took, bare, strict=True)] for name, took in times.items()}
    return against(net, "numpy")


def _epoch(
    train: fnnet.Dataset, hidden: Sequence[int] = _HIDDEN, batch_size: int = _BATCH_SIZE
) -> Callable[[], object]:
    """A function that trains an epoch."""
    params = fnnet.init([train.n_in, *hidden, train.n_out], seed=0)
    config = fnnet.TrainConfig(epochs=1, batch_size=batch_size, eta=_ETA)
    return partial(fnnet.train, fnnet.start(params, config), train, config)


def _floor(sizes: Sequence[int], n: int, steps: int) -> Callable[[], float]:
    """A function that computes only the matrix products of the steps, and returns the seconds.

    On one BLAS thread, as in training: each sample is a column, (W | b) is one matrix.
    """
    ones, products = partial(np.ones, dtype=np.float32), []
    for number, (n_in, n_out) in enumerate(pairwise(sizes)):
        matrix, delta = ones((n_out, n_in + 1)), ones((n_out, n))
        inputs = ones((n_in + 1, n)) if number else ones((n, n_in + 1)).T
        products.append((matrix, inputs, np.empty_like(delta)))  # z
        products.append((delta, inputs.T, np.empty_like(matrix)))  # dC/dw
        if number > 0:
            products.append((matrix.T, delta, np.empty_like(inputs)))  # dC/da of the layer below
    # np.dot is called in less time, but fills `out` with zeros first.
    calls = [(np.dot if out.size < 2**14 else np.matmul, a, b, out) for a, b, out in products]

    def multiply() -> None:
        for _ in range(steps):
            for function, a, b, out in calls:
                function(a, b, out)

    def run() -> float:
        with threadpool_limits(1, "blas"):
            return seconds(multiply)

    return run


def growth(train: fnnet.Dataset, widths: Sequence[int], rounds: int) -> dict[str, Any]:
    """Time per step, and its floor, over batch and width."""
    batches = [batch for batch in _BATCHES if batch <= len(train)]
    return {
        "batch": {str(batch): _step(train, _HIDDEN, batch, rounds) for batch in batches},
        "width": {str(width): _step(train, (width,), _BATCH_SIZE, rounds) for width in widths},
    }


def _step(
    train: fnnet.Dataset, hidden: Sequence[int], batch_size: int, rounds: int
) -> dict[str, Any]:
    """Seconds of a step, of its floor, and their ratio."""
    steps = math.ceil(len(train) / batch_size)
    floor = _floor((train.n_in, *hidden, train.n_out), batch_size, steps)
    runs: Runs = {"step": _epoch(train, hidden, batch_size), "floor": floor}
    figures = against(interleaved(runs, rounds, per=steps), "floor", "step")
    return {**figures["step"], "floor": figures["floor"]["step"]}


def steps(train: fnnet.Dataset, folder: Path, rounds: int) -> dict[str, Any]:
    """A step at the notebook's shape in several ways; loading the data."""
    n, sizes = math.ceil(len(train) / _BATCH_SIZE), (train.n_in, *_HIDDEN, train.n_out)
    order = fnnet.shuffle(len(train), seed=0, epoch=0)
    rows = np.split(order, range(_BATCH_SIZE, len(train), _BATCH_SIZE))
    ready = [*map(train.batch, rows)]

    def own_loop(batches: Iterable[fnnet.Batch]) -> None:
        params = fnnet.init(sizes, seed=0)
        for batch in batches:
            params = fnnet.sgd_step(params, batch, _ETA)

    runs: Runs = {
        "kernel": _epoch(train),
        "floor": _floor(sizes, _BATCH_SIZE, n),
        "float32 images": _epoch(fnnet.Dataset(train.x * np.float32(train.scale), train.y)),
        "sgd_step": lambda: own_loop(ready),
        "sgd_step and batch": lambda: own_loop(map(train.batch, rows)),
    }
    step = against(interleaved(runs, rounds, per=n), "kernel", "step")
    files = sorted(folder.glob("*-ubyte.gz"))
    loads: Runs = {
        "gunzip": lambda: [gzip.decompress(file.read_bytes()) for file in files],
        "load_mnist": lambda: fnnet.load_mnist(folder),
    }
    return {"step": step, "loading": against(interleaved(loads, rounds), "gunzip")}
