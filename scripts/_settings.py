"""The records of the library that train.py's options stand for, and the defaults that fit."""

from collections.abc import Sequence
from math import isqrt
from typing import Any

import fnnet
from _common import require

_ETAS = {"sgd": 3.0, "momentum": 0.3, "nesterov": 0.3}
"""For the notebook's cost. The other optimizers scale the gradient themselves."""

_STARTS = {"sigmoid": ("standard-normal", "standard-normal")}
_STARTS |= dict.fromkeys(("relu", "leaky-relu", "gelu"), ("he-normal", "zero"))
"""First weights and biases by activation; ("scaled-normal", "zero") for all others."""


def default_eta(cost: str, optimizer: str, task: str) -> float:
    """The notebook's 3.0 for its own cost, and what is usual for others."""
    eta = _ETAS.get(optimizer)
    if eta is None:
        return 0.001
    if task == "regression":
        return eta / 300
    return eta if cost in ("quadratic", "squared-error") else eta / 6


def first(hidden: str | None, weights: str | None, biases: str | None) -> dict[str, str]:
    """How the first weights and biases are drawn; by default to suit the first hidden layer."""
    name = (hidden or "sigmoid").split(",")[0]
    start = _STARTS.get(name, ("scaled-normal", "zero"))
    return {"weights": weights or start[0], "biases": biases or start[1]}


def optimizer(
    name: str, momentum: float | None, decay: float | None, parts: Sequence[fnnet.Optimizer]
) -> fnnet.Optimizer:
    """An optimizer, after the parts: the penalties and the clipping."""
    has_momentum = momentum is None or name in ("momentum", "nesterov")
    require(has_momentum, "--momentum", momentum, "--optimizer momentum or nesterov with it")
    has_decay = decay is None or name == "adamw"
    require(has_decay, "--decay", decay, "--optimizer adamw with it, or --l2")
    if name == "sgd":
        return fnnet.chain(*parts) if parts else fnnet.sgd
    settings = [setting for setting in (momentum, decay) if setting is not None]
    made: fnnet.Optimizer = getattr(fnnet, name)(*settings)
    return fnnet.chain(*parts, made) if parts else made


def schedule(name: str, epochs: int, warm_up: float | None) -> fnnet.Schedule:
    """A schedule over the epochs of a run."""
    fits = warm_up is None or name == "cosine"
    require(fits, "--warm-up", warm_up, "--schedule cosine with it")
    third = max(1, epochs // 3)
    if name == "step":
        return fnnet.step_decay(third)
    if name == "exponential":
        return fnnet.exponential(1 / third)
    if name == "cosine":
        return fnnet.cosine(max(1, epochs), warm_up=warm_up or 0.0)
    return fnnet.halving() if name == "halving" else fnnet.constant


def numbers(option: str, text: str, kind: type[int] | type[float]) -> list[Any]:
    """Numbers with commas between them, or none."""
    try:
        return [] if text in ("", "none") else [kind(number) for number in text.split(",")]
    except ValueError:
        expected = "numbers with commas between them, or none"
        raise fnnet.InputError(f"{option} is {text!r}: expected {expected}") from None


def activations(
    hidden: str | None, output: str | None, cost: str, layers: int, task: str
) -> Sequence[str | fnnet.Activation]:
    """The activations of this number of hidden layers, and the output layer's."""
    require(layers or hidden is None, "--activation", hidden, "hidden layers with it")
    names = (hidden or "sigmoid").split(",")
    fits = len(names) in (1, layers)
    require(fits, "--activation", hidden, f"one, or one for each of {layers} hidden layers")
    needed = fnnet.TrainConfig(cost=cost).cost.output
    default = needed or (fnnet.identity if task == "regression" else fnnet.sigmoid)
    return [*(names * layers if len(names) == 1 else names), output or default]


def augmentation(text: str, data: fnnet.Dataset) -> fnnet.Augmentation | None:
    """The changes of square images, one after the other."""
    if text == "none":
        return None
    names, known, side = text.split(","), ("shifts", "elastic", "affine"), isqrt(data.n_in)
    are_known = set(names) <= set(known)
    require(are_known, "--augment", text, f"none, or some of {', '.join(known)}")
    require(side**2 == data.n_in, "--augment", text, "data of square images, or none")
    made = [getattr(fnnet, name)(shape=(side, side)) for name in names]
    return made[0] if len(made) == 1 else fnnet.augmentations(*made)
