from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fnnet
from fnnet import Dataset, InputError, one_hot, smooth_labels, weigh_classes
from tests._support import assert_refused, dataset, inputs, labels

TARGETS = Dataset([[0.0], [1.0]], [[0.0], [1.0]])


class TestOneHot:
    def test_has_a_one_in_the_labels_place(self) -> None:
        targets = one_hot([[2, 0], [1, 1]], 3)
        assert targets.tolist() == [[[0, 0, 1], [1, 0, 0]], [[0, 1, 0], [0, 1, 0]]]

    @pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8])
    def test_has_the_dtype_asked_for(self, dtype: type) -> None:
        assert one_hot([0], 2, dtype=dtype).dtype == dtype

    @pytest.mark.parametrize("dtype", ["foo", "f4,f4", str, np.eye(3)])
    def test_is_of_a_dtype_of_numbers(self, dtype: Any) -> None:
        assert_refused(lambda: one_hot([0], 2, dtype=dtype), "dtype is ", "a dtype of numbers")

    def test_is_of_no_more_classes_than_an_array_can_hold(self) -> None:
        assert_refused(lambda: one_hot([0], 10**19), "classes is 10000000000000000000", "can hold")

    def test_is_float32_by_default(self) -> None:
        assert one_hot([0], 2).dtype == np.float32

    def test_of_one_label_is_one_row(self) -> None:
        assert one_hot(1, 2).tolist() == [0, 1]

    @pytest.mark.parametrize(
        ("labels", "classes", "message"),
        [
            ([0, 3], 3, "labels is 3: expected class labels of 0 to 2"),
            ([0, -1], 3, "labels is -1: expected class labels of 0 to 2"),
            # More classes than the labels' dtype could count.
            (np.array([-1], np.int8), 300, "labels is -1: expected class labels of 0 to 299"),
            ([0.0], 3, r"labels is an array .*float64: expected integer class labels"),
            ([True], 3, r"labels is an array .*bool: expected integer class labels"),
            ([0], 0, "classes is 0: expected an integer of at least 1"),
            ([0], 2.0, r"classes is 2\.0: expected an integer"),
        ],
    )
    def test_refuses(self, labels: Any, classes: Any, message: str) -> None:
        with pytest.raises(InputError, match=message):
            one_hot(labels, classes)


class TestWeighClasses:
    @settings(deadline=None)
    @given(st.lists(st.integers(0, 4), min_size=1, max_size=40))
    def test_by_default_the_weights_are_scikit_learns(self, y: list[int]) -> None:
        class_weight = pytest.importorskip("sklearn.utils.class_weight")
        weights = weigh_classes(Dataset(np.zeros((len(y), 1)), y, classes=5)).weights
        assert weights is not None
        expected = class_weight.compute_sample_weight("balanced", y)
        np.testing.assert_allclose(weights, expected, rtol=1e-15)
        present = np.unique(y)
        of_class = class_weight.compute_class_weight("balanced", classes=present, y=np.array(y))
        np.testing.assert_allclose(weights, of_class[np.searchsorted(present, y)], rtol=1e-15)

    @pytest.mark.parametrize("classes", [3, 10])
    def test_each_class_then_counts_alike_and_a_sample_one_in_the_mean(self, classes: int) -> None:
        y = [0, 0, 0, 0, 2, 1, 1]
        weights = weigh_classes(Dataset(inputs(7, 2), y, classes=classes)).weights
        assert weights is not None
        assert np.bincount(y, weights).tolist() == pytest.approx([7 / 3] * 3)
        assert weights.mean() == pytest.approx(1)

    def test_each_class_has_the_weight_that_it_is_given(self) -> None:
        data = Dataset(inputs(4, 2), [2, 0, 0, 1])
        for of_class in ([1.0, 2.0, 0.5], (1, 2, 0.5), np.array([1, 2, 0.5], np.float32)):
            weighed = weigh_classes(data, of_class)
            assert weighed.weights is not None
            assert weighed.weights.tolist() == [0.5, 1, 1, 2]

    def test_a_samples_own_weight_is_kept_as_a_factor(self) -> None:
        data = Dataset(inputs(4, 2), [1, 0, 0, 1], weights=[1, 2, 3, 0])
        weighed = weigh_classes(data, [10, 1])
        assert weighed.weights is not None
        assert weighed.weights.tolist() == [1, 20, 30, 0]

    @pytest.mark.parametrize(("own", "of_class"), [(1e300, 1e300), (0.0, np.inf)])
    def test_products_that_are_not_finite_are_refused(self, own: float, of_class: float) -> None:
        data = Dataset([[1.0]], [0], weights=[own])
        told = "expected finite values only"
        assert_refused(lambda: weigh_classes(data, [of_class]), "weights[0] is ", told)

    def test_all_else_stays(self) -> None:
        data = dataset(9, (3, 4), "bytes")
        assert attrs.evolve(weigh_classes(data), weights=None) == data

    @pytest.mark.parametrize(
        ("weights", "fragments"),
        [
            ([1, 2], ["weights is an array of shape (2,)", "one for each of 3"]),
            ([[1, 2, 3]], ["weights is an array of shape (1, 3)", "one for each of 3"]),
            (1.0, ["weights is an array of shape ()", "one for each of 3"]),
            ([1, -2, 3], ["the smallest of weights is -2.0: expected a number of at least 0"]),
            ([1, np.nan, 3], ["is nan: expected finite values only"]),
            ([1, np.inf, 3], ["is inf: expected finite values only"]),
            ([1, 2j, 3], ["weights is ", "complex128", "a real number"]),
            (["a", "b", "c"], ["weights is ['a', 'b', 'c']: expected real numbers"]),
            ([1, None, 2], ["weights is [1, None, 2]: expected real numbers"]),
            ({0: 1, 1: 2, 2: 3}, ["weights is {0: 1, 1: 2, 2: 3}: expected real numbers"]),
            ([[1], [1, 2], []], ["weights is ", "expected real numbers"]),
        ],
    )
    def test_other_weights_are_refused(self, weights: Any, fragments: list[str]) -> None:
        data = Dataset(inputs(4, 2), [2, 0, 0, 1])
        assert_refused(lambda: weigh_classes(data, weights), *fragments)

    @pytest.mark.parametrize(
        ("data", "fragment"), [(TARGETS, "dataset is Dataset("), (None, "dataset is None")]
    )
    def test_only_labels_are_taken(self, data: Any, fragment: str) -> None:
        assert_refused(lambda: weigh_classes(data), fragment)

    def test_a_rare_class_is_learnt_with_it(self) -> None:
        rng = np.random.default_rng(0)
        y = (rng.random(400) < 0.05).astype(int)
        data = Dataset(rng.normal(size=(400, 2)) + 1.5 * y[:, np.newaxis], y)
        config = fnnet.TrainConfig(epochs=10, eta=1.0, cost="cross-entropy")
        start = fnnet.start(fnnet.init([2, 2], seed=0), config)
        recalls = []
        for trained_on in (data, weigh_classes(data)):
            params = fnnet.train(start, trained_on, config).params
            matrix = fnnet.confusion_matrix(params, data)
            recalls.append(matrix[1, 1] / matrix[1].sum())
        assert recalls[1] > recalls[0] + 0.3


