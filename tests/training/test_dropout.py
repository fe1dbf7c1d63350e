from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest

import fnnet
from fnnet import Activation, Dataset, Params, TrainConfig, init, start, train, trajectory
from fnnet._random import Purpose, stream
from fnnet._records import Array
from fnnet.network.activations import ACTIVATIONS
from fnnet.network.costs import cost_for
from fnnet.network.shards import _SHARD
from fnnet.training.dropout import Dropout, shares_of
from tests._support import assert_refused, bytes_of, close, dataset, linear, same_bits

SIZES = (5, 6, 4, 3)
SHARES = [0.5, 0.2, (0.3, 0.0, 0.5), (0.2, 0.4, 0.0), (0.3, 0.0, 0.0), (0.1, 0.2, 0.3)]


ones = Activation("ones", np.ones_like, np.zeros_like)


def run(params: Params, data: Dataset, config: TrainConfig, workers: int = 1) -> Params:
    return train(start(params, config), data, config, workers=workers).params


def masks_of(
    share: float, n: int, seed: Any = 0, epoch: int = 0, dtype: Any = np.float64, steps: int = 1
) -> list[list[Array]]:
    """What is left of inputs and hidden activations that are all 1, at each step of an epoch."""
    params = init(SIZES, seed=seed, activations=ones, dtype=dtype)
    dropout = Dropout(params, (share,) * 3, seed)
    x = np.ones((*params.leading, n, SIZES[0] + 1), dtype)
    found, functions = [], dropout.activations(n)(slice(None))
    for x_left, *_ in dropout.draw(iter([(x.copy(), x, None) for _ in range(steps)]), epoch):
        assert np.all(x_left[..., -1] == 1)
        found.append([x_left[..., :-1].mT])
        for units, activation in zip(SIZES[1:-1], functions, strict=False):
            out = np.empty((*params.leading, units, n), dtype)
            activation.activate(np.zeros_like(out), out)
            found[-1].append(out)
    return found


class TestMasks:
    @pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9])
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_leave_out_the_share_and_scale_the_others_up(self, share: float, dtype: Any) -> None:
        (masks,) = masks_of(share, 5000, dtype=dtype)
        for mask in masks:
            assert mask.dtype == dtype
            left, total = np.count_nonzero(mask), mask.size
            assert abs(left - total * (1 - share)) <= 5 * (total * share * (1 - share)) ** 0.5
            np.testing.assert_allclose(mask[mask != 0], 1 / (1 - share), rtol=1e-6)
            expected = 5 * (share / (1 - share) / total) ** 0.5
            assert abs(mask.mean(dtype=np.float64) - 1) <= expected + 1e-6

    def test_change_with_step_epoch_and_layer_and_come_again(self) -> None:
        epochs = [masks_of(0.5, 100, epoch=epoch, steps=3) for epoch in (0, 1)]
        rows = [mask[0].tobytes() for steps in epochs for masks in steps for mask in masks]
        assert len(set(rows)) == len(rows) == 18
        assert bytes_of(masks_of(0.5, 100, epoch=1, steps=3)) == bytes_of(epochs[1])

    def test_networks_with_a_seed_each_have_their_own(self) -> None:
        (masks,) = masks_of(0.5, 50, seed=(0, 1, 2))
        for mask in masks:
            assert len({member.tobytes() for member in mask}) == 3
        for k, own in enumerate([masks_of(0.5, 50, seed=seed)[0] for seed in (0, 1, 2)]):
            assert all(same_bits(mask[k], one) for mask, one in zip(masks, own, strict=True))


