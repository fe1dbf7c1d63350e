from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fnnet import Dataset
from fnnet._random import shuffle
from fnnet.network.inputs import target_columns, with_ones
from fnnet.training.batches import mini_batches
from tests._support import dataset

DTYPES: list[Any] = [np.dtype(np.float32), np.dtype(np.float64)]
KINDS = ["labels", "targets", "bytes"]


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(1, 60),
    batch_size=st.one_of(st.integers(1, 9), st.sampled_from([50, 160, 161, 10**9])),
    members=st.integers(0, 3),
    kind=st.sampled_from(KINDS),
    dtype=st.sampled_from(DTYPES),
    weighed=st.booleans(),
)
def test_the_batches_are_the_order_cut_in_pieces(
    n: int, batch_size: int, members: int, kind: str, dtype: Any, weighed: bool
) -> None:
    data = dataset(n, (3, 2), kind)
    if weighed:
        data = attrs.evolve(data, weights=np.arange(n) / 7)
    order = shuffle(n, seed=range(members) if members else 0, epoch=0)
    batches = list(mini_batches(data, order, batch_size, dtype))
    starts = range(0, n, batch_size)
    assert len(batches) == len(starts)
    for start, (x, y, weights) in zip(starts, batches, strict=True):
        expected = data.batch(order[..., start : start + batch_size], dtype=dtype)
        assert x.tobytes() == with_ones(expected.x, 1.0, dtype).tobytes()
        assert y.tobytes() == target_columns(expected.y, 2, dtype).tobytes()
        if expected.weights is None:
            assert weights is None
        else:
            assert weights is not None
            assert weights.tobytes() == expected.weights.astype(dtype).tobytes()


def test_batches_do_not_share_memory_that_a_later_one_changes() -> None:
    data = dataset(500, (3, 2))
    batches = list(mini_batches(data, np.arange(500), 7, DTYPES[0]))
    rows = np.concatenate([x[:, :-1] for x, _, _ in batches])
    assert rows.tobytes() == data.batch().x.tobytes()


def test_batches_are_made_when_they_are_asked_for() -> None:
    data = dataset(100_000, (3, 2))
    first, _, _ = next(mini_batches(data, np.arange(100_000), 10, DTYPES[0]))
    assert first.base is not None
    assert first.base.nbytes < 10_000


@pytest.mark.parametrize("dtype", DTYPES)
def test_numbers_beyond_the_dtypes_range_become_infinite_in_silence(dtype: Any) -> None:
    data = Dataset([[1.0]], [[1e300]], weights=[1e300])
    (_, y, weights) = next(mini_batches(data, np.arange(1), 1, dtype))
    assert weights is not None
    assert np.isinf([y[0, 0], weights[0]]).all() == (dtype == np.float32)
