"""What the tests build their cases from: small random data, and a look into every array."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import attrs
import numpy as np
import pytest

import fnnet
from fnnet._records import Array, Record

SIZES = [(3, 2), (1, 1), (5, 1, 3), (4, 7, 2), (6, 5, 4, 3), (1, 1, 1, 1), (17, 33, 16, 10)]
"""Architectures from no hidden layer to three, widths of 1 among them."""


linear = fnnet.Activation("linear", np.positive, np.ones_like)
"""An activation of a caller's own; nothing keeps its numbers small."""

tripled = fnnet.Cost(
    "tripled", lambda a, y: 3 * fnnet.quadratic.value(a, y), lambda a, y: 1.5 * (a - y)
)
"""A cost of a caller's own: three times the notebook's."""


def inputs(*shape: int, seed: int = 0) -> Array:
    """Standard-normal samples, in an array that can be written to."""
    return np.random.default_rng([*shape, seed]).normal(size=shape)


def labels(*shape: int, classes: int, seed: int = 0) -> Array:
    """Class labels, in an array that can be written to."""
    return np.random.default_rng([*shape, seed]).integers(classes, size=shape)


def dataset(n: int, sizes: tuple[int, ...], kind: str = "labels", seed: int = 0) -> fnnet.Dataset:
    """Random samples for a network: with `labels`, with `targets`, or labelled `bytes`."""
    x, y = inputs(n, sizes[0], seed=seed), labels(n, classes=sizes[-1], seed=seed)
    if kind == "targets":
        return fnnet.Dataset(x, inputs(n, sizes[-1], seed=seed + 1))
    if kind == "bytes":
        x, scale = (x * 100).astype(np.int64).astype(np.uint8), 1 / 256
        return fnnet.Dataset(x, y, scale=scale, classes=sizes[-1])
    return fnnet.Dataset(x, y, classes=sizes[-1])


def arrays_in(value: Any) -> Iterator[Array]:
    """Every array that can be reached from a value, through records, properties and containers."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for item in value:
            yield from arrays_in(item)
    elif isinstance(value, dict):
        yield from arrays_in(list(value.values()))
    elif attrs.has(type(value)):
        names = [name for name in dir(value) if not name.startswith("_")]
        yield from arrays_in(
            [getattr(value, name) for name in names if not _is_method(value, name)]
        )


def _is_method(value: Any, name: str) -> bool:
    return callable(getattr(type(value), name, None))


def bytes_of(value: Any) -> list[tuple[str, tuple[int, ...], bytes]]:
    """The bits of every array that can be reached from a value."""
    return [(array.dtype.str, array.shape, array.tobytes()) for array in arrays_in(value)]


def same_bits(a: Any, b: Any) -> bool:
    """Whether two results are equal bit for bit."""
    if isinstance(a, Record) or isinstance(b, Record):
        return bool(a == b)
    return bytes_of(np.asarray(a)) == bytes_of(np.asarray(b))


def close(a: Any, b: Any) -> bool:
    """Whether two results are equal to 1e-12 of the largest number in them."""
    a, b = np.asarray(a), np.asarray(b)
    return bool(np.max(np.abs(a - b)) <= 1e-12 * np.max(np.abs(b)))


def assert_refused(call: Callable[[], object], *fragments: str) -> None:
    """The call ends in an `InputError` of one line that says all of the fragments."""
    with pytest.raises(fnnet.InputError) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message
    assert [fragment for fragment in fragments if fragment not in message] == [], message
