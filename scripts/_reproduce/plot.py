"""The results as pictures: the notebook's run as curves, all others as points."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from _reproduce.result import Result, figures
from fnnet._files import replacing

__all__ = ["can_draw", "plot_curves", "plot_points"]

_PRINTED, _COLOURS = "#222222", ("#c33c54", "#254e70")


def can_draw() -> bool:
    """Whether matplotlib can be imported."""
    try:
        import_module("matplotlib.figure")
    except ImportError:
        return False
    return True


def plot_curves(results: Sequence[Result], path: Path) -> None:
    """Write a PNG with the curves over the epochs: mean and range of the seeds, and the printed."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    ax = figure.subplots()
    for result, colour in zip(results, _COLOURS, strict=False):
        accuracies = figures(result)
        epochs = np.arange(len(accuracies))
        label = f"{result.experiment.title} ({accuracies.shape[1]} seeds)"
        ax.plot(epochs, accuracies.mean(axis=1), color=colour, label=label)
        low, high = accuracies.min(axis=1), accuracies.max(axis=1)
        ax.fill_between(epochs, low, high, color=colour, alpha=0.2, linewidth=0)
        if printed := result.experiment.published[: len(epochs)]:  # a quick pass has fewer
            ax.plot(epochs, printed, "o", markersize=3, color=_PRINTED, label="as printed")
    ax.set(xlabel="epoch", ylabel="test images right, %", ylim=(None, 100))
    ax.legend(frameon=False, fontsize="small")
    _finish(figure, ax, path)


def plot_points(results: Sequence[Result], path: Path) -> None:
    """Write a PNG with a row for each result: its seeds, and the published figure, as errors."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 1 + 0.35 * len(results)), layout="constrained")
    ax = figure.subplots()
    for row, result in enumerate(results):
        ours, printed = (
            values if result.experiment.unit == "error" else 100 - values
            for values in (figures(result), np.array(result.experiment.published))
        )
        ax.plot(ours, np.full(len(ours), row), "o", color=_COLOURS[0], alpha=0.5, markersize=5)
        ax.plot(printed, [row], "|", color=_PRINTED, markersize=16, markeredgewidth=2)
    ax.plot([], [], "o", color=_COLOURS[0], alpha=0.5, label="fnnet, a point a seed")
    ax.plot([], [], "|", color=_PRINTED, markersize=10, markeredgewidth=2, label="published")
    ax.set_yticks(range(len(results)), [result.experiment.title for result in results])
    ax.invert_yaxis()
    _mark_ticks(ax)
    ax.set(xlabel="wrong answers, %")
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize="small")
    _finish(figure, ax, path)


def _mark_ticks(ax: Any) -> None:
    ax.set_xscale("log")
    low, high = ax.get_xlim()
    ticks = [tick for tick in (0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10, 15, 20, 50) if low <= tick <= high]
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.minorticks_off()


def _finish(figure: Any, ax: Any, path: Path) -> None:
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(alpha=0.2)
    with replacing(path) as file:
        figure.savefig(file, format="png", dpi=150)
