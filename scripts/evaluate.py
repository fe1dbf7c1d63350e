"""Evaluate a trained network: which classes it takes for which, or how near it comes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

import _run_folder
import fnnet
from _common import Data, Reading, class_names, is_table, load_data, percent, run, task_of
from fnnet._checks import InputError, require
from fnnet.network.prediction import PROBABILISTIC, classes_of


def main(
    run_dir: Annotated[Path, typer.Argument(help="The --out folder of train.py.")],
    data: Data = None,
) -> None:
    """Evaluate the network of RUN_DIR on the test samples of --data, by default the run's own."""
    params = fnnet.load_params(run_dir / "params.npz")
    trained = _run_folder.read(run_dir)
    if list(params.sizes) != trained["network"]["sizes"]:
        held = f"{run_dir / 'params.npz'} is not of the run that {run_dir / 'run.json'} tells of"
        raise InputError(f"{held}: expected both of one run")
    classes, data = trained["classes"], data or trained["data"]
    reading = Reading(**trained["reading"]) if is_table(data) else Reading()
    test = load_data(data, reading).test
    scaling = fnnet.load_scaling(run_dir / "params.npz")
    if scaling is not None:
        test = fnnet.apply_scaling(scaling, test)
    evaluation = fnnet.evaluate(params, test, cost=trained["config"]["cost"])
    if trained["task"] == "regression":
        print(f"Cost: {evaluation.cost:.6f}")
        print_errors(params, test)
    else:
        require(task_of(test) != "regression", "--data", data, "classes, as the run has")
        found = class_names(data, reading)
        require(found in (None, classes), f"the classes in {data}", found, f"{classes}, the run's")
        print(f"Accuracy: {evaluation.correct} / {evaluation.total}, {percent(evaluation)}")
        print(f"Cost: {evaluation.cost:.6f}")
        print_classes(params, test, classes)


def print_errors(params: fnnet.Params, test: fnnet.Dataset) -> None:
    """How near the outputs come to the targets."""
    report = fnnet.regression_report(params, test)
    print(f"R2: {report.r2:.6f}")
    print(f"Mean absolute error: {report.mean_absolute_error:.6f}")
    print(f"Root mean squared error: {report.root_mean_squared_error:.6f}")


def print_classes(params: fnnet.Params, test: fnnet.Dataset, classes: list[str]) -> None:
    """Which classes are taken for which, how well each is told apart, how sure the network is."""
    matrix = fnnet.confusion_matrix(params, test)
    table = Table("is", title="Taken for", box=box.SIMPLE)
    names = [escape(name) for name in classes]
    for name in names:
        table.add_column(name, justify="right")
    for label, row in enumerate(matrix.tolist()):
        cells = [f"[bold]{n}[/bold]" if k == label else str(n or "") for k, n in enumerate(row)]
        table.add_row(names[label], *cells)
    width = max(8, 2 + max(map(len, classes)))
    console = Console(width=max(80, width * (1 + len(matrix))))
    console.print(table)

    report = fnnet.precision_recall_f1(matrix)
    table = Table("Class", title="Of each class", box=box.SIMPLE)
    for name in ("Precision", "Recall", "F1", "Samples"):
        table.add_column(name, justify="right")
    shares = np.stack([report.precision, report.recall, report.f1], axis=-1).tolist()
    for name, row, samples in zip(names, shares, report.support, strict=True):
        table.add_row(name, *(f"{share:.4f}" for share in row), str(samples))
    console.print(table)

    if params.architecture.activations[-1] in PROBABILISTIC:
        probabilities = fnnet.predict_proba(params, test.batch(dtype=params.dtype).x)
        labels = classes_of(test.y) if test.classes is None else test.y
        if len(matrix) > 3:
            print(f"Top-3 accuracy: {fnnet.top_k_accuracy(probabilities, labels, 3) * 100:.2f}%")
        print(f"Log loss: {fnnet.log_loss(probabilities, labels):.6f}")


if __name__ == "__main__":
    run(main)
