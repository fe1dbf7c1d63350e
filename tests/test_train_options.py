"""train.py's options: each reaches the library as the record it stands for."""

from __future__ import annotations

import importlib
import json
from functools import partial
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

import fnnet
from tests.test_scripts import SCRIPTS, files, history, refusal, succeed

DIGITS = fnnet.load_digits()
N = len(DIGITS.train)


def trained(
    train: fnnet.Dataset = DIGITS.train,
    *,
    hidden: tuple[int, ...] = (8,),
    activations: Any = "sigmoid",
    weights: str = "standard-normal",
    biases: str = "standard-normal",
    splits: fnnet.Splits = DIGITS,
    **settings: Any,
) -> fnnet.TrainState:
    """What a run of the library ends with."""
    config = fnnet.TrainConfig(**{"epochs": 2, **settings})
    start = fnnet.init(
        [train.n_in, *hidden, train.n_out],
        seed=0,
        activations=activations,
        weights=weights,
        biases=biases,
    )
    monitor = {"validation": splits.validation, "test": splits.test}
    return fnnet.train(fnnet.start(start, config), train, config, monitor=monitor)


def digest(*options: object) -> str:
    """Of the params that train.py ends with, in two epochs of a small network."""
    output = succeed("train.py", "--hidden", 8, "--epochs", 2, *options)
    return output.splitlines()[-1].removeprefix("Digest of the params: ")


L2, L1 = fnnet.l2(5 / N), fnnet.l1(2 / N)

OPTIONS: dict[str, dict[str, Any]] = {
    "--cost log-likelihood": {
        "activations": ["sigmoid", "softmax"],
        "cost": "log-likelihood",
        "eta": 0.5,
    },
    "--cost squared-error --activation tanh --output identity --eta 0.01 --optimizer nesterov": {
        "activations": ["tanh", "identity"],
        "cost": "squared-error",
        "eta": 0.01,
        "optimizer": fnnet.nesterov(),
        "weights": "scaled-normal",
        "biases": "zero",
    },
    "--activation relu --biases standard-normal --cost log-likelihood": {
        "activations": ["relu", "softmax"],
        "cost": "log-likelihood",
        "eta": 0.5,
        "weights": "he-normal",
    },
    "--optimizer adam --weights glorot-uniform --biases zero": {
        "optimizer": fnnet.adam(),
        "eta": 0.001,
        "weights": "glorot-uniform",
        "biases": "zero",
    },
    "--optimizer momentum --momentum 0.5 --schedule cosine --warm-up 1 --eta 0.3": {
        "optimizer": fnnet.momentum(0.5),
        "eta": 0.3,
        "schedule": fnnet.cosine(2, warm_up=1),
    },
    "--l2 5 --l1 2 --clip-value 0.01 --clip-norm 0.05": {
        "optimizer": fnnet.chain(L2, L1, fnnet.clip_by_value(0.01), fnnet.clip_by_norm(0.05)),
    },
    "--optimizer adamw --decay 0.1 --l2 5 --schedule step --early-stopping 3": {
        "optimizer": fnnet.chain(L2, fnnet.adamw(0.1)),
        "schedule": fnnet.step_decay(1),
        "eta": 0.001,
        "patience": 3,
    },
    "--epochs 7 --schedule exponential": {"epochs": 7, "schedule": fnnet.exponential(1 / 2)},
    "--epochs 7 --schedule step": {"epochs": 7, "schedule": fnnet.step_decay(2)},
    "--dropout 0.1,0.5 --schedule exponential": {
        "dropout": (0.1, 0.5),
        "schedule": fnnet.exponential(1),
    },
    "--dropout 0.5 --schedule halving --optimizer rmsprop": {
        "dropout": 0.5,
        "schedule": fnnet.halving(),
        "optimizer": fnnet.rmsprop(),
        "eta": 0.001,
    },
    "--augment shifts,affine --batch-size 32": {
        "augment": fnnet.augmentations(fnnet.shifts(shape=(8, 8)), fnnet.affine(shape=(8, 8))),
        "batch_size": 32,
    },
    "--label-smoothing 0.1 --class-weights balanced": {
        "train": fnnet.smooth_labels(fnnet.weigh_classes(DIGITS.train), 0.1),
    },
}


@pytest.mark.parametrize("options", OPTIONS)
def test_options_are_the_librarys_records(options: str) -> None:
    assert digest(*options.split()) == trained(**OPTIONS[options]).result.digest()


