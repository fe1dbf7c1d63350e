"""What fnnet's own parts cost: a step in several ways, and loading the data."""

from __future__ import annotations

import gzip
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

import fnnet
from _benchmark.growth import BATCH_SIZE, HIDDEN, epoch, floor
from _benchmark.timing import against, interleaved, seconds

_ETA = 0.1


def measure(train: fnnet.Dataset, folder: Path, rounds: int) -> dict[str, Any]:
    """An epoch's steps at the notebook's shape, in seconds a step; loading, in seconds."""
    steps = math.ceil(len(train) / BATCH_SIZE)
    sizes = (train.n_in, *HIDDEN, train.n_out)
    params = fnnet.init(sizes, seed=0)
    pixels = train.x * np.float32(train.scale)
    order = fnnet.shuffle(len(train), seed=0, epoch=0)
    rows = np.split(order, range(BATCH_SIZE, len(train), BATCH_SIZE))
    ready = [*map(train.batch, rows)]

    def own_loop(batches: Iterable[fnnet.Batch]) -> None:
        after = params
        for batch in batches:
            after = fnnet.sgd_step(after, batch, _ETA)

    times = interleaved(
        {
            "kernel": epoch(train, HIDDEN, BATCH_SIZE),
            "floor": floor(sizes, BATCH_SIZE, steps),
            "float32 images": epoch(fnnet.Dataset(pixels, train.y), HIDDEN, BATCH_SIZE),
            "sgd_step": lambda: seconds(lambda: own_loop(ready)),
            "sgd_step and batch": lambda: seconds(lambda: own_loop(map(train.batch, rows))),
        },
        rounds,
    )
    each = {name: [t / steps for t in took] for name, took in times.items()}
    files = sorted(folder.glob("*-ubyte.gz"))
    loading = interleaved(
        {
            "gunzip": lambda: seconds(lambda: [gzip.decompress(f.read_bytes()) for f in files]),
            "load_mnist": lambda: seconds(lambda: fnnet.load_mnist(folder)),
        },
        rounds,
    )
    return {
        "step": {name: against(each[name], each["kernel"]) for name in each},
        "loading": {name: against(loading[name], loading["gunzip"]) for name in loading},
    }
