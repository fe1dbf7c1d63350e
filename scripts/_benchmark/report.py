"""The figures as tables, for a terminal or in Markdown, and as a picture."""

import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from _report import markdown_table, print_table, save_picture

Figures = Mapping[str, Any]


def _spread(digits: int, unit: float = 1) -> Callable[[Figures], str]:
    def text(spread: Figures) -> str:
        middle, low, high = (f"{spread[of] / unit:.{digits}f}" for of in ("median", "min", "max"))
        return f"{middle} ({low} to {high})"

    return text


_COLUMNS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "seconds": ("seconds", _spread(3)),
    "step": ("microseconds per step", _spread(1, 1e-6)),
    "floor": ("floor", _spread(1, 1e-6)),
    "ratio": ("x {}", _spread(2)),
    "peak_bytes": ("peak memory", lambda size: f"{size / 1e6:.0f} MB"),
    "steps": ("steps", str),
    "accuracy": ("test accuracy", "{:.2%}".format),
    "compile_seconds": ("compiling", lambda seconds: f"{seconds:.2f} s" * bool(seconds)),
    "variant": ("run with", lambda it: ", ".join(f"{name} {value}" for name, value in it.items())),
}
"""The header of a figure, and how it is printed."""

_FLOOR = "The floor: the step's matrix products alone, on one BLAS thread."


def show_machine(report: Figures) -> None:
    """Print what is measured, and where."""
    here = report["machine"]
    print(f"{here['processor']}, {here['usable']} of {here['cores']} cores, {here['platform']}")
    print(", ".join(f"{name} {version}" for name, version in report["versions"].items() if version))
    rounds = f"Medians of {report['rounds']} rounds (smallest to largest)"
    print(f"{rounds}, {report['data']}.", flush=True)


def show(part: Figures, *, markdown: bool) -> None:
    """Print the tables of a part of the report."""
    for title, rows, base, note in _tables(part):
        some = next(iter(rows.values()))
        columns = [column for column in _COLUMNS if column in some]
        header = ["", *(_COLUMNS[column][0].format(base) for column in columns)]
        cells = [
            [name, *(_COLUMNS[column][1](figures[column]) for column in columns)]
            for name, figures in rows.items()
        ]
        if markdown:
            print(f"\n**{title}**\n\n{markdown_table(header, cells)}\n\n{note}".rstrip())
        else:
            print_table(title, header, cells, None if sys.stdout.isatty() else 160, note)
    sys.stdout.flush()


def _tables(report: Figures) -> Iterator[tuple[str, Figures, str, str]]:
    """The title, the rows by name, what they are compared with, and a note, of each table."""
    for shape, of in report.get("epochs", {}).items():
        network = f"hidden {'-'.join(map(str, of['hidden']))}, batch {of['batch_size']}"
        note = (
            f"Accuracy after {of['epochs']} epochs. scikit-learn has cross-entropy with softmax "
            "outputs only, and the listing float64."
        )
        yield f"An epoch at {shape}, {of['name']}: {network}", of["contestants"], "fnnet", note
    if "start" in report:
        of = report["start"]
        note = f"cost {of['cost']}, eta {of['eta']}, batch {of['batch_size']}, "
        note += f"evaluated every {of['between']} steps."
        title = f"From process start to a test accuracy of {of['target']:.0%}"
        yield title, of["contestants"], "fnnet", note
        yield "Importing", report["imports"], "numpy", "Less a bare interpreter."
    if "growth" in report:
        of = report["growth"]
        yield "fnnet's step over the batch", of["batch"], "floor", _FLOOR
        yield "fnnet's step over the width", of["width"], "floor", _FLOOR
    if "steps" in report:
        yield "fnnet's step at A", report["steps"]["step"], "kernel", _FLOOR
        yield "Loading", report["steps"]["loading"], "gunzip", ""


def plot(report: Figures, path: Path) -> None:
    """Draw the ratios of the contestants and the growth of a step: median, smallest, largest."""
    from matplotlib.figure import Figure  # slow to import, and optional
    from matplotlib.ticker import LogLocator

    # By title and contestant: a spread for each place on the x axis.
    panels: dict[str, dict[str, dict[str, Any]]] = defaultdict(lambda: defaultdict(dict))
    races = {"Time per epoch, in fnnet's": report.get("epochs", {})}
    if "start" in report:
        title = f"From process start to {report['start']['target']:.0%}, in fnnet's time"
        races[title] = {"a hidden layer of 100": report["start"]}
    for title, shapes in races.items():
        for shape, of in shapes.items():
            for name, figures in of["contestants"].items():
                panels[title][name] |= {shape: figures["ratio"]}
    for by in ("batch", "width"):
        for size, figures in report.get("growth", {}).get(by, {}).items():
            for name in ("step", "floor"):
                panels[f"Seconds per step over the {by}"][name] |= {size: figures[name]}
    figure = Figure(figsize=(5 * len(panels), 4), layout="constrained")
    for number, (title, lines) in enumerate(panels.items(), start=1):
        ax = figure.add_subplot(1, len(panels), number)
        for name, spreads in lines.items():
            table = [[spread[of] for spread in spreads.values()] for of in ("median", "min", "max")]
            middle, low, high = np.array(table)
            style = "o-" if "step" in lines else "o"
            errors = [middle - low, high - middle]
            ax.errorbar(list(spreads), middle, errors, fmt=style, capsize=3, label=name)
        ax.set(title=title, yscale="log")
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.yaxis.set_major_formatter("{x:g}")
        ax.minorticks_off()
        ax.legend(frameon=False, fontsize="small")
    save_picture(figure, path)