def test_a_scaling_is_the_training_datas_and_is_kept(tmp_path: Path) -> None:
    scaling = fnnet.standardisation(DIGITS.train)
    expected = trained(fnnet.apply_scaling(scaling, DIGITS.train)).params.digest()
    assert digest("--scale", "standard", "--out", tmp_path) == expected
    assert fnnet.load_scaling(tmp_path / "params.npz") == scaling
    correct = f"Accuracy: {history(tmp_path)[-1]['test']['correct']} / 360"
    assert correct in succeed("evaluate.py", tmp_path)


def test_early_stopping_keeps_the_best_and_says_so(tmp_path: Path) -> None:
    options = ("--epochs", 60, "--early-stopping", 2, "--hidden", 8, "--out", tmp_path)
    output = succeed("train.py", *options)
    state = fnnet.load_state(tmp_path / "state.npz")
    assert "Stopped early: 2 epochs without a better validation score." in output
    assert 2 < state.epoch < 60
    assert output.count("Epoch ") == state.epoch
    scores = [row["validation"]["accuracy"] for row in history(tmp_path)]
    assert max(scores) == scores[-3] > max(scores[-2:])
    best = fnnet.load_params(tmp_path / "params.npz")
    assert best == state.best != state.params
    assert best.digest() in output
    before = files(tmp_path)
    assert "Stopped early" in succeed("train.py", *options, "--resume")
    assert files(tmp_path) == before


def test_an_optimizers_run_is_resumed_as_if_uninterrupted(tmp_path: Path) -> None:
    options: tuple[object, ...] = ("--hidden", 8, "--optimizer", "adam", "--schedule", "halving")
    options = (*options, "--dropout", "0.1,0.2", "--class-weights", "balanced")
    succeed("train.py", *options, "--epochs", 4, "--out", tmp_path / "whole")
    succeed("train.py", *options, "--epochs", 1, "--out", tmp_path / "part")
    succeed("train.py", *options, "--epochs", 4, "--out", tmp_path / "part", "--resume")
    assert files(tmp_path / "part") == files(tmp_path / "whole")
    others = (*options[:-1], "none"), ("--epochs", 4, "--resume", "--out", tmp_path / "part")
    assert "training data is '" in refusal("train.py", *others[0], *others[1])


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CSV: two features, what they add up to, and whether that is above 0, as words."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((400, 2))
    rows = [f"{a},{b},{a + b},{'yes' if a + b > 0 else 'no'}" for a, b in x.tolist()]
    path = tmp_path_factory.mktemp("table") / "sums.csv"
    path.write_text("\n".join(["a,b,sum,positive", *rows]) + "\n")
    return path


def test_a_table_of_classes(table: Path, tmp_path: Path) -> None:
    text = table.read_text().splitlines()
    path = tmp_path / "classes.csv"
    path.write_text("\n".join(",".join((*r.split(",")[:2], r.split(",")[3])) for r in text) + "\n")
    output = succeed("train.py", "--data", path, "--hidden", 4, "--out", tmp_path / "run")
    assert float(output.split("Test accuracy: ")[1].split("%")[0]) > 90
    assert "Precision" in succeed("evaluate.py", tmp_path / "run")

    binary = ("--task", "binary", "--cost", "cross-entropy")
    output = succeed("train.py", "--data", path, "--hidden", 4, *binary, "--out", tmp_path / "one")
    assert float(output.split("Test accuracy: ")[1].split("%")[0]) > 90
    assert fnnet.load_params(tmp_path / "one/params.npz").sizes == (2, 4, 1)
    assert "Log loss" in succeed("evaluate.py", tmp_path / "one")


def test_a_table_of_numbers(table: Path, tmp_path: Path) -> None:
    text = [",".join(row.split(",")[:3]) for row in table.read_text().splitlines()]
    path = tmp_path / "sums.csv"
    path.write_text("\n".join(text) + "\n")
    options = ("--data", path, "--target", "sum", "--hidden", 4, "--activation", "tanh")
    output = succeed(
        "train.py", *options, "--cost", "squared-error", "--eta", 0.1, "--out", tmp_path / "run"
    )
    assert "Epoch 29: the cost is 0.0" in output
    assert float(output.split("Test R2: ")[1].split()[0]) > 0.95
    assert "Root mean squared error" in succeed("evaluate.py", tmp_path / "run")


