"""What train.py's options stand for: records of the library. What makes no sense is refused."""

from __future__ import annotations

from collections.abc import Callable
from math import isqrt
from typing import Any

import fnnet
from fnnet._checks import InputError, by_name, finite_number, integer, require
from fnnet.network.costs import as_cost

_ETAS = {"sgd": 3.0, "momentum": 0.3, "nesterov": 0.3}
"""For the notebook's cost; all other optimizers bring a gradient to length themselves."""

_STARTS = {"sigmoid": ("standard-normal", "standard-normal")}
_STARTS |= dict.fromkeys(("relu", "leaky-relu", "gelu"), ("he-normal", "zero"))
"""First weights and biases that suit an activation: the notebook's suit its own alone."""


def numbers(option: str, text: str, kind: type[int] | type[float] = int) -> list[Any]:
    """Numbers with commas between them, or none."""
    try:
        return [] if text in ("", "none") else [kind(number) for number in text.split(",")]
    except ValueError:
        expected = "numbers with commas between them, or none"
        raise InputError(f"{option} is {text!r}: expected {expected}") from None


def units(hidden: str) -> list[int]:
    """Units of each hidden layer."""
    return [integer("--hidden", number, at_least=1) for number in numbers("--hidden", hidden)]


def activations(
    hidden: str | None, output: str | None, cost: str, layers: int, task: str
) -> list[str | fnnet.Activation]:
    """One for each of so many hidden layers, and the output layer's."""
    require(layers or hidden is None, "--activation", hidden, "hidden layers with it")
    names = (hidden or "sigmoid").split(",")
    fits = len(names) in (1, layers)
    require(fits, "--activation", hidden, f"one, or one for each of {layers} hidden layers")
    needed = as_cost(cost).output
    default = needed or (fnnet.identity if task == "regression" else fnnet.sigmoid)
    return [*(names * layers if len(names) == 1 else names), output or default]


def first(hidden: str | None, weights: str | None, biases: str | None) -> dict[str, str]:
    """How the first weights and biases are drawn, by default as suits the first hidden layer."""
    name = (hidden or "sigmoid").split(",")[0]
    start = _STARTS.get(name, ("scaled-normal", "zero"))
    return {"weights": weights or start[0], "biases": biases or start[1]}


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
    mass = 0.9 if momentum is None else finite_number("--momentum", momentum, at_least=0, below=1)
    last: dict[str, Callable[[], fnnet.Optimizer]] = {
        "sgd": lambda: fnnet.sgd,
        "momentum": lambda: fnnet.momentum(mass),
        "nesterov": lambda: fnnet.nesterov(mass),
        "rmsprop": fnnet.rmsprop,
        "adam": fnnet.adam,
        "adamw": lambda: fnnet.adamw(0.01 if decay is None else decay),
    }
    parts = []
    if finite_number("--l2", l2, at_least=0):
        parts.append(fnnet.l2(l2 / samples))
    if finite_number("--l1", l1, at_least=0):
        parts.append(fnnet.l1(l1 / samples))
    if clip_value is not None:
        parts.append(fnnet.clip_by_value(finite_number("--clip-value", clip_value, above=0)))
    if clip_norm is not None:
        parts.append(fnnet.clip_by_norm(finite_number("--clip-norm", clip_norm, above=0)))
    made = by_name("--optimizer", name, last)()
    if not parts:
        return made
    return fnnet.chain(*parts) if made == fnnet.sgd else fnnet.chain(*parts, made)


def schedule(name: str, epochs: int, warm_up: float | None) -> fnnet.Schedule:
    """A schedule over so many epochs."""
    fits = warm_up is None or name == "cosine"
    require(fits, "--warm-up", warm_up, "--schedule cosine with it")
    finite_number("--epochs", epochs)  # schedules count in floats
    third = max(1, epochs // 3)
    schedules: dict[str, Callable[[], fnnet.Schedule]] = {
        "constant": lambda: fnnet.constant,
        "step": lambda: fnnet.step_decay(third),
        "exponential": lambda: fnnet.exponential(1 / third),
        "cosine": lambda: fnnet.cosine(max(1, epochs), warm_up=warm_up or 0.0),
        "halving": fnnet.halving,
    }
    return by_name("--schedule", name, schedules)()


def default_eta(cost: str, optimizer: str, task: str) -> float:
    """The notebook's 3.0 for its own cost, and what is usual for others."""
    if optimizer not in _ETAS:
        return 0.001
    eta = _ETAS[optimizer]
    if task == "regression":
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
    are_known = set(names.split(",")) <= known.keys()
    require(are_known, "--augment", names, f"none, or some of {', '.join(known)}")
    made = [known[name](shape=(side, side)) for name in names.split(",")]
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
    labels = "data with class labels (of a CSV, --task classification)"
    finite_number("--label-smoothing", label_smoothing, at_least=0, below=1)
    require(has_classes or not label_smoothing, "--label-smoothing", label_smoothing, labels)
    require(has_classes or class_weights == "none", "--class-weights", class_weights, labels)
    weigh = by_name("--class-weights", class_weights, {"none": False, "balanced": True})
    data = fnnet.weigh_classes(data) if weigh else data
    return fnnet.smooth_labels(data, label_smoothing) if label_smoothing else data


def scaled(splits: fnnet.Splits, name: str) -> tuple[fnnet.Splits, fnnet.Scaling | None]:
    """All three parts, each feature scaled as the training samples need it; and that scaling."""
    fits = {"none": None, "standard": fnnet.standardisation, "min-max": fnnet.min_max}
    fit = by_name("--scale", name, fits)
    if fit is None:
        return splits, None
    scaling = fit(splits.train)
    return fnnet.apply_scaling(scaling, splits), scaling
