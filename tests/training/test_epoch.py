"""Epochs with augmentation, weights and a caller's own optimizers, against the public functions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest

import fnnet
from fnnet import Augmentation, Dataset, Optimizer, Params, TrainConfig, TrainState, init, shuffle
from fnnet._threads import arithmetic
from fnnet.network.functions import grads
from fnnet.training.loop import start, train, trajectory
from fnnet.training.optimizers import sgd
from fnnet.training.sgd import descend, sgd_step
from tests._support import assert_refused, dataset

SHAPE = (8, 8)
SIZES = (64, 6, 10)
DIGITS = fnnet.load_digits().train
FEW = Dataset(DIGITS.x[:45], DIGITS.y[:45], scale=DIGITS.scale, classes=10)
WEIGHED = attrs.evolve(FEW, weights=np.linspace(0, 2, 45))

AUGMENTATIONS = {
    "shifts": fnnet.shifts(1, shape=SHAPE),
    "elastic": fnnet.elastic(5, 2, shape=SHAPE),
    "affine": fnnet.affine(shape=SHAPE),
    "all": fnnet.augmentations(fnnet.elastic(5, 2, shape=SHAPE), fnnet.shifts(1, shape=SHAPE)),
    "own": Augmentation("noise", lambda x, rng: x + rng.normal(size=x.shape).astype(x.dtype)),
    "nothing": Augmentation("nothing", lambda x, _rng: x),
}
ALL = pytest.mark.parametrize("augment", AUGMENTATIONS.values(), ids=AUGMENTATIONS)

OPTIMIZERS = [sgd, fnnet.momentum()]


def folded(params: Params, data: Dataset, config: TrainConfig) -> Params:
    """What training one network is, said with the public functions alone."""
    state, steps = config.optimizer.init(params), -(-len(data) // config.batch_size)
    assert isinstance(config.seed, int)
    for epoch in range(config.epochs):
        order = shuffle(len(data), seed=config.seed, epoch=epoch)
        for step in range(steps):
            rows = order[step * config.batch_size : (step + 1) * config.batch_size]
            batch = data.batch(rows, dtype=params.dtype)
            if config.augment is not None:
                batch = config.augment(batch, seed=config.seed, epoch=epoch, step=step)
            eta = config.eta * config.schedule(epoch + step / steps)
            if config.optimizer is sgd:
                params = sgd_step(params, batch, eta, cost=config.cost)
                continue
            g = grads(params, batch.x, batch.y, cost=config.cost, weights=batch.weights)
            with arithmetic():
                direction, state = config.optimizer.update(g.theta, state, params)
            params = descend(params, direction, eta)
    return params


class TestAugmentation:
    @ALL
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize("data", [FEW, WEIGHED], ids=["plain", "weighed"])
    @pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str)
    def test_an_epoch_is_the_fold_of_steps_over_augmented_batches(
        self, augment: Augmentation, dtype: Any, data: Dataset, optimizer: Optimizer
    ) -> None:
        config = TrainConfig(epochs=2, batch_size=10, seed=3, augment=augment, optimizer=optimizer)
        config = attrs.evolve(config, schedule=fnnet.exponential(0.1), eta=1.0)
        params = init(SIZES, seed=0, dtype=dtype)
        assert train(start(params, config), data, config).params == folded(params, data, config)

    @ALL
    @pytest.mark.parametrize("seeds", [(3, 0, 9, 3), 7])
    def test_four_seeds_at_once_are_the_four_runs(self, augment: Augmentation, seeds: Any) -> None:
        config = TrainConfig(epochs=2, seed=seeds, augment=augment)
        params = init(SIZES, seed=[0, 1, 2, 3])
        stacked = train(start(params, config), FEW, config).params
        for k in range(4):
            own = attrs.evolve(config, seed=seeds[k] if isinstance(seeds, tuple) else seeds)
            assert folded(params[k], FEW, own) == stacked[k]

    @ALL
    def test_two_epochs_and_four_from_a_file_are_six(
        self, augment: Augmentation, tmp_path: Path
    ) -> None:
        config = TrainConfig(epochs=6, augment=augment, dropout=0.2)
        state = start(init(SIZES, seed=0), config)
        half = train(state, FEW, attrs.evolve(config, epochs=2))
        fnnet.save_state(tmp_path / "state", half)
        resumed = fnnet.load_state(tmp_path / "state")
        assert train(resumed, FEW, config) == train(state, FEW, config)

    def test_changes_the_run_and_not_the_data(self) -> None:
        before, params = FEW.x.tobytes(), init(SIZES, seed=0)
        plain = TrainConfig(epochs=1)
        config = attrs.evolve(plain, augment=AUGMENTATIONS["shifts"])
        assert folded(params, FEW, config) != folded(params, FEW, plain)
        assert FEW.x.tobytes() == before

    def test_one_that_writes_to_its_argument_changes_no_data(self) -> None:
        def erase(x: Any, _rng: Any) -> Any:
            x[...] = 0
            return x

        data = dataset(20, SIZES)
        before = data.x.tobytes()
        config = TrainConfig(epochs=1, augment=Augmentation("erase", erase))
        after = train(start(init(SIZES, seed=0), config), data, config).params
        assert data.x.tobytes() == before
        empty = attrs.evolve(data, x=np.zeros_like(data.x))
        assert after == folded(init(SIZES, seed=0), empty, attrs.evolve(config, augment=None))

    @pytest.mark.parametrize(
        ("augment", "fragment"),
        [
            (fnnet.shifts(1), "floats of shape (n, 784), images of 28 x 28 pixels"),
            (fnnet.affine(shape=(9, 7)), "floats of shape (n, 63)"),
            (Augmentation("one", lambda x, _: x[:, :1]), "what one returns is an array of"),
            (
                Augmentation("sum", lambda x, _: x.sum()),
                "expected inputs of the shape it was given, (1, 64)",
            ),
        ],
    )
    def test_one_that_does_not_fit_is_refused_at_once(
        self, augment: Augmentation, fragment: str
    ) -> None:
        config, params = TrainConfig(augment=augment), init(SIZES, seed=0)
        calls: list[Callable[[], object]] = [
            lambda: start(params, config),
            lambda: trajectory(TrainState(params), FEW, config),
        ]
        for call in calls:
            assert_refused(call, "config.augment does not fit the network's inputs: ", fragment)

    def test_one_that_returns_another_number_of_samples_is_refused(self) -> None:
        first = Augmentation("first", lambda x, _: x[:1])
        config, batch = TrainConfig(augment=first), FEW.batch(slice(3))
        assert_refused(lambda: first(batch, seed=0, epoch=0), "what first returns", "(3, 64)")
        state = start(init(SIZES, seed=0), config)
        assert_refused(lambda: train(state, FEW, config), "what first returns", "(10, 64)")


class TestTheFastPath:
    @pytest.mark.parametrize("seeds", [5, (5, 6)])
    @pytest.mark.parametrize("data", [FEW, WEIGHED], ids=["plain", "weighed"])
    def test_is_for_sgd_itself_and_none_that_has_its_name(self, seeds: Any, data: Dataset) -> None:
        params = init(SIZES, seed=[0, 1] if isinstance(seeds, tuple) else 0)
        still = Optimizer("sgd", lambda _: (), lambda g, state, _: (0 * g, state))
        config = TrainConfig(epochs=1, seed=seeds, optimizer=still)
        assert train(start(params, config), data, config).params == params

    def test_is_for_a_copy_of_sgd_too(self) -> None:
        params, config = init(SIZES, seed=0), TrainConfig(epochs=1)
        copied = attrs.evolve(config, optimizer=attrs.evolve(sgd))
        assert train(start(params, copied), FEW, copied) == train(
            start(params, config), FEW, config
        )


class TestACallersOwnOptimizer:
    def test_may_keep_what_it_is_given(self) -> None:
        kept: list[Any] = []

        def update(g: Any, state: Any, params: Params) -> Any:
            kept.append((g, g.tobytes(), params, params.digest()))
            return g, state

        config = TrainConfig(epochs=1, optimizer=Optimizer("keeping", lambda _: (), update))
        train(start(init(SIZES, seed=0), config), FEW, config)
        assert len(kept) == 5
        for g, g_bytes, params, digest in kept:
            assert (g.tobytes(), params.digest()) == (g_bytes, digest)

    def test_changes_no_dtype_of_the_params(self) -> None:
        wide = Optimizer("wide", lambda _: (), lambda g, state, _: (g.astype(np.float64), state))
        config, params = TrainConfig(epochs=1, optimizer=wide), init(SIZES, seed=0)
        assert train(start(params, config), FEW, config).params.dtype == np.float32


NUMBERS = ("epochs", "batch_size", "eta", "patience")


class TestNumPysNumbers:
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_count_as_pythons(self, dtype: Any) -> None:
        numbers: list[Any] = [np.int8(2), np.int8(100), np.float32(0.1), np.int8(3)]
        config = TrainConfig(**dict(zip(NUMBERS, numbers, strict=True)))
        types = [type(getattr(config, name)) for name in NUMBERS]
        assert types == [int, int, float, int]
        data, params = dataset(250, SIZES), init(SIZES, seed=[0, 1], dtype=dtype)
        config = attrs.evolve(config, patience=None)
        after = train(start(params, config), data, config).params
        assert after[1] == folded(params[1], data, config)
