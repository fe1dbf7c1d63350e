"""How fnnet's time grows with images, batch and width, above the floor of its matrix products."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

import fnnet
from _benchmark.timing import against, interleaved, ratio, seconds, spread
from fnnet.datasets.splitting import subset
from fnnet.network.products import product

HIDDEN, BATCH_SIZE = (16, 16), 10
"""The notebook's."""

BATCHES = (1, 3, 10, 32, 100, 316, 1000)
WIDTHS = (8, 16, 32, 64, 128, 256, 512, 1024)


def epoch(train: fnnet.Dataset, hidden: Sequence[int], batch_size: int) -> Callable[[], float]:
    """A function that trains an epoch, and returns the seconds."""
    params = fnnet.init([train.n_in, *hidden, train.n_out], seed=0)
    config = fnnet.TrainConfig(epochs=1, batch_size=batch_size, eta=0.1)
    state = fnnet.start(params, config)
    return lambda: seconds(lambda: fnnet.train(state, train, config))


def floor(sizes: Sequence[int], n: int, steps: int) -> Callable[[], float]:
    """A function that computes the matrix products of `steps` steps alone, and returns the seconds.

    On one BLAS thread, as the training has them: a column a sample, (W | b) one matrix, in strips.
    """
    rng = np.random.default_rng(0)

    def array(*shape: int) -> Any:
        return rng.random(shape, np.float32)

    products = []
    inputs = array(n, sizes[0] + 1).T
    for number, (n_in, n_out) in enumerate(pairwise(sizes)):
        matrix, delta, gradient = array(n_out, n_in + 1), array(n_out, n), array(n_out, n_in + 1)
        z = product(matrix, array(n_out, n), transposed=number == 0)
        products.append((*z, inputs))
        products.append((*product(delta, gradient, transposed=number > 0), inputs.T))
        if number > 0:
            c_a = product(matrix.T, array(n_in + 1, n))  # of the layer below
            products.append((*c_a, delta))
        inputs = array(n_out + 1, n)

    def multiply() -> None:
        for _ in range(steps):
            for function, a, out, b in products:
                function(a, b, out)

    def run() -> float:
        with threadpool_limits(1, "blas"):
            return seconds(multiply)

    return run


def measure(train: fnnet.Dataset, widths: Sequence[int], rounds: int) -> dict[str, Any]:
    """Time per epoch over the images; time per step and its floor over batch and width."""
    n = len(train)
    counts = [n // 8, n // 4, n // 2, n]
    runs = {str(m): epoch(subset(train, slice(m)), HIDDEN, BATCH_SIZE) for m in counts}
    times = interleaved(runs, rounds)
    images = [
        {"images": m, **against(took, times[str(n)])}
        for m, took in zip(counts, times.values(), strict=True)
    ]
    return {
        "images": images,
        "batch": [{"batch": b, **_steps(train, HIDDEN, b, rounds)} for b in BATCHES if b <= n],
        "width": [{"width": w, **_steps(train, (w,), BATCH_SIZE, rounds)} for w in widths],
    }


def _steps(
    train: fnnet.Dataset, hidden: Sequence[int], batch_size: int, rounds: int
) -> dict[str, Any]:
    """Seconds of a step, of its floor, and their ratio."""
    steps = math.ceil(len(train) / batch_size)
    sizes = (train.n_in, *hidden, train.n_out)
    runs = {"step": epoch(train, hidden, batch_size), "floor": floor(sizes, batch_size, steps)}
    times = interleaved(runs, rounds)
    each = {name: [t / steps for t in took] for name, took in times.items()}
    return {
        "step": spread(each["step"]),
        "floor": spread(each["floor"]),
        "ratio": ratio(each["step"], each["floor"]),
    }
