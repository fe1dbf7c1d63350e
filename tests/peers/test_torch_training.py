"""Whole runs of `fnnet.train` against PyTorch's optimizers and schedulers on the same batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from math import exp
from typing import Any

import attrs
import numpy as np
import pytest

import fnnet
from fnnet._records import Array
from tests._support import inputs, labels
from tests.peers._steps import SIZES, WEIGHTS, assert_same_run, start
from tests.peers._torch import Method, Networks, torch

EPOCHS, BATCHES, BATCH_SIZE = 34, 6, 8
DATA = fnnet.Dataset(
    inputs(43, SIZES[0]), labels(43, classes=3), classes=3, weights=WEIGHTS.ravel()[:43]
)
"""43 samples: five mini batches of eight and one of three, 204 steps in all."""

lr = torch.optim.lr_scheduler

OPTIMIZERS: dict[str, tuple[fnnet.Optimizer, Method]] = {
    "sgd": (fnnet.sgd, Method(eta=0.1)),
    "nesterov": (
        fnnet.nesterov(),
        Method(optimizer=partial(torch.optim.SGD, momentum=0.9, nesterov=True), eta=0.02),
    ),
    "adamw": (fnnet.adamw(0.1), Method(optimizer=torch.optim.AdamW, eta=0.01, decay=0.1)),
}

SCHEDULES: dict[str, tuple[fnnet.Schedule, Callable[[Any], Any] | None]] = {
    "constant": (fnnet.constant, None),
    "step": (
        fnnet.step_decay(10, 0.5),
        partial(lr.StepLR, step_size=10 * BATCHES, gamma=0.5),
    ),
    "exponential": (
        fnnet.exponential(0.05),
        partial(lr.ExponentialLR, gamma=exp(-0.05 / BATCHES)),
    ),
    "cosine": (fnnet.cosine(EPOCHS), partial(lr.CosineAnnealingLR, T_max=EPOCHS * BATCHES)),
}


def batches(config: fnnet.TrainConfig) -> Iterator[tuple[Array, Array, Array]]:
    assert DATA.weights is not None
    for epoch in range(EPOCHS):
        order = fnnet.shuffle(len(DATA), seed=0, epoch=epoch)
        for at in range(0, len(DATA), config.batch_size):
            rows = order[at : at + config.batch_size]
            yield DATA.x[rows], DATA.weights[rows], DATA.y[rows]


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_run_is_pytorchs(optimizer: str, schedule: str) -> None:
    (our_optimizer, method), (our_schedule, scheduler) = OPTIMIZERS[optimizer], SCHEDULES[schedule]
    before = start("tanh", "softmax")
    config = fnnet.TrainConfig(
        epochs=EPOCHS,
        batch_size=BATCH_SIZE,
        eta=method.eta,
        cost="log-likelihood",
        optimizer=our_optimizer,
        schedule=our_schedule,
    )
    after = fnnet.train(fnnet.start(before, config), DATA, config).params
    networks = Networks([before], ["log-likelihood"])
    (end,) = attrs.evolve(method, schedule=scheduler).descended(networks, batches(config))
    assert_same_run(before, after, end)


@pytest.mark.parametrize("patience", [1, 3, 10])
def test_halving_is_reduce_lr_on_plateau(patience: int) -> None:
    scores = np.round(np.random.default_rng(patience).uniform(size=200), 1)  # ties among them
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    plateau = lr.ReduceLROnPlateau(
        optimizer, "max", 0.5, patience - 1, threshold=0.0, min_lr=1 / 128, eps=0.0
    )
    ours, theirs = [], []
    history: list[fnnet.EpochReport] = []
    best, waited = -np.inf, 0
    for epoch, score in enumerate(scores):
        ours.append(fnnet.halving(patience)(epoch, history))
        theirs.append(optimizer.param_groups[0]["lr"])
        best, waited = (score, 0) if score > best else (best, waited + 1)
        report = fnnet.EpochReport(epoch, 1.0, score=score, waited=waited, factor=ours[-1])
        history.append(report)
        plateau.step(score)
    assert ours == theirs
    assert ours[-1] == 1 / 128
