from __future__ import annotations

from itertools import chain
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fnnet._records import Array
from fnnet.datasets.dataset import Dataset, Splits
from fnnet.datasets.splitting import split, subset
from tests._support import assert_refused

SHARES = st.floats(0.05, 0.45)


def numbered(labels: Any) -> Dataset:
    """A data set whose x is each sample's number."""
    labels = np.asarray(labels)
    y = labels if labels.dtype.kind == "i" else labels[:, np.newaxis]
    return Dataset(np.arange(len(labels), dtype=float)[:, np.newaxis], y)


def parts_of(splits: Splits) -> list[Dataset]:
    return [splits.train, splits.validation, splits.test]


def rows_of(part: Dataset) -> list[int]:
    return [int(row) for row in part.x[:, 0]]


@settings(max_examples=200)
@given(
    labels=st.lists(st.integers(0, 4), min_size=3, max_size=200),
    validation=SHARES,
    test=SHARES,
    seed=st.integers(0, 2**40),
    stratified=st.booleans(),
    floats=st.booleans(),
)
def test_each_sample_is_in_one_part_whose_size_is_its_share(
    labels: list[int], validation: float, test: float, seed: int, stratified: bool, floats: bool
) -> None:
    n = len(labels)
    sizes = [max(1, round(validation * n)), max(1, round(test * n))]
    assume(sum(sizes) < n)
    data = numbered(np.array(labels, float if floats else int))
    splits = split(data, validation=validation, test=test, seed=seed, stratified=stratified)
    train, *others = parts_of(splits)
    assert [len(part) for part in others] == sizes
    rows = [rows_of(part) for part in (train, *others)]
    assert sorted(chain.from_iterable(rows)) == list(range(n))
    for part, numbers in zip((train, *others), rows, strict=True):
        assert numbers == sorted(numbers)
        assert part == subset(data, numbers)
    if stratified and not floats:
        counts = np.bincount(labels, minlength=5)
        for part in (train, *others):
            due = counts * len(part) / n
            # Each of the two roundings is by less than one.
            assert (abs(np.bincount(part.y, minlength=5) - due) < 2).all()


def test_a_class_has_in_each_part_what_is_due_to_it() -> None:
    counts = np.array([50, 30, 20])
    splits = split(numbered(np.repeat(range(3), counts)), validation=0.1, test=0.2)
    for part, share in zip(parts_of(splits), (0.7, 0.1, 0.2), strict=True):
        assert np.bincount(part.y).tolist() == (counts * share).round().astype(int).tolist()


def test_what_is_due_is_rounded_by_the_largest_remainder() -> None:
    # Of 10 samples 3 are for the test: 1.5, 0.9 and 0.6 of the classes; of the 7 left, 4, 2 and 1,
    # 3 are to validate: 1.71, 0.86 and 0.43.
    splits = split(numbered(np.repeat(range(3), (5, 3, 2))), validation=0.3, test=0.3)
    assert np.bincount(splits.test.y, minlength=3).tolist() == [1, 1, 1]
    assert np.bincount(splits.validation.y, minlength=3).tolist() == [2, 1, 0]
    assert np.bincount(splits.train.y, minlength=3).tolist() == [2, 1, 1]


def test_of_equal_remainders_the_smaller_labels_comes_first() -> None:
    splits = split(numbered([0, 1, 2, 3] * 2), validation=0.25, test=0.25)
    assert sorted(splits.test.y) == [0, 1]
    assert sorted(splits.validation.y) == [2, 3]


@pytest.mark.parametrize("counts", [(600, 300, 100), (997, 2, 1), (50, 50, 50), (333, 333, 334)])
def test_classes_are_shared_out_as_scikit_learn_shares_them_out(counts: tuple[int, ...]) -> None:
    selection = pytest.importorskip("sklearn.model_selection")
    labels = np.repeat(range(3), counts)
    rest, test = selection.train_test_split(labels, test_size=0.2, random_state=0)
    assert len(split(numbered(labels)).test) == len(test)
    if min(counts) > 1:
        rest, test = selection.train_test_split(
            labels, test_size=0.2, random_state=0, stratify=labels
        )
        splits = split(numbered(labels))
        ours, theirs = (np.bincount(y, minlength=3) for y in (splits.test.y, test))
        assert abs(ours - theirs).max() <= 1  # of equal remainders, it draws which comes first
        assert len(splits.train) + len(splits.validation) == len(rest)


