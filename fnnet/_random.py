"""Stateless random streams: each draw is a function of (seed, purpose, place) and nothing else.

The order of epoch 17 does not need those of the epochs before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

import numpy as np

from fnnet._checks import InputError, integer
from fnnet._records import Array

__all__ = ["Purpose", "Seed", "as_seed", "shuffle", "stream"]

Seed = int | tuple[int, ...]
"""One seed, or K of them for a stack of K networks."""


class Purpose(IntEnum):
    """What the numbers are for. Streams of different purposes are independent."""

    INIT = 0
    SHUFFLE = 1
    DROPOUT = 2
    AUGMENT = 3
    SPLIT = 4


def stream(seed: int, purpose: Purpose, *place: int) -> np.random.Generator:
    """The generator for a place in a run: an epoch (by default 0), or an epoch and a step."""
    # Spawn keys are NumPy's own way to independent streams of one seed.
    sequence = np.random.SeedSequence(seed, spawn_key=(purpose, *(place or (0,))))
    return np.random.Generator(np.random.PCG64(sequence))


def shuffle(n: int, *, seed: int | Sequence[int], epoch: int) -> Array:
    """The order of n samples in an epoch: a permutation of 0 ... n-1.

    `seed` is one seed, or K of them; epochs count from 0. The result is int64, (n,), or (K, n) for
    K seeds: row k is the order of seed k. It depends on nothing else.

    >>> shuffle(5, seed=0, epoch=0)
    array([1, 3, 2, 0, 4])
    """
    n, epoch = integer("n", n, at_least=1), integer("epoch", epoch, at_least=0)
    seed = as_seed(seed)
    if isinstance(seed, tuple):
        return np.stack([shuffle(n, seed=member, epoch=epoch) for member in seed])
    return stream(seed, Purpose.SHUFFLE, epoch).permutation(n)


def as_seed(seed: int | Sequence[int]) -> Seed:
    """A seed as an int, or several as a tuple of ints."""
    if isinstance(seed, np.ndarray):
        seed = seed.tolist()
    if not isinstance(seed, Sequence) or isinstance(seed, str | bytes):
        return integer("seed", seed, at_least=0)
    if len(seed) == 0:
        raise InputError("seed is empty: expected a seed, or one for each network of a stack")
    return tuple(integer(f"seed[{k}]", member, at_least=0) for k, member in enumerate(seed))
