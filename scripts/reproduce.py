"""Reproduce what others printed: the notebook's run, the book's figures, the papers' tables."""

import sys
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated

import attrs
import typer
from rich.progress import Progress

import fnnet
from _common import require
from _common import run as run_script
from _data import data_option
from _files import replacing
from _report import can_draw
from _reproduce.experiment import Experiment, Result
from _reproduce.experiments import EXPERIMENTS
from _reproduce.images import MNIST, Images, load_images
from _reproduce.report import count, line, markdown, plot_curves, plot_points
from _reproduce.run import TRIAL_SEED, all_epochs, run, stored

_NAMES = f"some of {', '.join(EXPERIMENTS)}"


def main(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME...", help=f"{_NAMES.capitalize()}.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Train all of them.")] = False,
    quick: Annotated[
        bool,
        typer.Option(
            "--quick",
            help="A quick pass to see that they work, all if none is named: two seeds, at most "
            "four epochs, a thousand images, by default of the embedded digits.",
        ),
    ] = False,
    seeds: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=TRIAL_SEED,
            help="The number of networks for each result.",
            show_default="10; 5 or 3 of the large ones",
        ),
    ] = None,
    data: Annotated[str | None, data_option("mnist; with --quick, digits")] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="The folder for all runs, results.md and the pictures.",
            show_default="runs/reproduce, or runs/reproduce-quick",
        ),
    ] = None,
) -> None:
    """Train what was published, with several seeds, and compare it with the published figures.

    What the folder holds is not trained again: after Ctrl-C, the same command goes on. Settings
    that a source leaves open are chosen on the validation images, never on the test images. The
    embedded digits are enlarged to MNIST's 28 x 28.
    """
    unknown = [name for name in names or [] if name not in EXPERIMENTS]
    is_told = not unknown and (names or everything or quick)
    require(is_told, "NAME", " ".join(unknown), f"--all, --quick, or {_NAMES}")
    asked = [name for name in EXPERIMENTS if everything or not names or name in names]
    images = load_images(data or ("digits" if quick else "mnist"), few=quick)
    experiments = {
        name: _as_asked(experiment, images, quick, seeds if name in asked else None)
        for name, experiment in EXPERIMENTS.items()
    }
    folder = out or Path("runs", "reproduce-quick" if quick else "reproduce")
    for name in asked:
        stored(experiments[name], images, folder)  # refuse now what does not fit

    others = {name: experiments[name] for name in EXPERIMENTS if name not in asked}
    results, left_out = dict[str, Result](), list[str]()
    try:
        with Progress(disable=not sys.stdout.isatty()) as progress:
            for name in asked:
                bar = progress.add_task(name, total=all_epochs(experiments[name]))
                done = partial(progress.advance, bar)
                results[name] = run(experiments[name], images, folder, done)
                print(line(results[name]), flush=True)
                # Each time, for another process may finish some of them meanwhile.
                left_out = _take_up(others, images, folder, results)
                results = {name: results[name] for name in EXPERIMENTS if name in results}
                with replacing(folder / "results.md") as file:
                    file.write(markdown(list(results.values()), images.name).encode())
    finally:
        if results:
            _draw(results.values(), folder)
    print("".join(f"{reason}\n" for reason in left_out), end="")
    print(f"{count(len(results), 'result')} in {folder / 'results.md'}")


def _as_asked(experiment: Experiment, images: Images, quick: bool, seeds: int | None) -> Experiment:
    if images.digest != MNIST:
        experiment = attrs.evolve(experiment, unjudged="not of MNIST")
    experiment = experiment.quick() if quick else experiment
    return attrs.evolve(experiment, seeds=seeds or experiment.seeds)


def _take_up(
    others: Mapping[str, Experiment], images: Images, folder: Path, results: dict[str, Result]
) -> list[str]:
    """Put what the folder holds of other runs among the results; return why some are left out."""
    left_out = []
    for name, experiment in others.items():
        reason = f"{folder / name} has not all of its {experiment.seeds} seeds"
        try:
            if result := stored(experiment, images, folder):
                results[name] = result
                continue
        except (fnnet.InputError, OSError) as error:
            reason = str(error)
        if (folder / name).exists():
            left_out.append(f"{name} is left out: {reason}")
    return left_out


def _draw(results: Iterable[Result], folder: Path) -> None:
    if not can_draw():
        print("No pictures: matplotlib is not installed (pip install 'fnnet[plot]')")
        return
    curves = [result for result in results if result.experiment.of == "each"]
    points = [result for result in results if result.experiment.of != "each"]
    for name, draw, some in (("curves", plot_curves, curves), ("points", plot_points, points)):
        path = folder / f"{name}.png"
        if some:
            draw(some, path)
        else:
            path.unlink(missing_ok=True)  # of earlier results


if __name__ == "__main__":
    run_script(main)
