"""A battery that every schedule has to pass, and their known values."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Sequence
from functools import partial
from math import cos, exp, pi
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import fnnet
from fnnet import (
    Dataset,
    EpochReport,
    Params,
    Schedule,
    TrainConfig,
    constant,
    cosine,
    exponential,
    halving,
    init,
    sgd_step,
    shuffle,
    start,
    step_decay,
    train,
    trajectory,
)
from fnnet._records import Array
from fnnet.training import schedules
from tests._support import assert_refused, dataset, same_bits

SIZES = (5, 4, 3)

BATTERY = {
    "constant": constant,
    "step_decay": step_decay(2, 0.5),
    "exponential": exponential(0.3),
    "cosine": cosine(6, warm_up=1.5),
    "halving": halving(1, least=0.25),
}
"""One of each kind: a new one is held to the battery by being listed here."""

ALL = pytest.mark.parametrize("schedule", BATTERY.values(), ids=BATTERY)
SCORES = st.sampled_from([-np.inf, -1.0, -0.0, 0.0, 0.1, 0.5, np.nextafter(0.5, 1), np.inf, np.nan])
WEIGHED = attrs.evolve(dataset(23, SIZES), weights=np.linspace(0, 2, 23))


def test_every_schedule_is_in_the_battery() -> None:
    assert set(schedules.__all__) - {"SCHEDULES", "Schedule"} == set(BATTERY)


def reported(scores: Sequence[Any], schedule: Schedule) -> list[EpochReport]:
    """The reports of epochs with these scores, as training makes them."""
    reports: list[EpochReport] = []
    best: Any = -np.inf
    waited: Any = 0
    for k, score in enumerate(scores):
        waited = np.where(score > best, 0, waited + 1)
        best = np.where(score > best, score, best)
        factor = schedule(k, reports)
        reports.append(EpochReport(k, factor, score=score, waited=waited, factor=factor))
    return reports


def by_definition(scores: list[Array], patience: int, least: float) -> Any:
    """What halving is: a count of epochs that begins anew with each best score and each halving."""
    best: Any = -np.inf
    waited: Any = 0
    current: Any = 1.0
    for score in scores:
        better = score > best
        best = np.where(better, score, best)
        waited = np.where(better, 0, waited + 1)
        current = np.where(waited >= patience, np.maximum(current / 2, least), current)
        waited = np.where(waited >= patience, 0, waited)
    return current


def folded(params: Params, data: Dataset, config: TrainConfig) -> Params:
    """What training is, said with the public functions alone."""
    steps = -(-len(data) // config.batch_size)
    for epoch in range(config.epochs):
        order = shuffle(len(data), seed=config.seed, epoch=epoch)
        for step in range(steps):
            rows = order[..., step * config.batch_size : (step + 1) * config.batch_size]
            batch = data.batch(rows, dtype=params.dtype)
            eta = config.eta * config.schedule(epoch + step / steps)
            params = sgd_step(params, batch, eta, cost=config.cost)
    return params


@pytest.mark.parametrize(
    ("factor", "told"),
    [
        (np.nan, "the factor of mine is nan: expected a finite number, or one for each network"),
        (np.inf, "the factor of mine is inf: expected a finite number"),
        ([1.0, np.nan], "the factor of mine is [1.0, nan]: expected a finite number"),
        (None, "the factor of mine is None: expected real numbers"),
        ("1", "the factor of mine is '1': expected real numbers"),
        (1j, "the factor of mine is 1j: expected a finite number"),
        (np.ones(2), "the factor of mine is an array of shape (2,)"),
        (True, "the factor of mine is True: expected a finite number"),
        (len, "the factor of mine is <built-in function len>: expected real numbers"),
    ],
)
@pytest.mark.parametrize("optimizer", [fnnet.sgd, fnnet.momentum()])
def test_a_factor_that_is_no_number_is_refused(
    factor: Any, told: str, optimizer: fnnet.Optimizer
) -> None:
    mine = Schedule("mine", lambda _time: factor)
    config = TrainConfig(epochs=1, schedule=mine, optimizer=optimizer)
    state = start(init(SIZES, seed=0), config)
    assert_refused(lambda: train(state, dataset(5, SIZES), config), told)


def test_steps_do_not_go_up() -> None:
    assert_refused(
        lambda: step_decay(1, 10.0), "by is 10.0: expected a finite number above 0 and of at most 1"
    )


def test_what_is_no_function_is_refused() -> None:
    bad: Any = 0.5
    assert_refused(lambda: Schedule("mine", bad), "factor is 0.5: expected a function")


def test_factors_for_each_network_may_come_in_a_list() -> None:
    mine = Schedule("mine", lambda _time: [1.0, 0.5])
    config = TrainConfig(epochs=2, seed=(0, 1), schedule=mine)
    data, state = dataset(5, SIZES), start(init(SIZES, seed=(0, 1)), config)
    slower = TrainConfig(epochs=2, seed=1, eta=1.5)
    alone = train(start(init(SIZES, seed=1), slower), data, slower)
    assert train(state, data, config).params[1] == alone.params


@pytest.mark.parametrize("one", [1, np.float32(1), np.ones(())])
def test_a_factor_may_be_a_number_of_any_kind(one: Any) -> None:
    config = TrainConfig(epochs=2, schedule=Schedule("one", lambda _time: one))
    state, data = start(init(SIZES, seed=0), config), dataset(5, SIZES)
    constantly = attrs.evolve(config, schedule=constant)
    assert train(state, data, config).params == train(state, data, constantly).params


@ALL
class TestEverySchedule:
    @given(epoch=st.floats(0, 200), scores=st.lists(st.floats(0, 1), max_size=9))
    def test_is_a_finite_share(self, schedule: Schedule, epoch: float, scores: list[float]) -> None:
        factor = schedule(epoch, reported(scores, schedule))
        assert type(factor) is float
        assert 0 <= factor <= 1
        assert factor > 0 or schedule == BATTERY["cosine"]

    @given(times=st.lists(st.floats(0, 9), min_size=2, max_size=9), data=st.data())
    def test_has_no_memory(self, schedule: Schedule, times: list[float], data: Any) -> None:
        past = reported([0.5, 0.5, 0.4], schedule)
        expected = {time: schedule(time, past) for time in times}
        for time in data.draw(st.permutations(times)):
            assert schedule(time, past) == schedule(time, tuple(past)) == expected[time]

    @pytest.mark.parametrize("seed", [0, (0, 1, 2)])
    def test_two_epochs_and_four_from_a_file_are_six(
        self, schedule: Schedule, seed: Any, tmp_path: Path
    ) -> None:
        data, config = dataset(33, SIZES), TrainConfig(epochs=6, seed=seed, schedule=schedule)
        monitor = {"validation": dataset(20, SIZES, seed=1)}
        state = start(init(SIZES, seed=seed), config)
        whole = train(state, data, config, monitor=monitor)
        half = train(state, data, attrs.evolve(config, epochs=2), monitor=monitor)
        fnnet.save_state(tmp_path / "state", half)
        resumed = fnnet.load_state(tmp_path / "state")
        assert train(resumed, data, config, monitor=monitor) == whole

    def test_four_seeds_at_once_are_the_four_runs(self, schedule: Schedule) -> None:
        seeds, data, monitor = (3, 0, 9, 1), dataset(23, SIZES), {"validation": dataset(20, SIZES)}
        config = TrainConfig(epochs=6, seed=seeds, schedule=schedule)
        stacked = train(start(init(SIZES, seed=seeds), config), data, config, monitor=monitor)
        etas = [np.broadcast_to(report.eta, 4) for report in stacked.history]
        for k, seed in enumerate(seeds):
            own = attrs.evolve(config, seed=seed)
            alone = train(start(init(SIZES, seed=seed), own), data, own, monitor=monitor)
            assert alone.params == stacked.params[k]
            assert [report.eta for report in alone.history] == [eta[k] for eta in etas]

    def test_goes_by_its_name(self, schedule: Schedule) -> None:
        assert schedule.name in repr(schedule)
        assert [other for other in BATTERY.values() if other == schedule] == [schedule]

    def test_is_equal_by_its_name_and_its_function(self, schedule: Schedule) -> None:
        assert attrs.evolve(schedule, name="other") != schedule
        assert attrs.evolve(schedule, factor=lambda _time, _history=(): 1.0) != schedule

    def test_goes_through_pickle_and_copy(self, schedule: Schedule) -> None:
        ways = (pickle.loads(pickle.dumps(schedule)), copy.deepcopy(schedule))
        past = reported([0.5, 0.5, 0.5], schedule)
        for again in (*ways, copy.copy(schedule)):
            assert again == schedule
            assert hash(again) == hash(schedule)
            assert again(1.5, past) == schedule(1.5, past)

    def test_its_factors_are_in_the_reports(self, schedule: Schedule) -> None:
        data, config = dataset(23, SIZES), TrainConfig(epochs=6, schedule=schedule, eta=0.7)
        monitor = {"validation": dataset(20, SIZES, seed=1)}
        past = train(start(init(SIZES, seed=0), config), data, config, monitor=monitor).history
        for k, report in enumerate(past):
            assert report.factor == schedule(k, past[:k])
            assert report.eta == 0.7 * report.factor


@pytest.mark.parametrize(
    "schedule", [schedule for schedule in BATTERY.values() if not schedule.by_validation]
)
@pytest.mark.parametrize("seed", [5, (5,), (5, 6), [5, 6]])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("data", [dataset(23, SIZES), WEIGHED], ids=["plain", "weighed"])
def test_an_epoch_is_the_fold_of_steps(
    schedule: Schedule, seed: Any, dtype: Any, data: Dataset
) -> None:
    config = TrainConfig(epochs=4, batch_size=5, eta=0.7, schedule=schedule, cost="huber")
    if not isinstance(seed, list):  # else one order for all of a stack
        config = attrs.evolve(config, seed=seed)
    params = init(SIZES, seed=seed, dtype=dtype)
    assert train(start(params, config), data, config).params == folded(params, data, config)


def test_known_values() -> None:
    times = (0, 0.5, 1, 1.99, 2, 4, 100)
    assert [constant(time) for time in times] == [1.0] * 7
    assert [step_decay(2, 0.5)(time) for time in times] == [1, 1, 1, 1, 0.5, 0.25, 0.5**50]
    assert [exponential(0.3)(time) for time in times] == [exp(-0.3 * time) for time in times]
    assert [exponential(0)(time) for time in times] == [1.0] * 7
    assert step_decay(1)(1) == 0.1


class TestCosine:
    def test_goes_down_from_one_to_zero_and_stays(self) -> None:
        factors = [cosine(4)(time) for time in (0, 1, 2, 3, 4, 5, 1e9)]
        assert factors[:1] + factors[4:] == [1, 0, 0, 0]
        np.testing.assert_allclose(factors[1:4], [(1 + cos(pi * k / 4)) / 2 for k in (1, 2, 3)])

    def test_goes_up_in_a_line_first(self) -> None:
        schedule = cosine(10, warm_up=2)
        assert [schedule(time) for time in (0, 0.5, 1, 2, 6, 10)] == [0, 0.25, 0.5, 1, 0.5, 0]
        assert cosine(3, warm_up=0.5)(0.25) == 0.5

    def test_never_rises_after_the_warm_up(self) -> None:
        factors = [cosine(7, warm_up=2)(time) for time in np.linspace(2, 8, 200).tolist()]
        assert factors == sorted(factors, reverse=True)


class TestHalving:
    @pytest.mark.parametrize(
        ("scores", "expected"),
        [
            ([], 1),
            ([0.5], 1),
            ([0.5, 0.6, 0.7, 0.8], 1),
            ([0.5, 0.5], 1),
            ([0.5, 0.5, 0.5], 1 / 2),
            ([0.5, 0.4, 0.45], 1 / 2),  # better than the last one is not a new best
            ([0.5, 0.4, 0.6, 0.6], 1),
            ([0.5, 0.4, 0.4, 0.6, 0.6, 0.6], 1 / 4),
            ([0.5] * 5, 1 / 4),  # after a halving, patience begins anew
            ([0.5] * 7, 1 / 8),
            ([0.5] * 100, 1 / 8),  # the floor
            ([-9.0, -8.0, -8.5, -8.1], 1 / 2),  # minus a cost
            ([-np.inf, -9.0, -8.0], 1),
            ([np.nan, 0.5, np.nan], 1),
        ],
    )
    def test_by_hand(self, scores: list[float], expected: float) -> None:
        schedule = halving(2, least=1 / 8)
        assert schedule(3.0, reported(scores, schedule)) == expected

    def test_the_floor_is_met_exactly(self) -> None:
        for least, expected in ((0.3, 0.3), (1, 1.0), (5e-324, 2.0**-8)):
            schedule = halving(1, least=least)
            assert schedule(0, reported([0.5] * 9, schedule)) == expected

    @pytest.mark.parametrize("shape", [(), (1,), (3,)])
    @given(data=st.data(), patience=st.sampled_from([1, 2, 3, 10**30]))
    def test_is_to_the_bit_what_the_definition_says(
        self, shape: tuple[int, ...], data: Any, patience: int
    ) -> None:
        scores = data.draw(st.lists(arrays(np.float64, shape, elements=SCORES), max_size=30))
        least = data.draw(st.sampled_from([1.0, 0.3, 1 / 128, 5e-324]))
        expected: Any = by_definition(scores, patience, least)
        schedule = halving(patience, least=least)
        factor = schedule(0.0, reported(scores, schedule))
        assert same_bits(factor, expected)
        assert type(factor) is (np.ndarray if np.ndim(expected) else float)

    def test_goes_on_halving_down_to_the_smallest_number(self) -> None:
        schedule = halving(1, least=5e-324)
        assert schedule(0, reported([0.5] * 1074, schedule)) == 1e-323
        assert schedule(0, reported([0.5] * 1076, schedule)) == 5e-324

    @given(
        scores=st.lists(st.sampled_from([0.1, 0.5, 0.9]), min_size=1), patience=st.integers(1, 4)
    )
    def test_needs_the_last_report_alone(self, scores: list[float], patience: int) -> None:
        schedule = halving(patience)
        past = reported(scores, schedule)
        assert schedule(0, past) == schedule(0, past[-1:])

    @pytest.mark.parametrize("known", [{}, {"score": 0.5}, {"waited": 3}])
    def test_is_refused_a_report_without_score_or_count(self, known: Any) -> None:
        past = [*reported([0.5], constant), EpochReport(1, 3.0, **known)]
        told = "history[-1] is EpochReport(epoch=1", "expected a report with a score and the epochs"
        assert_refused(lambda: halving()(0, past), *told)

    @given(st.lists(st.lists(st.sampled_from([0.1, 0.5, 0.9]), min_size=3, max_size=3)))
    def test_each_of_a_stack_has_its_own(self, scores: list[list[float]]) -> None:
        schedule = halving(2)
        stacked = schedule(0, reported([np.array(each) for each in scores], schedule))
        for k in range(3):
            alone = reported([each[k] for each in scores], schedule)
            assert schedule(0, alone) == np.broadcast_to(stacked, 3)[k]

    def test_in_a_run_it_goes_by_what_the_monitor_saw(self) -> None:
        data, validation = dataset(23, SIZES, "targets"), dataset(9, SIZES, "targets", seed=2)
        config = TrainConfig(epochs=30, schedule=halving(1, least=1e-3), eta=5.0)
        states = list(
            trajectory(
                start(init(SIZES, seed=0), config), data, config, monitor={"validation": validation}
            )
        )
        reports = states[-1].history
        assert [report.score for report in reports] == [
            -fnnet.evaluate(state.params, validation).cost for state in states
        ]
        for k, report in enumerate(reports):
            assert report.eta == 5.0 * config.schedule(k, reports[:k])
        assert reports[-1].eta < 5.0

    def test_without_validation_samples_it_is_refused_at_once(self) -> None:
        config, data = TrainConfig(schedule=halving()), dataset(9, SIZES)
        state, expected = start(init(SIZES, seed=0), config), "one named validation"
        assert_refused(lambda: train(state, data, config), "monitor is []", expected)
        monitor = {"test": data}
        assert_refused(lambda: trajectory(state, data, config, monitor=monitor), "['test']")

    def test_without_the_scores_of_epochs_before_it_is_refused_at_once(self) -> None:
        data, plain = dataset(9, SIZES), TrainConfig(epochs=2)
        state = train(start(init(SIZES, seed=0), plain), data, plain)
        config = TrainConfig(epochs=4, schedule=halving())
        scored = attrs.evolve(state.history[1], score=0.5, waited=0)
        for past in (state.history, state.history[:0], (state.history[0], scored)):
            bad = attrs.evolve(state, history=past)
            told = "state.history is ", "expected reports with validation scores, the last one of"
            call = partial(trajectory, bad, data, config, monitor={"validation": data})
            assert_refused(call, *told)

    def test_the_last_report_is_enough_to_go_on_and_is_needed(self) -> None:
        data, monitor = dataset(23, SIZES), {"validation": dataset(9, SIZES, seed=2)}
        config = TrainConfig(epochs=9, schedule=halving(1), eta=5.0)
        *_, state, _, last = trajectory(
            start(init(SIZES, seed=0), config), data, config, monitor=monitor
        )
        assert last.history[-1].factor < 1
        short = attrs.evolve(state, history=state.history[-1:])
        end = train(short, data, config, monitor=monitor)
        assert attrs.evolve(end, history=last.history) == last
        assert end.history == last.history[-3:]
        for past in ((), state.history[:-1]):
            bad = attrs.evolve(state, history=past)
            told = "state.history is ", "the last one of epoch 6"
            assert_refused(partial(trajectory, bad, data, config, monitor=monitor), *told)


@pytest.mark.parametrize("stacked", [False, True])
def test_a_callers_schedule_may_give_each_network_its_rate(stacked: bool) -> None:
    each = np.array([0.5, 2.0]) if stacked else 0.5
    own = Schedule("own", lambda time: each / (1 + time))
    config, data = TrainConfig(epochs=2, schedule=own, seed=7), dataset(23, SIZES)
    params = init(SIZES, seed=[0, 1] if stacked else 0)
    state = train(start(params, config), data, config)
    alone = attrs.evolve(config, schedule=Schedule("a", lambda time: 0.5 / (1 + time)))
    first = init(SIZES, seed=0)
    expected = train(start(first, alone), data, alone).params
    assert (state.params[0] if stacked else state.params) == expected


@pytest.mark.parametrize(
    ("call", "fragment"),
    [
        (lambda: step_decay(0), "epochs is 0: expected an integer of at least 1"),
        (lambda: step_decay(10**400), "...: expected a finite number"),
        (lambda: cosine(10**400), "...: expected a finite number"),
        (lambda: step_decay(1, 0), "by is 0: expected a finite number above 0"),
        (lambda: exponential(-0.1), "rate is -0.1: expected a finite number of at least 0"),
        (lambda: exponential(np.nan), "rate is nan"),
        (lambda: cosine(0), "epochs is 0: expected an integer of at least 1"),
        (lambda: cosine(3, warm_up=-1), "warm_up is -1"),
        (lambda: cosine(3, warm_up=3), "warm_up is 3: expected a finite number of at least 0 and"),
        (lambda: halving(0), "patience is 0: expected an integer of at least 1"),
        (lambda: halving(least=0), "least is 0: expected a finite number above 0"),
        (
            lambda: halving(least=1.5),
            "least is 1.5: expected a finite number above 0 and of at most 1",
        ),
    ],
)
def test_settings_that_make_no_sense_are_refused(call: Any, fragment: str) -> None:
    assert_refused(call, fragment)


def test_a_callers_schedule_may_go_by_the_history() -> None:
    def factor(time: float, history: Sequence[EpochReport]) -> float:
        seen.append((time, len(history)))
        return 0.5 ** len(history)

    seen: list[tuple[float, int]] = []
    mine = Schedule("mine", factor, by_history=True)
    assert mine(0.0) == 1.0
    seen.clear()
    config, data = TrainConfig(epochs=3, batch_size=5, schedule=mine), dataset(10, SIZES)
    state = train(start(init(SIZES, seed=0), config), data, config)
    assert set(seen) == {(k / 2, k // 2) for k in range(6)}
    as_steps = attrs.evolve(config, schedule=step_decay(1, 0.5))
    assert state == train(start(init(SIZES, seed=0), as_steps), data, as_steps)


def test_a_callers_schedule_by_validation_needs_it() -> None:
    mine = Schedule("mine", lambda _time, history: 1 / (1 + len(history)), by_validation=True)
    config, data = TrainConfig(epochs=2, schedule=mine), dataset(9, SIZES)
    state = start(init(SIZES, seed=0), config)
    assert_refused(lambda: train(state, data, config), "expected one named validation")
    history = train(state, data, config, monitor={"validation": data}).history
    assert [report.factor for report in history] == [1.0, 0.5]


@pytest.mark.parametrize(
    ("name", "epochs", "schedule"),
    [
        ("constant", 30, constant),
        ("step", 30, step_decay(10)),
        ("step", 2, step_decay(1)),
        ("exponential", 30, exponential(1 / 10)),
        ("exponential", 0, exponential(1.0)),
        ("cosine", 30, cosine(30)),
        ("cosine", 0, cosine(1)),
        ("halving", 30, halving()),
    ],
)
def test_a_name_stands_for_a_schedule_over_the_runs_epochs(
    name: str, epochs: int, schedule: Schedule
) -> None:
    for setting in (name, schedule):
        assert TrainConfig(epochs=epochs, schedule=setting).schedule == schedule


@pytest.mark.parametrize("bad", ["sine", "", None, cosine, 0.5, ["step"]])
def test_what_is_no_schedule_is_refused(bad: Any) -> None:
    expected = "a Schedule, or one of constant, step, exponential, cosine, halving"
    assert_refused(lambda: TrainConfig(schedule=bad), "schedule is ", expected)


def test_one_with_a_callers_own_function_says_that_it_cannot_be_pickled() -> None:
    with pytest.raises((pickle.PicklingError, AttributeError), match="lambda"):
        pickle.dumps(Schedule("mine", lambda _time: 1.0))


def test_a_rate_of_zero_changes_nothing() -> None:
    config = TrainConfig(epochs=1, batch_size=9, schedule=cosine(1, warm_up=0.5))
    params = init(SIZES, seed=0)
    assert train(start(params, config), dataset(9, SIZES), config).params == params
