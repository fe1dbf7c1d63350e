"""What train.py's options stand for: records of the library. What makes no sense is refused."""

from __future__ import annotations

from collections.abc import Callable
from math import isqrt
from typing import Any

import fnnet
from _common import is_regression
from fnnet.checks import InputError, by_name, require
from fnnet.costs import as_cost

_ETAS = {"sgd": 3.0, "momentum": 0.3, "nesterov": 0.3, "rmsprop": 0.001, "adam": 0.001}
_OUTPUTS = {"classification": fnnet.sigmoid, "regression": fnnet.identity}


def numbers(option: str, text: str, kind: type[int] | type[float] = int) -> list[Any]:
    """Numbers with commas between them, or none."""
    try:
        return [] if text in ("", "none") else [kind(number) for number in text.split(",")]
    except ValueError:
        expected = "numbers with commas between them, or none"
        raise InputError(f"{option} is {text!r}: expected {expected}") from None


def activations(
    hidden: str, output: str | None, cost: str, layers: int, data: fnnet.Dataset
) -> list[str | fnnet.Activation]:
    """One for each of so many hidden layers, and the output layer's."""
    names = hidden.split(",")
    fits = len(names) in (1, layers)
    require(fits, "--activation", hidden, f"one, or one for each of {layers} hidden layers")
    needed = as_cost(cost).output
    default = needed or _OUTPUTS["regression" if is_regression(data) else "classification"]
    return [*(names * layers if len(names) == 1 else names), output or default]


def optimizer(
    name: str,
    samples: int,
    *,
    momentum: float | None,
    decay: float | None,
    l1: float,
    l2: float,
    clip_norm: float | None,
    clip_value: float | None,
) -> fnnet.Optimizer:
    """The penalties, then the clipping, then the optimizer itself."""
    has_momentum = momentum is None or name in ("momentum", "nesterov")
    require(has_momentum, "--momentum", momentum, "--optimizer momentum or nesterov with it")
    require(
        decay is None or name == "adamw", "--decay", decay, "--optimizer adamw with it, or --l2"
    )
    mass = 0.9 if momentum is None else momentum
    last: dict[str, Callable[[], fnnet.Optimizer]] = {
        "sgd": lambda: fnnet.sgd,
        "momentum": lambda: fnnet.momentum(mass),
        "nesterov": lambda: fnnet.nesterov(mass),
        "rmsprop": fnnet.rmsprop,
        "adam": fnnet.adam,
        "adamw": lambda: fnnet.adamw(0.01 if decay is None else decay),
    }
    parts = []
    if l2:
        parts.append(fnnet.l2(l2 / samples))
    if l1:
        parts.append(fnnet.l1(l1 / samples))
    if clip_value is not None:
        parts.append(fnnet.clip_by_value(clip_value))
    if clip_norm is not None:
        parts.append(fnnet.clip_by_norm(clip_norm))
    made = by_name("--optimizer", name, last)()
    if not parts:
        return made
    return fnnet.chain(*parts) if made == fnnet.sgd else fnnet.chain(*parts, made)


def schedule(name: str, epochs: int, warm_up: float | None) -> fnnet.Schedule:
    """A schedule over so many epochs."""
    fits = warm_up is None or name == "cosine"
    require(fits, "--warm-up", warm_up, "--schedule cosine with it")
    third = max(1, epochs // 3)
    schedules: dict[str, Callable[[], fnnet.Schedule]] = {
        "constant": lambda: fnnet.constant,
        "step": lambda: fnnet.step_decay(third),
        "exponential": lambda: fnnet.exponential(1 / third),
        "cosine": lambda: fnnet.cosine(max(1, epochs), warm_up=warm_up or 0.0),
        "halving": fnnet.halving,
    }
    return by_name("--schedule", name, schedules)()


def default_eta(cost: str, optimizer: str, data: fnnet.Dataset) -> float:
    """The notebook's 3.0 for its own cost, and what is usual for others."""
    eta = _ETAS.get(optimizer, 0.001)
    if eta < 0.01:
        return eta
    if is_regression(data):
        return eta / 300
    return eta if cost in ("quadratic", "squared-error") else eta / 6


def augmentation(names: str, data: fnnet.Dataset) -> fnnet.Augmentation | None:
    """Changes of square images, one after the other."""
    if names == "none":
        return None
    side = isqrt(data.n_in)
    square = "data of square images, or none"
    require(side * side == data.n_in, f"--augment {names}: n_in", data.n_in, square)
    known: dict[str, Callable[..., fnnet.Augmentation]]
    known = {"shifts": fnnet.shifts, "elastic": fnnet.elastic, "affine": fnnet.affine}
    made = [by_name("--augment", name, known)(shape=(side, side)) for name in names.split(",")]
    return made[0] if len(made) == 1 else fnnet.augmentations(*made)


def dropout(text: str) -> float | tuple[float, ...]:
    """A share for the hidden layers, or one for the inputs and each of them."""
    shares = numbers("--dropout", text, float)
    return tuple(shares) if len(shares) > 1 else sum(shares)


def training_data(
    data: fnnet.Dataset, *, label_smoothing: float, class_weights: str
) -> fnnet.Dataset:
    """The training samples, weighed and with softer targets."""
    has_classes = data.classes is not None
    labels = "data with class labels"
    require(has_classes or not label_smoothing, "--label-smoothing", label_smoothing, labels)
    require(has_classes or class_weights == "none", "--class-weights", class_weights, labels)
    weigh = by_name("--class-weights", class_weights, {"none": False, "balanced": True})
    data = fnnet.weigh_classes(data) if weigh else data
    return fnnet.smooth_labels(data, label_smoothing) if label_smoothing else data


def scaled(splits: fnnet.Splits, name: str) -> tuple[fnnet.Splits, fnnet.Scaling | None]:
    """All three parts, each feature scaled as the training samples need it; and that scaling."""
    if name == "none":
        return splits, None
    fits = {"standard": fnnet.standardisation, "min-max": fnnet.min_max}
    scaling = by_name("--scale", name, fits)(splits.train)
    return fnnet.apply_scaling(scaling, splits), scaling
