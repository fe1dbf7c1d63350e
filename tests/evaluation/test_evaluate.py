from __future__ import annotations

import pickle
from contextlib import suppress
from functools import partial
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fnnet import (
    Architecture,
    Dataset,
    Evaluation,
    InputError,
    Params,
    confusion_matrix,
    cost,
    evaluate,
    forward,
    init,
    predict,
)
from fnnet.evaluation.evaluate import regression_report
from fnnet.evaluation.regression import mean_absolute_error, r2_score, root_mean_squared_error
from fnnet.network.batches import mini_batches
from tests._support import (
    assert_refused,
    bytes_of,
    dataset,
    inputs,
    labels,
    linear,
    same_bits,
    tripled,
)

SIZES = (3, 5, 4)
KINDS = ["labels", "targets", "bytes"]

ECHO = Params(Architecture.of([3, 3], linear), np.eye(3, 4).ravel())
"""A network whose output is its input."""

ONE = Params(Architecture.of([1, 1], linear), np.array([1.0, 0.0]))
"""The same of a single unit."""


def binary(n: int) -> Dataset:
    """Samples of two classes for a single output unit."""
    return Dataset(inputs(n, 3).astype(np.float32), labels(n, 1, classes=2).astype(float))


class TestEvaluation:
    @pytest.mark.parametrize(
        ("figures", "told"),
        [
            (("a", 3, 0.5), "correct is 'a': expected real numbers"),
            ((1, None, 0.5), "total is None: expected an integer of at least 1"),
            ((1, 0, 0.5), "total is 0: expected an integer of at least 1"),
            ((1, 3, object()), "cost is <object object"),
            ((1, 3, 1j), "cost is 1j: expected real numbers"),
        ],
    )
    def test_is_of_numbers(self, figures: Any, told: str) -> None:
        assert_refused(lambda: Evaluation(*figures), told)