def reference(params: Params, data: Dataset, config: TrainConfig) -> Params:
    """The steps of training with dropout by hand: column vectors as the book has them."""
    architecture, n = params.architecture, len(data)
    functions = architecture.activations
    cost = cost_for(architecture, config.cost)
    shares = shares_of(architecture, config.dropout)
    ws, bs = [w.copy() for w in params.weights], [b.copy() for b in params.biases]
    assert isinstance(config.seed, int)
    for epoch in range(config.epochs):
        rng = stream(config.seed, Purpose.DROPOUT, epoch)
        order = fnnet.shuffle(n, seed=config.seed, epoch=epoch)
        for k in range(0, n, config.batch_size):
            batch = data.batch(order[k : k + config.batch_size], dtype=np.float64)
            m = len(batch.x)
            masks = [
                (rng.random((units, m), np.float32) >= share) / (1 - share) if share else 1.0
                for units, share in zip(params.sizes[:-1], shares, strict=True)
            ]
            left = [batch.x.T * masks[0]]
            zs, wholes = [], []
            for layer, (w, b, function) in enumerate(zip(ws, bs, functions, strict=True)):
                zs.append(w @ left[-1] + b[:, np.newaxis])
                wholes.append(function(zs[-1].T).T)
                last = layer == len(ws) - 1
                left.append(wholes[-1] if last else wholes[-1] * masks[layer + 1])
            targets = fnnet.one_hot(batch.y, params.sizes[-1], dtype=np.float64)
            delta = cost.derivative(wholes[-1].T, targets).T.copy()
            for layer in reversed(range(len(ws))):
                if layer < len(ws) - 1:
                    delta = delta * masks[layer + 1]
                if layer < len(ws) - 1 or cost.output is None:
                    slopes = np.empty_like(delta)
                    functions[layer].slopes(zs[layer], wholes[layer], slopes)
                    functions[layer].backward(delta, slopes, delta)
                w_gradient, b_gradient = delta @ left[layer].T / m, delta.mean(axis=1)
                delta = ws[layer].T @ delta
                ws[layer] = ws[layer] - config.eta * w_gradient
                bs[layer] = bs[layer] - config.eta * b_gradient
    matrices = [np.c_[w, b].reshape(-1) for w, b in zip(ws, bs, strict=True)]
    return Params(architecture, np.concatenate(matrices))


