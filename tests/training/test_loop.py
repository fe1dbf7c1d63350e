from __future__ import annotations

import gc
import os
import subprocess
import sys
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

import fnnet
from fnnet import (
    Dataset,
    DivergenceError,
    EpochReport,
    Optimizer,
    Params,
    TrainConfig,
    TrainState,
    evaluate,
    forward,
    grads,
    init,
    load_state,
    save_state,
    sgd_step,
    shuffle,
    start,
    train,
    trajectory,
)
from fnnet.training.epoch import Epochs
from tests._support import assert_refused, dataset, inputs, labels, linear

SIZES = (5, 4, 3)
KINDS = ["labels", "targets", "bytes"]
DATA = dataset(23, SIZES)
MONITOR = {"training": DATA, "validation": dataset(9, SIZES, seed=1)}


def run(params: Params, data: Dataset, config: TrainConfig) -> Params:
    return train(start(params, config), data, config).params


def folded(params: Params, data: Dataset, config: TrainConfig) -> Params:
    """What training is, said with the public functions alone."""
    n = len(data)
    for epoch in range(config.epochs):
        order = shuffle(n, seed=config.seed, epoch=epoch)
        for k in range(0, n, config.batch_size):
            batch = data.batch(order[..., k : k + config.batch_size], dtype=params.dtype)
            params = sgd_step(params, batch, config.eta)
    return params


class TestTheFold:
    @settings(max_examples=60, deadline=None)
    @given(
        sizes=st.lists(st.sampled_from([1, 2, 3, 8, 17]), min_size=2, max_size=4),
        n=st.integers(1, 40),
        batch_size=st.integers(1, 12),
        seed=st.sampled_from([0, 3, (0,), (4, 0, 4)]),
        stacked=st.booleans(),
        kind=st.sampled_from(KINDS),
        dtype=st.sampled_from([np.float32, np.float64]),
        eta=st.sampled_from([3.0, 0.1]),
    )
    def test_an_epoch_is_the_fold_of_steps_over_the_shuffled_batches(
        self,
        sizes: list[int],
        n: int,
        batch_size: int,
        seed: int | tuple[int, ...],
        stacked: bool,
        kind: str,
        dtype: Any,
        eta: float,
    ) -> None:
        seeds = list(seed) if isinstance(seed, tuple) else [5, 6] if stacked else 5
        params, data = init(sizes, seed=seeds, dtype=dtype), dataset(n, tuple(sizes), kind)
        config = TrainConfig(epochs=2, batch_size=batch_size, eta=eta, seed=seed)
        assert run(params, data, config) == folded(params, data, config)

    def test_a_large_batch_is_one_step_too(self) -> None:
        params, data = init([784, 100, 10], seed=0), dataset(900, (784, 10), "bytes")
        config = TrainConfig(epochs=1, batch_size=600, eta=3.0)
        assert run(params, data, config) == folded(params, data, config)

    @pytest.mark.parametrize("seeds", [3, (4, 0, 4)])
    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_of_weighed_samples_is_the_fold_of_steps_too(
        self, seeds: Any, kind: str, dtype: Any
    ) -> None:
        weights = np.random.default_rng(0).uniform(0, 3, 40)
        data = attrs.evolve(dataset(40, SIZES, kind), weights=weights)
        params = init(SIZES, seed=seeds, dtype=dtype)
        for config in (
            TrainConfig(epochs=2, batch_size=7, seed=seeds),
            TrainConfig(epochs=2, batch_size=7, seed=3),
        ):
            trained = run(params, data, config)
            assert trained == folded(params, data, config)
            assert trained != run(params, attrs.evolve(data, weights=None), config)
            ones = attrs.evolve(data, weights=np.ones(40))
            assert run(params, ones, config) == folded(params, dataset(40, SIZES, kind), config)

    def test_every_sample_counts_once_an_epoch(self) -> None:
        config = TrainConfig(epochs=1, batch_size=4, eta=1.0)
        x, y = np.zeros((10, 1)), np.zeros((10, 1))
        params = Params(fnnet.Architecture.of([1, 1], linear), [0.0, 0.0])
        for row in range(10):
            target = y.copy()
            target[row] = 1
            assert run(params, Dataset(x, target), config) != params

    def test_the_epochs_are_shuffled_differently(self) -> None:
        params, data = init(SIZES, seed=0), dataset(30, SIZES)
        states = list(
            trajectory(TrainState(params), data, TrainConfig(epochs=2, batch_size=3, eta=3.0))
        )
        again = TrainConfig(epochs=1, batch_size=3, eta=3.0)
        assert run(states[0].params, data, again) != states[1].params

    @pytest.mark.parametrize("changes", [{"seed": 1}, {"batch_size": 3}, {"eta": 2.9}])
    def test_a_run_depends_on_its_whole_config(self, changes: dict[str, Any]) -> None:
        params, data, config = init(SIZES, seed=0), dataset(30, SIZES), TrainConfig(epochs=1)
        assert run(params, data, config) != run(params, data, attrs.evolve(config, **changes))

    def test_it_learns(self) -> None:
        digits, config = fnnet.load_digits(), TrainConfig(epochs=15)
        params = run(init([64, 16, 10], seed=0), digits.train, config)
        assert evaluate(params, digits.test).accuracy > 0.85


