"""What the reports of benchmark.py and reproduce.py share: machine, tables and pictures."""

import os
import platform
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from _files import replacing


def machine() -> dict[str, Any]:
    """The platform, the processor, its cores, and how many of them this process may use."""
    cores = os.cpu_count()
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else cores
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    processor = next(models, platform.processor() or platform.machine())
    return {
        "platform": platform.platform(),
        "processor": processor,
        "cores": cores,
        "usable": usable,
    }


def versions(*packages: str) -> dict[str, str | None]:
    """The versions of Python and of these packages; None for those that are not installed."""
    found: dict[str, str | None] = {"python": platform.python_version()}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    return found


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown; all columns but the first are aligned to the right."""
    rule = ["---", *("---:" for _ in header[1:])]
    return "\n".join(f"| {' | '.join(row)} |" for row in (header, rule, *rows))


def print_table(
    title: str, header: Sequence[str], rows: Iterable[Sequence[str]], width: int | None, note: str
) -> None:
    """Print a table on a terminal, with columns aligned as in `markdown_table`."""
    table = Table(title=title, caption=note, box=box.SIMPLE, title_justify="left")
    table.caption_justify = "left"
    for number, name in enumerate(header):
        table.add_column(name, justify="right" if number else "left", no_wrap=width is not None)
    for row in rows:
        table.add_row(*row)
    Console(width=width).print(table)


def can_draw() -> bool:
    """Whether matplotlib is installed."""
    return find_spec("matplotlib") is not None


def save_picture(figure: Any, path: Path) -> None:
    """Write a matplotlib figure, in the format that the path's ending names."""
    for ax in figure.axes:
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(alpha=0.2)
    with replacing(path) as file:
        figure.savefig(file, format=path.suffix[1:], dpi=150)
