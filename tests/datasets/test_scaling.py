from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from fnnet._checks import InputError
from fnnet._records import Array
from fnnet.datasets.dataset import Dataset, Splits
from fnnet.datasets.digits import load_digits
from fnnet.datasets.scaling import Scaling, apply_scaling, min_max, standardisation
from tests._support import assert_refused, close, inputs

BOTH = [standardisation, min_max]
SCALING = Scaling([1.0, 0.0], [2.0, -3.0])
NOTHING: Any = None


def data(x: Any, **fields: Any) -> Dataset:
    x = np.asarray(x)
    return Dataset(x, np.zeros(len(x), int), **fields)


class TestScaling:
    def test_is_a_frozen_record_of_float64(self) -> None:
        scaling = Scaling(np.array([1, 0]), np.array([2, -3], np.float32))
        assert scaling == SCALING
        assert hash(scaling) == hash(SCALING)
        assert scaling.n_in == 2
        for other in (scaling, copy.deepcopy(scaling), pickle.loads(pickle.dumps(scaling))):
            assert other == scaling
            assert not other.shift.flags.writeable
            assert not other.factor.flags.writeable
        with pytest.raises(AttributeError):
            scaling.shift = scaling.factor  # type: ignore[misc]  # what is tried here

    @pytest.mark.parametrize("changed", [([1.0, 0.5], [2.0, -3.0]), ([1.0, 0.0], [2.0, 3.0])])
    def test_is_equal_bit_for_bit(self, changed: Any) -> None:
        assert Scaling(*changed) != SCALING
        assert Scaling([0.0], [1.0]) != Scaling([-0.0], [1.0])

    @pytest.mark.parametrize(
        ("shift", "factor", "fragment"),
        [
            ([], [], "shift is an array of shape (0,)"),
            (1.0, 1.0, "shift is an array of shape ()"),
            ([[1.0]], [[1.0]], "shift is an array of shape (1, 1)"),
            ([1.0], [1.0, 2.0], "factor is an array of shape (2,)"),
            ([np.nan], [1.0], "shift[0] is nan: expected finite"),
            ([1.0, 2.0], [1.0, np.inf], "factor[1] is inf: expected finite"),
            (["a"], [1.0], "expected real numbers"),
            ([1.0], [1j], "expected real numbers"),
        ],
    )
    def test_refuses(self, shift: Any, factor: Any, fragment: str) -> None:
        assert_refused(lambda: Scaling(shift, factor), fragment)


class TestStandardisation:
    @pytest.mark.parametrize("scale", [1.0, -0.25, 1 / 256])
    def test_gives_mean_0_and_deviation_1(self, scale: float) -> None:
        dataset = data(
            inputs(200, 5) * [1, 10, 1e-3, 1e6, 1e-200] + [0, 3, 7, -1e6, 0], scale=scale
        )
        scaled = apply_scaling(standardisation(dataset), dataset).x
        assert abs(scaled.mean(axis=0)).max() < 1e-11
        assert abs(scaled.std(axis=0) - 1).max() < 1e-12

    def test_is_of_whole_numbers_exact(self) -> None:
        scaling = standardisation(data(np.array([[1, 10], [3, 10], [1, 30], [3, 30]], np.uint8)))
        assert scaling == Scaling([2.0, 20.0], [1.0, 0.1])

    def test_an_offset_does_not_swallow_the_differences(self) -> None:
        x = inputs(1000, 1)
        x -= x.mean()
        offset = 2.0**40
        exact = x + offset - offset  # what the sum has kept of x
        scaling = standardisation(data(x + offset))
        assert abs(scaling.factor[0] * exact.std() - 1) < 1e-12
        assert abs(scaling.shift[0] - offset - exact.mean()) <= np.spacing(offset)

    def test_is_scikit_learns(self) -> None:
        preprocessing = pytest.importorskip("sklearn.preprocessing")
        for x in (inputs(50, 4) * [1, 1e3, 1e-3, 5] + 7, load_digits().train.x.astype(float)):
            theirs = preprocessing.StandardScaler().fit(x)
            ours = standardisation(data(x))
            assert close(ours.shift, theirs.mean_)
            assert close(1 / ours.factor, theirs.scale_)
            assert close(apply_scaling(ours, x), theirs.transform(x))


