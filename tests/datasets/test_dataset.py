from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from fnnet import init, sgd_step
from fnnet._checks import InputError
from fnnet.datasets.dataset import Batch, Dataset, Splits
from fnnet.datasets.splitting import subset
from tests._support import assert_refused, same_bits

PIXELS = np.array([[0, 128], [255, 64], [8, 8]], dtype=np.uint8)
ODD = 1 - 2.0**-25
"""What float32 rounds to 1."""
COPIES = [copy.copy, copy.deepcopy, lambda record: pickle.loads(pickle.dumps(record))]


def dataset(**changes: Any) -> Dataset:
    fields: dict[str, Any] = {"x": PIXELS, "y": [1, 0, 1], "scale": 1 / 256}
    return Dataset(**(fields | changes))


class TestDataset:
    def test_keeps_bytes_as_they_are(self) -> None:
        assert dataset().x.dtype == np.uint8
        assert dataset().x.tolist() == PIXELS.tolist()

    @pytest.mark.parametrize("dtype", [np.int8, np.uint16, np.int64, bool])
    def test_takes_other_integers_as_float64(self, dtype: type) -> None:
        x = dataset(x=PIXELS.astype(dtype)).x
        assert x.dtype == np.float64
        assert x.tolist() == PIXELS.astype(dtype).astype(float).tolist()

    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
    def test_keeps_the_dtype_of_floats(self, dtype: type) -> None:
        assert dataset(x=PIXELS.astype(dtype)).x.dtype == dtype

    @pytest.mark.parametrize("dtype", [np.uint8, np.int32, ">i8", np.uint64])
    def test_keeps_labels_as_int64(self, dtype: Any) -> None:
        made = dataset(y=np.array([1, 0, 1], dtype))
        assert made.y.dtype == np.dtype("=i8")
        assert made == dataset()

    def test_counts_its_samples_inputs_and_outputs(self) -> None:
        labelled = dataset(classes=4)
        assert (len(labelled), labelled.n_in, labelled.n_out) == (3, 2, 4)
        with_targets = dataset(y=np.zeros((3, 5)))
        assert (with_targets.n_out, with_targets.classes) == (5, None)

    def test_has_one_class_more_than_the_largest_label(self) -> None:
        assert dataset(y=[4, 0, 2]).classes == 5

    def test_takes_arrays_that_nobody_can_write_to_without_a_copy(self) -> None:
        x = np.frombuffer(bytes(6), np.uint8).reshape(3, 2)
        assert np.shares_memory(dataset(x=x).x, x)

    def test_is_not_changed_through_the_callers_array(self) -> None:
        x, y = PIXELS.copy(), np.array([1, 0, 1])
        made = Dataset(x, y, scale=1 / 256)
        x[:], y[:] = 7, 0
        assert made == dataset()

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"scale": float("nan")}, "scale is nan: expected a finite number"),
            ({"scale": "a"}, "scale is 'a': expected a finite number"),
            (
                {"x": []},
                r"x is an array of shape \(0,\).*: expected real .*, at least one sample",
            ),
            (
                {"x": [1.0, 2.0, 3.0]},
                r"x is an array of shape \(3,\).*: expected real .*, at least one",
            ),
            (
                {"x": np.zeros((3, 0))},
                r"x is an array of shape \(3, 0\).*: expected real .*, at least one",
            ),
            (
                {"x": np.zeros((0, 2)), "y": np.zeros(0, int)},
                r"x .*\(0, 2\).*: expected real .*, at least",
            ),
            ({"x": np.zeros((3, 2), complex)}, "x is an array .*complex128: expected real numbers"),
            ({"x": np.zeros((3, 2), object)}, "x is an array .*object: expected real numbers"),
            ({"x": [["a"], ["b"], ["c"]]}, "x is .*: expected real numbers"),
            ({"x": [[1, 2], [3], [4]]}, "x is .*: expected real numbers"),
            ({"y": [[1], [2, 3], [4]]}, "y is .*: expected real numbers"),
            (
                {"y": [0, 1]},
                r"y is an array of shape \(2,\).*: expected one for each of x's 3 rows",
            ),
            ({"y": 1}, r"y is an array of shape \(\).*: expected one for each of x's 3 rows"),
            ({"y": [[0], [1], [0]]}, r"y is an array of shape \(3, 1\).*: expected class labels"),
            ({"y": [0, -1, 0]}, "y is -1: expected class labels of 0 to 0"),
            ({"y": [0, 3, 0], "classes": 3}, "y is 3: expected class labels of 0 to 2"),
            ({"classes": 0}, "classes is 0: expected an integer of at least 1"),
            ({"classes": None}, "classes is None: expected an integer of at least 1"),
            ({"y": [0.0, 1.0, 0.0]}, r"y is an array .*: expected integer labels \(n,\) or float"),
            ({"y": [True, False, True]}, "y is an array .*bool: expected integer labels"),
            ({"y": np.zeros((3, 1), complex)}, "y is an array .*complex128: expected integer"),
            ({"y": np.zeros((3, 2)), "classes": 2}, "classes is 2: expected None, for y holds"),
            ({"y": [[0.0], [np.inf], [0.0]]}, r"y\[1, 0\] is inf: expected finite values only"),
            ({"x": [[0.0], [1.0], [np.nan]]}, r"x\[2, 0\] is nan: expected finite values only"),
            (
                {"weights": [1, 2]},
                r"weights is an array of shape \(2,\).*: expected one for each of",
            ),
            (
                {"weights": np.ones((3, 1))},
                r"weights is .*\(3, 1\).*: expected one for each of x's 3",
            ),
            ({"weights": 1.0}, r"weights is .*\(\).*: expected a real number for each sample"),
            (
                {"weights": [1, -0.5, 1]},
                "the smallest of weights is -0.5: expected a number of at least 0",
            ),
            ({"weights": [1, 1, np.nan]}, r"weights\[2\] is nan: expected finite values only"),
            ({"weights": [1, 1, np.inf]}, r"weights\[2\] is inf: expected finite values only"),
            ({"weights": [1, 1, 1j]}, "weights is .*complex128: expected a real number for each"),
            ({"weights": "abc"}, "weights is 'abc': expected real numbers"),
            (
                {"y": np.array([0, 1, 2**64 - 1], np.uint64)},
                r"y is 18446744073709551615: expected class labels",
            ),
            ({"x": np.ma.masked_less(PIXELS, 9)}, "x is an array .*: expected no masked values"),
        ],
    )
    def test_refuses(self, changes: dict[str, Any], message: str) -> None:
        with pytest.raises(InputError, match=message) as caught:
            dataset(**changes)
        assert "\n" not in str(caught.value)


