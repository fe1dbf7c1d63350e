from __future__ import annotations

import copy
import pickle
from functools import partial

import attrs
import numpy as np
import pytest

from fnnet._records import (
    Array,
    Partial,
    Record,
    all_bits,
    all_read_only,
    bits,
    freeze,
    read_only,
)


@attrs.frozen
class Pair(Record):
    a: Array = attrs.field(converter=read_only, eq=bits)
    b: tuple[Array, ...] = attrs.field(converter=all_read_only, eq=all_bits)


def writable_below(array: Array) -> bool:
    """Whether the array, or one under it, can be written to."""
    return array.flags.writeable or (
        isinstance(array.base, np.ndarray) and writable_below(array.base)
    )


def test_freeze_gives_back_the_same_numbers_read_only_and_uncopied() -> None:
    array = np.arange(3.0)
    frozen = freeze(array)
    assert not frozen.flags.writeable
    assert np.shares_memory(frozen, array)
    assert frozen.tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="read-only"):
        frozen[0] = 1


def test_what_is_frozen_is_taken_without_a_copy() -> None:
    frozen = freeze(np.arange(6.0))
    assert np.shares_memory(read_only(frozen), frozen)
    assert np.shares_memory(read_only(frozen[1:3]), frozen)
    assert np.shares_memory(read_only(frozen.reshape(2, 3).T), frozen)


def test_what_can_be_written_to_is_copied() -> None:
    array = np.arange(6.0)
    kept = read_only(array)
    array[:] = 7
    assert kept.tolist() == [0, 1, 2, 3, 4, 5]
    assert not writable_below(kept)


def test_a_read_only_view_of_a_writable_array_is_copied() -> None:
    array = np.arange(6.0)
    view = array[1:3]
    view.flags.writeable = False
    for guarded in (view, view[:1], np.broadcast_to(array, (2, 6))):
        kept = read_only(guarded)
        before = kept.tobytes()
        array += 1
        assert kept.tobytes() == before
        assert not writable_below(kept)


def test_an_array_with_an_older_writable_view_is_copied() -> None:
    array = np.arange(6.0)
    older = array[:]
    array.flags.writeable = False
    kept = read_only(array)
    older[0] = 7
    assert kept[0] == 0


def test_an_array_that_is_made_writable_again_was_copied() -> None:
    array = np.arange(6.0)
    array.flags.writeable = False
    kept = read_only(array)
    array.flags.writeable = True
    array[0] = 7
    assert kept[0] == 0


def test_the_memory_of_others_is_copied_unless_it_is_bytes() -> None:
    memory = bytearray(8)
    kept = read_only(np.frombuffer(memory))
    memory[0] = 1
    assert kept.tolist() == [0]
    fixed = np.frombuffer(bytes(8))
    assert np.shares_memory(read_only(fixed), fixed)


@pytest.mark.parametrize("protocol", [2, pickle.HIGHEST_PROTOCOL])
def test_a_read_only_view_of_an_unpickled_array_is_copied(protocol: int) -> None:
    array = pickle.loads(pickle.dumps(np.arange(1000.0), protocol))  # writable, on top of bytes
    view = array[:3]
    view.flags.writeable = False
    kept = read_only(view)
    array[0] = 7
    assert kept.tolist() == [0, 1, 2]


def test_lists_and_numbers_become_arrays() -> None:
    assert read_only([[1, 2]]).shape == (1, 2)
    assert read_only(3.0).shape == ()
    assert not read_only([1]).flags.writeable


@pytest.mark.parametrize(
    ("other", "equal"),
    [
        (np.array([0.0, np.nan]), True),
        (np.array([-0.0, np.nan]), False),
        (np.array([0.0, 1.0]), False),
        (np.array([0.0, np.nan], np.float32), False),
        (np.array([0.0, np.nan]).view(np.int64), False),
        (np.array([[0.0, np.nan]]), False),
        (np.array([0.0, 9.0, np.nan])[::2], True),
    ],
)
def test_records_are_equal_bit_for_bit_and_equal_ones_hash_alike(other: Array, equal: bool) -> None:
    array = np.array([0.0, np.nan])
    one = Pair(array, (array,))
    assert (one == Pair(other, (array,))) is equal
    assert (one == Pair(array, (other,))) is equal
    assert one != Pair(array, (array, array))
    assert (hash(one) == hash(Pair(other, (array,)))) is equal


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda record: pickle.loads(pickle.dumps(record))]
)
def test_a_copy_is_equal_and_as_frozen(copied: object) -> None:
    assert callable(copied)
    record = Pair([1.0, 2.0], ([3.0], [4.0, 5.0]))
    other = copied(record)
    assert other == record
    assert not any(map(writable_below, (other.a, *other.b)))
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        other.a = record.a


def scaled(x: float, *, by: float, plus: float = 0.0) -> float:
    return x * by + plus


def test_partials_are_equal_if_function_and_arguments_are() -> None:
    one = Partial(scaled, by=2.0, plus=1.0)
    assert one(3.0) == 7
    for same in (Partial(scaled, plus=1.0, by=2.0), pickle.loads(pickle.dumps(one))):
        assert same == one
        assert hash(same) == hash(one)
        assert same(3.0) == 7
    others = [Partial(scaled, by=2.0), Partial(scaled, 2.0, by=2.0, plus=1.0)]
    others += [Partial(max, by=2.0, plus=1.0), Partial(scaled, by=2.0, plus=3.0)]
    assert one not in others
    assert one != partial(scaled, by=2.0, plus=1.0)