class TestStacks:
    @settings(max_examples=40, deadline=None)
    @given(
        sizes=st.lists(st.sampled_from([1, 2, 3, 8, 17]), min_size=2, max_size=4),
        n=st.integers(1, 40),
        batch_size=st.sampled_from([1, 2, 7, 10]),
        kind=st.sampled_from(KINDS),
        dtype=st.sampled_from([np.float32, np.float64]),
        one_order=st.booleans(),
    )
    def test_four_seeds_at_once_are_the_four_runs_bit_for_bit(
        self, sizes: list[int], n: int, batch_size: int, kind: str, dtype: Any, one_order: bool
    ) -> None:
        seeds, data = (3, 0, 9, 3), dataset(n, tuple(sizes), kind)
        config = TrainConfig(epochs=2, batch_size=batch_size, seed=7 if one_order else seeds)
        stacked = run(init(sizes, seed=seeds, dtype=dtype), data, config)
        for k, seed in enumerate(seeds):
            own = attrs.evolve(config, seed=7 if one_order else seed)
            assert run(init(sizes, seed=seed, dtype=dtype), data, own) == stacked[k]

    def test_at_the_notebooks_shape(self) -> None:
        seeds, data = (0, 1, 2, 3), dataset(500, (784, 10), "bytes")
        config = TrainConfig(epochs=1, seed=seeds)
        stacked = run(init([784, 16, 16, 10], seed=seeds), data, config)
        for k, seed in enumerate(seeds):
            own = run(init([784, 16, 16, 10], seed=seed), data, attrs.evolve(config, seed=seed))
            assert own == stacked[k]


PROGRAM = """
import fnnet
digits, config = fnnet.load_digits(), fnnet.TrainConfig(epochs=2, seed=(1, 2))
state = fnnet.start(fnnet.init([64, 30, 10], seed=[3, 4]), config)
print(fnnet.train(state, digits.train, config).params.digest())
"""

LARGE = [((784, 100, 10), 32), ((784, 100, 10), 256), ((784, 300, 100, 10), 64)]
"""Shapes whose matrix products BLAS shares among its threads."""


def everything(sizes: tuple[int, ...], n: int) -> list[Any]:
    """A digest of what each function computes."""
    params, data = init(sizes, seed=0), dataset(3 * n, sizes)
    batch, config = data.batch(slice(n)), TrainConfig(epochs=1, batch_size=n)
    return [
        forward(params, batch.x),
        fnnet.predict(params, batch.x).tolist(),
        float(fnnet.cost(params, batch.x, batch.y)),
        grads(params, batch.x, batch.y).digest(),
        sgd_step(params, batch, 3.0).digest(),
        run(params, data, config).digest(),
        evaluate(params, data),
    ]


class TestSameSeedSameBytes:
    def test_in_two_processes(self) -> None:
        digests = set()
        for hash_seed, threads in (("1", "1"), ("2", "2")):
            environment = {"PYTHONHASHSEED": hash_seed, "OPENBLAS_NUM_THREADS": threads}
            command = [sys.executable, "-c", PROGRAM]
            done = subprocess.run(
                command, env=os.environ | environment, check=True, capture_output=True, text=True
            )
            digests.add(done.stdout)
        assert len(digests) == 1
        assert len(digests.pop()) == 65

    @pytest.mark.parametrize(("sizes", "n"), LARGE)
    def test_for_any_number_of_blas_threads(self, sizes: tuple[int, ...], n: int) -> None:
        results = []
        for threads in (1, 2):
            with threadpool_limits(threads, user_api="blas"):
                results.append(everything(sizes, n))
        assert results[0] == results[1]

    @pytest.mark.parametrize(("sizes", "n"), LARGE)
    def test_in_any_thread(self, sizes: tuple[int, ...], n: int) -> None:
        here = everything(sizes, n)
        with threadpool_limits(2, user_api="blas"), ThreadPoolExecutor(2) as pool:
            for there in pool.map(lambda _: everything(sizes, n), range(2)):
                assert there == here
        assert everything(sizes, n) == here

    @pytest.mark.parametrize("seeds", [0, (0, 1)])
    def test_for_any_number_of_workers(self, seeds: Any) -> None:
        params, data = init([784, 100, 10], seed=seeds), dataset(1500, (784, 10), "bytes")
        config = TrainConfig(epochs=1, batch_size=1200, seed=seeds)
        states = [train(start(params, config), data, config, workers=w) for w in (1, 2, 5)]
        states.append(train(start(params, config), data, config))
        assert len({state.params.digest() for state in states}) == 1

    def test_whatever_ran_before(self) -> None:
        params, data, config = init(SIZES, seed=0), dataset(30, SIZES), TrainConfig(epochs=2)
        first = run(params, data, config)
        np.random.default_rng().random()
        run(init(SIZES, seed=1), dataset(9, SIZES), TrainConfig(epochs=3, seed=4))
        assert run(params, data, config) == first


