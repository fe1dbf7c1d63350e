from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import fnnet
from fnnet import EpochReport, Params, TrainConfig, TrainState, init, start, train, trajectory
from fnnet._records import Array
from fnnet.training.early_stopping import Standing
from tests._support import assert_refused, dataset, inputs, same_bits

SIZES = (5, 8, 3)
SEEDS = (0, 1, 2, 3)
CONFIG = TrainConfig(epochs=40, patience=3, seed=SEEDS, eta=5.0)
DATA, VALIDATION = dataset(33, SIZES), dataset(20, SIZES, seed=1)
MONITOR = {"training": DATA, "validation": VALIDATION}


def history(*scores: Any) -> list[EpochReport]:
    return [EpochReport(k, 1.0, (), score) for k, score in enumerate(scores)]


SCORES = st.sampled_from([-np.inf, -1.0, -0.0, 0.0, 0.1, 0.5, np.nextafter(0.5, 1), np.inf, np.nan])
"""What a score can be, few enough for some to be equal."""


def epoch_by_epoch(scores: list[Array], patience: int) -> tuple[Any, Any]:
    """What early stopping is, said one epoch after the other: the best score, and who is done."""
    best: Any = np.float64(-np.inf)
    waited: Any = 0
    stopped: Any = np.False_
    for score in scores:
        better = (score > best) & ~stopped
        best = np.where(better, score, best)
        waited = np.where(better, 0, waited + 1)
        stopped = waited >= patience
    return best, stopped


def calls_of(function: Callable[[], object]) -> int:
    """How many functions, Python's and C's, are called on the way."""
    events: list[str] = []
    gc.collect()
    gc.disable()  # a collection calls functions, too, Hypothesis's among them
    sys.setprofile(lambda _frame, event, _argument: events.append(event))
    try:
        function()
    finally:
        sys.setprofile(None)
        gc.enable()
    return sum(event in ("call", "c_call") for event in events)


def begun(config: TrainConfig = CONFIG) -> TrainState:
    seed = config.seed if isinstance(config.seed, int) else list(config.seed)
    return start(init(SIZES, seed=seed), config)


class TestStanding:
    @pytest.mark.parametrize(
        ("scores", "stopped", "best"),
        [
            ([], False, -np.inf),
            ([0.5], False, 0.5),
            ([0.5, 0.5], False, 0.5),
            ([0.5, 0.5, 0.5], True, 0.5),
            ([0.5, 0.4, 0.6], False, 0.6),
            ([0.5, 0.4, 0.45], True, 0.5),  # better than the last one is not a new best
            ([0.5, 0.4, 0.6, 0.6, 0.5], True, 0.6),
            ([0.5, 0.5, 0.5, 0.9, 1.0], True, 0.5),  # stopped is stopped
            ([-3.0, -2.0, -1.0], False, -1.0),
            ([np.nan, np.nan], True, -np.inf),
            ([np.nan, 0.1], False, 0.1),
        ],
    )
    def test_by_hand(self, scores: list[float], stopped: bool, best: float) -> None:
        standing = Standing.after(history(*scores), 2)
        assert (bool(standing.stopped), float(standing.score)) == (stopped, best)
        assert not Standing.after(history(*scores), None).stopped

    @pytest.mark.parametrize("shape", [(), (1,), (3,)])
    @given(data=st.data(), patience=st.sampled_from([1, 2, 3, 10**30]))
    def test_is_to_the_bit_what_epoch_by_epoch_would_be(
        self, shape: tuple[int, ...], data: Any, patience: int
    ) -> None:
        scores = data.draw(st.lists(arrays(np.float64, shape, elements=SCORES), max_size=30))
        score, stopped = epoch_by_epoch(scores, patience)
        standing = Standing.after(history(*scores), patience)
        assert same_bits(standing.score, score)
        assert same_bits(standing.stopped, stopped)

    def test_looks_at_a_long_history_in_a_few_calls(self) -> None:
        few, many = (history(*[np.ones(3)] * n) for n in (10, 1000))
        assert calls_of(lambda: Standing.after(few, 5)) == calls_of(lambda: Standing.after(many, 5))

    @given(
        st.lists(st.lists(st.sampled_from([0.1, 0.5, 0.9]), min_size=3, max_size=3)),
        st.integers(1, 4),
    )
    def test_each_of_a_stack_stands_by_itself(
        self, scores: list[list[float]], patience: int
    ) -> None:
        stack = Standing.after(history(*map(np.array, scores)), patience)
        for k in range(3):
            own = Standing.after(history(*(each[k] for each in scores)), patience)
            assert np.broadcast_to(stack.score, 3)[k] == own.score
            assert np.broadcast_to(stack.stopped, 3)[k] == own.stopped