class TestMinMax:
    @pytest.mark.parametrize("scale", [1.0, -0.25, 1 / 256])
    def test_gives_0_to_1(self, scale: float) -> None:
        dataset = data(inputs(200, 4) * [1, 10, 1e-3, 1e-200], scale=scale)
        scaled = apply_scaling(min_max(dataset), dataset).x
        assert scaled.min(axis=0).tolist() == [0] * 4
        assert abs(scaled.max(axis=0) - 1).max() < 1e-15

    def test_is_of_whole_numbers_exact(self) -> None:
        scaling = min_max(data(np.array([[1, 10], [3, 20], [2, 14]], np.uint8)))
        assert scaling == Scaling([1.0, 10.0], [0.5, 0.1])

    def test_is_scikit_learns(self) -> None:
        preprocessing = pytest.importorskip("sklearn.preprocessing")
        for x in (inputs(50, 4) * [1, 1e3, 1e-3, 5] + 7, load_digits().train.x.astype(float)):
            theirs = preprocessing.MinMaxScaler().fit(x)
            ours = min_max(data(x))
            assert close(ours.shift, theirs.data_min_)
            assert close(ours.factor, theirs.scale_)
            assert close(apply_scaling(ours, x), theirs.transform(x))


@pytest.mark.parametrize("fit", BOTH)
class TestBoth:
    @pytest.mark.parametrize("value", [0.0, 0.1, 1e9 + 0.1, -1e300])
    def test_what_is_constant_becomes_0(self, fit: Any, value: float) -> None:
        dataset = data(np.full((10, 1), value))
        scaling = fit(dataset)
        assert scaling == Scaling([value], [1.0])
        assert apply_scaling(scaling, dataset).x.tolist() == [[0.0]] * 10
        assert apply_scaling(scaling, [[value + 2]]).tolist() == [[value + 2 - value]]

    def test_is_the_same_for_bytes_with_a_scale_and_for_what_they_stand_for(self, fit: Any) -> None:
        pixels = np.random.default_rng(0).integers(0, 256, (50, 3)).astype(np.uint8)
        assert fit(data(pixels, scale=1 / 3)) == fit(data(pixels * (1 / 3)))

    def test_is_computed_in_float64(self, fit: Any) -> None:
        x = (inputs(1000, 2) + 1e4).astype(np.float32)
        assert fit(data(x)) == fit(data(x.astype(np.float64)))

    @settings(max_examples=200, deadline=None)
    @given(
        x=arrays.arrays(
            np.float64,
            st.tuples(st.integers(1, 20), st.integers(1, 3)),
            elements=st.floats(-1e300, 1e300) | st.integers(-3, 3).map(float),
        )
    )
    def test_of_any_numbers_is_right_or_refused(self, fit: Any, x: Array) -> None:
        span = x.max(axis=0) - x.min(axis=0)
        if ((span > 0) & (span < 1e-300)).any():
            return
        scaled = apply_scaling(fit(data(x)), x)
        assert np.isfinite(scaled).all()
        scale_of = {standardisation: scaled.std(axis=0), min_max: np.ptp(scaled, axis=0)}[fit]
        assert (abs(scale_of - (span > 0)) < 1e-9).all()

    @pytest.mark.parametrize(
        ("x", "scale"),
        [
            ([[1e308], [-1e308]], 1.0),
            ([[1e300], [0.0]], 1e10),
            ([[1e300], [1e300]], 1e10),
            ([[0.0], [5e-324]], 1.0),
            ([[1.0], [2.0]], 5e-324),
        ],
    )
    def test_what_float64_cannot_hold_is_refused(self, fit: Any, x: Any, scale: float) -> None:
        assert_refused(lambda: fit(data(x, scale=scale)), "[0] is", "expected finite values only")

    @pytest.mark.parametrize("other", [np.zeros((3, 2)), SCALING, None])
    def test_what_is_no_data_set_is_refused(self, fit: Any, other: Any) -> None:
        assert_refused(lambda: fit(other), "dataset is", "expected a Dataset")


