"""200 steps of fnnet against 200 of PyTorch: every cost, activation and optimizer of both."""

from __future__ import annotations

from functools import cache, partial

import attrs
import pytest

import fnnet
from fnnet._records import Array
from tests.peers._steps import (
    ACTIVATIONS,
    OUTPUTS,
    WEIGHTS,
    X,
    Y,
    assert_same_run,
    descended,
    start,
)
from tests.peers._torch import Method, Networks, torch

SGD, RMSprop, Adam, AdamW = (
    torch.optim.SGD,
    torch.optim.RMSprop,
    torch.optim.Adam,
    torch.optim.AdamW,
)

OPTIMIZERS: dict[str, tuple[fnnet.Optimizer, Method]] = {
    "sgd": (fnnet.sgd, Method()),
    "momentum": (fnnet.momentum(), Method(optimizer=partial(SGD, momentum=0.9), eta=0.01)),
    "nesterov": (
        fnnet.nesterov(),
        Method(optimizer=partial(SGD, momentum=0.9, nesterov=True), eta=0.01),
    ),
    "rmsprop": (fnnet.rmsprop(), Method(optimizer=partial(RMSprop, alpha=0.9), eta=0.003)),
    "adam": (fnnet.adam(), Method(optimizer=Adam, eta=0.01)),
    "adamw": (fnnet.adamw(0.1), Method(optimizer=AdamW, eta=0.01, decay=0.1)),
    "l2": (fnnet.l2(0.1), Method(decay=0.1)),
    "l1": (fnnet.l1(0.01), Method(l1=0.01)),
    "clip-by-value": (fnnet.clip_by_value(0.02), Method(clip=0.02)),
}

SETTINGS: dict[str, tuple[fnnet.Optimizer, Method]] = {
    "rmsprop": (
        fnnet.rmsprop(0.5, epsilon=0.01),
        Method(optimizer=partial(RMSprop, alpha=0.5, eps=0.01), eta=0.003),
    ),
    "adam": (
        fnnet.adam(0.5, 0.9, epsilon=0.01),
        Method(optimizer=partial(Adam, betas=(0.5, 0.9), eps=0.01), eta=0.01),
    ),
    "adamw": (
        fnnet.adamw(0.5, beta1=0.5, beta2=0.9, epsilon=0.01),
        Method(optimizer=partial(AdamW, betas=(0.5, 0.9), eps=0.01), eta=0.01, decay=0.5),
    ),
    "nesterov": (
        fnnet.nesterov(0.5),
        Method(optimizer=partial(SGD, momentum=0.5, nesterov=True), eta=0.03),
    ),
    "l2-adam": (
        fnnet.chain(fnnet.l2(0.1), fnnet.adam()),
        Method(optimizer=Adam, eta=0.01, decay=0.1),
    ),
    "clip-by-value-l2-momentum": (
        fnnet.chain(fnnet.clip_by_value(0.02), fnnet.l2(0.1), fnnet.momentum(0.5)),
        Method(optimizer=partial(SGD, momentum=0.5), clip=0.02, decay=0.1),
    ),
}
"""The same with other numbers than the defaults, and in a row."""


@cache
def theirs(hidden: str, method: Method) -> dict[str, Array]:
    """PyTorch's theta for each cost, from one run."""
    members = [start(hidden, output) for output in OUTPUTS.values()]
    trained = method.trained(Networks(members, list(OUTPUTS)), [Y[cost] for cost in OUTPUTS])
    return dict(zip(OUTPUTS, trained, strict=True))


@pytest.mark.parametrize("cost", OUTPUTS)
@pytest.mark.parametrize("hidden", ACTIVATIONS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_200_steps_are_pytorchs(optimizer: str, hidden: str, cost: str) -> None:
    ours, method = OPTIMIZERS[optimizer]
    before = start(hidden, OUTPUTS[cost])
    after = descended(before, cost, ours, method.eta)
    assert_same_run(before, after, theirs(hidden, method)[cost])


@pytest.mark.parametrize("cost", OUTPUTS)
@pytest.mark.parametrize("optimizer", SETTINGS)
def test_other_settings_and_chains_are_pytorchs(optimizer: str, cost: str) -> None:
    ours, method = SETTINGS[optimizer]
    before = start("tanh", OUTPUTS[cost])
    after = descended(before, cost, ours, method.eta)
    assert_same_run(before, after, theirs("tanh", method)[cost])


@pytest.mark.parametrize("cost", ["quadratic", "squared-error", "huber"])
def test_every_output_layer_is_pytorchs(cost: str) -> None:
    members = [start("tanh", output) for output in ACTIVATIONS]
    networks = Networks(members, [cost] * len(members))
    ends = Method().trained(networks, [Y[cost]] * len(members))
    for before, end in zip(members, ends, strict=True):
        after = descended(before, cost, fnnet.sgd, Method().eta)
        assert_same_run(before, after, end)


def test_weighted_samples_count_as_pytorchs_weighted_losses() -> None:
    members = [start("tanh", output) for output in OUTPUTS.values()]
    networks = Networks(members, list(OUTPUTS))
    ends = Method().trained(networks, [Y[cost] for cost in OUTPUTS], WEIGHTS)
    for cost, before, end in zip(OUTPUTS, members, ends, strict=True):
        after = before
        for x, y, weights in zip(X, Y[cost], WEIGHTS, strict=True):
            after = fnnet.sgd_step(
                after, fnnet.Batch(x, y, weights=weights), Method().eta, cost=cost
            )
        assert_same_run(before, after, end)


@pytest.mark.parametrize("cost", OUTPUTS)
def test_the_cost_itself_is_pytorchs(cost: str) -> None:
    params = start("gelu", OUTPUTS[cost])
    networks = Networks([params], [cost])
    for x, y, weights in zip(X, Y[cost], WEIGHTS, strict=True):
        (losses,) = networks.losses(torch.tensor(x), [torch.tensor(y)])
        mean = (torch.tensor(weights) * losses).mean().item()
        ours = fnnet.cost(params, x, y, cost=cost, weights=weights)
        assert ours == pytest.approx(mean, rel=1e-13)


def test_the_methods_are_not_one_another() -> None:
    """So that no comparison passes because a setting did nothing."""
    pairs = {**OPTIMIZERS, **{f"other {name}": pair for name, pair in SETTINGS.items()}}
    same_eta = [attrs.evolve(method, eta=0.01) for _, method in pairs.values()]
    ends = [theirs("tanh", method)["quadratic"] for method in same_eta]
    for k, one in enumerate(ends):
        for other in ends[:k]:
            assert abs(one - other).max() > 1e-6
