"""fnnet against the notebook: its maths once more, sample by sample, on column vectors.

`update_mini_batch` steps along the sum that the notebook's listing collects in its buffers, instead
of along the last sample's gradient. All else is line by line as there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fnnet
from fnnet import Batch, Params
from fnnet._records import Array
from tests._support import close, inputs, labels

SIZES = [(5, 3), (1, 1), (4, 1, 3), (3, 1, 1, 2), (6, 7, 5, 4), (784, 16, 16, 10)]


class Network:
    """The notebook's `network`, from the weights and biases of a Params."""

    def __init__(self, params: Params) -> None:
        self.num_layers = len(params.sizes)
        self.weights = [np.array(w) for w in params.weights]
        self.biases = [b.reshape(-1, 1) for b in params.biases]

    def feedforward(self, a: Array) -> tuple[list[Array], list[Array]]:
        activations, linear_outputs = [a], []
        for b, w in zip(self.biases, self.weights, strict=True):
            linear_outputs.append(np.dot(w, activations[-1]) + b)
            activations.append(sigmoid(linear_outputs[-1]))
        return activations, linear_outputs

    def backprop(self, x: Array, y: Array) -> tuple[list[Array], list[Array]]:
        activations, linear_outputs = self.feedforward(x)
        delta_w = [np.zeros(w.shape) for w in self.weights]
        delta_b = [np.zeros(b.shape) for b in self.biases]
        delta = (activations[-1] - y) / 2 * sigmoid_prime(linear_outputs[-1])
        delta_w[-1] = np.dot(delta, activations[-2].transpose())
        delta_b[-1] = delta
        for layer in range(2, self.num_layers):
            delta = np.dot(self.weights[-layer + 1].transpose(), delta)
            delta = delta * sigmoid_prime(linear_outputs[-layer])
            delta_w[-layer] = np.dot(delta, activations[-layer - 1].transpose())
            delta_b[-layer] = delta
        return delta_w, delta_b

    def summed(self, mini_batch: list[tuple[Array, Array]]) -> tuple[list[Array], list[Array]]:
        buffer_w = [np.zeros(w.shape) for w in self.weights]
        buffer_b = [np.zeros(b.shape) for b in self.biases]
        for x, y in mini_batch:
            delta_w, delta_b = self.backprop(x, y)
            buffer_w = [bw + dw for bw, dw in zip(buffer_w, delta_w, strict=True)]
            buffer_b = [bb + db for bb, db in zip(buffer_b, delta_b, strict=True)]
        return buffer_w, buffer_b

    def update_mini_batch(self, mini_batch: list[tuple[Array, Array]], eta: float) -> None:
        buffer_w, buffer_b = self.summed(mini_batch)
        rate = eta / len(mini_batch)
        self.weights = [w - rate * nw for w, nw in zip(self.weights, buffer_w, strict=True)]
        self.biases = [b - rate * nb for b, nb in zip(self.biases, buffer_b, strict=True)]

    def evaluate(self, test_data: list[tuple[Array, Any]]) -> int:
        return sum(int(np.argmax(self.feedforward(x)[0][-1]) == y) for x, y in test_data)


def sigmoid(x: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-x)))


def sigmoid_prime(x: Array) -> Array:
    return np.asarray(sigmoid(x) * (1 - sigmoid(x)))


def columns(rows: Array) -> list[Array]:
    """The notebook's samples: a column vector each."""
    return [row.reshape(-1, 1) for row in rows]


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
