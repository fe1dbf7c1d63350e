"""Stateless random streams: each draw is a function of (seed, purpose, place), nothing else.

Epoch 17's order can be had without the sixteen before it: a resumed run is the uninterrupted run.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

import numpy as np

from fnnet._checks import InputError, integer
from fnnet._records import Array

__all__ = ["Purpose", "Seed", "as_seed", "shuffle", "stream"]

Seed = int | tuple[int, ...]
"""One seed, or one a member for a stack of networks."""


class Purpose(IntEnum):
    """What a stream is drawn for; streams of different purposes are independent."""

    INIT = 0
    SHUFFLE = 1
    DROPOUT = 2
    AUGMENT = 3
    SPLIT = 4


def stream(seed: int, purpose: Purpose, *place: int) -> np.random.Generator:
    """The generator of (seed, purpose, place), by `numpy.random.SeedSequence`'s spawn keys.

    The place is where in a run the numbers are drawn: an epoch, or an epoch and a step of it. No
    place is epoch 0.

    >>> stream(0, Purpose.SHUFFLE, 17).integers(100) == stream(0, Purpose.SHUFFLE, 17).integers(100)
    np.True_
    """
    sequence = np.random.SeedSequence(seed, spawn_key=(purpose, *(place or (0,))))
    return np.random.Generator(np.random.PCG64(sequence))


def shuffle(n: int, *, seed: int | Sequence[int], epoch: int) -> Array:
    """The order of n samples in an epoch: a permutation of 0 ... n-1.

    Parameters
    ----------
    n
        How many samples there are, at least 1.
    seed
        One seed, or K of them.
    epoch
        The epoch, counted from 0.

    Returns
    -------
    Array
        int64, shape (n,), or (K, n) for K seeds: row k is the order of seed k.

    Examples
    --------
    >>> shuffle(5, seed=0, epoch=0)
    array([1, 3, 2, 0, 4])
    >>> shuffle(5, seed=[7, 0], epoch=0)[1]
    array([1, 3, 2, 0, 4])
    """
    n, epoch = integer("n", n, at_least=1), integer("epoch", epoch, at_least=0)
    seed = as_seed(seed)
    if isinstance(seed, tuple):
        return np.stack([shuffle(n, seed=member, epoch=epoch) for member in seed])
    return stream(seed, Purpose.SHUFFLE, epoch).permutation(n)


def as_seed(seed: int | Sequence[int]) -> Seed:
    """A seed, or a tuple of them, as they are kept in records."""
    if isinstance(seed, np.ndarray):
        seed = seed.tolist()
    if not isinstance(seed, Sequence) or isinstance(seed, str | bytes):
        return integer("seed", seed, at_least=0)
    if len(seed) == 0:
        raise InputError("seed is empty: expected a seed, or one for each network of a stack")
    return tuple(integer(f"seed[{k}]", member, at_least=0) for k, member in enumerate(seed))
