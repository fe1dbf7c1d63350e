"""Reproduce what others printed: the notebook's run, the book's figures, the papers' tables."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated

import attrs
import typer
from rich.progress import Progress

import _reproduce.images
from _common import run as run_script
from _reproduce.experiment import Experiment
from _reproduce.experiments import EXPERIMENTS
from _reproduce.images import Images
from _reproduce.plot import can_draw, plot_curves, plot_points
from _reproduce.report import line, markdown
from _reproduce.result import Result
from _reproduce.run import all_epochs, check, is_there, run
from fnnet.checks import InputError, integer, require
from fnnet.replacing import replacing


def main(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME...", help=f"Some of {', '.join(EXPERIMENTS)}."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    quick: Annotated[
        bool,
        typer.Option(
            "--quick",
            help="See that they run, all if none is named: two seeds, a few epochs of a thousand "
            "images; of the embedded digits, unless --data names others.",
        ),
    ] = False,
    seeds: Annotated[
        int | None,
        typer.Option(help="Networks for each result.", show_default="10; 5 or 3 of the large ones"),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            metavar="digits|mnist|PATH",
            help="As for train.py; the digits are enlarged to 28 x 28.",
            show_default="mnist; with --quick, digits",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="A folder for all that is finished, results.md and the pictures.",
            show_default="runs/reproduce, or runs/reproduce-quick",
        ),
    ] = None,
) -> None:
    """Train what was published, over several seeds; print the published figure, ours, a verdict.

    What the folder holds is not trained again: after a Ctrl-C, the same command goes on. Settings
    that a source leaves open are chosen on the validation images, never on those to test.
    """
    names = list(EXPERIMENTS) if everything or (quick and not names) else names or []
    known = f"--all, or some of {', '.join(EXPERIMENTS)}"
    require(names and set(names) <= set(EXPERIMENTS), "NAME", " ".join(names), known)
    experiments = {name: _as_asked(one, seeds, quick) for name, one in EXPERIMENTS.items()}
    images = _reproduce.images.load(data or ("digits" if quick else "mnist"), few=quick)
    folder = out or Path("runs", "reproduce-quick" if quick else "reproduce")
    for name in names:
        check(experiments[name], images, folder)

    with Progress(disable=not sys.stdout.isatty()) as progress:
        for name in names:
            bar = progress.add_task(name, total=all_epochs(experiments[name]))
            print(line(run(experiments[name], images, folder, partial(progress.advance, bar))))
            sys.stdout.flush()

    results = list(_all_there(experiments, images, folder))
    options = f" --seeds {seeds}" * (seeds is not None) + " --quick" * quick
    with replacing(folder / "results.md") as file:
        file.write(markdown(results, options, images.name).encode())
    _draw(results, folder)
    print(f"{len(results)} results are in {folder / 'results.md'}")


def _as_asked(experiment: Experiment, seeds: int | None, quick: bool) -> Experiment:
    experiment = experiment.quick() if quick else experiment
    if seeds is None:
        return experiment
    return attrs.evolve(experiment, seeds=integer("--seeds", seeds, at_least=1))


def _all_there(
    experiments: dict[str, Experiment], images: Images, folder: Path
) -> Iterator[Result]:
    """The results that are in the folder, from whichever run; a line for each that does not fit."""
    for name, experiment in experiments.items():
        try:
            if is_there(experiment, folder):
                yield run(experiment, images, folder, lambda _: None)
        except InputError as error:  # what was asked for is checked: nobody waits for this one
            print(f"{name} is left out: {error}")


def _draw(results: list[Result], folder: Path) -> None:
    if not can_draw():
        print("No pictures: matplotlib is not installed (pip install 'fnnet[plot]')")
        return
    curves = [result for result in results if result.experiment.of == "each"]
    points = [result for result in results if result.experiment.of != "each"]
    for name, draw, some in (("curves", plot_curves, curves), ("points", plot_points, points)):
        if some:
            draw(some, folder / f"{name}.png")


if __name__ == "__main__":
    run_script(main)
