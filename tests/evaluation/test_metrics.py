from __future__ import annotations

import pickle
from collections.abc import Callable
from functools import partial
from math import log
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnet._records import Array
from fnnet.evaluation.metrics import (
    log_loss,
    mean_absolute_error,
    precision_recall_f1,
    r2_score,
    root_mean_squared_error,
    top_k_accuracy,
)
from tests._support import assert_refused, bytes_of, inputs, labels, same_bits


@pytest.fixture(scope="module")
def peer() -> Any:
    """scikit-learn's metrics."""
    return pytest.importorskip("sklearn.metrics")


def shares(*shape: int, seed: int = 0) -> Array:
    """Probabilities, one of them a flat 0 for each sample and some others nearly so."""
    values = np.exp(5 * inputs(*shape, seed=seed))
    values[..., 0] = 0
    return np.asarray(values / values.sum(axis=-1, keepdims=True))


def confusion(*shape: int) -> Array:
    """Counts, of no samples of the last class and none taken for the first."""
    matrix = np.random.default_rng(0).integers(9, size=shape)
    matrix[..., -1, :] = 0
    matrix[..., :, 0] = 0
    return matrix


top_3 = partial(top_k_accuracy, k=3)

OF_CLASSES: list[Callable[..., Any]] = [partial(top_k_accuracy, k=1), top_3, log_loss]
OF_ERRORS: list[Callable[..., Any]] = [r2_score, mean_absolute_error, root_mean_squared_error]


class TestTopKAccuracy:
    def test_counts_the_samples_whose_class_is_among_the_k_largest(self) -> None:
        outputs, classes = [[3, 2, 1], [3, 2, 1], [3, 2, 1], [1, 2, 3]], [0, 1, 2, 2]
        assert [top_k_accuracy(outputs, classes, k) for k in (1, 2, 3)] == [0.5, 0.75, 1.0]

    def test_of_equal_outputs_the_first_is_the_largest(self) -> None:
        outputs = [[1, 5, 5, 5]]
        found = [[top_k_accuracy(outputs, [own], k) for own in range(4)] for k in (1, 2, 3, 4)]
        assert found == [[0, 1, 0, 0], [0, 1, 1, 0], [0, 1, 1, 1], [1, 1, 1, 1]]

    @given(st.integers(1, 6), st.integers(1, 5), st.integers(0, 99), st.data())
    def test_is_what_a_stable_sort_gives(
        self, n: int, classes: int, seed: int, data: st.DataObject
    ) -> None:
        outputs, own = labels(n, classes, classes=3, seed=seed), labels(n, classes=classes)
        k = data.draw(st.integers(1, classes))
        first = np.argsort(-outputs, axis=-1, kind="stable")[:, :k]
        assert top_k_accuracy(outputs, own, k) == np.mean((first == own[:, np.newaxis]).any(axis=1))

    @pytest.mark.parametrize("k", [1, 2, 3])
    def test_is_scikit_learns(self, peer: Any, k: int) -> None:
        outputs, own = inputs(50, 4), labels(50, classes=4)
        expected = peer.top_k_accuracy_score(own, outputs, k=k, labels=range(4))
        assert top_k_accuracy(outputs, own, k) == pytest.approx(expected, rel=1e-15)

    @pytest.mark.parametrize("k", [0, 3, 1.0, True, "1"])
    def test_another_k_is_refused(self, k: Any) -> None:
        assert_refused(lambda: top_k_accuracy([[1.0, 2]], [0], k), f"k is {k!r}: expected a")


class TestLogLoss:
    def test_is_the_mean_of_minus_ln_p(self) -> None:
        assert log_loss([[0.5, 0.5], [0.2, 0.8]], [0, 1]) == pytest.approx(-log(0.5 * 0.8) / 2)

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_is_finite_by_the_eps_of_the_dtype(self, dtype: Any) -> None:
        probabilities, eps = np.array([[0, 1]], dtype), float(np.finfo(dtype).eps)
        assert log_loss(probabilities, [0]) == pytest.approx(-log(eps))
        assert log_loss(probabilities, [1]) == pytest.approx(eps, rel=1e-6)

    def test_whole_numbers_are_taken_in_float64(self) -> None:
        assert log_loss([[0, 1]], [0]) == log_loss([[0.0, 1.0]], [0])

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize("classes", [2, 5])
    def test_is_scikit_learns(self, peer: Any, classes: int, dtype: Any) -> None:
        probabilities, own = shares(60, classes).astype(dtype), labels(60, classes=classes)
        expected = peer.log_loss(own, probabilities, labels=range(classes))
        assert log_loss(probabilities, own) == pytest.approx(expected, rel=1e-6)

    @pytest.mark.parametrize("rows", [[[0.5, 0.6]], [[-0.1, 1.1]], [[0.5, 0.5], [0.0, 0.0]]])
    def test_what_is_no_probability_is_refused(self, rows: Any) -> None:
        assert_refused(lambda: log_loss(rows, [0] * len(rows)), "probabilities is [[", "sum to 1")


