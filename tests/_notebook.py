"""The notebook's network, sample by sample, on column vectors.

`update_mini_batch` steps along the sum that the notebook's listing collects in its buffers, instead
of along the last sample's gradient. All else is line by line as there.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fnnet import Params
from fnnet._records import Array


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