def test_a_split_is_random_within_each_class() -> None:
    labels = np.repeat(range(2), (400, 100))
    in_test = np.zeros(500)
    for seed in range(100):
        in_test[rows_of(split(numbered(labels), seed=seed).test)] += 1
    # Each sample is in the test of 20 splits of 100, with a deviation of 4.
    assert in_test[:400].mean() == in_test[400:].mean() == 20
    assert 2 < in_test.min() < 15
    assert 25 < in_test.max() < 40
    assert 3.5 < in_test.std() < 4.5


def test_the_same_seed_gives_the_same_split_and_another_one_another() -> None:
    data = numbered([0, 1] * 20)
    assert split(data, seed=3) == split(data, seed=3)
    assert split(data) == split(data, seed=0)
    assert split(data, seed=3).test != split(data, seed=4).test


def test_the_split_is_the_same_in_every_release() -> None:
    splits = split(numbered([0, 0, 1] * 5), seed=1)
    assert (rows_of(splits.validation), rows_of(splits.test)) == ([1, 5], [10, 12, 14])


def test_not_stratified_classes_fall_as_they_fall() -> None:
    labels = np.repeat(range(2), 50)
    plain = split(numbered(labels), seed=1, stratified=False)
    with_targets = split(numbered(labels.astype(float)), seed=1)
    assert [rows_of(part) for part in parts_of(plain)] == [
        rows_of(part) for part in parts_of(with_targets)
    ]
    shares = {int(split(numbered(labels), seed=k, stratified=False).test.y.sum()) for k in range(9)}
    assert len(shares) > 1


def test_a_part_keeps_what_the_data_set_says_of_its_x_and_y() -> None:
    data = Dataset(np.arange(40, dtype=np.uint8).reshape(20, 2), [0] * 20, scale=0.5, classes=7)
    for part in parts_of(split(data)):
        assert (part.x.dtype.name, part.scale, part.classes) == ("uint8", 0.5, 7)


def test_each_sample_keeps_its_weight() -> None:
    data = attrs.evolve(numbered([0, 1] * 10), weights=np.arange(20) / 7)
    for part in parts_of(split(data)):
        assert part.weights is not None
        assert part.weights.tolist() == [row / 7 for row in rows_of(part)]
        assert not part.weights.flags.writeable


def test_classes_that_nobody_has_and_huge_labels_are_of_no_account() -> None:
    labels = np.array([3, 2**40] * 10)
    assert rows_of(split(numbered(labels)).test) == rows_of(split(numbered([0, 1] * 10)).test)


@pytest.mark.parametrize("kind", [int, float])
def test_three_samples_are_one_for_each_part(kind: type) -> None:
    splits = split(numbered(np.array([0, 0, 1], kind)), validation=0.01, test=0.01)
    assert [len(part) for part in parts_of(splits)] == [1, 1, 1]


@pytest.mark.parametrize(
    ("changes", "fragment"),
    [
        ({"dataset": numbered([0, 1])}, "the number of samples is 2: expected more than the 1 to"),
        (
            {"validation": 0.5, "test": 0.49},
            "is 10: expected more than the 5 to validate and the 5",
        ),
        ({"dataset": np.zeros((3, 2))}, "expected a Dataset"),
        ({"validation": 0}, "validation is 0: expected a finite number above 0 and below 1"),
        ({"test": 1.0}, "test is 1.0: expected a finite number above 0 and below 1"),
        ({"test": -0.1}, "test is -0.1: expected a finite number above 0"),
        ({"test": float("nan")}, "test is nan: expected a finite number"),
        ({"test": "a"}, "test is 'a': expected a finite number"),
        ({"validation": 0.5, "test": 0.5}, "validation + test is 1.0: expected less than 1"),
        ({"seed": -1}, "seed is -1: expected an integer of at least 0"),
        ({"seed": (0, 1)}, "seed is (0, 1): expected an integer"),
    ],
)
def test_what_cannot_be_split_is_refused(changes: dict[str, Any], fragment: str) -> None:
    arguments = {"dataset": numbered([0, 1] * 5)} | changes
    assert_refused(lambda: split(**arguments), fragment)


@pytest.mark.parametrize("rows", [slice(1, 3), [2, 0], np.array([True, False, True])])
def test_a_subset_holds_the_samples_of_its_rows(rows: Any) -> None:
    x: Array = np.asfortranarray(np.arange(6, dtype=np.float32).reshape(3, 2))
    for y in (np.array([0, 1, 2]), np.eye(3)):
        data = Dataset(x, y, scale=2.0)
        expected = attrs.evolve(data, x=data.x[rows].copy(), y=data.y[rows].copy())
        assert subset(data, rows) == expected
        assert not subset(data, rows).x.flags.writeable
