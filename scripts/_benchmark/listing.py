"""The notebook's listing, corrected: one sample at a time, and a step along the batch's mean.

Written anew to be timed: its way is kept (columns, lists of gradients, float64), its globals and
defects are not.
"""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np

from fnnet._records import Array

Network = tuple[list[Array], list[Array]]
Sample = tuple[Array, Array]


def sigmoid(z: Array) -> Array:
    """The notebook's."""
    return np.asarray(1 / (1 + np.exp(-z)))


def feedforward(network: Network, x: Array) -> tuple[list[Array], list[Array]]:
    """Activations, the inputs first, and linear outputs."""
    activations, linear_outputs = [x], []
    for w, b in zip(*network, strict=True):
        linear_outputs.append(np.dot(w, activations[-1]) + b)
        activations.append(sigmoid(linear_outputs[-1]))
    return activations, linear_outputs


def backprop(network: Network, x: Array, y: Array) -> Network:
    """The gradient of one sample's cost."""
    weights, _ = network
    activations, linear_outputs = feedforward(network, x)
    primes = [sigmoid(z) * (1 - sigmoid(z)) for z in linear_outputs]
    deltas = [(activations[-1] - y) / 2 * primes[-1]]
    for w, prime in zip(weights[:0:-1], primes[-2::-1], strict=True):
        deltas.insert(0, np.dot(w.T, deltas[0]) * prime)
    return [np.dot(d, a.T) for d, a in zip(deltas, activations[:-1], strict=True)], deltas


def update_mini_batch(network: Network, batch: list[Sample], eta: float) -> Network:
    """One step along the mean of the batch's gradients."""
    weights, biases = network
    buffer_w, buffer_b = [np.zeros(w.shape) for w in weights], [np.zeros(b.shape) for b in biases]
    for x, y in batch:
        delta_w, delta_b = backprop(network, x, y)
        buffer_w = [bw + dw for bw, dw in zip(buffer_w, delta_w, strict=True)]
        buffer_b = [bb + db for bb, db in zip(buffer_b, delta_b, strict=True)]
    weights = [w - eta / len(batch) * bw for w, bw in zip(weights, buffer_w, strict=True)]
    return weights, [b - eta / len(batch) * bb for b, bb in zip(biases, buffer_b, strict=True)]


def epoch(network: Network, samples: list[Sample], batch_size: int, eta: float) -> Network:
    """The samples in a new order, batch by batch."""
    random.shuffle(samples)
    ends = [*range(0, len(samples), batch_size), len(samples)]
    for start, end in pairwise(ends):
        network = update_mini_batch(network, samples[start:end], eta)
    return network
