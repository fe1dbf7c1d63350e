"""The public functions against the notebook's."""

from __future__ import annotations

import numpy as np
import pytest

import fnnet
from fnnet import Batch, Params
from fnnet._records import Array
from tests._notebook import Network, columns
from tests._support import close, inputs, labels

SIZES = [(5, 3), (1, 1), (4, 1, 3), (3, 1, 1, 2), (6, 7, 5, 4), (784, 16, 16, 10)]


def assert_same(params: Params, weights: list[Array], biases: list[Array]) -> None:
    for ours, theirs in zip(params.weights, weights, strict=True):
        assert close(ours, theirs)
    for ours, theirs in zip(params.biases, biases, strict=True):
        assert close(ours, theirs[:, 0])


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("n", [1, 10])
def test_forward_is_the_notebooks_feedforward(sizes: tuple[int, ...], n: int) -> None:
    params, x = fnnet.init(sizes, seed=0, dtype=np.float64), inputs(n, sizes[0])
    result = fnnet.forward(params, x)
    for k, column in enumerate(columns(x)):
        activations, linear_outputs = Network(params).feedforward(column)
        for ours, theirs in zip(result.activations, activations, strict=True):
            assert close(ours[k], theirs[:, 0])
        for ours, theirs in zip(result.linear_outputs, linear_outputs, strict=True):
            assert close(ours[k], theirs[:, 0])


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("n", [1, 2, 10])
@pytest.mark.parametrize("as_labels", [True, False])
def test_grads_is_the_notebooks_backprop_averaged(
    sizes: tuple[int, ...], n: int, as_labels: bool
) -> None:
    params, x = fnnet.init(sizes, seed=1, dtype=np.float64), inputs(n, sizes[0])
    y = labels(n, classes=sizes[-1]) if as_labels else inputs(n, sizes[-1])
    targets = fnnet.one_hot(y, sizes[-1], dtype=np.float64) if as_labels else y
    mini_batch = list(zip(columns(x), columns(targets), strict=True))
    delta_w, delta_b = Network(params).summed(mini_batch)
    assert_same(fnnet.grads(params, x, y), [w / n for w in delta_w], [b / n for b in delta_b])


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("batch_size", [1, 10])
def test_fifty_steps_are_fifty_mini_batches_of_the_notebook(
    sizes: tuple[int, ...], batch_size: int
) -> None:
    params = fnnet.init(sizes, seed=2, dtype=np.float64)
    network, eta = Network(params), 3.0
    x = inputs(50, batch_size, sizes[0]) / np.sqrt(sizes[0])
    y = labels(50, batch_size, classes=sizes[-1])
    for own_x, own_y in zip(x, y, strict=True):
        params = fnnet.sgd_step(params, Batch(own_x, own_y), eta)
        targets = fnnet.one_hot(own_y, sizes[-1], dtype=np.float64)
        network.update_mini_batch(list(zip(columns(own_x), columns(targets), strict=True)), eta)
    assert_same(params, network.weights, network.biases)


def test_an_epoch_is_the_notebooks_sgd_on_the_same_order() -> None:
    sizes, config = (6, 5, 4), fnnet.TrainConfig(epochs=2, batch_size=7, eta=3.0, seed=5)
    data = fnnet.Dataset(inputs(45, 6), labels(45, classes=4), classes=4)
    params = fnnet.init(sizes, seed=3, dtype=np.float64)
    network = Network(params)
    targets = columns(fnnet.one_hot(data.y, 4, dtype=np.float64))
    training_data = list(zip(columns(data.x), targets, strict=True))
    for epoch in range(config.epochs):
        order = fnnet.shuffle(45, seed=config.seed, epoch=epoch)
        shuffled = [training_data[row] for row in order]
        for k in range(0, 45, config.batch_size):
            network.update_mini_batch(shuffled[k : k + config.batch_size], config.eta)
    trained = fnnet.train(fnnet.start(params, config), data, config).params
    assert_same(trained, network.weights, network.biases)
    test_data = list(zip(columns(data.x), data.y, strict=True))
    assert fnnet.evaluate(trained, data).correct == network.evaluate(test_data)
