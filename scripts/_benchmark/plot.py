"""The figures as one picture: the ratios of the contestants, and how a step grows."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from fnnet._checks import InputError
from fnnet._files import replacing

_COLOURS = {
    "fnnet": "#c33c54",
    "JAX": "#254e70",
    "PyTorch": "#e07a1f",
    "scikit-learn": "#37718e",
    "listing": "#8a8a8a",
}


KINDS = (".png", ".pdf", ".svg")
"""Endings of pictures that every matplotlib can write."""


def require_matplotlib() -> None:
    """Refuse at once, before anything is measured, where it is missing."""
    try:
        import matplotlib  # noqa: F401  # only whether it is there
    except ImportError:
        remedy = "expected it for --plot: pip install 'fnnet[plot]'"
        raise InputError(f"matplotlib is not installed, {remedy}") from None


def plot(report: dict[str, Any], path: Path) -> None:
    """Write a picture with a panel for each of the parts that the report has."""
    from matplotlib.figure import Figure

    panels: list[tuple[Callable[[Any, Any], None], Any]] = []
    if "epochs" in report:
        panels.append((partial(_ratios, "Time per epoch, in fnnet's"), report["epochs"]))
    if "start" in report:
        start = report["start"]
        title = f"From process start to {start['target']:.0%}, in fnnet's time"
        panels.append((partial(_ratios, title), {"a hidden layer of 100": start}))
    if "growth" in report:
        panels += [(partial(_growth, by), report["growth"][by]) for by in ("batch", "width")]
    figure = Figure(figsize=(5 * len(panels), 4), layout="constrained")
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for ax, (draw, figures) in zip(axes, panels, strict=True):
        draw(ax, figures)
        ax.spines[["top", "right"]].set_visible(False)
        ax.legend(frameon=False, fontsize="small")
    with replacing(path) as file:
        figure.savefig(file, format=path.suffix[1:], dpi=150)


def _ratios(title: str, ax: Any, epochs: dict[str, Any]) -> None:
    shapes = list(epochs)
    names = [n for n in _COLOURS if any(n in epochs[s]["contestants"] for s in shapes)]
    thickness = 0.8 / len(names)
    for k, name in enumerate(names):
        ran = [(i, epochs[s]["contestants"].get(name)) for i, s in enumerate(shapes)]
        bars = [(i + (k - len(names) / 2 + 0.5) * thickness, one["ratio"]) for i, one in ran if one]
        x, middle = [x for x, _ in bars], [r["median"] for _, r in bars]
        low = [r["median"] - r["min"] for _, r in bars]
        high = [r["max"] - r["median"] for _, r in bars]
        ax.bar(x, middle, thickness, yerr=[low, high], label=name, color=_COLOURS[name])
    ax.set_yscale("log")
    ax.axhline(1, color="black", linewidth=0.8)
    ticks = [tick for tick in (0.5, 1, 2, 5, 10, 20, 50) if tick <= 2 * ax.get_ylim()[1]]
    ax.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.minorticks_off()
    ax.set_xticks(range(len(shapes)), shapes)
    ax.set_title(title)


def _growth(by: str, ax: Any, points: list[dict[str, Any]]) -> None:
    x = [point[by] for point in points]
    for name, colour in (("step", _COLOURS["fnnet"]), ("floor", _COLOURS["listing"])):
        middle = [point[name]["median"] * 1e6 for point in points]
        low = [point[name]["min"] * 1e6 for point in points]
        high = [point[name]["max"] * 1e6 for point in points]
        ax.plot(x, middle, "o-", markersize=4, color=colour, label=name)
        ax.fill_between(x, low, high, color=colour, alpha=0.2, linewidth=0)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.minorticks_off()
    ax.set_xticks(x, map(str, x))
    ax.tick_params(axis="x", labelsize="small")
    ax.set(xlabel=by, title=f"Microseconds per step over the {by}")