class TestBatch:
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_is_scaled_exactly(self, dtype: type) -> None:
        x = np.arange(256, dtype=np.uint8)[:, np.newaxis]
        batch = Dataset(x, np.zeros(256, int), scale=1 / 256).batch(dtype=dtype)
        assert batch.x.dtype == dtype
        assert batch.x[:, 0].tolist() == [byte / 256 for byte in range(256)]

    def test_is_of_float32_by_default(self) -> None:
        assert dataset(x=PIXELS.astype(float)).batch().x.dtype == np.float32

    def test_holds_the_rows_asked_for_in_their_order(self) -> None:
        batch = dataset().batch([2, 0])
        assert batch.x.tolist() == [[8 / 256, 8 / 256], [0, 0.5]]
        assert batch.y.tolist() == [1, 1]
        assert dataset().batch(slice(1, 2)) == dataset().batch([1])

    @pytest.mark.parametrize(
        ("x", "y", "scale", "told"),
        [
            ([[1e39], [1.0]], [0, 1], 1e-39, "x is 1e+39: expected numbers finite in float32"),
            ([[0.0], [1e-39]], [0, 1], 1e39, "scale is 1e+39: expected numbers finite in float32"),
            ([[1e20], [1.0]], [0, 1], 1e30, "x, scaled, is 1e+50: expected numbers fin"),
            # Finite as a product of float64, but not of the rounded factors.
            ([[ODD * 2.0**127], [1.0]], [0, 1], ODD * 2, "x, scaled, is 3.4028234"),
            ([[0.0], [1.0]], [[1e39], [0.0]], 1.0, "y is 1e+39: expected numbers finite in float"),
        ],
    )
    def test_refuses_what_its_dtype_cannot_hold(
        self, x: Any, y: Any, scale: float, told: str
    ) -> None:
        data = Dataset(x, y, scale=scale)
        for rows in (0, [0], slice(None)):
            assert_refused(partial(data.batch, rows), told)
        batch = data.batch(dtype=np.float64)
        assert np.isfinite(batch.x).all()
        if scale != 1e39:
            assert np.isfinite(data.batch([1]).x).all()  # its own numbers are

    def test_may_have_leading_axes(self) -> None:
        batch = dataset().batch(np.array([[0, 1], [2, 0]]))
        assert batch.x.shape == (2, 2, 2)
        assert batch.y.tolist() == [[1, 0], [1, 1]]

    def test_has_the_weights_of_its_rows(self) -> None:
        weighed = dataset(weights=[1, 2, 3])
        for rows, expected in (
            ([2, 0], [3, 1]),
            (slice(1, None), [2, 3]),
            (np.array([[0, 1], [2, 2]]), [[1, 2], [3, 3]]),
        ):
            weights = weighed.batch(rows).weights
            assert weights is not None
            assert weights.tolist() == expected
        assert dataset().batch().weights is None

    @pytest.mark.parametrize("weights", [None, [1.0, 2.0, 3.0]])
    def test_of_one_rows_number_is_one_sample(self, weights: Any) -> None:
        data, params = dataset(weights=weights), init([2, 2], seed=0)
        for k in (2, np.int64(2), -1):
            batch, alone = data.batch(k), data.batch([2])
            assert (batch.x.shape, batch.y.shape) == ((2,), ())
            assert weights is None or same_bits(batch.weights, np.array([3.0]))
            assert sgd_step(params, batch, 1.0) == sgd_step(params, alone, 1.0)

    @pytest.mark.parametrize("rows", [[99], 3, -4, "a", 1.5, [[0], [1, 2]], slice("a"), (0, 1)])
    @pytest.mark.parametrize("weights", [None, [1.0, 2.0, 3.0]])
    def test_of_rows_that_are_not_there_is_refused(self, rows: Any, weights: Any) -> None:
        for call in (dataset(weights=weights).batch, partial(subset, dataset(weights=weights))):
            assert_refused(
                partial(call, rows),
                f"rows is {rows!r}: expected a slice, or row numbers of -3 to 2",
            )

    @pytest.mark.parametrize("weights", [[-1.0], [np.nan], [1j], 1.0, "a"])
    def test_refuses_what_are_no_weights(self, weights: Any) -> None:
        with pytest.raises(InputError, match="weights"):
            Batch([[1.0]], [0], weights=weights)

    @pytest.mark.parametrize("dtype", [int, np.uint8, bool, str, "abc"])
    def test_is_of_no_other_dtype(self, dtype: Any) -> None:
        with pytest.raises(InputError, match=r"dtype is .*: expected float32 or float64"):
            dataset().batch(dtype=dtype)

    def test_keeps_labels_and_casts_targets(self) -> None:
        assert dataset().batch().y.dtype == np.int64
        assert dataset(y=np.zeros((3, 2))).batch().y.dtype == np.float32


