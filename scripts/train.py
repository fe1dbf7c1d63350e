"""Train a network: with no argument, the notebook's on the embedded digits."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

import _run_folder
import fnnet
from _common import Data, data_name, figures, load_data, percent, run
from fnnet.checks import InputError


def main(
    data: Data = None,
    hidden: Annotated[str, typer.Option(help="Units of the hidden layers, or none.")] = "16,16",
    epochs: Annotated[int, typer.Option(help="Epochs in all.")] = 30,
    batch_size: Annotated[int, typer.Option(help="Samples in a mini batch.")] = 10,
    eta: Annotated[float, typer.Option(help="The learning rate.")] = 3.0,
    cost: Annotated[str, typer.Option(help="quadratic or cross-entropy.")] = "quadratic",
    seed: Annotated[int, typer.Option(help="Of the first weights and of the shuffling.")] = 0,
    dtype: Annotated[str, typer.Option(help="float32 or float64.")] = "float32",
    out: Annotated[
        Path | None, typer.Option(help="A folder for params.npz and run.json, kept up to date.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the run in --out.")] = False,
) -> None:
    """Train a network, printing after each epoch how many of the test samples it gets right."""
    splits = load_data(data)
    sizes = [splits.train.n_in, *_numbers(hidden), splits.train.n_out]
    config = fnnet.TrainConfig(epochs=epochs, batch_size=batch_size, eta=eta, seed=seed, cost=cost)
    params = fnnet.init(sizes, seed=seed, dtype=dtype)
    description = _run_folder.describe(data_name(data), splits, params, config)

    state, history = fnnet.start(params, config), list[dict[str, Any]]()
    if resume:
        state, history = _run_folder.resume(_required(out), description)
    elif out is not None:
        _run_folder.create(out)
        _run_folder.write(out, state, description, history)

    states = fnnet.trajectory(state, splits.train, config)
    try:
        with Progress(disable=not sys.stdout.isatty()) as progress:
            bar = progress.add_task("Training", total=max(0, epochs - state.epoch))
            for new in states:
                test = fnnet.evaluate(new.params, splits.test, cost=config.cost)
                if out is not None:
                    validation = fnnet.evaluate(new.params, splits.validation, cost=config.cost)
                    row = {"epoch": state.epoch, "digest": new.params.digest()}
                    row |= {"validation": figures(validation), "test": figures(test)}
                    history.append(row)
                    _run_folder.write(out, new, description, history)
                score = f"{test.correct} / {test.total}"
                print(f"Epoch {state.epoch}: {score}, precision is {percent(test)}", flush=True)
                progress.advance(bar)
                state = new
    except KeyboardInterrupt:
        print(f"\nInterrupted; {state.epoch} epochs are finished.")
        _report(state, splits)
        raise
    _report(state, splits)


def _report(state: fnnet.TrainState, splits: fnnet.Splits) -> None:
    print(f"Test accuracy: {percent(fnnet.evaluate(state.params, splits.test))}")
    print(f"Digest of the params: {state.params.digest()}")


def _required(out: Path | None) -> Path:
    if out is None:
        raise InputError("--out is not given: expected the folder of the run to --resume")
    return out


def _numbers(hidden: str) -> list[int]:
    try:
        return [] if hidden in ("", "none") else [int(units) for units in hidden.split(",")]
    except ValueError:
        expected = "numbers of units with commas between them, or none"
        raise InputError(f"--hidden is {hidden!r}: expected {expected}") from None


if __name__ == "__main__":
    run(main)