class TestEvaluate:
    def test_counts_the_right_ones_and_means_the_cost(self) -> None:
        data = Dataset(np.diag([1.0, 1, 3]), [0, 2, 2])
        result = evaluate(ECHO, data)
        assert (result.correct, result.total) == (2, 3)
        assert result.accuracy == pytest.approx(2 / 3)
        assert result.cost == pytest.approx((0 + 2 / 4 + 4 / 4) / 3)

    def test_weights_are_for_training_and_do_not_count(self) -> None:
        params, data = init(SIZES, seed=0), dataset(30, SIZES)
        weighed = attrs.evolve(data, weights=np.arange(30))
        assert evaluate(params, weighed) == evaluate(params, data)
        assert same_bits(confusion_matrix(params, weighed), confusion_matrix(params, data))

    @pytest.mark.parametrize("n", [1, 2, 999, 1000, 1001, 2500])
    @pytest.mark.parametrize("kind", KINDS)
    def test_is_forward_and_cost_whatever_the_number_of_samples(self, n: int, kind: str) -> None:
        params, data = init(SIZES, seed=0, dtype=np.float64), dataset(n, SIZES, kind)
        batch = data.batch(dtype=np.float64)
        result = evaluate(params, data)
        classes = data.y if data.classes else data.y.argmax(axis=1)
        output = forward(params, batch.x).output
        assert result.correct == sum(
            int(np.argmax(a)) == label for a, label in zip(output, classes, strict=True)
        )
        assert result.total == len(data) == n
        np.testing.assert_allclose(result.cost, cost(params, batch.x, batch.y), rtol=1e-12)
        assert [type(figure) for figure in attrs.astuple(result)] == [int, int, float]

    @pytest.mark.parametrize("n", [1, 50, 1001])
    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize("sizes", [SIZES, (1, 1), (5, 1, 2), (3, 4, 1)])
    def test_a_stack_is_its_members_bit_for_bit(
        self, n: int, kind: str, dtype: Any, sizes: tuple[int, ...]
    ) -> None:
        params, data = init(sizes, seed=range(3), dtype=dtype), dataset(n, sizes, kind)
        result, matrix = evaluate(params, data), confusion_matrix(params, data)
        for k in range(3):
            own = evaluate(params[k], data)
            assert (result.correct[k], result.cost[k]) == (own.correct, own.cost)
            assert result.accuracy[k] == own.accuracy
            assert same_bits(matrix[k], confusion_matrix(params[k], data))
        assert not result.correct.flags.writeable
        assert not result.cost.flags.writeable

    def test_a_single_unit_is_held_to_its_threshold(self) -> None:
        result = evaluate(params := init([3, 4, 1], seed=range(3)), data := binary(1500))
        right = predict(params, data.x) == (data.y[:, 0] > 0.5)
        assert result.correct.tolist() == right.sum(axis=-1).tolist()
        assert 0 < result.correct.min() < len(data)

    def test_another_cost_is_taken_at_its_word(self) -> None:
        params, data = init(SIZES, seed=0, dtype=np.float64), dataset(30, SIZES)
        one, other = evaluate(params, data), evaluate(params, data, cost=tripled)
        assert other.cost == pytest.approx(3 * one.cost, rel=1e-12)
        assert other.correct == one.correct

    def test_large_numbers_are_evaluated_in_silence(self) -> None:
        data = Dataset(np.full((2, 3), 1e300), np.full((2, 4), 1e300))
        for evaluated in (evaluate, confusion_matrix, regression_report):
            with suppress(InputError):  # refusing is as good
                evaluated(init(SIZES, seed=0), data)

    def test_targets_that_the_dtype_cannot_hold_are_refused(self) -> None:
        data = Dataset([[1.0]], [[1e300]])
        told = "dataset.y is 1e+300: expected numbers finite in float32"
        assert_refused(lambda: evaluate(init([1, 1], seed=0), data), told)
        assert evaluate(init([1, 1], seed=0, dtype=np.float64), data).cost == np.inf

    @pytest.mark.parametrize(
        ("x", "scale", "told"),
        [
            ([[1e39, 1.0], [1.0, 2.0]], 1e-39, "dataset.x is 1e+39: expected numbers finite in "),
            ([[0.0, 1e-38], [1e-39, 0.0]], 1e39, "dataset.scale is 1e+39: expected numbers finite"),
            ([[1e20, 1.0], [1.0, 2.0]], -1e30, "dataset.x, scaled, is 1e+50: expected numbers fin"),
        ],
    )
    def test_inputs_are_to_be_finite_as_they_are_computed_in_the_dtype(
        self, x: Any, scale: float, told: str
    ) -> None:
        data = Dataset(x, [0, 1], scale=scale)
        for evaluated in (evaluate, confusion_matrix):
            assert_refused(partial(evaluated, init([2, 2], seed=0), data), told)
            evaluated(init([2, 2], seed=0, dtype=np.float64), data)

    @given(x=st.floats(0, 1e300), scale=st.floats(-1e300, 1e300))
    @example(x=3.4028232e38, scale=1.00000006)  # finite in float64's product, not in float32's
    def test_inputs_are_refused_where_a_batch_of_them_is_not_finite(
        self, x: float, scale: float
    ) -> None:
        data, dtype = Dataset([[x]], [0], scale=scale), np.dtype(np.float32)
        with np.errstate(all="ignore"):
            ((inputs, _, _),) = mini_batches(data, np.arange(1), 1, dtype)
        try:
            evaluate(init([1, 1], seed=0), data)
            is_taken = True
        except InputError:
            is_taken = False
        assert is_taken == np.isfinite(inputs).all()

    def test_equal_evaluations_are_equal_for_stacks_too(self) -> None:
        data = dataset(20, SIZES)
        one, same = (evaluate(init(SIZES, seed=[0, 1]), data) for _ in range(2))
        other = evaluate(init(SIZES, seed=[0, 2]), data)
        assert one == same != other
        assert hash(one) == hash(same)
        assert evaluate(init(SIZES, seed=0), data) == evaluate(init(SIZES, seed=0), data)

    def test_an_evaluation_keeps_its_own_copy(self) -> None:
        correct = np.array([1, 2])
        result = Evaluation(correct, 4, [0.5, 0.25])
        correct[:] = 0
        assert result.correct.tolist() == [1, 2]
        assert result.accuracy.tolist() == [0.25, 0.5]


