from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fnnet._random import Purpose, as_seed, shuffle, stream
from tests._support import assert_refused

SEEDS = st.integers(0, 2**70)


@settings(max_examples=50)
@given(n=st.integers(1, 200), seed=SEEDS, epoch=st.integers(0, 10**6))
def test_an_epochs_order_has_each_sample_once_and_is_a_function_of_its_arguments(
    n: int, seed: int, epoch: int
) -> None:
    order = shuffle(n, seed=seed, epoch=epoch)
    assert order.dtype == np.int64
    assert sorted(order.tolist()) == list(range(n))
    np.random.default_rng().random()
    random.random()
    assert shuffle(n, seed=seed, epoch=epoch).tolist() == order.tolist()


def test_the_order_is_the_same_in_every_release() -> None:
    assert shuffle(10, seed=0, epoch=0).tolist() == [7, 3, 0, 5, 1, 6, 9, 2, 8, 4]
    assert shuffle(10, seed=5, epoch=17).tolist() == [7, 4, 2, 0, 6, 3, 5, 1, 8, 9]


def test_purposes_keep_their_numbers_for_the_draws_depend_on_them() -> None:
    assert (Purpose.INIT, Purpose.SHUFFLE, Purpose.SPLIT) == (0, 1, 4)


def test_seeds_epochs_and_purposes_have_streams_of_their_own() -> None:
    seeds = [0, 1, 2, 2**32, 2**32 + 1, 2**64, 2**128 + 1]
    draws = {
        stream(seed, purpose, epoch).bytes(16)
        for seed in seeds
        for purpose in Purpose
        for epoch in range(5)
    }
    assert len(draws) == len(seeds) * len(Purpose) * 5


def test_each_step_of_an_epoch_has_a_stream_of_its_own_beside_the_epochs() -> None:
    places = [(epoch, *step) for epoch in range(4) for step in [(), (0,), (1,), (2,)]]
    draws = {stream(0, purpose, *place).bytes(16) for purpose in Purpose for place in places}
    assert len(draws) == len(Purpose) * len(places)


def test_a_place_is_the_end_of_the_spawn_key_and_no_place_is_epoch_0() -> None:
    for place, key in [((), (3, 0)), ((0,), (3, 0)), ((7,), (3, 7)), ((7, 5), (3, 7, 5))]:
        expected = np.random.Generator(np.random.PCG64(np.random.SeedSequence(9, spawn_key=key)))
        assert stream(9, Purpose.AUGMENT, *place).bytes(16) == expected.bytes(16)


@settings(max_examples=25)
@given(n=st.integers(1, 50), seeds=st.lists(SEEDS, min_size=1, max_size=4))
def test_each_of_several_seeds_has_its_own_order(n: int, seeds: list[int]) -> None:
    orders = shuffle(n, seed=seeds, epoch=3)
    assert orders.shape == (len(seeds), n)
    for order, seed in zip(orders, seeds, strict=True):
        assert order.tolist() == shuffle(n, seed=seed, epoch=3).tolist()


@pytest.mark.parametrize(
    ("seed", "kept"),
    [
        (3, 3),
        (np.int32(3), 3),
        ([0, 1], (0, 1)),
        ((5,), (5,)),
        (range(3), (0, 1, 2)),
        (np.arange(2), (0, 1)),
        (np.array(3), 3),
    ],
)
def test_seeds_are_kept_as_an_int_or_a_tuple_of_ints(seed: Any, kept: Any) -> None:
    result = as_seed(seed)
    assert result == kept
    assert type(result) is type(kept)
    assert all(type(s) is int for s in (result if isinstance(result, tuple) else (result,)))


@pytest.mark.parametrize(
    ("seed", "fragment"),
    [
        (-1, "seed is -1: expected an integer of at least 0"),
        (1.0, "seed is 1.0: expected an integer"),
        (True, "seed is True: expected an integer"),
        (None, "seed is None: expected an integer"),
        ("12", "seed is '12': expected an integer"),
        (b"12", "seed is b'12': expected"),
        ([], "seed is empty: expected a seed"),
        ((), "seed is empty: expected a seed"),
        ([0, -1], "seed[1] is -1: expected an integer of at least 0"),
        ([0, "1"], "seed[1] is '1'"),
        (np.zeros((2, 2), int), "seed[0] is [0, 0]"),
        ({1, 2}, "seed is {1, 2}"),
    ],
)
def test_what_is_no_seed_is_refused(seed: Any, fragment: str) -> None:
    assert_refused(lambda: as_seed(seed), fragment)
    assert_refused(lambda: shuffle(5, seed=seed, epoch=0), fragment)


@pytest.mark.parametrize(
    ("changes", "fragment"),
    [
        ({"n": 0}, "n is 0: expected an integer of at least 1"),
        ({"n": 2.0}, "n is 2.0"),
        ({"n": True}, "n is True"),
        ({"epoch": -1}, "epoch is -1: expected an integer of at least 0"),
        ({"epoch": "1"}, "epoch is '1'"),
    ],
)
def test_a_bad_size_or_epoch_is_refused(changes: dict[str, Any], fragment: str) -> None:
    assert_refused(lambda: shuffle(**({"n": 5, "seed": 0, "epoch": 0} | changes)), fragment)