class TestTraining:
    @pytest.mark.parametrize("shares", SHARES)
    @pytest.mark.parametrize("hidden", [*ACTIVATIONS, linear], ids=str)
    def test_is_the_reference_for_every_activation(self, shares: Any, hidden: Any) -> None:
        params = init(SIZES, seed=0, activations=[hidden, hidden, "sigmoid"], dtype=np.float64)
        config = TrainConfig(epochs=2, batch_size=5, eta=0.1, seed=4, dropout=shares)
        data = dataset(13, SIZES)
        assert close(run(params, data, config).theta, reference(params, data, config).theta)

    @pytest.mark.parametrize(
        ("sizes", "activations", "options"),
        [
            (SIZES, ["relu", "softmax", "softmax"], {"dropout": (0.2, 0.3, 0.4)}),
            (SIZES, "softmax", {"dropout": (0.2, 0.3, 0.4), "cost": "log-likelihood"}),
            ((5, 3), "sigmoid", {"dropout": (0.5,)}),  # no hidden layers
            ((784, 100, 10), "sigmoid", {"dropout": (0.2, 0.5), "batch_size": 900}),  # two shards
        ],
    )
    def test_is_the_reference_for_other_networks(
        self, sizes: tuple[int, ...], activations: Any, options: Any
    ) -> None:
        params = init(sizes, seed=0, activations=activations, dtype=np.float64)
        config = TrainConfig(**{"epochs": 2, "batch_size": 5, "eta": 0.1} | options)
        data = dataset(1000 if len(params.theta) > 1000 else 13, sizes, "bytes")
        assert close(run(params, data, config, 2).theta, reference(params, data, config).theta)

    def test_no_share_is_no_dropout_to_the_bit(self) -> None:
        params, data = init(SIZES, seed=0), dataset(23, SIZES)
        plain = TrainConfig(epochs=2)
        for shares in (0, 0.0, (0.0, 0.0, 0.0)):
            config = attrs.evolve(plain, dropout=shares)
            assert run(params, data, config) == run(params, data, plain)
        assert run(params, data, attrs.evolve(plain, dropout=0.1)) != run(params, data, plain)

    def test_one_share_is_that_of_each_hidden_layer(self) -> None:
        params, data = init(SIZES, seed=0), dataset(23, SIZES)
        one, each = TrainConfig(epochs=2, dropout=0.4), TrainConfig(epochs=2, dropout=[0, 0.4, 0.4])
        assert run(params, data, one) == run(params, data, each)

    def test_evaluation_leaves_nothing_out(self) -> None:
        data, config = dataset(23, SIZES), TrainConfig(epochs=2, dropout=0.5)
        state = start(init(SIZES, seed=0), config)
        for after in trajectory(state, data, config, monitor={"training": data}):
            assert after.history[-1].evaluations[0][1] == fnnet.evaluate(after.params, data)
            assert after.params.architecture == state.params.architecture

    @pytest.mark.parametrize("shares", [0.5, (0.3, 0.0, 0.5)])
    @pytest.mark.parametrize("optimizer", [fnnet.sgd, fnnet.adam()])
    @pytest.mark.parametrize("one_seed", [False, True])
    def test_four_seeds_at_once_are_the_four_runs(
        self, shares: Any, optimizer: Any, one_seed: bool
    ) -> None:
        seeds, data = (3, 0, 9, 3), dataset(23, SIZES)
        config = TrainConfig(epochs=2, dropout=shares, optimizer=optimizer)
        config = attrs.evolve(config, seed=7 if one_seed else seeds)
        stacked = run(init(SIZES, seed=seeds), data, config)
        for k, seed in enumerate(seeds):
            own = attrs.evolve(config, seed=7 if one_seed else seed)
            assert run(init(SIZES, seed=seed), data, own) == stacked[k]

    @pytest.mark.parametrize("seeds", [0, (0, 1)])
    def test_workers_change_no_bit_of_a_large_batch(self, seeds: Any) -> None:
        sizes, batch_size = (784, 100, 10), 900
        assert batch_size * fnnet.Architecture.of(sizes).n_parameters > 2 * _SHARD
        params, data = init(sizes, seed=seeds), dataset(1000, sizes, "bytes")
        config = TrainConfig(epochs=1, batch_size=batch_size, seed=seeds, dropout=(0.2, 0.5))
        digests = {run(params, data, config, workers=w).digest() for w in (1, 2, 3)}
        assert len(digests) == 1

    @pytest.mark.parametrize("seed", [0, (0, 1, 2)])
    def test_two_epochs_and_four_from_a_file_are_six(self, seed: Any, tmp_path: Path) -> None:
        data, config = dataset(33, SIZES), TrainConfig(epochs=6, seed=seed, dropout=(0.1, 0.2, 0.3))
        state = start(init(SIZES, seed=seed), config)
        half = train(state, data, attrs.evolve(config, epochs=2))
        fnnet.save_state(tmp_path / "state", half)
        assert train(fnnet.load_state(tmp_path / "state"), data, config) == train(
            state, data, config
        )


@pytest.mark.parametrize(
    ("dropout", "fragment"),
    [
        (1, "dropout is 1: expected a finite number of at least 0 and below 1"),
        (-0.1, "dropout is -0.1"),
        (np.nan, "dropout is nan"),
        ("0.5", "dropout is '0.5'"),
        (None, "dropout is None"),
        (True, "dropout is True"),
        ((0.1, 1.0), "dropout[1] is 1.0"),
        ([0.1, "a"], "dropout[1] is 'a'"),
    ],
)
def test_shares_that_make_no_sense_are_refused(dropout: Any, fragment: str) -> None:
    assert_refused(lambda: TrainConfig(dropout=dropout), fragment)


def test_one_share_needs_a_hidden_layer() -> None:
    params = init([3, 2], seed=0)
    expected = "dropout is 0.5: expected hidden layers to drop units of"
    assert_refused(lambda: start(params, TrainConfig(dropout=0.5)), expected)
    assert start(params, TrainConfig(dropout=0.0)).params == params


@pytest.mark.parametrize("dropout", [(), (0.5,), (0.1, 0.2), (0.1, 0.2, 0.3, 0.4)])
def test_as_many_shares_as_layers_to_drop_or_one(dropout: Any) -> None:
    config = TrainConfig(dropout=dropout)
    assert_refused(lambda: start(init(SIZES, seed=0), config), f"dropout is {dropout}", "or 3: ")