class TestResuming:
    @pytest.mark.parametrize("seed", [0, (0, 1, 2)])
    @pytest.mark.parametrize("kind", KINDS)
    def test_two_epochs_and_four_from_a_file_are_six(
        self, tmp_path: Path, seed: Any, kind: str
    ) -> None:
        data, config = dataset(33, SIZES, kind), TrainConfig(epochs=6, seed=seed)
        state = start(init(SIZES, seed=seed), config)
        half = train(state, data, attrs.evolve(config, epochs=2))
        assert half.epoch == 2
        save_state(tmp_path / "state", half)
        resumed = load_state(tmp_path / "state")
        assert train(resumed, data, config) == train(state, data, config)

    def test_each_state_of_a_trajectory_leads_to_the_same_end(self) -> None:
        data, config = dataset(33, SIZES), TrainConfig(epochs=4)
        states = list(trajectory(start(init(SIZES, seed=0), config), data, config))
        assert [state.epoch for state in states] == [1, 2, 3, 4]
        assert {train(state, data, config) for state in states} == {states[-1]}

    def test_a_finished_run_is_finished(self) -> None:
        data, config = dataset(5, SIZES), TrainConfig(epochs=3)
        for epoch in (3, 4):
            state = TrainState(init(SIZES, seed=0), epoch)
            assert train(state, data, config) is state
            assert list(trajectory(state, data, config)) == []

    def test_no_epochs_no_change(self) -> None:
        data, config = dataset(5, SIZES), TrainConfig(epochs=0)
        state = start(init(SIZES, seed=0), config)
        assert train(state, data, config) is state


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


class TestTrajectory:
    def test_computes_an_epoch_when_it_is_asked_for(self) -> None:
        calls = []

        def f(z: Any) -> Any:
            calls.append(z.shape)
            return fnnet.sigmoid(z)

        counting = fnnet.Activation("counting", f, fnnet.sigmoid.derivative)
        data, config = dataset(30, (3, 2)), TrainConfig(epochs=10**15, batch_size=10)
        params = init([3, 2], seed=0, activations=counting)
        calls.clear()  # an architecture tries its functions out
        states = trajectory(start(params, config), data, config)
        assert calls == []
        for epoch in (1, 2, 3):
            assert next(states).epoch == epoch
            assert len(calls) == 3 * epoch

    def test_an_epoch_takes_the_same_calls_however_many_were_before_it(self) -> None:
        data, config = dataset(4, SIZES), TrainConfig(epochs=10**15, schedule="halving")
        monitor, counts = {"validation": data}, set()
        report = EpochReport(0, 1.0, score=0.5, waited=1)
        for n in (2, 1000, 5000):
            past = [attrs.evolve(report, epoch=k) for k in range(n)]
            state = attrs.evolve(start(init(SIZES, seed=0), config), epoch=n, history=past)
            states = trajectory(state, data, config, monitor=monitor)
            next(states)
            counts.add(calls_of(partial(next, states)))
        assert len(counts) == 1

    def test_train_is_its_last_state(self) -> None:
        data, config = dataset(33, SIZES), TrainConfig(epochs=3)
        state = start(init(SIZES, seed=0), config)
        *_, last = trajectory(state, data, config)
        assert train(state, data, config) == last

    def test_its_states_never_change_and_share_nothing(self) -> None:
        data, config = dataset(33, SIZES), TrainConfig(epochs=4)
        first = start(init(SIZES, seed=0), config)
        states, digests = [first], [first.params.digest()]
        for state in trajectory(first, data, config):
            states.append(state)
            digests.append(state.params.digest())
        assert [state.params.digest() for state in states] == digests
        assert len(set(digests)) == 5
        for one, other in pairwise(states):
            assert not np.shares_memory(one.params.theta, other.params.theta)

    def test_interleaved_trajectories_do_not_meet(self) -> None:
        data = dataset(33, SIZES)
        configs = [TrainConfig(epochs=3, seed=seed) for seed in (0, 1)]
        state = start(init(SIZES, seed=0), configs[0])
        alone = [list(trajectory(state, data, config)) for config in configs]
        pairs = zip(*(trajectory(state, data, config) for config in configs), strict=True)
        assert list(pairs) == list(zip(*alone, strict=True))

    def test_runs_at_the_same_time_do_not_meet(self) -> None:
        data, config = dataset(200, (20, 10)), TrainConfig(epochs=3)
        params = [init([20, 30, 10], seed=seed) for seed in range(4)]
        alone = [run(one, data, config) for one in params]
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(lambda one: run(one, data, config), params)) == alone


