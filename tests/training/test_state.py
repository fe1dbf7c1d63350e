"""A run's state: what it refuses, its table, and its history."""

from __future__ import annotations

import copy
import json
import pickle
from functools import reduce
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fnnet
from fnnet import EpochReport, TrainConfig, TrainState, init, start, train, trajectory
from fnnet.training.state import History
from tests._support import arrays_in, assert_refused, dataset

SIZES = (5, 4, 3)
DATA = dataset(23, SIZES)
MONITOR = {"training": DATA, "validation": dataset(9, SIZES, seed=1)}


def trained(seed: Any = 0, **settings: Any) -> TrainState:
    config = TrainConfig(epochs=3, seed=seed, **settings)
    return train(start(init(SIZES, seed=seed), config), DATA, config, monitor=MONITOR)


class TestTable:
    def test_has_a_row_for_each_epoch(self) -> None:
        config = TrainConfig(epochs=3, eta=2.0, schedule=fnnet.step_decay(1, 0.5))
        states = list(trajectory(start(init(SIZES, seed=0), config), DATA, config, monitor=MONITOR))
        for k, (row, state) in enumerate(zip(states[-1].table(), states, strict=True)):
            assert list(row) == [
                "epoch",
                "eta",
                "training cost",
                "training accuracy",
                "validation cost",
                "validation accuracy",
            ]
            assert (row["epoch"], row["eta"]) == (k, 2.0 * 0.5**k)
            for name, watched in MONITOR.items():
                seen = fnnet.evaluate(state.params, watched)
                assert (row[f"{name} cost"], row[f"{name} accuracy"]) == (seen.cost, seen.accuracy)
        json.dumps(states[-1].table())

    def test_of_a_stack_holds_an_array_for_all_networks(self) -> None:
        table = trained((0, 1)).table()
        for k in (0, 1):
            alone = trained(k).table()
            assert [row["validation accuracy"][k] for row in table] == [
                row["validation accuracy"] for row in alone
            ]
            assert [row["training cost"][k] for row in table] == [
                row["training cost"] for row in alone
            ]

    def test_without_a_monitor_tells_the_rates(self) -> None:
        config = TrainConfig(epochs=2)
        state = train(start(init(SIZES, seed=0), config), DATA, config)
        assert state.table() == [{"epoch": 0, "eta": 3.0}, {"epoch": 1, "eta": 3.0}]
        assert [report.score for report in state.history] == [None, None]


class TestResult:
    def test_is_the_best_where_there_is_one(self) -> None:
        params, best = init(SIZES, seed=0), init(SIZES, seed=1)
        assert TrainState(params).result == params
        assert TrainState(params, 1, best=best).result == best

    @pytest.mark.parametrize(
        "best",
        [
            init((5, 3), seed=0),
            init(SIZES, seed=0, activations="tanh"),
            init(SIZES, seed=[0]),
            init(SIZES, seed=0, dtype=np.float64),
        ],
    )
    def test_is_of_the_params_kind(self, best: fnnet.Params) -> None:
        expected = "the architecture, networks and dtype of params"
        assert_refused(lambda: TrainState(init(SIZES, seed=0), best=best), "best is ", expected)


