"""Times that can be compared: rounds in turn, the median with its spread, ratios by round."""

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Any

Variant = dict[str, Any]
"""How a contestant is run: its threads, the dtype of its images, ..."""

Times = dict[str, list[float]]
"""A time for each round, by contestant."""


def seconds(function: Callable[[], object]) -> float:
    """How long a call takes."""
    begin = time.perf_counter()
    function()
    return time.perf_counter() - begin


def interleaved(
    contestants: Mapping[str, Callable[[], object]], rounds: int, *, per: int = 1
) -> Times:
    """A B C, B C A, C A B, ...: whatever else the machine does slows all contestants alike.

    A contestant that returns a float has timed itself. Times are divided by `per`.
    """
    times: Times = {name: [] for name in contestants}
    order = deque(contestants)
    for _ in range(rounds):
        for name in order:
            begin = time.perf_counter()
            own = contestants[name]()
            elapsed = time.perf_counter() - begin
            times[name].append((own if isinstance(own, float) else elapsed) / per)
        order.rotate(-1)
    return times


def against(times: Times, base: str, of: str = "seconds") -> dict[str, dict[str, Any]]:
    """The times of each contestant, under the name `of`, and their ratio to those of `base`.

    Ratios are those of each round: a slow moment slows both.
    """
    ratios = {
        name: [a / b for a, b in zip(took, times[base], strict=True)]
        for name, took in times.items()
    }
    return {name: {of: _spread(times[name]), "ratio": _spread(ratios[name])} for name in times}


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {"median": median(values), "min": min(values), "max": max(values)}
