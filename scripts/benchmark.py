"""Compare fnnet with PyTorch, JAX, scikit-learn and the notebook's listing, side by side."""

import json
import os
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal

import typer

import fnnet
from _benchmark import parts
from _benchmark.peers import PEERS, Peer
from _benchmark.report import plot as draw
from _benchmark.report import show, show_machine
from _common import require, run
from _data import Data, data_name, load_data
from _files import replacing
from _report import can_draw, machine, versions

_KINDS = (".png", ".pdf", ".svg")


def main(
    part: Annotated[
        Literal["epochs", "start", "growth", "steps", "all"],
        typer.Option(
            metavar="NAME",
            help="epochs: seconds per epoch, against the peers; start: whole processes, to a test "
            "accuracy and to an import, against the peers; growth: fnnet over batch and width; "
            "steps: fnnet's step in several ways, and loading; or all.",
        ),
    ] = "all",
    data: Data = None,
    rounds: Annotated[int, typer.Option(min=1, help="The number of times that each is timed.")] = 5,
    shapes: Annotated[str, typer.Option(help="The shapes that epochs are timed at.")] = "ABCD",
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write all figures to a file.")
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.png", help="Draw the ratios and the growth, as PNG, PDF or SVG."
        ),
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown tables.")] = False,
    quick: Annotated[
        bool,
        typer.Option(
            "--quick", help="A quick pass to see that it works: no trials, an easy target."
        ),
    ] = False,
) -> None:
    """Compare fnnet with its peers, each run in the way that a trial finds fastest here.

    For figures that mean something, run it with --data mnist on a machine with nothing else to do.
    """
    known = set(shapes) <= set(parts.SHAPES)
    require(shapes and known, "--shapes", shapes, f"some of {', '.join(parts.SHAPES)}")
    if plot is not None:
        require(part != "steps", "--part", part, "one that --plot can draw, such as all")
        require(plot.suffix in _KINDS, "--plot", str(plot), f"a file of {', '.join(_KINDS)}")
        require(can_draw(), "--plot", str(plot), "matplotlib: pip install 'fnnet[plot]'")
    for option, path in {"--json": json_file, "--plot": plot}.items():
        if path is not None:
            fits = path.parent.is_dir() and os.access(path.parent, os.W_OK) and not path.is_dir()
            require(fits, option, str(path), "a file that can be written")
    named, peers = data_name(data), _installed(quick)
    with TemporaryDirectory() as temporary:
        folder = parts.idx_folder(named, load_data(named), Path(temporary))
        train = fnnet.load_mnist(folder).train
        report: dict[str, Any] = {
            "machine": machine(),
            "versions": versions("fnnet", "numpy", "torch", "jax", "scikit-learn"),
            "rounds": rounds,
            "data": f"{Path(named).name} ({len(train)} images to train)",
        }
        show_machine(report)

        def measured() -> Iterator[dict[str, Any]]:
            if part in ("epochs", "all"):
                for shape in shapes:
                    yield {"epochs": {shape: parts.epochs(shape, folder, peers, rounds)}}
            if part in ("start", "all"):
                start = parts.start(folder, 0.5 if quick else 0.95, peers, rounds)
                yield {"start": start, "imports": parts.imports(peers, rounds)}
            if part in ("growth", "all"):
                yield {"growth": parts.growth(train, parts.WIDTHS[: 3 if quick else None], rounds)}
            if part in ("steps", "all"):
                yield {"steps": parts.steps(train, folder, rounds)}

        for figures in measured():
            show(figures, markdown=markdown)
            for name, some in figures.items():
                report[name] = report.get(name, {}) | some
            if json_file is not None:  # each time, as the next part may be interrupted
                with replacing(json_file) as file:
                    file.write(f"{json.dumps(report, indent=1)}\n".encode())
    if plot is not None:
        draw(report, plot)


def _installed(quick: bool) -> dict[str, Peer]:
    """The peers that can take part; a printed line for each that cannot."""
    installed = {}
    for name, peer in PEERS.items():
        package = peer.module.partition(".")[0]
        if find_spec(package):
            installed[name] = peer._replace(variants=peer.variants[: 1 if quick else None])
        else:
            remedy = "pip install 'fnnet[bench]'"
            print(f"{name} is skipped: {package} is not installed ({remedy})", file=sys.stderr)
    return installed


if __name__ == "__main__":
    run(main)