class TestApply:
    @pytest.mark.parametrize(
        ("dtype", "kept"),
        [
            (np.uint8, np.float32),
            (bool, np.float32),
            (np.float16, np.float32),
            (np.float32, np.float32),
            (np.float64, np.float64),
            (np.int64, np.float64),
        ],
    )
    def test_to_an_array(self, dtype: Any, kept: Any) -> None:
        x = np.array([[0, 1], [1, 1]], dtype)
        scaled = apply_scaling(SCALING, x)
        assert scaled.dtype == kept
        assert scaled.tolist() == [[-2, -3], [0, -3]]
        assert x.tolist() == np.array([[0, 1], [1, 1]], dtype).tolist()

    def test_to_one_sample_and_to_a_batch_for_each_network(self) -> None:
        x = inputs(3, 4, 2)
        whole = apply_scaling(SCALING, x)
        assert whole.shape == x.shape
        assert apply_scaling(SCALING, x[1]).tolist() == whole[1].tolist()
        assert apply_scaling(SCALING, x[1, 2]).tolist() == whole[1, 2].tolist()
        assert apply_scaling(SCALING, [1.0, 1.0]).tolist() == [0, -3]

    def test_to_a_data_set_takes_its_scale_in(self) -> None:
        dataset = Dataset(np.array([[4, 8], [0, 2]], np.uint8), [0, 0], scale=0.5, classes=3)
        dataset = attrs.evolve(dataset, weights=[2.0, 3.0])
        scaled = apply_scaling(SCALING, dataset)
        x = np.array([[2, -12], [-2, -3]], np.float32)
        assert scaled == Dataset(x, [0, 0], classes=3, weights=[2.0, 3.0])
        assert scaled.batch().x.tolist() == apply_scaling(SCALING, dataset.batch().x).tolist()

    def test_to_splits_scales_each_part_alike(self) -> None:
        digits = load_digits()
        scaling = standardisation(digits.train)
        scaled = apply_scaling(scaling, digits)
        assert isinstance(scaled, Splits)
        for name in ("train", "validation", "test"):
            assert getattr(scaled, name) == apply_scaling(scaling, getattr(digits, name))

    def test_is_rounded_once(self) -> None:
        x = (inputs(100, 2) + 1e6).astype(np.float32)
        expected = ((x.astype(np.float64) - 1e6) * 3.3).astype(np.float32)
        assert apply_scaling(Scaling([1e6] * 2, [3.3] * 2), x).tolist() == expected.tolist()

    def test_tells_what_came_in_from_what_came_out(self) -> None:
        with pytest.raises(InputError, match=r"^x\[0, 1\] is nan: expected finite"):
            apply_scaling(SCALING, [[1.0, np.nan]])

    @pytest.mark.parametrize(
        ("call", "fragments"),
        [
            (lambda: apply_scaling(SCALING, [[1.0]]), ["x is", "(1, 1)", "shape (..., 2)"]),
            (lambda: apply_scaling(SCALING, 1.0), ["x is", "shape (..., 2)"]),
            (lambda: apply_scaling(SCALING, data([[1.0]])), ["x is", "shape (..., 2)"]),
            (lambda: apply_scaling(SCALING, [[0.0, 1e308]]), ["scaled x[0, 1] is -inf"]),
            (
                lambda: apply_scaling(SCALING, np.array([[0.0, 3e38]], np.float32)),
                ["scaled x[0, 1] is -inf: expected finite values only"],
            ),
            (
                lambda: apply_scaling(SCALING, data([[0.0, 1e300]], scale=1e10)),
                ["scaled x[0, 1] is -inf"],
            ),
            (lambda: apply_scaling(SCALING, ["a", "b"]), ["x is", "expected real numbers"]),
            (lambda: apply_scaling(SCALING, [1j, 0]), ["x is", "expected real numbers"]),
            (lambda: apply_scaling(NOTHING, [1.0, 0.0]), ["scaling is None: expected a Scaling"]),
        ],
    )
    def test_refuses(self, call: Callable[[], object], fragments: list[str]) -> None:
        assert_refused(call, *fragments)