def growing(seed: int | list[int] = 0, dtype: Any = np.float32) -> tuple[TrainState, Dataset]:
    """A network without anything that keeps it small, and data that drives it outwards."""
    params = init([3, 2], seed=seed, activations=linear, dtype=dtype)
    return TrainState(params), dataset(20, (3, 2), "targets")


class TestDivergence:
    CONFIG = TrainConfig(epochs=1000, batch_size=20, eta=100.0)

    def test_outputs_that_are_not_finite_on_monitored_data_are_told_with_the_epoch(self) -> None:
        params = init([1, 1], seed=0, activations="identity")
        data = Dataset([[0.0], [1.0]], [[0.0], [1.0]])
        config, wild = TrainConfig(epochs=2, eta=0.1), Dataset([[0.0], [3e38]], [[0.0], [1.0]])
        huge = Params(params.architecture, params.theta * np.float32(1e3))
        with pytest.raises(DivergenceError, match=r"epoch 0: on wild data, .* sample 1 "):
            train(start(huge, config), data, config, monitor={"wild": wild})

    def test_it_is_told_with_its_epoch_and_the_states_before_are_intact(self) -> None:
        state, data = growing()
        states, digests = [], []

        def watch() -> None:
            for after in trajectory(state, data, self.CONFIG):
                states.append(after)
                digests.append(after.params.digest())

        with pytest.raises(DivergenceError) as caught:
            watch()
        assert 2 < len(states) < 1000
        assert f"epoch {len(states)}: " in str(caught.value)
        assert "try a smaller eta than 100.0" in str(caught.value)
        assert "\n" not in str(caught.value)
        assert [after.params.digest() for after in states] == digests
        assert all(np.isfinite(after.params.theta).all() for after in states)
        again = islice(trajectory(state, data, self.CONFIG), len(states))
        assert list(again) == states

    def test_a_standstill_is_told_too(self) -> None:
        # Where the mean of squares is infinite, RMSProp's steps are zero for ever.
        params = init([2, 1], seed=0, activations="identity")
        data = Dataset(np.full((4, 2), 1e10), np.full((4, 1), 1e20))
        config = TrainConfig(epochs=2, eta=1e-3, cost="squared-error", optimizer=fnnet.rmsprop())
        with pytest.raises(DivergenceError, match=r"epoch 0: the state of rmsprop\(0.9\) is not"):
            train(start(params, config), data, config)

    def test_a_stacks_members_are_named(self) -> None:
        state, data = growing(seed=[0, 1, 2, 3])
        theta = np.array(state.params.theta)
        theta[[1, 3]] = 3e38
        params = Params(state.params.architecture, theta)
        with pytest.raises(DivergenceError, match=r"epoch 0: .*networks \[1, 3\]"):
            run(params, data, self.CONFIG)

    @pytest.mark.parametrize("theta", [np.nan, np.inf])
    def test_params_that_are_not_finite_are_no_start(self, theta: float) -> None:
        params = Params(fnnet.Architecture.of([3, 2]), np.full(8, theta))
        with pytest.raises((DivergenceError, fnnet.InputError)):
            run(params, dataset(20, (3, 2)), TrainConfig(epochs=1))

    def test_targets_beyond_all_measure_diverge_in_silence(self) -> None:
        data = Dataset(inputs(5, 3), np.full((5, 2), 1e38))
        with pytest.raises(DivergenceError, match="epoch 0"):
            run(init([3, 2], seed=0), data, TrainConfig(epochs=1, batch_size=1, eta=100.0))

    def test_it_is_an_arithmetic_error(self) -> None:
        assert issubclass(DivergenceError, ArithmeticError)

    @pytest.mark.parametrize("name", ["adam", "momentum", "rmsprop", "nesterov", "adamw"])
    def test_divergence_is_told_with_an_optimizer_too(self, name: str) -> None:
        config = TrainConfig(epochs=50, eta=1e30, optimizer=name)
        for seed in (0, [0, 1]):
            params = init(SIZES, seed=seed, activations="identity")
            which = " of networks [0, 1]" if params.leading else ""
            with pytest.raises(DivergenceError, match="epoch 0: parameters") as caught:
                train(start(params, config), DATA, config)
            assert f"parameters{which} are not finite" in str(caught.value)
            assert "try a smaller eta than 1e+30" in str(caught.value)


