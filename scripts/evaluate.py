"""Evaluate a trained network: accuracy, cost, and which classes it takes for which."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

import _run_folder
import fnnet
from _common import Data, load_data, percent, run


def main(
    run_dir: Annotated[Path, typer.Argument(help="The --out folder of train.py.")],
    data: Data = None,
) -> None:
    """Evaluate the network of RUN_DIR on the test samples of --data, by default the run's own."""
    params = fnnet.load_params(run_dir / "params.npz")
    trained = _run_folder.read(run_dir)
    test = load_data(data or trained["data"]).test
    evaluation = fnnet.evaluate(params, test, cost=trained["config"]["cost"])
    print(f"Accuracy: {evaluation.correct} / {evaluation.total}, {percent(evaluation)}")
    print(f"Cost: {evaluation.cost:.6f}")
    matrix = fnnet.confusion_matrix(params, test)
    table = Table("is", title="Taken for", box=box.SIMPLE)
    for label in range(len(matrix)):
        table.add_column(str(label), justify="right")
    for label, row in enumerate(matrix.tolist()):
        cells = [f"[bold]{n}[/bold]" if k == label else str(n or "") for k, n in enumerate(row)]
        table.add_row(str(label), *cells)
    Console(width=max(80, 8 * len(matrix))).print(table)


if __name__ == "__main__":
    run(main)
