from __future__ import annotations

import pickle
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import Barrier, get_ident
from time import sleep
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fnnet import Architecture, Cost, Dataset, Evaluation, InputError, Params, TrainConfig, init
from fnnet import _threads as threads
from fnnet._records import Array
from fnnet.evaluation.evaluate import confusion_matrix, evaluate, regression_report
from fnnet.evaluation.metrics import mean_absolute_error, r2_score, root_mean_squared_error
from fnnet.network.costs import squared_error
from fnnet.network.functions import cost, forward, predict
from fnnet.training.batches import mini_batches
from fnnet.training.loop import start, train
from tests._support import assert_refused, bytes_of, dataset, inputs, labels, linear, same_bits

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

    @pytest.mark.parametrize("seed", [0, [0, 1]])
    @pytest.mark.parametrize("n", [2, 2500])
    def test_outputs_that_are_not_finite_are_refused(self, seed: Any, n: int) -> None:
        params = init(SIZES, seed=seed, activations=["identity", "sigmoid"])
        x = np.zeros((n, 3))
        x[-1] = 3e38  # finite, but the hidden layer's outputs are not
        data = Dataset(x, np.zeros((n, 4)))
        assert not np.isfinite(forward(params, x).output).all()
        for evaluated in (evaluate, confusion_matrix, regression_report):
            told = f"the output for sample {n - 1} is not finite"
            assert_refused(partial(evaluated, params, data), told)

    def test_large_finite_outputs_are_evaluated_in_silence(self) -> None:
        data = Dataset(np.full((2, 3), 1e300), np.full((2, 4), 1e300))
        params = init(SIZES, seed=0, dtype=np.float64)
        assert evaluate(params, data).cost == np.inf
        assert confusion_matrix(params, data).sum() == 2
        with suppress(InputError):  # refusing is as good
            regression_report(params, data)

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


SMALL, LARGE = (3, 5, 4), (90, 90, 4)
"""Networks for one thread, and for several."""

WORKERS = [1, 2, 3, 9]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("seed", [0, [0, 1]])
def test_no_bit_depends_on_the_number_of_threads(dtype: Any, seed: Any) -> None:
    params = init(LARGE, seed=seed, dtype=dtype)
    labelled, aimed = dataset(5500, LARGE), dataset(5500, LARGE, "targets")
    first, *others = [
        (
            evaluate(params, labelled, cost="cross-entropy", workers=workers),
            confusion_matrix(params, labelled, workers=workers),
            regression_report(params, aimed, workers=workers),
        )
        for workers in (*WORKERS, None)
    ]
    assert all(all(map(same_bits, first, each)) for each in others)


def watched(look: Callable[[], object]) -> Cost:
    """A cost that calls `look` for each block of samples."""

    def value(a: Array, y: Array) -> Array:
        look()
        return squared_error.value(a, y)

    return Cost("watched", value, squared_error.derivative)


@pytest.mark.parametrize("workers", [3, None])
def test_threads_share_a_large_networks_blocks(
    workers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "processors", lambda: 3)  # the default
    barrier = Barrier(3)
    cost = watched(lambda: barrier.wait(10))
    evaluate(init(LARGE, seed=0), dataset(3000, LARGE), cost=cost, workers=workers)


def test_small_networks_single_blocks_and_runs_of_one_worker_stay_in_this_thread() -> None:
    seen = []

    def look() -> None:
        seen.append(get_ident())
        sleep(0.01)  # for other threads to begin, if there were any

    cost = watched(look)
    evaluate(init(SMALL, seed=0), dataset(3000, SMALL), cost=cost, workers=3)
    evaluate(init(LARGE, seed=0), dataset(1000, LARGE), cost=cost, workers=3)
    config = TrainConfig(epochs=1, cost=cost)
    monitor, state = {"test": dataset(4000, LARGE)}, start(init(LARGE, seed=0), config)
    train(state, dataset(20, LARGE), config, monitor=monitor, workers=1)
    assert set(seen) == {get_ident()}


@pytest.mark.parametrize("workers", WORKERS)
def test_there_are_no_more_buffers_than_threads(workers: int) -> None:
    params = init(LARGE, seed=0)
    data = Dataset(np.zeros((20_000, LARGE[0]), np.uint8), np.zeros(20_000, int), classes=4)

    def peak(n: int) -> int:
        part = Dataset(data.x[:n], data.y[:n], classes=4)
        tracemalloc.start()
        evaluate(params, part, workers=workers)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(20_000) < 1.5 * min(workers, 20) * peak(1000)


@pytest.mark.parametrize("workers", WORKERS)
def test_what_a_cost_raises_comes_out(workers: int) -> None:
    def fail() -> None:
        raise KeyError("mine")

    data, cost = dataset(3000, LARGE), watched(fail)
    with pytest.raises(KeyError, match="mine"):
        evaluate(init(LARGE, seed=0), data, cost=cost, workers=workers)


@pytest.mark.parametrize("workers", [0, -1, 1.0, True, "2"])
@pytest.mark.parametrize("sizes", [SMALL, LARGE])
def test_a_wrong_number_of_threads_is_named(workers: Any, sizes: tuple[int, ...]) -> None:
    params, data = init(sizes, seed=0), dataset(5, sizes)
    told = f"workers is {workers!r}: expected an integer of at least 1"
    for function in (evaluate, confusion_matrix, regression_report):
        own = dataset(5, sizes, "targets") if function is regression_report else data
        assert_refused(partial(function, params, own, workers=workers), told)
