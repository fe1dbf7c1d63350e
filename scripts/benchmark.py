"""Compare fnnet with PyTorch, JAX, scikit-learn and the notebook's listing, side by side."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Annotated, Any

import typer

from _benchmark import epochs, growth, start, steps
from _benchmark.peers import PEERS, Peer
from _benchmark.plot import KINDS, require_matplotlib
from _benchmark.plot import plot as draw
from _benchmark.report import show, show_machine
from _common import Data, data_name, load_data, run
from _machine import machine, versions
from fnnet._checks import InputError, integer, require
from fnnet._files import replacing


class Part(StrEnum):
    """What is measured."""

    EPOCHS = "epochs"
    START = "start"
    GROWTH = "growth"
    STEPS = "steps"
    ALL = "all"


def main(
    part: Annotated[
        Part,
        typer.Option(
            help="epochs: seconds per epoch, against the peers. start: whole processes, to a test "
            "accuracy and to an import, against the peers. growth: fnnet over images, batch and "
            "width. steps: fnnet's step in several ways, and loading."
        ),
    ] = Part.ALL,
    data: Data = None,
    rounds: Annotated[int, typer.Option(help="How often each is timed, in turn.")] = 5,
    shapes: Annotated[str, typer.Option(help="Which shapes the epochs are timed at.")] = "ABCD",
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write all figures there.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="Draw the ratios and the growth.")
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown tables.")] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="See that it runs: no trials, an easy target.")
    ] = False,
) -> None:
    """Compare fnnet with its peers, each run in the way that a trial finds fastest here.

    For figures that mean something, run it with --data mnist on a machine with nothing else to do.
    """
    integer("--rounds", rounds, at_least=1)
    expected = f"some of {', '.join(epochs.SHAPES)}"
    require(shapes and set(shapes) <= set(epochs.SHAPES), "--shapes", shapes, expected)
    if plot is not None:
        require(part != Part.STEPS, "--part", str(part), "one that --plot can draw, all say")
        require(plot.suffix in KINDS, "--plot", str(plot), f"a file of {', '.join(KINDS)}")
        require_matplotlib()
    for option, path in {"--json": json_file, "--plot": plot}.items():
        if path is not None and not _can_write(path):
            raise InputError(f"{option} is {str(path)!r}: expected a file that can be written")
    named, splits = data_name(data), load_data(data)
    peers = _installed()
    if quick:
        peers = {name: peer._replace(variants=peer.variants[:1]) for name, peer in peers.items()}

    report: dict[str, Any] = {
        "machine": machine(),
        "versions": versions(),
        "rounds": rounds,
        "data": f"{Path(named).name} ({len(splits.train)} images to train)",
    }
    show_machine(report)
    with TemporaryDirectory() as temporary:
        folder = start.idx_folder(named, splits, Path(temporary))

        def measured() -> Iterator[dict[str, Any]]:
            if part in (Part.EPOCHS, Part.ALL):
                for shape in shapes:
                    yield {"epochs": {shape: epochs.measure(shape, named, peers, rounds)}}
            if part in (Part.START, Part.ALL):
                target = 0.5 if quick else 0.95
                yield {
                    "start": start.measure(folder, target, peers, rounds),
                    "imports": start.imports(peers, rounds),
                }
            if part in (Part.GROWTH, Part.ALL):
                widths = growth.WIDTHS[: 3 if quick else None]
                yield {"growth": growth.measure(splits.train, widths, rounds)}
            if part in (Part.STEPS, Part.ALL):
                yield {"steps": steps.measure(splits.train, folder, rounds)}

        for figures in measured():
            show(figures, markdown=markdown)
            for name, some in figures.items():
                report[name] = report.get(name, {}) | some
            if json_file is not None:  # now, for the next part may be interrupted
                with replacing(json_file) as file:
                    file.write(f"{json.dumps(report, indent=1)}\n".encode())
    if plot is not None:
        draw(report, plot)


def _can_write(path: Path) -> bool:
    """Whether there can be such a file; tried, as no flags of a folder tell it everywhere."""
    try:
        TemporaryFile(dir=path.parent).close()
    except OSError:
        return False
    return path.is_file() or not path.exists()


def _installed() -> dict[str, Peer]:
    """The peers that can take part; a line for each that cannot."""
    installed = {}
    for name, peer in PEERS.items():
        package = peer.module.partition(".")[0]
        if find_spec(package):
            installed[name] = peer
        else:
            remedy = "pip install 'fnnet[bench]'"
            print(f"{name} is skipped: {package} is not installed ({remedy})", file=sys.stderr)
    return installed


if __name__ == "__main__":
    run(main)
