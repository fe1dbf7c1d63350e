"""The notebook's listing, corrected: a step goes along the mean gradient of the mini batch.

It is here to be timed: sample by sample, on columns in float64, as the notebook has it.
"""

import random

import numpy as np

from _common import Array

Layers = list[Array]
Network = tuple[Layers, Layers]
"""Weights and biases."""


def _sigmoid(z: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-z)))


def feedforward(network: Network, x: Array) -> tuple[Layers, Layers]:
    """Activations, the inputs first, and linear outputs."""
    activations, linear_outputs = [x], []
    for w, b in zip(*network, strict=True):
        linear_outputs.append(np.dot(w, activations[-1]) + b)
        activations.append(_sigmoid(linear_outputs[-1]))
    return activations, linear_outputs


def _backprop(network: Network, x: Array, y: Array) -> Network:
    activations, linear_outputs = feedforward(network, x)
    primes = [_sigmoid(z) * (1 - _sigmoid(z)) for z in linear_outputs]
    deltas = [(activations[-1] - y) / 2 * primes[-1]]
    for w, prime in zip(network[0][:0:-1], primes[-2::-1], strict=True):
        deltas.insert(0, np.dot(w.T, deltas[0]) * prime)
    return [np.dot(d, a.T) for d, a in zip(deltas, activations[:-1], strict=True)], deltas


def epoch(
    network: Network, samples: list[tuple[Array, Array]], batch_size: int, eta: float
) -> Network:
    """Train on the samples in a new order, batch by batch."""
    random.shuffle(samples)
    for k in range(0, len(samples), batch_size):
        batch = samples[k : k + batch_size]
        (weights, biases), sums = network, [[np.zeros(a.shape) for a in part] for part in network]
        for x, y in batch:
            pairs = zip(sums, _backprop(network, x, y), strict=True)
            sums = [[s + d for s, d in zip(*pair, strict=True)] for pair in pairs]
        rate = eta / len(batch)
        weights = [w - rate * s for w, s in zip(weights, sums[0], strict=True)]
        network = weights, [b - rate * s for b, s in zip(biases, sums[1], strict=True)]
    return network
