"""What the contestants are given, the same for all, and what each makes of it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np


class Problem(NamedTuple):
    """What to learn: labelled images (n, n_in) of uint8, times `scale`, and what to learn it with.

    An epoch of training goes over one `part` of the images, in a new order.
    """

    sizes: tuple[int, ...]
    batch_size: int
    eta: float
    cost: str
    x: Any
    y: Any
    x_test: Any
    y_test: Any
    scale: float
    part: int

    def matrices(self) -> list[Any]:
        """(W | b) of each layer: normal, of deviation 4 / sqrt(n_in), where sigmoids learn well."""
        rng = np.random.default_rng(0)
        return [
            rng.standard_normal((n_out, n_in + 1), np.float32) * np.float32(4 / n_in**0.5)
            for n_in, n_out in pairwise(self.sizes)
        ]

    def inputs(self, x: Any, dtype: str = "float32") -> Any:
        """Images as a network takes them, or still as bytes."""
        return x if dtype == "uint8" else x * np.float32(self.scale)

    def targets(self) -> Any:
        """The labels one-hot."""
        return np.eye(self.sizes[-1], dtype=np.float32)[self.y]

    def parts(self) -> list[slice]:
        """The rows of each part, for one epoch after the other."""
        starts = range(0, len(self.x) - self.part + 1, self.part)
        return [slice(start, start + self.part) for start in starts]

    def orders(self) -> Any:
        """An endless supply of row numbers, an epoch at a time: part after part, shuffled."""
        rng = np.random.default_rng(0)
        for rows in itertools.cycle(self.parts()):
            yield rows.start + rng.permutation(self.part)


class Learner(NamedTuple):
    """A network in training: `epoch()` trains it, `accuracy()` is that on the test images."""

    epoch: Callable[[], object]
    accuracy: Callable[[], float]
    compile_seconds: float = 0.0
