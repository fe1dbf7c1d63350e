"""Evaluate a trained network on test samples: how many are right, or how large the errors are."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

import _run_folder
import fnnet
from _common import percent, require, run
from _data import class_names, data_name, data_option, delimiter, load_data, task_of
from _report import print_table

_SHAPE: dict[str, Any] = {
    "data": str,
    "reading": {"target": str | None, "task": str | None, "header": bool | None},
    "task": str,
    "classes": [str],
    "network": {"sizes": [int]},
    "config": {"cost": str},
}
"""What this script relies on in a `run.json`."""


def main(
    run_dir: Annotated[Path, typer.Argument(help="The --out folder of train.py.")],
    data: Annotated[str | None, data_option("the run's own")] = None,
) -> None:
    """Evaluate the network of RUN_DIR on the test samples of --data, by default the run's own."""
    path = run_dir / "params.npz"
    params, trained = fnnet.load_params(path), _run_folder.read(run_dir, _SHAPE)
    classes, sizes = trained["classes"], list(params.sizes)
    if sizes != trained["network"]["sizes"] or len(classes) != max(2, sizes[-1]):
        held = f"{path} is not of the run that {run_dir / 'run.json'} tells of"
        raise fnnet.InputError(f"{held}: expected both of one run")
    name = data_name(data or trained["data"])
    reading = trained["reading"] if delimiter(name) else {}
    test, scaling = load_data(name, reading).test, fnnet.load_scaling(path)
    test = fnnet.apply_scaling(scaling, test) if scaling else test
    evaluation = fnnet.evaluate(params, test, cost=trained["config"]["cost"])
    if trained["task"] == "regression":
        report = fnnet.regression_report(params, test)
        print(f"Cost: {evaluation.cost:.6f}")
        print(f"R2: {report.r2:.6f}")
        print(f"Mean absolute error: {report.mean_absolute_error:.6f}")
        print(f"Root mean squared error: {report.root_mean_squared_error:.6f}")
    else:
        require(task_of(test) != "regression", "--data", name, "classes, as the run has")
        found = class_names(name, reading)
        require(found in (None, classes), f"the classes in {name}", found, f"{classes}, the run's")
        accuracy = percent(evaluation.accuracy)
        print(f"Accuracy: {evaluation.correct} / {evaluation.total}, {accuracy}")
        print(f"Cost: {evaluation.cost:.6f}")
        _print_classes(params, test, classes)


def _print_classes(params: fnnet.Params, test: fnnet.Dataset, classes: list[str]) -> None:
    """Print the confusion matrix, the figures of each class, and how good the probabilities are."""
    matrix, names = fnnet.confusion_matrix(params, test), [escape(name) for name in classes]
    width = max(80, max(8, 2 + max(map(len, classes))) * (1 + len(classes)))
    rows = [
        [name, *(f"[bold]{n}[/bold]" if k == label else str(n or "") for k, n in enumerate(row))]
        for label, (name, row) in enumerate(zip(names, matrix.tolist(), strict=True))
    ]
    print_table("Taken for", ["is", *names], rows, width, "")
    report = fnnet.precision_recall_f1(matrix)
    figures = zip(names, report.precision, report.recall, report.f1, report.support, strict=True)
    rows = [[name, *(f"{share:.4f}" for share in some), str(n)] for name, *some, n in figures]
    header = ["Class", "Precision", "Recall", "F1", "Samples"]
    print_table("Of each class", header, rows, width, "")

    if params.architecture.activations[-1] in (fnnet.sigmoid, fnnet.softmax):
        probabilities = fnnet.predict_proba(params, test.batch(dtype=params.dtype).x)
        labels = test.y
        if test.classes is None:  # targets of zeros and ones
            labels = test.y.argmax(axis=1) if test.n_out > 1 else (test.y[:, 0] > 0.5).astype(int)
        if len(matrix) > 3:
            print(f"Top-3 accuracy: {percent(fnnet.top_k_accuracy(probabilities, labels, 3))}")
        print(f"Log loss: {fnnet.log_loss(probabilities, labels):.6f}")


if __name__ == "__main__":
    run(main)
