"""Times that can be compared: rounds interleaved, the median with its spread, ratios by round."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Any

Variant = dict[str, Any]
"""How a contestant is run: threads, the dtype its images are kept in, ..."""

Spread = dict[str, float]
"""`median`, `min` and `max` of some numbers: times are in seconds."""

Times = dict[str, list[float]]
"""A time for each round, by contestant."""


def seconds(function: Callable[[], object]) -> float:
    """How long a call takes."""
    begin = time.perf_counter()
    function()
    return time.perf_counter() - begin


def interleaved(contestants: Mapping[str, Callable[[], float]], rounds: int) -> Times:
    """A B C, B C A, C A B, ...: whatever else the machine does meets all contestants alike.

    Each contestant is a function that does its work and returns the seconds it took. Each round
    begins one further on, so that being the first or the last one is nobody's fate.
    """
    times: Times = {name: [] for name in contestants}
    order = deque(contestants)
    for _ in range(rounds):
        for name in order:
            times[name].append(contestants[name]())
        order.rotate(-1)
    return times


def spread(values: Sequence[float]) -> Spread:
    """The median, between the smallest and the largest."""
    return {"median": median(values), "min": min(values), "max": max(values)}


def ratio(times: Sequence[float], base: Sequence[float]) -> Spread:
    """How many times as long as `base`, round by round: a slow moment then slows both."""
    return spread([a / b for a, b in zip(times, base, strict=True)])


def against(times: Sequence[float], base: Sequence[float]) -> dict[str, Spread]:
    """What the tables tell of times: the seconds, and their ratio to those of `base`."""
    return {"seconds": spread(times), "ratio": ratio(times, base)}


def fastest(variants: Sequence[Variant], trial: Callable[[Variant], float]) -> Variant:
    """The variant whose trial takes the least time; a single one needs no trial."""
    return variants[0] if len(variants) == 1 else min(variants, key=trial)