class TestFields:
    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ({"epoch": 1.0}, "epoch is 1.0: expected an integer of at least 0"),
            ({"history": [None]}, "history[0] is None: expected an EpochReport"),
            ({"optimizer": np.zeros(3)}, "optimizer is an array of shape (3,)"),
            ({"optimizer": ("a",)}, "optimizer[0] is 'a': expected real numbers"),
            ({"optimizer": (np.zeros(3), (1, None))}, "optimizer[1][1] is None: expected real"),
            ({"best": 3}, "best is 3: expected a Params"),
            ({"history": 3}, "history is 3: expected a sequence of EpochReports"),
            ({"optimizer": "adam"}, "optimizer is 'adam': expected a tuple of arrays"),
            ({"best_score": "high"}, "best_score is 'high': expected real numbers"),
            ({"best_score": None}, "best_score is None: expected real numbers"),
            ({"best_score": np.zeros(2)}, "best_score is an array of shape (2,)"),
            ({"waited": 1.0}, "waited is 1.0: expected integers of at least 0"),
            ({"waited": -1}, "waited is -1: expected integers of at least 0"),
            ({"waited": [1, 2]}, "expected a number, or one for each network of params"),
        ],
    )
    def test_of_what_makes_no_sense_is_refused(self, given: Any, message: str) -> None:
        assert_refused(lambda: TrainState(fnnet.init([3, 2], seed=0), **given), message)

    def test_keeps_its_epoch_as_an_int(self) -> None:
        assert type(TrainState(fnnet.init([3, 2], seed=0), np.int64(3)).epoch) is int

    def test_is_no_array(self) -> None:
        params: Any = init(SIZES, seed=0)
        assert_refused(lambda: TrainState(params, best=params.theta), "best is an array")
        assert_refused(lambda: TrainState(params.theta), "params is an array")


class TestRecord:
    def test_is_frozen_in_all_its_parts(self) -> None:
        v = np.ones(39, np.float32)
        score = np.ones(2)
        report = EpochReport(0, 1.0, (), score)
        state = TrainState(init(SIZES, seed=0), optimizer=((v,), v), history=(report,))
        v[...], score[...] = 2, 2
        assert isinstance(state.optimizer[0], tuple)
        assert np.all(state.optimizer[1] == 1)
        assert np.all(state.history[0].score == 1)
        assert not any(array.flags.writeable for array in arrays_in(state))

    def test_is_equal_bit_for_bit(self) -> None:
        params, zero = init(SIZES, seed=0), np.zeros(39, np.float32)
        state = TrainState(params, optimizer=(zero,))
        assert state == TrainState(params, optimizer=(zero.copy(),))
        assert hash(state) == hash(TrainState(params, optimizer=(zero.copy(),)))
        others = [(-zero,), (zero.astype(float),), ((zero,),), (), (zero, zero)]
        assert all(TrainState(params, optimizer=other) != state for other in others)
        reports = [EpochReport(0, 1.0), EpochReport(0, 1.0, (), 0.5), EpochReport(0, np.ones(1))]
        reports += [EpochReport(0, 1.0, waited=0), EpochReport(0, 1.0, factor=0.5)]
        assert len({TrainState(params, history=(report,)) for report in reports}) == 5
        assert state != attrs.evolve(state, best_score=0.0)
        assert state != attrs.evolve(state, waited=1)

    def test_takes_its_history_in_any_sequence(self) -> None:
        history: Any = [EpochReport(0, 1.0)]
        params = init(SIZES, seed=0)
        assert TrainState(params, history=history) == TrainState(params, history=tuple(history))


