"""Reproduce what others printed: the notebook's run, the book's figures, the papers' tables."""

from __future__ import annotations

import shlex
import sys
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
from _reproduce.report import count, line, markdown
from _reproduce.result import Result
from _reproduce.run import TRIAL_SEED, all_epochs, check, is_there, run
from fnnet._checks import InputError, integer, require
from fnnet._files import replacing


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
    unknown = [name for name in names or [] if name not in EXPERIMENTS]
    known = f"--all, --quick, or some of {', '.join(EXPERIMENTS)}"
    is_told = not unknown and (names or everything or quick)
    require(is_told, "NAME", " ".join(unknown), known)
    if seeds is not None:
        integer("--seeds", seeds, at_least=1)
        require(seeds <= TRIAL_SEED, "--seeds", seeds, f"at most {TRIAL_SEED}")
    asked = [name for name in EXPERIMENTS if everything or not names or name in names]
    images = _reproduce.images.load(data or ("digits" if quick else "mnist"), few=quick)
    experiments = {
        name: _as_asked(experiment, images, quick, seeds if name in asked else None)
        for name, experiment in EXPERIMENTS.items()
    }
    commands = {
        name: f"{name}{_option('--seeds', seeds if name in asked else None)}"
        f"{_option('--data', data)}{' --quick' * quick}"
        for name in experiments
    }
    folder = out or Path("runs", "reproduce-quick" if quick else "reproduce")
    for name in asked:
        check(experiments[name], images, folder)

    others = [name for name in experiments if name not in asked]
    results, left_out = dict[str, Result](), dict[str, str]()
    try:
        with Progress(disable=not sys.stdout.isatty()) as progress:
            for name in asked:
                bar = progress.add_task(name, total=all_epochs(experiments[name]))
                done = partial(progress.advance, bar)
                results[name] = run(experiments[name], images, folder, done)
                print(line(results[name]), flush=True)
                for other in others:  # looked for each time: another process may finish them
                    if other not in results:
                        _take_up(experiments[other], images, folder, results, left_out)
                told = {commands[name]: results[name] for name in EXPERIMENTS if name in results}
                with replacing(folder / "results.md") as file:
                    file.write(markdown(told, images.name).encode())
    finally:
        if results:
            _draw([results[name] for name in EXPERIMENTS if name in results], folder)
    for reason in left_out.values():
        print(reason)
    print(f"{count(len(results), 'result')} in {folder / 'results.md'}")


def _as_asked(experiment: Experiment, images: Images, quick: bool, seeds: int | None) -> Experiment:
    if not images.are_mnist:
        experiment = attrs.evolve(experiment, unjudged="not of MNIST")
    if quick:
        experiment = experiment.quick()
    return experiment if seeds is None else attrs.evolve(experiment, seeds=seeds)


def _option(name: str, value: object) -> str:
    return "" if value is None else f" {name} {shlex.quote(str(value))}"


def _take_up(
    experiment: Experiment,
    images: Images,
    folder: Path,
    results: dict[str, Result],
    left_out: dict[str, str],
) -> None:
    """Put what the folder holds of another run among the results, or why not."""
    name = experiment.name
    reason = f"{folder / name} has not all of its {experiment.seeds} seeds"
    try:
        if is_there(experiment, folder):
            results[name] = run(experiment, images, folder, lambda _: None)
            left_out.pop(name, None)
            return
    except (InputError, OSError) as error:  # what was asked for does not depend on it
        reason = str(error)
    if (folder / name).exists():
        left_out[name] = f"{name} is left out: {reason}"


def _draw(results: list[Result], folder: Path) -> None:
    if not can_draw():
        print("No pictures: matplotlib cannot be imported (pip install 'fnnet[plot]')")
        return
    curves = [result for result in results if result.experiment.of == "each"]
    points = [result for result in results if result.experiment.of != "each"]
    for name, draw, some in (("curves", plot_curves, curves), ("points", plot_points, points)):
        path = folder / f"{name}.png"
        if some:
            draw(some, path)
        else:
            path.unlink(missing_ok=True)  # of results that are not there any more


if __name__ == "__main__":
    run_script(main)
