"""The figures as tables: on a terminal, in plain text, in Markdown."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from rich import box
from rich.console import Console
from rich.table import Table as RichTable

from _benchmark.timing import Spread

Report = dict[str, Any]
"""What `--json` writes."""


class Table(NamedTuple):
    """Rows of cells under a header, with a title and a note."""

    title: str
    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    note: str = ""


def tables(report: Report) -> Iterator[Table]:
    """The tables of the parts that the report has."""
    for shape, figures in report.get("epochs", {}).items():
        yield _epochs(shape, figures)
    if "start" in report:
        yield _start(report["start"])
        yield _imports(report["imports"])
    if "growth" in report:
        for by in ("batch", "width"):
            yield _growth(by, report["growth"][by])
        yield _images(report["growth"]["images"])
    if "steps" in report:
        yield _ways("A step at shape A", "kernel", report["steps"]["step"], _micro)
        yield _ways("Loading", "gunzip", report["steps"]["loading"], _seconds)


def show_machine(report: Report) -> None:
    """Print what was measured, and where."""
    here = report["machine"]
    print(f"{here['processor']}, {here['usable']} of {here['cores']} cores, {here['platform']}")
    print(", ".join(f"{name} {version}" for name, version in report["versions"].items() if version))
    print(
        f"Medians of {report['rounds']} rounds (smallest to largest), {report['data']}.", flush=True
    )


def show(part: Report, *, markdown: bool) -> None:
    """Print the tables of a part."""
    for table in tables(part):
        _print_markdown(table) if markdown else _print(table)
    sys.stdout.flush()


def _print(table: Table) -> None:
    is_terminal = sys.stdout.isatty()
    rich = RichTable(title=table.title, caption=table.note, box=box.SIMPLE, title_justify="left")
    rich.caption_justify = "left"
    for number, name in enumerate(table.header):
        rich.add_column(name, justify="right" if number else "left", no_wrap=not is_terminal)
    for row in table.rows:
        rich.add_row(*row)
    Console(width=None if is_terminal else 160).print(rich)


def _print_markdown(table: Table) -> None:
    rule = ("---", *("---:" for _ in table.header[1:]))
    print(f"\n**{table.title}**\n")
    for row in (table.header, rule, *table.rows):
        print(f"| {' | '.join(row)} |")
    if table.note:
        print(f"\n{table.note}")


def _epochs(shape: str, figures: dict[str, Any]) -> Table:
    units = "-".join(map(str, figures["hidden"]))
    title = f"{shape}, {figures['name']}: hidden {units}, batch {figures['batch_size']}"
    header = ("", "seconds per epoch", "x fnnet", "test accuracy", "compiling", "run with")
    rows = [
        (
            name,
            _seconds(one["seconds"]),
            _ratio(one["ratio"]),
            f"{one['accuracy']:.2%}",
            f"{one['compile_seconds']:.2f} s" if one["compile_seconds"] else "",
            _in_words(one["variant"]),
        )
        for name, one in figures["contestants"].items()
    ]
    note = (
        f"Accuracy after {figures['epochs']} epochs. scikit-learn has cross-entropy with softmax "
        "outputs only, and the listing float64."
    )
    return Table(title, header, rows, note)


def _start(figures: dict[str, Any]) -> Table:
    title = f"From process start to a test accuracy of {figures['target']:.0%}"
    header = ("", "seconds", "x fnnet", "peak memory", "steps", "test accuracy", "run with")
    rows = [
        (
            name,
            _seconds(one["seconds"]),
            _ratio(one["ratio"]),
            _memory(one["peak_bytes"]),
            str(one["steps"]),
            f"{one['accuracy']:.2%}",
            _in_words(one["variant"]),
        )
        for name, one in figures["contestants"].items()
    ]
    settings = f"cost {figures['cost']}, eta {figures['eta']}, batch {figures['batch_size']}"
    return Table(title, header, rows, f"{settings}, evaluated every {figures['between']} steps.")


def _imports(figures: dict[str, Any]) -> Table:
    rows = [
        (name, _seconds(one["seconds"]), _ratio(one["to_numpy"])) for name, one in figures.items()
    ]
    return Table("Importing", ("import", "seconds", "x numpy"), rows, "Less a bare interpreter.")


def _growth(by: str, figures: list[dict[str, Any]]) -> Table:
    header = (by, "microseconds per step", "floor", "step / floor")
    rows = [
        (str(one[by]), _micro(one["step"]), _micro(one["floor"]), _ratio(one["ratio"]))
        for one in figures
    ]
    note = "The floor: the step's matrix products alone, on one BLAS thread."
    return Table(f"fnnet's step over the {by}", header, rows, note)


def _images(figures: list[dict[str, Any]]) -> Table:
    rows = [(str(one["images"]), _seconds(one["seconds"]), _ratio(one["ratio"])) for one in figures]
    header = ("images", "seconds per epoch", "share of the largest")
    return Table("fnnet's epoch over the images, shape A", header, rows)


def _ways(title: str, base: str, figures: dict[str, Any], unit: Callable[[Spread], str]) -> Table:
    rows = [(name, unit(one["seconds"]), _ratio(one["ratio"])) for name, one in figures.items()]
    return Table(title, ("", "seconds" if unit is _seconds else "microseconds", f"x {base}"), rows)


def _seconds(s: Spread) -> str:
    return f"{s['median']:.3f} ({s['min']:.3f} to {s['max']:.3f})"


def _micro(s: Spread) -> str:
    return f"{s['median'] * 1e6:.1f} ({s['min'] * 1e6:.1f} to {s['max'] * 1e6:.1f})"


def _ratio(s: Spread) -> str:
    return f"{s['median']:.2f} ({s['min']:.2f} to {s['max']:.2f})"


def _memory(n_bytes: int | None) -> str:
    return "not known" if n_bytes is None else f"{n_bytes / 1e6:.0f} MB"


def _in_words(variant: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in variant.items())
