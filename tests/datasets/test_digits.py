from __future__ import annotations

import numpy as np
import pytest

from fnnet.datasets.dataset import Splits
from fnnet.datasets.digits import load_digits


@pytest.fixture(scope="module")
def splits() -> Splits:
    return load_digits()


def test_the_parts_have_their_sizes(splits: Splits) -> None:
    parts = (splits.train, splits.validation, splits.test)
    assert [len(part) for part in parts] == [1297, 140, 360]
    assert {(part.n_in, part.n_out, part.scale) for part in parts} == {(64, 10, 1 / 16)}


def test_images_stay_bytes_and_scale_to_0_to_1(splits: Splits) -> None:
    assert splits.train.x.dtype == np.uint8
    batch = splits.train.batch()
    assert (batch.x.min(), batch.x.max()) == (0, 1)


def test_arrays_cannot_be_written_to(splits: Splits) -> None:
    for part in (splits.train, splits.validation, splits.test):
        assert not part.x.flags.writeable
        assert not part.y.flags.writeable


def test_two_loads_are_equal(splits: Splits) -> None:
    assert load_digits() == splits


def test_the_parts_are_scikit_learns_digits_in_order(splits: Splits) -> None:
    digits = pytest.importorskip("sklearn.datasets").load_digits()
    parts = (splits.train, splits.validation, splits.test)
    np.testing.assert_array_equal(np.concatenate([part.x for part in parts]), digits.data)
    np.testing.assert_array_equal(np.concatenate([part.y for part in parts]), digits.target)