class TestPrecisionRecallF1:
    def test_by_hand(self) -> None:
        report = precision_recall_f1([[4, 1, 0], [2, 2, 1], [0, 0, 0]])
        np.testing.assert_allclose(report.precision, [4 / 6, 2 / 3, 0])
        np.testing.assert_allclose(report.recall, [4 / 5, 2 / 5, 0])
        np.testing.assert_allclose(report.f1, [8 / 11, 4 / 8, 0])
        assert report.support.tolist() == [5, 5, 0]
        assert [array.dtype for array in attrs.astuple(report)] == [np.float64] * 3 + [np.int64]

    def test_no_samples_and_none_taken_is_0(self) -> None:
        report = precision_recall_f1(np.zeros((2, 2), int))
        assert not any(array.any() for array in attrs.astuple(report))

    def test_a_single_sample_counts(self) -> None:
        report = precision_recall_f1([[1, 0], [0, 1]])
        assert all(array.tolist() == [1, 1] for array in attrs.astuple(report))

    def test_small_integers_do_not_overflow(self) -> None:
        matrix = np.full((2, 2), 200, np.uint8)
        assert precision_recall_f1(matrix) == precision_recall_f1(matrix.astype(int))

    def test_is_scikit_learns(self, peer: Any) -> None:
        matrix = confusion(5, 5)
        actual, predicted = (np.repeat(axis.ravel(), matrix.ravel()) for axis in np.indices((5, 5)))
        expected = peer.precision_recall_fscore_support(
            actual, predicted, labels=range(5), zero_division=0
        )
        for found, one in zip(attrs.astuple(precision_recall_f1(matrix)), expected, strict=True):
            np.testing.assert_allclose(found, one, rtol=1e-15)

    def test_a_stack_is_its_members_read_only_and_stays_so(self) -> None:
        matrix = confusion(3, 4, 4)
        before, report = bytes_of(matrix), precision_recall_f1(matrix)
        for k in range(3):
            own = attrs.astuple(precision_recall_f1(matrix[k]))
            assert all(map(same_bits, (array[k] for array in attrs.astuple(report)), own))
        for record in (report, pickle.loads(pickle.dumps(report))):
            assert record == report
            assert not any(array.flags.writeable for array in attrs.astuple(record))
        assert bytes_of(matrix) == before
        matrix[...] = 1
        assert report != precision_recall_f1(matrix)

    @pytest.mark.parametrize(
        "matrix",
        [[1, 2], [[1, 2]], [[1.0, 2], [3, 4]], [[1, -1], [0, 0]], np.zeros((0, 2, 2), int)],
    )
    def test_what_is_no_confusion_matrix_is_refused(self, matrix: Any) -> None:
        assert_refused(lambda: precision_recall_f1(matrix), "matrix is ", "classes, classes")