RUNS: list[Callable[..., object]] = [train, trajectory]


def calls(state: Any, config: TrainConfig, **more: Any) -> list[Callable[[], object]]:
    return [partial(call, state, DATA, config, **more) for call in RUNS]


class TestBadInput:
    @pytest.mark.parametrize(
        ("own", "seed"), [(0, (0,)), (0, (0, 1)), ([0, 1], (0, 1, 2)), ([0, 1], (0,))]
    )
    def test_seeds_fit_the_networks(self, own: Any, seed: tuple[int, ...]) -> None:
        params, config = init(SIZES, seed=own), TrainConfig(seed=seed)
        assert_refused(lambda: start(params, config), "config.seed is ", str(seed), "each network")
        for call in RUNS:
            assert_refused(
                partial(call, TrainState(params), dataset(5, SIZES), config), "config.seed"
            )

    @pytest.mark.parametrize("sizes", [(5, 4), (4, 3), (3, 5)])
    def test_data_fits_the_network_or_is_refused_at_once(self, sizes: tuple[int, ...]) -> None:
        state = TrainState(init(SIZES, seed=0))
        for call in RUNS:
            assert_refused(
                partial(call, state, dataset(5, sizes), TrainConfig()),
                "dataset (inputs, outputs)",
                str((sizes[0], sizes[-1])),
                "5 inputs and 3 outputs",
            )

    @pytest.mark.parametrize("workers", [0, -1, 1.0, True, "2"])
    def test_of_workers_is_named(self, workers: Any) -> None:
        state = TrainState(init(SIZES, seed=0))
        for call in RUNS:
            assert_refused(
                partial(call, state, dataset(5, SIZES), TrainConfig(), workers=workers),
                f"workers is {workers!r}: expected an integer of at least 1",
            )

    @pytest.mark.parametrize("epoch", [-1, 1.5, "1", None])
    def test_of_a_state_is_named(self, epoch: Any) -> None:
        params = init(SIZES, seed=0)
        assert_refused(
            lambda: train(TrainState(params, epoch), dataset(5, SIZES), TrainConfig()),
            f"epoch is {epoch!r}: expected an integer of at least 0",
        )

    def test_inputs_beyond_the_params_range_are_not_called_divergence(self) -> None:
        data = Dataset(np.full((5, 5), 1e300), labels(5, classes=3), classes=3)
        assert_refused(lambda: run(init(SIZES, seed=0), data, TrainConfig()), "x", "finite")

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


def test_the_notebooks_settings_on_mnist(mnist_folder: Path) -> None:
    mnist, seeds = fnnet.load_mnist(mnist_folder), range(5)
    config = TrainConfig(epochs=30, batch_size=10, eta=3.0, seed=tuple(seeds))
    states = trajectory(start(init([784, 16, 16, 10], seed=seeds), config), mnist.train, config)
    first = next(states)
    *_, last = states
    assert np.all(evaluate(first.params, mnist.test).accuracy >= 0.84)
    assert np.all(evaluate(last.params, mnist.test).accuracy >= 0.92)


def test_an_output_that_is_always_1_is_refused() -> None:
    params = init([3, 1], seed=0, activations="softmax")
    line = "the output layer is 'softmax of one unit': expected a unit for each class, or sigmoid"
    assert_refused(lambda: start(params, TrainConfig(epochs=1)), line)
    hidden = init([3, 1, 2], seed=0, activations="softmax")
    assert start(hidden, TrainConfig(epochs=1)).epoch == 0


def test_a_runs_buffers_go_with_it() -> None:
    data, config = dataset(20, (3, 2)), TrainConfig(epochs=1, dropout=0.5)
    epochs = Epochs(init([3, 4, 2], seed=0), data, config, workers=1)
    epochs.run(init([3, 4, 2], seed=0), (), 0, lambda _time: 3.0)
    gone = weakref.ref(epochs)
    gc.disable()  # which would find them in the end
    try:
        del epochs
        assert gone() is None
    finally:
        gc.enable()
