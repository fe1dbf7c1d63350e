from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fnnet import Dataset
from fnnet._random import shuffle
from fnnet.network.batches import mini_batches, per_network, sample_scale, target_columns, with_ones
from tests._support import dataset, inputs

DTYPES: list[Any] = [np.dtype(np.float32), np.dtype(np.float64)]
KINDS = ["labels", "targets", "bytes"]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(4, 3), (2, 4, 3), (1, 1)])
def test_inputs_are_scaled_and_end_in_a_one(shape: tuple[int, ...], dtype: Any) -> None:
    x = inputs(*shape)
    result = with_ones(x, 0.25, dtype)
    assert result.dtype == dtype
    assert result[..., -1].tolist() == np.ones(shape[:-1]).tolist()
    np.testing.assert_allclose(result[..., :-1], x / 4, rtol=1e-6)
    assert not np.shares_memory(result, x)


def test_labels_become_columns_with_a_one_in_the_labels_row() -> None:
    columns = target_columns(np.array([[2, 0], [1, 1]]), 3, DTYPES[0])
    assert columns.dtype == DTYPES[0]
    assert columns.tolist() == [[[0, 1], [0, 0], [1, 0]], [[0, 0], [1, 1], [0, 0]]]


def test_targets_become_columns() -> None:
    y = inputs(2, 4, 3)
    assert target_columns(y, 3, DTYPES[1]).tobytes() == y.swapaxes(-1, -2).tobytes()


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


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("axes", [1, 2])
def test_a_rate_is_one_number_or_one_for_each_network(axes: int, dtype: Any) -> None:
    one, each = per_network(0.5, dtype, axes=axes), per_network([0.5, 2], dtype, axes=axes)
    assert (one.shape, one.dtype, one.item()) == ((), dtype, 0.5)
    assert (each.shape, each.dtype, each.ravel().tolist()) == ((2, *[1] * axes), dtype, [0.5, 2])


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_samples_share_is_its_weight_times_the_factor_over_their_number(dtype: Any) -> None:
    weights = np.array([1, 2, 0, 3], dtype)
    assert sample_scale(2.0, 4, None, dtype).tolist() == 0.5
    assert sample_scale(2.0, 4, weights, dtype).tolist() == [[0.5, 1, 0, 1.5]]
    of_two = sample_scale(np.array([2.0, 4.0]), 4, weights, dtype)
    assert of_two.tolist() == [[[0.5, 1, 0, 1.5]], [[1, 2, 0, 3]]]
    own = sample_scale(np.array([2.0, 4.0]), 4, np.stack([weights, 1 - weights / 4]), dtype)
    assert own.tolist() == [[[0.5, 1, 0, 1.5]], [[0.75, 0.5, 1, 0.25]]]
    assert {of_two.dtype, own.dtype} == {dtype}