class TestErrors:
    def test_by_hand(self) -> None:
        outputs, targets = (
            np.array([[1.0, 0], [2, 0], [6, 3]]),
            np.array([[1.0, 1], [2, 2], [3, 3]]),
        )
        assert r2_score(outputs, targets) == pytest.approx((1 - 9 / 2 + 1 - 5 / 2) / 2)
        assert mean_absolute_error(outputs, targets) == pytest.approx((3 + 3) / 6)
        roots = np.sqrt(9 / 3), np.sqrt(5 / 3)
        assert root_mean_squared_error(outputs, targets) == pytest.approx(sum(roots) / 2)

    @pytest.mark.parametrize("constant", [0.0, 3.0, 0.1])
    def test_a_constant_that_is_met_counts_1_else_0(self, constant: float) -> None:
        targets = np.full((3, 2), constant)  # three times 0.1 has another mean
        assert r2_score(targets, targets) == 1
        assert r2_score(targets + np.arange(2), targets) == 0.5
        assert r2_score(targets + 1, targets) == 0
        assert r2_score(targets[:1], targets[:1]) == 1  # a single sample
        assert r2_score(targets[:1] + 1, targets[:1]) == 0

    @pytest.mark.parametrize("n_out", [1, 3])
    @pytest.mark.parametrize("metric", OF_ERRORS, ids=lambda metric: metric.__name__)
    def test_is_scikit_learns(self, peer: Any, metric: Callable[..., Any], n_out: int) -> None:
        targets = inputs(40, n_out, seed=1)
        targets[:, 0] = 2  # a constant
        for outputs in (inputs(40, n_out), targets, np.full_like(targets, 2)):
            expected = getattr(peer, metric.__name__)(targets, outputs)
            assert metric(outputs, targets) == pytest.approx(expected, rel=1e-13)

    def test_a_far_away_mean_costs_no_digits(self) -> None:
        targets = inputs(100, 1)
        far = r2_score(inputs(100, 1, seed=1) + 2.0**30, targets + 2.0**30)
        assert far == pytest.approx(r2_score(inputs(100, 1, seed=1), targets), rel=1e-6)

    def test_float32_is_counted_in_float64(self) -> None:
        outputs, targets = np.ones((1, 1), np.float32), np.full((1, 1), 1e-9, np.float32)
        assert mean_absolute_error(outputs, targets) == pytest.approx(1 - 1e-9, rel=1e-15, abs=0)

    def test_large_numbers_are_counted_in_silence(self) -> None:
        assert root_mean_squared_error([[1e300]], [[-1e300]]) == np.inf

    @pytest.mark.parametrize("metric", OF_ERRORS)
    @pytest.mark.parametrize("targets", [[1.0], [[1.0, 2]], [[1.0], [2]], [[True]], [[1j]], ["a"]])
    def test_targets_that_do_not_fit_are_refused(self, metric: Any, targets: Any) -> None:
        assert_refused(lambda: metric([[1.0]], targets), "targets is ", "real numbers")

    @pytest.mark.parametrize("metric", OF_ERRORS)
    def test_what_is_not_finite_is_refused(self, metric: Any) -> None:
        assert_refused(lambda: metric([[1.0]], [[np.inf]]), "targets[0, 0] is inf")
        assert_refused(lambda: metric([[1.0], [np.nan]], [[1.0], [2]]), "outputs[1, 0] is nan")


class TestAll:
    @pytest.mark.parametrize("metric", OF_CLASSES + OF_ERRORS)
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize("shape", [(3, 1, 4), (1, 9, 4), (3, 2000, 4), (2, 3, 9000, 3)])
    def test_a_stack_is_its_members_bit_for_bit_whatever_its_layout(
        self, metric: Callable[..., Any], shape: tuple[int, ...], dtype: Any
    ) -> None:
        n, units = shape[-2:]
        outputs = shares(*shape).astype(dtype)
        given_to = labels(n, classes=units) if metric in OF_CLASSES else inputs(n, units)
        before = bytes_of([outputs, given_to])
        columns = np.ascontiguousarray(outputs.swapaxes(-1, -2)).swapaxes(-1, -2)
        figures, same = metric(outputs, given_to), metric(columns, np.asfortranarray(given_to))
        assert figures.shape == shape[:-2]
        assert figures.dtype == np.float64
        assert not figures.flags.writeable
        for k in np.ndindex(shape[:-2]):
            own = metric(outputs[k], given_to)
            assert type(own) is float
            assert figures[k] == same[k] == own
        assert bytes_of([outputs, given_to]) == before

    @pytest.mark.parametrize("metric", OF_CLASSES)
    @pytest.mark.parametrize(
        ("own", "expected"),
        [
            ([0], "labels is an array of shape (1,) and dtype int64: expected a label for each"),
            ([[0, 1]], "expected a label for each sample, shape (2,)"),
            ([0, 3], "labels is 3: expected class labels of 0 to 2"),
            ([-1, 0], "labels is -1"),
            ([0.0, 1], "integer class labels"),
        ],
    )
    def test_labels_that_do_not_fit_are_refused(self, metric: Any, own: Any, expected: str) -> None:
        assert_refused(lambda: metric([[0.5, 0.25, 0.25]] * 2, own), expected)

    @pytest.mark.parametrize("metric", OF_CLASSES + OF_ERRORS)
    @pytest.mark.parametrize("values", [[0.5], np.zeros((0, 3)), [["a"]], [[1j]], [[True]], None])
    def test_values_that_are_no_rows_are_refused(self, metric: Any, values: Any) -> None:
        assert_refused(lambda: metric(values, [0]), " is ", "real numbers")

    @pytest.mark.parametrize("metric", OF_CLASSES)
    def test_values_that_are_not_finite_are_refused(self, metric: Any) -> None:
        assert_refused(lambda: metric([[0.5, np.nan, 0.5]], [0]), "[0, 1] is nan")