class TestEpochReport:
    def test_keeps_its_figures_as_float64(self) -> None:
        report = EpochReport(0, np.array([0.1, 3], np.float32), score=np.array([1, 2]))
        assert (report.eta.dtype, report.score.dtype) == (np.float64, np.float64)
        assert report.eta.tolist() == [float(np.float32(0.1)), 3.0]
        assert not any(array.flags.writeable for array in arrays_in(report))
        one = EpochReport(0, np.float32(0.1), score=1)
        assert (type(one.eta), type(one.score)) == (float, float)
        assert one.eta == float(np.float32(0.1))

    def test_keeps_its_count_as_integers(self) -> None:
        assert type(EpochReport(0, 0.1, waited=np.uint8(3)).waited) is int
        assert EpochReport(0, 0.1, waited=np.array([3, 0], np.int32)).waited.dtype == np.int64

    def test_keeps_its_epoch_as_an_int(self) -> None:
        assert type(EpochReport(np.int64(3), 0.1).epoch) is int

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ((-1, 0.1), "epoch is -1: expected an integer of at least 0"),
            ((1.0, 0.1), "epoch is 1.0: expected an integer of at least 0"),
            ((0, "fast"), "eta is 'fast': expected real numbers"),
            ((0, 0.1, 5), "evaluations is 5: expected pairs of a name and an Evaluation"),
            ((0, 0.1, [("a", 3)]), "evaluations is [('a', 3)]: expected pairs of a name"),
            ((0, None), "eta is None: expected real numbers"),
            ((0, 1j), "eta is 1j: expected real numbers"),
            ((0, 0.1, (), "good"), "score is 'good': expected real numbers"),
            ((0, 0.1, (), np.array([1j])), "score is an array of shape (1,) and dtype complex128"),
            ({"waited": 0.5}, "waited is 0.5: expected integers of at least 0"),
            ({"waited": [0, -1]}, "waited is [0, -1]: expected integers of at least 0"),
            ({"factor": None}, "factor is None: expected real numbers"),
        ],
    )
    def test_of_what_makes_no_sense_is_refused(self, given: Any, message: str) -> None:
        values, figures = ((0, 0.1), given) if isinstance(given, dict) else (given, {})
        assert_refused(lambda: EpochReport(*values, **figures), message)


REPORTS = tuple(EpochReport(k, 1.0) for k in range(900))


def history(n: int) -> History:
    """The first n reports, added one by one."""
    return reduce(History.then, REPORTS[:n], History())


LENGTHS = pytest.mark.parametrize("n", [0, 1, 2, 255, 256, 257, 511, 512, 513, 800])


class TestHistory:
    @LENGTHS
    def test_is_what_a_tuple_would_be(self, n: int) -> None:
        made, plain = history(n), REPORTS[:n]
        assert (len(made), tuple(made), bool(made)) == (n, plain, bool(plain))
        assert (repr(made), hash(made)) == (repr(plain), hash(plain))
        assert [made[k] for k in range(-n, n)] == [plain[k] for k in range(-n, n)]
        assert tuple(reversed(made)) == plain[::-1]
        for k in (n, -n - 1, 10**9):
            with pytest.raises(IndexError):
                made[k]
        with pytest.raises(TypeError):
            made["last"]  # type: ignore[call-overload]

    @LENGTHS
    @given(
        start=st.none() | st.integers(-900, 900),
        stop=st.none() | st.integers(-900, 900),
        step=st.none() | st.sampled_from([1, 2, -1, 300, -255]),
    )
    def test_is_sliced_as_a_tuple_is(self, n: int, start: Any, stop: Any, step: Any) -> None:
        assert history(n)[start:stop:step] == REPORTS[:n][start:stop:step]

    @LENGTHS
    def test_equals_other_sequences_of_the_same_reports(self, n: int) -> None:
        made, plain = history(n), REPORTS[:n]
        same = (history(n), plain, list(plain), pickle.loads(pickle.dumps(made)), copy.copy(made))
        assert all(made == other and other == made for other in same)
        others = (history(n + 1), (*plain, REPORTS[0]), [*plain, None], plain[:-1] or [1], n, "")
        assert all(made != other for other in others)

    @LENGTHS
    def test_that_is_added_to_stays_as_it_is(self, n: int) -> None:
        made = history(n)
        one, other = made.then(REPORTS[0]), made.then(REPORTS[1])
        assert tuple(one) == (*REPORTS[:n], REPORTS[0])
        assert tuple(other) == (*REPORTS[:n], REPORTS[1])
        assert made == REPORTS[:n]
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            made._blocks = ()  # type: ignore[misc]

    def test_takes_reports_only(self) -> None:
        bad: Any = 3
        assert_refused(lambda: history(2).then(bad), "history[2] is 3: expected an EpochReport")

    def test_is_kept_by_a_state_as_it_is(self) -> None:
        made = history(300)
        state = TrainState(init(SIZES, seed=0), 300, history=made)
        assert state.history is made
        assert TrainState(init(SIZES, seed=0), 300, history=iter(REPORTS[:300])) == state