class TestConfusionMatrix:
    def test_rows_are_classes_and_columns_predictions(self) -> None:
        data = Dataset(np.eye(3)[[0, 1, 1, 1]], [0, 2, 2, 1], classes=3)
        assert confusion_matrix(ECHO, data).tolist() == [[1, 0, 0], [0, 1, 0], [0, 2, 0]]

    @pytest.mark.parametrize("n", [1, 1000, 1001, 2300])
    @pytest.mark.parametrize("kind", KINDS)
    def test_counts_every_sample_once(self, n: int, kind: str) -> None:
        params, data = init(SIZES, seed=0), dataset(n, SIZES, kind)
        expected = np.zeros((4, 4), int)
        classes = data.y if data.classes else data.y.argmax(axis=1)
        np.add.at(expected, (classes, predict(params, data.batch().x)), 1)
        matrix = confusion_matrix(params, data)
        assert matrix.tolist() == expected.tolist()
        assert matrix.dtype == np.int64
        assert np.trace(matrix) == evaluate(params, data).correct

    def test_a_single_unit_tells_two_classes_apart(self) -> None:
        x, y = np.array([[0.0, 0.4, 0.6, 0.9, 0.8, 0.5], [1, 0, 1, 1, 0, 0]])[..., np.newaxis]
        data = Dataset(x, y)
        assert confusion_matrix(ONE, data).tolist() == [[2, 1], [1, 2]]
        assert evaluate(ONE, data).correct == 4

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_of_a_stack_of_single_units_are_its_members(self, dtype: Any) -> None:
        params, data = init([3, 4, 1], seed=range(3), dtype=dtype), binary(1500)
        matrix = confusion_matrix(params, data)
        assert matrix.shape == (3, 2, 2)
        assert matrix.trace(axis1=1, axis2=2).tolist() == evaluate(params, data).correct.tolist()
        assert all(same_bits(matrix[k], confusion_matrix(params[k], data)) for k in range(3))


class TestRegressionReport:
    def test_by_hand(self) -> None:
        report = regression_report(ONE, Dataset([[1.0], [2.0], [4.0]], [[1.0], [2.0], [3.0]]))
        assert attrs.astuple(report) == (0.5, pytest.approx(1 / 3), pytest.approx(3**-0.5))

    @pytest.mark.parametrize("n", [1, 999, 1000, 2500])
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize("sizes", [SIZES, (5, 4, 1)])
    def test_is_the_metrics_whatever_the_number_of_samples(
        self, n: int, dtype: Any, sizes: tuple[int, ...]
    ) -> None:
        params, data = init(sizes, seed=[0, 1], dtype=dtype), dataset(n, sizes, "targets")
        before, report = bytes_of([params, data]), regression_report(params, data)
        outputs = forward(params, data.x).output
        expected = [
            f(outputs, data.y) for f in (r2_score, mean_absolute_error, root_mean_squared_error)
        ]
        found = attrs.astuple(report)
        np.testing.assert_allclose(found, expected, rtol=1e-12 if dtype == np.float64 else 1e-5)
        for k in range(2):
            own = attrs.astuple(regression_report(params[k], data))
            assert [type(figure) for figure in own] == [float] * 3
            assert tuple(figures[k] for figures in found) == own
        assert bytes_of([params, data]) == before
        assert not any(figures.flags.writeable for figures in found)
        assert regression_report(params, data) == report == pickle.loads(pickle.dumps(report))

    def test_the_targets_are_not_rounded_to_the_networks_dtype(self) -> None:
        params = Params(Architecture.of([1, 1], linear), np.array([0, 1], np.float32))
        report = regression_report(params, Dataset([[0.0], [0.0]], [[1.0], [1 + 1e-12]]))
        assert report.mean_absolute_error == pytest.approx(5e-13, rel=1e-3, abs=0)

    def test_labels_are_refused(self) -> None:
        data = dataset(9, SIZES)
        message = "dataset.y is an array of shape (9,) and dtype int64: expected float targets"
        assert_refused(lambda: regression_report(init(SIZES, seed=0), data), message)


@pytest.mark.parametrize("call", [evaluate, confusion_matrix, regression_report])
@pytest.mark.parametrize("sizes", [(4, 4), (3, 3), (3, 5)])
def test_data_that_does_not_fit_is_refused(call: Any, sizes: tuple[int, ...]) -> None:
    assert_refused(
        lambda: call(init(SIZES, seed=0), dataset(5, sizes)),
        "dataset (inputs, outputs)",
        str(sizes),
        "3 inputs and 4 outputs",
    )