class TestSmoothLabels:
    @settings(deadline=None)
    @given(
        y=st.lists(st.integers(0, 4), min_size=1, max_size=9),
        smoothing=st.floats(0, 1, exclude_max=True),
    )
    def test_the_labels_target_stands_out_by_the_rest(self, y: list[int], smoothing: float) -> None:
        smooth = smooth_labels(Dataset(np.zeros((len(y), 1)), y, classes=5), smoothing)
        assert (smooth.classes, smooth.n_out, smooth.y.shape) == (None, 5, (len(y), 5))
        np.testing.assert_allclose(smooth.y.sum(axis=1), 1, rtol=1e-15)
        expected = np.where(
            np.arange(5) == np.array(y)[:, np.newaxis], 1 - 0.8 * smoothing, 0.2 * smoothing
        )
        np.testing.assert_allclose(smooth.y, expected, rtol=1e-14)

    def test_of_nothing_leaves_the_one_hot_targets(self) -> None:
        y = labels(6, classes=3)
        smooth = smooth_labels(Dataset(inputs(6, 2), y, classes=3), 0)
        assert smooth.y.tolist() == one_hot(y, 3).tolist()

    def test_all_else_stays(self) -> None:
        data = attrs.evolve(dataset(9, (3, 4), "bytes"), weights=np.arange(9.0))
        smooth = smooth_labels(data, 0.2)
        assert attrs.evolve(smooth, y=data.y, classes=4) == data

    def test_the_class_read_from_the_targets_is_the_label(self) -> None:
        data, params = dataset(50, (3, 4)), fnnet.init([3, 4], seed=0)
        smooth = smooth_labels(data, 0.9)
        assert fnnet.evaluate(params, smooth).correct == fnnet.evaluate(params, data).correct

    @pytest.mark.parametrize("smoothing", [-0.1, 1, 1.5, np.nan, None, "0.1", True])
    def test_other_shares_are_refused(self, smoothing: Any) -> None:
        refused = "a finite number of at least 0 and below 1"
        assert_refused(lambda: smooth_labels(dataset(5, (3, 2)), smoothing), "smoothing", refused)

    @pytest.mark.parametrize(
        ("data", "fragment"), [(TARGETS, "dataset is Dataset("), (None, "dataset is None")]
    )
    def test_only_labels_are_taken(self, data: Any, fragment: str) -> None:
        assert_refused(lambda: smooth_labels(data, 0.1), fragment)
