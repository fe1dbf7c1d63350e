from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fnnet
from fnnet import Params, TrainConfig, TrainState, init, start, train, trajectory
from fnnet._records import Array
from fnnet.training.early_stopping import chosen, is_stopped, standing
from tests._support import assert_refused, bytes_of, dataset, inputs, same_bits

SIZES = (5, 8, 3)
SEEDS = (0, 1, 2, 3)
CONFIG = TrainConfig(epochs=40, patience=3, seed=SEEDS, eta=5.0)
DATA, VALIDATION = dataset(33, SIZES), dataset(20, SIZES, seed=1)
MONITOR = {"training": DATA, "validation": VALIDATION}


SCORES = st.sampled_from([-np.inf, -1.0, -0.0, 0.0, 0.1, 0.5, np.nextafter(0.5, 1), np.inf, np.nan])
"""What a score can be, few enough for some to be equal."""

ONE = TrainState(init([2, 1], seed=0))
STACK = TrainState(init([2, 1], seed=[0, 1, 2]))


def after(state: TrainState, scores: Sequence[Any], patience: int | None) -> TrainState:
    """The state after epochs with these scores; their params tell which epoch it was."""
    for score in scores:
        epoch = state.epoch + 1
        params = Params(state.params.architecture, np.full_like(state.params.theta, epoch))
        state = TrainState(params, epoch, **standing(state, params, score, patience))
    return state


def by_definition(scores: Sequence[float], patience: int) -> tuple[float, int, int, bool]:
    """The best score up to the stop, the epochs since, the best epoch, and whether it stopped."""
    scores = [-np.inf, *scores]
    best = 0
    for k in range(len(scores)):
        best = k if scores[k] > scores[best] and k - best <= patience else best
    waited = len(scores) - 1 - best
    return scores[best], waited, max(best, 1), waited >= patience


def begun(config: TrainConfig = CONFIG) -> TrainState:
    seed = config.seed if isinstance(config.seed, int) else list(config.seed)
    return start(init(SIZES, seed=seed), config)


class TestStanding:
    @pytest.mark.parametrize(
        ("scores", "stopped", "best", "waited"),
        [
            ([], False, -np.inf, 0),
            ([0.5], False, 0.5, 0),
            ([0.5, 0.5], False, 0.5, 1),
            ([0.5, 0.5, 0.5], True, 0.5, 2),
            ([0.5, 0.4, 0.6], False, 0.6, 0),
            ([0.5, 0.4, 0.45], True, 0.5, 2),  # better than the last one is not a new best
            ([0.5, 0.4, 0.6, 0.6, 0.5], True, 0.6, 2),
            ([0.5, 0.5, 0.5, 0.9, 1.0], True, 0.5, 4),  # stopped is stopped
            ([-3.0, -2.0, -1.0], False, -1.0, 0),
            ([np.nan, np.nan], True, -np.inf, 2),
            ([np.nan, 0.1], False, 0.1, 0),
        ],
    )
    def test_by_hand(self, scores: list[Any], stopped: bool, best: float, waited: int) -> None:
        state = after(ONE, scores, 2)
        assert (bool(is_stopped(state, 2)), state.best_score, state.waited) == (
            stopped,
            best,
            waited,
        )
        assert not is_stopped(state, None)

    @given(
        scores=st.lists(st.tuples(SCORES, SCORES, SCORES), max_size=30),
        patience=st.sampled_from([1, 2, 3, 10**30]),
    )
    def test_of_each_network_is_what_the_definition_says(
        self, scores: list[tuple[float, float, float]], patience: int
    ) -> None:
        stack = after(STACK, [np.array(each) for each in scores], patience)
        for k in range(3):
            own = [each[k] for each in scores]
            alone = after(ONE, own, patience)
            score, waited, best, stopped = by_definition(own, patience)
            assert same_bits(alone.best_score, score)
            assert (alone.waited, bool(is_stopped(alone, patience))) == (waited, stopped)
            assert (type(alone.best_score), type(alone.waited)) == (float, int)
            assert same_bits(np.broadcast_to(stack.best_score, 3)[k], score)
            assert np.broadcast_to(stack.waited, 3)[k] == waited
            assert np.broadcast_to(is_stopped(stack, patience), 3)[k] == stopped
            if scores:
                assert stack.best is not None
                assert alone.best is not None
                assert set(stack.best[k].theta) == set(alone.best.theta) == {best}

    def test_without_patience_nothing_is_kept_but_the_count(self) -> None:
        state = after(ONE, [0.5, 0.4, 0.3, 0.6, 0.2], None)
        assert (state.best, state.best_score, state.waited) == (None, 0.6, 1)

    def test_changes_no_state(self) -> None:
        before = after(STACK, [np.array([0.5, 0.4, 0.3])], 2)
        copied = bytes_of(before)
        after(before, [np.array([0.1, 0.5, 0.2])], 2)
        assert bytes_of(before) == copied


def test_networks_are_chosen_one_by_one() -> None:
    params, others = init([2, 1], seed=[0, 1, 2]), init([2, 1], seed=[3, 4, 5])
    mixed = chosen(np.array([True, False, True]), params, others)
    assert [mixed[k] for k in range(3)] == [params[0], others[1], params[2]]
    assert chosen(np.True_, params, others) == params
    assert chosen(np.False_, params[0], others[0]) == others[0]


class TestARun:
    def test_ends_when_the_score_has_not_improved_for_patience_epochs(self) -> None:
        config = attrs.evolve(CONFIG, seed=0)
        states = list(trajectory(begun(config), DATA, config, monitor=MONITOR))
        scores = [fnnet.evaluate(state.params, VALIDATION).accuracy for state in states]
        assert len(states) < config.epochs
        assert [report.score for report in states[-1].history] == scores
        assert [report.waited for report in states[-1].history] == [s.waited for s in states]
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
        assert state.best_score == max(report.score for report in state.history)

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

    @pytest.mark.parametrize("seed", [0, SEEDS])
    def test_goes_on_without_the_reports_of_its_first_epochs(self, seed: Any) -> None:
        config = attrs.evolve(CONFIG, seed=seed)
        *_, before, last = trajectory(begun(config), DATA, config, monitor=MONITOR)
        for history in (before.history[-1:], ()):
            end = train(attrs.evolve(before, history=history), DATA, config, monitor=MONITOR)
            assert attrs.evolve(end, history=last.history) == last
            assert end.history == (*history, last.history[-1])

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
            assert alone.best_score == state.best_score[k]
            for own, report in zip(alone.history, state.history, strict=False):
                assert (own.score, own.waited) == (report.score[k], report.waited[k])
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
        forgotten = attrs.evolve(scored, history=())
        for state, fragment in (
            (unscored, "state.best is None: expected the run's best params"),
            (scored, "state.best is None: expected the run's best params"),
            (forgotten, "state.best is None: expected the run's best params"),
        ):
            assert_refused(partial(train, state, DATA, CONFIG, monitor=MONITOR), fragment)


def test_an_epoch_without_a_score_does_not_wait() -> None:
    data, config = dataset(20, (3, 2)), fnnet.TrainConfig(epochs=2)
    state = train(start(init([3, 2], seed=0), config), data, config)
    assert (state.epoch, state.waited, state.best_score) == (2, 0, -np.inf)
    assert [report.waited for report in state.history] == [None, None]