class TestARun:
    def test_ends_after_so_many_epochs_without_a_better_score(self) -> None:
        config = attrs.evolve(CONFIG, seed=0)
        states = list(trajectory(begun(config), DATA, config, monitor=MONITOR))
        scores = [fnnet.evaluate(state.params, VALIDATION).accuracy for state in states]
        assert len(states) < config.epochs
        assert [report.score for report in states[-1].history] == scores
        best = scores.index(max(scores))  # the first of the best
        assert len(states) == best + 1 + 3
        assert states[-1].best == states[-1].result == states[best].params
        assert states[-1].result != states[-1].params
        assert train(begun(config), DATA, config, monitor=MONITOR) == states[-1]

    def test_without_patience_goes_on_and_keeps_no_best(self) -> None:
        config = attrs.evolve(CONFIG, seed=0, patience=None)
        state = train(begun(config), DATA, config, monitor=MONITOR)
        assert (state.epoch, state.best) == (40, None)
        assert state.result == state.params

    def test_that_is_stopped_stays_however_many_epochs_are_left(self) -> None:
        config = attrs.evolve(CONFIG, seed=0, epochs=10**15)
        state = train(begun(config), DATA, config, monitor=MONITOR)
        assert train(state, DATA, config, monitor=MONITOR) is state
        assert list(trajectory(state, DATA, config, monitor=MONITOR)) == []

    @pytest.mark.parametrize("seed", [0, SEEDS])
    def test_continues_its_count_from_a_file(self, seed: Any, tmp_path: Path) -> None:
        config = attrs.evolve(CONFIG, seed=seed)
        states = list(trajectory(begun(config), DATA, config, monitor=MONITOR))
        for state in states:
            fnnet.save_state(tmp_path / "state", state)
            resumed = fnnet.load_state(tmp_path / "state")
            assert resumed == state
            assert hash(resumed) == hash(state)
            end = train(resumed, DATA, config, monitor=MONITOR)
            assert end == states[-1]
            assert end.history == states[-1].history
            assert end.table()[0].keys() == states[-1].table()[0].keys()

    def test_by_targets_goes_by_minus_the_cost(self) -> None:
        x = dataset(30, SIZES).x
        data = fnnet.Dataset(x[:10], np.sin(x[:10, :3] * 3))
        monitor = {"validation": fnnet.Dataset(x[10:], np.sin(x[10:, :3] * 3))}
        params = init([5, 30, 3], seed=0, activations=["tanh", "identity"])
        config = TrainConfig(epochs=300, patience=2, eta=0.2, cost="squared-error")
        state = train(start(params, config), data, config, monitor=monitor)
        costs = [-report.score for report in state.history]
        assert state.epoch < 300
        assert costs == [report.evaluations[0][1].cost for report in state.history]
        best = fnnet.evaluate(state.result, monitor["validation"], cost="squared-error").cost
        assert best == min(costs) == costs[-3]


