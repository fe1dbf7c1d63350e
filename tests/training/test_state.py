"""A run's state: what it refuses, its table, and its way through a file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest

import fnnet
from fnnet import (
    DivergenceError,
    EpochReport,
    Evaluation,
    Optimizer,
    TrainConfig,
    TrainState,
    init,
    load_state,
    save_state,
    start,
    train,
    trajectory,
)
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
        assert len({TrainState(params, history=(report,)) for report in reports}) == 3

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

    def test_keeps_its_epoch_as_an_int(self) -> None:
        assert type(EpochReport(np.int64(3), 0.1).epoch) is int

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ((-1, 0.1), "epoch is -1: expected an integer of at least 0"),
            ((1.0, 0.1), "epoch is 1.0: expected an integer of at least 0"),
            ((0, "fast"), "eta is 'fast': expected real numbers"),
            ((0, 0.1, 5), "evaluations is 5: expected pairs of a name and an Evaluation"),
            ((0, 0.1, [("a", 3)]), "evaluations is ('a', 3): expected pairs of a name"),
            ((0, None), "eta is None: expected real numbers"),
            ((0, 1j), "eta is 1j: expected real numbers"),
            ((0, 0.1, (), "good"), "score is 'good': expected real numbers"),
            ((0, 0.1, (), np.array([1j])), "score is an array of shape (1,) and dtype complex128"),
        ],
    )
    def test_of_what_makes_no_sense_is_refused(self, given: Any, message: str) -> None:
        assert_refused(lambda: EpochReport(*given), message)


SETTINGS: list[dict[str, Any]] = [
    {},
    {"optimizer": fnnet.adam()},
    {"optimizer": fnnet.chain(fnnet.l2(0.1), fnnet.chain(fnnet.momentum(), fnnet.sgd))},
    {"patience": 1},
    {"schedule": fnnet.halving(1), "optimizer": fnnet.adamw(), "patience": 2},
]


class TestFile:
    @pytest.mark.parametrize("settings", SETTINGS, ids=str)
    @pytest.mark.parametrize("seed", [0, (0, 1)])
    def test_gives_back_all_of_it(self, settings: Any, seed: Any, tmp_path: Path) -> None:
        state = trained(seed, **settings)
        save_state(tmp_path / "state", state)
        loaded = load_state(tmp_path / "state")
        assert loaded == state
        assert hash(loaded) == hash(state)
        assert attrs.asdict(loaded).keys() == attrs.asdict(state).keys()
        figures = [(report.eta, report.score) for report in loaded.history]
        kept = arrays_in([loaded.params.theta, loaded.optimizer, figures])
        assert not any(array.flags.writeable for array in kept)
        assert fnnet.load_params(tmp_path / "state") == state.params
        save_state(tmp_path / "again", loaded)
        assert (tmp_path / "again").read_bytes() == (tmp_path / "state").read_bytes()

    def test_gives_back_what_a_schedule_in_float32_made(self, tmp_path: Path) -> None:
        rates = np.array([0.1, 0.3], np.float32)
        schedule = fnnet.Schedule(
            "own", lambda _history: lambda epoch: rates / np.float32(1 + epoch)
        )
        state = trained((0, 1), schedule=schedule)
        save_state(tmp_path / "state", state)
        assert load_state(tmp_path / "state") == state

    def test_takes_numbers_of_numpys(self, tmp_path: Path) -> None:
        one: Any = np.int64(1)
        report = EpochReport(one, one, (("test", Evaluation(one, one, one)),), one)
        state = TrainState(init(SIZES, seed=0), one, history=(report,))
        save_state(tmp_path / "state", state)
        assert load_state(tmp_path / "state") == state

    @pytest.mark.parametrize("figure", [0.1 + 0.2, 1e-310, np.nan, -np.inf, None])
    def test_keeps_figures_to_the_bit_and_names_as_they_are(
        self, figure: Any, tmp_path: Path
    ) -> None:
        name = 'é "quoted"\n'
        cost = 1.0 if figure is None else figure
        report = EpochReport(0, 0.1, ((name, Evaluation(1, 3, cost)),), figure)
        stacked = attrs.evolve(report, eta=np.array([0.1, cost]))
        state = TrainState(init(SIZES, seed=0), 2, history=(report, stacked))
        save_state(tmp_path / "state", state)
        assert load_state(tmp_path / "state") == state

    @pytest.mark.parametrize(
        ("entry", "value"),
        [
            ("optimizer", "[0, 7]"),
            ("optimizer", "[0"),
            ("optimizer", '{"a": 1}'),
            ("history", "[1]"),
            ("history", '[{"epoch": 0}]'),
            ("history", "3"),
            ("best", np.zeros(7, np.float32)),
            ("best", np.zeros(39, np.float64)),
            ("best", np.zeros((2, 39), np.float32)),
            ("epoch", -1),
            ("epoch", None),
        ],
    )
    def test_with_a_part_that_makes_no_sense_is_refused(
        self, entry: str, value: Any, tmp_path: Path
    ) -> None:
        path = tmp_path / "state"
        save_state(path, trained(optimizer=fnnet.momentum()))
        with np.load(path) as npz:
            entries = dict(npz)
        if value is None:
            del entries[entry]
        else:
            entries[entry] = np.asarray(value)
        with path.open("wb") as file:
            np.savez(file, allow_pickle=False, **entries)
        assert_refused(lambda: load_state(path), str(path), "expected ")

    def test_is_a_byte_a_character_of_the_history(self, tmp_path: Path) -> None:
        report = EpochReport(0, 0.1, (("validation", Evaluation(1, 3, 0.123)),), 1 / 3)
        sizes = []
        for n in (0, 1000):
            save_state(tmp_path / "state", TrainState(init(SIZES, seed=0), history=(report,) * n))
            sizes.append((tmp_path / "state").stat().st_size)
        text = json.dumps({**attrs.asdict(report), "evaluations": [["validation", {}]]})
        assert 1000 * len(text) < sizes[1] - sizes[0] < 1000 * (len(text) + 60)

    def test_is_for_a_state(self, tmp_path: Path) -> None:
        bad: Any = init(SIZES, seed=0)
        assert_refused(lambda: save_state(tmp_path / "state", bad), "state is Params")


def calls(state: Any, config: TrainConfig, **more: Any) -> list[Callable[[], object]]:
    return [
        lambda: train(state, DATA, config, **more),
        lambda: trajectory(state, DATA, config, **more),
    ]


class TestBadInput:
    @pytest.mark.parametrize(
        ("own", "other"),
        [
            (fnnet.sgd, fnnet.adam()),
            (fnnet.adam(), fnnet.sgd),
            (fnnet.momentum(), fnnet.adam()),
            (fnnet.chain(fnnet.sgd, fnnet.momentum()), fnnet.momentum()),
        ],
    )
    def test_a_state_of_another_optimizer_is_refused(
        self, own: Optimizer, other: Optimizer
    ) -> None:
        state = start(init(SIZES, seed=0), TrainConfig(optimizer=own))
        for call in calls(state, TrainConfig(optimizer=other)):
            assert_refused(call, "state.optimizer is ", f"as {other.name} keeps")

    @pytest.mark.parametrize("dtype", [np.float64, np.int64])
    def test_a_state_of_another_dtype_is_refused(self, dtype: Any) -> None:
        state = TrainState(init(SIZES, seed=0), optimizer=(np.zeros(39, dtype),))
        for call in calls(state, TrainConfig(optimizer=fnnet.momentum())):
            assert_refused(call, "state.optimizer is ", "expected ('float32 (39,)',)")

    @pytest.mark.parametrize("sizes", [(5, 4), (4, 3)])
    def test_monitored_data_that_does_not_fit_is_named(self, sizes: tuple[int, ...]) -> None:
        state = start(init(SIZES, seed=0), TrainConfig())
        for call in calls(state, TrainConfig(), monitor={**MONITOR, "test": dataset(3, sizes)}):
            assert_refused(call, f"monitor['test'] (inputs, outputs) is {(sizes[0], sizes[-1])}")

    def test_monitored_data_beyond_the_dtype_is_named(self) -> None:
        data = attrs.evolve(DATA, x=np.full((23, 5), 1e300))
        state = start(init(SIZES, seed=0), TrainConfig())
        for call in calls(state, TrainConfig(), monitor={"test": data}):
            assert_refused(
                call, "monitor['test'].x is 1e+300: expected numbers ", "finite in float32"
            )

    @pytest.mark.parametrize("monitor", [None, [DATA], DATA, {0: DATA}, {"test"}])
    def test_a_monitor_is_a_dict(self, monitor: Any) -> None:
        state = start(init(SIZES, seed=0), TrainConfig())
        for call in calls(state, TrainConfig(), monitor=monitor):
            assert_refused(call, "monitor is ", "a dict from names to data sets")

    @pytest.mark.parametrize("watched", [None, (DATA.x, DATA.y)])
    def test_of_data_sets(self, watched: Any) -> None:
        state = start(init(SIZES, seed=0), TrainConfig())
        for call in calls(state, TrainConfig(), monitor={"test": watched}):
            assert_refused(call, "monitor['test'] is ", "expected a Dataset")

    def test_a_state_is_a_record_of_its_own(self) -> None:
        for call in calls(init(SIZES, seed=0), TrainConfig()):
            assert_refused(call, "state is Params", "expected a TrainState")

    @pytest.mark.parametrize(
        ("name", "value", "expected"),
        [
            ("optimizer", "adam", "an Optimizer"),
            ("optimizer", fnnet.adam, "an Optimizer"),
            ("schedule", "cosine", "a Schedule"),
            ("schedule", None, "a Schedule"),
            ("augment", fnnet.shifts, "an Augmentation"),
            ("cost", "cubic", "one of quadratic, "),
        ],
    )
    def test_of_a_config_is_named(self, name: str, value: Any, expected: str) -> None:
        settings: Any = {name: value}
        assert_refused(lambda: TrainConfig(**settings), f"{name} is ", f"expected {expected}")

    def test_a_cost_that_does_not_go_with_the_output_is_refused(self) -> None:
        config = TrainConfig(cost="log-likelihood")
        for call in calls(TrainState(init(SIZES, seed=0)), config):
            assert_refused(call, "cost is log-likelihood", "an output layer of softmax")


def test_a_monitor_that_changes_later_changes_no_run() -> None:
    config, monitor = TrainConfig(epochs=3), dict(MONITOR)
    state = start(init(SIZES, seed=0), config)
    states = trajectory(state, DATA, config, monitor=monitor)
    next(states)
    monitor.clear()
    *_, last = states
    assert last == train(state, DATA, config, monitor=MONITOR)


@pytest.mark.parametrize("name", ["adam", "momentum", "rmsprop", "nesterov", "adamw"])
def test_divergence_is_told_with_an_optimizer_too(name: str) -> None:
    optimizer = getattr(fnnet, name)()
    config = TrainConfig(epochs=50, eta=1e30, optimizer=optimizer)
    for seed in (0, [0, 1]):
        params = init(SIZES, seed=seed, activations="identity")
        which = " of networks [0, 1]" if params.leading else ""
        with pytest.raises(DivergenceError, match="epoch 0: parameters") as caught:
            train(start(params, config), DATA, config)
        assert f"parameters{which} are no longer finite" in str(caught.value)
        assert "eta 1e+30: try less" in str(caught.value)