def test_an_npz(tmp_path: Path) -> None:
    np.savez(tmp_path / "digits.npz", x=DIGITS.train.x, y=DIGITS.train.y)
    splits = fnnet.load_npz(tmp_path / "digits.npz")
    expected = trained(splits.train, splits=splits).params.digest()
    assert digest("--data", tmp_path / "digits.npz") == expected


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ("--cost log-likelihood --output sigmoid", "expected an output layer of softmax"),
        ("--optimizer adm", "'adm' is not one of 'sgd'"),
        ("--momentum 0.5", "--momentum is 0.5: expected --optimizer momentum or nesterov with it"),
        ("--decay 0.5", "--decay is 0.5: expected --optimizer adamw with it, or --l2"),
        ("--warm-up 2", "--warm-up is 2.0: expected --schedule cosine with it"),
        ("--schedule sine", "'sine' is not one of 'constant'"),
        ("--activation tanh,relu,tanh", "expected one, or one for each of 2 hidden layers"),
        ("--dropout 0.5,0.5", "dropout is (0.5, 0.5): expected one share, or 3"),
        ("--dropout half", "--dropout is 'half': expected numbers"),
        ("--dropout 1", "expected a finite number of at least 0 and below 1"),
        ("--label-smoothing 1", "smoothing is 1.0: expected a finite number of at least 0 and"),
        ("--class-weights even", "'even' is not one of 'none', 'balanced'"),
        (
            "--augment blur",
            "--augment is 'blur': expected none, or some of shifts",
        ),
        ("--scale log", "'log' is not one of 'none', 'standard', 'min-max'"),
        ("--early-stopping 0", "'--early-stopping'"),
        ("--decay inf --optimizer adamw", "decay is inf: expected a finite number of at least 0"),
        ("--eta nan", "eta is nan: expected a finite number above 0"),
        ("--target sum", "--target is 'sum': expected a CSV in --data with it"),
        ("--task binary", "--task is 'binary': expected a CSV in --data with it"),
        ("--l2 -1", "'--l2'"),
        ("--l1 nan", "nan"),
        ("--clip-norm 0", "limit is 0.0: expected a finite number above 0"),
        ("--clip-value -1", "'--clip-value'"),
        (
            "--optimizer momentum --momentum 1",
            "mu is 1.0: expected a finite number",
        ),
        ("--hidden none --dropout 0.5", "dropout is 0.5: expected hidden layers"),
        ("--hidden none --activation tanh", "--activation is 'tanh': expected hidden layers"),
        ("--header", "--header is True: expected a CSV in --data with it"),
        ("--weights heavy", "'heavy' is not one of 'standard-normal'"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_line_that_says_what_would(
    options: str, line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # In this process: one of its own takes most of a second, and test_scripts.py has them.
    monkeypatch.syspath_prepend(SCRIPTS)
    monkeypatch.delenv("FNNET_DATA", raising=False)
    monkeypatch.setattr("sys.argv", ["train.py", *options.split()])
    with pytest.raises(SystemExit) as end:
        importlib.import_module("_common").run(importlib.import_module("train").main)
    printed = capsys.readouterr()
    assert (end.value.code, printed.out, printed.err.count("\n")) == (2, "", 1)
    assert line in printed.err


def test_the_names_that_help_shows_are_the_librarys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(SCRIPTS)
    options = importlib.import_module("_options")
    init = partial(fnnet.init, [2, 2], seed=0)
    for names, call in (
        (options.CostName, lambda name: fnnet.TrainConfig(cost=name)),
        (options.ActivationName, lambda name: init(activations=name)),
        (options.WeightsName, lambda name: init(weights=name)),
        (options.BiasesName, lambda name: init(biases=name)),
    ):
        with pytest.raises(fnnet.InputError) as caught:
            call("unheard-of")
        known = str(caught.value).split("one of ")[1].split(", ")
        assert set(get_args(names)) == set(known)


def test_what_needs_classes_or_images_is_refused_for_a_table(table: Path) -> None:
    regression = ("--data", table, "--target", "sum", "--task", "regression")
    assert "positive" in refusal("train.py", *regression)  # the words are no features
    options = ("--data", table.with_name("numbers.csv"))
    rows = [",".join(row.split(",")[:3]) for row in table.read_text().splitlines()]
    options[1].write_text("\n".join(rows) + "\n")
    assert "expected data with class labels" in refusal(
        "train.py", *options, "--label-smoothing", 0.1
    )
    weights = ("--class-weights", "balanced")
    assert "expected data with class labels" in refusal("train.py", *options, *weights)
    assert "expected data of square images" in refusal("train.py", *options, "--augment", "shifts")


def test_the_task_is_the_one_that_was_asked_for(tmp_path: Path) -> None:
    rows = ["a,b,above", *(f"{k},{k % 7},{int(k > 50)}" for k in range(100))]
    path = tmp_path / "above.csv"
    path.write_text("\n".join(rows) + "\n")
    run = ("--data", path, "--hidden", 4, "--epochs", 2, "--scale", "standard")
    output = succeed("train.py", *run, "--task", "regression", "--out", tmp_path / "run")
    assert "Test R2" in output
    assert "Test accuracy" not in output
    described = json.loads((tmp_path / "run/run.json").read_text())
    assert described["network"]["activations"] == ["sigmoid", "identity"]
    assert described["config"]["eta"] == 0.01
    assert set(history(tmp_path / "run")[0]["test"]) == {"total", "cost"}
    assert "Root mean squared error" in succeed("evaluate.py", tmp_path / "run")
    assert "Test accuracy" in succeed("train.py", *run)


def test_several_targets_and_a_table_with_tabs(table: Path, tmp_path: Path) -> None:
    rows = [row.split(",") for row in table.read_text().splitlines()]
    path = tmp_path / "sums.TSV"
    path.write_text("\n".join(f"{a}\t{b}\t{c}" for a, b, c, _ in rows) + "\n")
    options = ("--data", path, "--hidden", 3, "--epochs", 1, "--out", tmp_path / "run")
    assert "Test R2" in succeed("train.py", *options, "--target", "sum,b")
    assert fnnet.load_params(tmp_path / "run/params.npz").sizes == (1, 3, 2)


def test_a_run_on_a_table_is_evaluated_on_other_data_too(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(100, 2))
    rows = [f"{a}\t{b}\t{int(a > b)}" for a, b in x]
    (tmp_path / "a.tsv").write_text("\n".join(rows) + "\n")
    np.savez(tmp_path / "a.npz", x=x, y=np.where(x[:, 0] > x[:, 1], 1.0, 0.0))
    run = ("--task", "binary", "--hidden", 4, "--epochs", 3, "--out", tmp_path / "run")
    succeed("train.py", "--data", tmp_path / "a.tsv", *run)
    assert "Log loss" in succeed("evaluate.py", tmp_path / "run", "--data", tmp_path / "a.npz")


def test_what_no_memory_can_hold_is_told_in_a_line() -> None:
    assert "not enough memory: " in refusal("train.py", "--hidden", 10**11)


def test_classes_keep_their_names(tmp_path: Path) -> None:
    def write(name: str, classes: tuple[str, str]) -> Path:
        path = tmp_path / name
        path.write_text("\n".join(f"{k},{k % 5},{classes[k > 50]}" for k in range(100)) + "\n")
        return path

    run = ("--hidden", 4, "--epochs", 3, "--out", tmp_path / "run")
    succeed("train.py", "--data", write("a.csv", ("cat", "dog")), *run)
    cells = [line.split() for line in succeed("evaluate.py", tmp_path / "run").splitlines()]
    assert [row[0] for row in cells if row[:1] in (["cat"], ["dog"])] == ["cat", "dog"] * 2
    other = write("b.csv", ("cow", "dog"))
    line = f"the classes in {other} is ['cow', 'dog']: expected ['cat', 'dog'], the run's"
    assert line in refusal("evaluate.py", tmp_path / "run", "--data", other)


def test_the_training_samples_are_monitored_where_asked_for(tmp_path: Path) -> None:
    options = ("--hidden", 8, "--epochs", 1, "--monitor-training", "--out", tmp_path)
    succeed("train.py", *options)
    (row,) = history(tmp_path)
    found = fnnet.evaluate(fnnet.load_params(tmp_path / "params.npz"), DIGITS.train)
    assert (row["training"]["correct"], row["training"]["cost"]) == (found.correct, found.cost)


def test_labels_of_one_class_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "one.npz", x=np.eye(20), y=np.zeros(20, int))
    line = "the data's labels is 'of one class': expected two or more"
    assert line in refusal("train.py", "--data", tmp_path / "one.npz")


def test_a_cost_of_probabilities_is_refused_for_other_targets(table: Path) -> None:
    path = table.with_name("numbers.csv")
    rows = [",".join(row.split(",")[:3]) for row in table.read_text().splitlines()]
    path.write_text("\n".join(rows) + "\n")
    expected = "expected targets from 0 to 1, for cross-entropy"
    run = ("--data", path, "--cost", "cross-entropy", "--out", path.with_name("run"))
    assert expected in refusal("train.py", *run)
    assert not path.with_name("run").exists()