class TestAStack:
    def test_each_network_is_its_solo_run(self) -> None:
        state = train(begun(), DATA, CONFIG, monitor=MONITOR)
        lengths = set()
        for k, seed in enumerate(SEEDS):
            config = attrs.evolve(CONFIG, seed=seed)
            alone = train(begun(config), DATA, config, monitor=MONITOR)
            lengths.add(alone.epoch)
            assert state.best is not None
            assert alone.best == state.best[k]
            assert alone.params == state.params[k]
            for own, report in zip(alone.history, state.history, strict=False):
                assert own.score == report.score[k]
        assert len(lengths) > 1
        assert state.epoch == max(lengths)

    def test_a_network_that_is_stopped_ends_no_run_of_another(self) -> None:
        def update(g: Array, state: Any, params: Params) -> tuple[Array, Any]:
            """What is large becomes larger still; the rest goes along the gradient."""
            is_large = np.abs(params.theta).max(axis=-1, keepdims=True) > 1e3
            return np.where(is_large, -1000 * params.theta, g), state

        params = init([3, 2], seed=[0, 1], activations="identity")
        params = Params(params.architecture, params.theta * np.array([[1e4], [1]], np.float32))
        data = dataset(20, (3, 2), "targets")
        monitor = {"validation": data}
        optimizer = fnnet.Optimizer("growing", lambda _: (), update)
        config = TrainConfig(epochs=40, batch_size=20, patience=5, eta=0.1, optimizer=optimizer)
        plain = attrs.evolve(config, patience=None)
        with pytest.raises(fnnet.DivergenceError, match="epoch 1"):
            train(start(params, plain), data, plain)
        state = train(start(params, config), data, config, monitor=monitor)
        assert state.epoch == 40
        for k, epochs in ((0, 6), (1, 40)):
            alone = train(start(params[k], config), data, config, monitor=monitor)
            assert alone.epoch == epochs
            assert alone.params == state.params[k]

    def test_nor_may_the_optimizer_of_a_stopped_one(self) -> None:
        # The second one diverges, and is stopped before its parameters are infinite.
        x = inputs(40, 1)
        data, architecture = fnnet.Dataset(x, x / 2), init([1, 1, 1], seed=0).architecture
        architecture = attrs.evolve(architecture, activations=(fnnet.identity,) * 2)
        thetas = np.array([[0.3, 0, 0.3, 0], [3.0, 0, 3.0, 0]])
        config = TrainConfig(
            epochs=60,
            eta=0.1,
            patience=2,
            optimizer=fnnet.momentum(0.9),
            cost="squared-error",
            seed=(0, 1),
        )
        stacked = start(Params(architecture, thetas), config)
        state = train(stacked, data, config, monitor={"validation": data})
        for k in range(2):
            solo = attrs.evolve(config, seed=k)
            alone = start(Params(architecture, thetas[k]), solo)
            alone = train(alone, data, solo, monitor={"validation": data})
            assert alone.best == state.result[k]


class TestBadInput:
    @pytest.mark.parametrize("patience", [0, -1, 1.0, True, "3"])
    def test_of_patience_is_named(self, patience: Any) -> None:
        assert_refused(lambda: TrainConfig(patience=patience), f"patience is {patience!r}")

    def test_validation_samples_are_needed(self) -> None:
        assert_refused(
            lambda: trajectory(begun(), DATA, CONFIG, monitor={"test": DATA}),
            "monitor is ['test']: expected one named validation",
        )

    def test_so_are_the_scores_and_the_best_of_the_epochs_before(self) -> None:
        plain = attrs.evolve(CONFIG, patience=None, epochs=2)
        unscored = train(begun(plain), DATA, plain)
        scored = train(begun(plain), DATA, plain, monitor=MONITOR)
        for state, fragment in (
            (unscored, "state.history's epochs without a score is [0, 1]"),
            (scored, "state.best is None: expected the run's best params"),
        ):
            assert_refused(partial(train, state, DATA, CONFIG, monitor=MONITOR), fragment)