@pytest.mark.parametrize(
    "record",
    [
        dataset(),
        dataset(y=np.ones((3, 2))),
        dataset(weights=np.ones(3)),
        dataset().batch(),
        dataset(weights=np.ones(3)).batch(),
        Batch([[1.0]], [0]),
        Batch([[1.0]], [0], weights=[2.0]),
    ],
    ids=["labels", "targets", "weighed", "batch", "weighed batch", "own batch", "own weights"],
)
class TestRecords:
    def test_arrays_cannot_be_written_to(self, record: Any) -> None:
        for array in (record.x, record.y, *([] if record.weights is None else [record.weights])):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 1

    def test_fields_cannot_be_set(self, record: Any) -> None:
        with pytest.raises(AttributeError):
            record.x = record.x

    @pytest.mark.parametrize("copied", COPIES, ids=["copy", "deepcopy", "pickle"])
    def test_copies_are_equal_and_as_frozen(
        self, record: Any, copied: Callable[[Any], Any]
    ) -> None:
        other = copied(record)
        assert other == record
        assert hash(other) == hash(record)
        assert not other.x.flags.writeable
        assert not other.y.flags.writeable
        assert other.weights is None or not other.weights.flags.writeable


class TestEquality:
    def test_of_equal_data_sets(self) -> None:
        assert dataset() == dataset(x=PIXELS.copy())
        assert hash(dataset()) == hash(dataset(x=PIXELS.copy()))

    @pytest.mark.parametrize(
        "changes",
        [
            {"x": PIXELS[::-1]},
            {"x": PIXELS.astype(float)},
            {"y": [0, 0, 1]},
            {"scale": 1 / 255},
            {"classes": 3},
            {"weights": np.ones(3)},
        ],
        ids=["x", "dtype", "y", "scale", "classes", "weights"],
    )
    def test_needs_every_field(self, changes: dict[str, Any]) -> None:
        assert dataset(**changes) != dataset()

    def test_is_of_bits(self) -> None:
        assert Dataset([[0.0]], [0]) != Dataset([[-0.0]], [0])
        assert Batch([[0.0]], [0]) != Batch([[-0.0]], [0])
        assert Batch([[np.nan]], [0]) == Batch([[np.nan]], [0])

    def test_does_not_hang_on_the_kind_of_a_number(self) -> None:
        same = dataset(scale=np.float64(1 / 256), classes=np.int64(2))
        assert same == dataset(scale=1 / 256, classes=2)
        assert type(same.scale) is float
        assert type(same.classes) is int


class TestSplits:
    def test_are_of_data_sets(self) -> None:
        nothing: Any = None
        with pytest.raises(InputError, match="test is None: expected a Dataset"):
            Splits(dataset(), dataset(), nothing)

    def test_are_equal_where_their_parts_are(self) -> None:
        splits = Splits(dataset(), dataset(), dataset())
        assert splits == Splits(dataset(), dataset(), dataset())
        assert splits != Splits(dataset(), dataset(), dataset(y=[0, 0, 1]))

    @pytest.mark.parametrize("part", ["validation", "test"])
    @pytest.mark.parametrize("other", [dataset(x=np.zeros((3, 9))), dataset(classes=7)])
    def test_refuse_parts_of_other_shapes(self, part: str, other: Dataset) -> None:
        parts = dict.fromkeys(("train", "validation", "test"), dataset()) | {part: other}
        with pytest.raises(InputError, match=rf"{part} is .*: expected .*\(2, 2\)"):
            Splits(**parts)
