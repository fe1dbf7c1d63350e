"""The scripts as their users run them: in processes of their own."""

from __future__ import annotations

import importlib
import json
import os
import pty
import re
import resource
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest

import fnnet
from tests._support import assert_refused

SCRIPTS = Path(__file__).parents[1] / "scripts"
SHORT = ("--epochs", "3", "--hidden", "8")
FILES = ["history.jsonl", "params.npz", "run.json", "state.npz"]

Run = subprocess.CompletedProcess[str]


def command(script: str, *arguments: object) -> list[str]:
    return [sys.executable, "-W", "error", str(SCRIPTS / script), *map(str, arguments)]


def environment(**variables: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name != "FNNET_DATA"}
    return {**inherited, "COLUMNS": "80", **variables}


def run(script: str, *arguments: object, limit: Callable[[], None] | None = None) -> Run:
    return subprocess.run(
        command(script, *arguments),
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=limit,
        timeout=120,
    )


def succeed(script: str, *arguments: object) -> str:
    done = run(script, *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def refusal(script: str, *arguments: object, limit: Callable[[], None] | None = None) -> str:
    """The one line that a script refuses its arguments with."""
    done = run(script, *arguments, limit=limit)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith(f"{script}: ")
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def history(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]


def test_train_with_no_argument_trains_the_notebooks_network_on_the_digits() -> None:
    *epochs, accuracy, digest = succeed("train.py").splitlines()

    for number, line in enumerate(epochs):
        assert (match := re.fullmatch(r"Epoch (\d+): (\d+) / 360, precision is (.+)%", line))
        assert int(match[1]) == number
        assert match[3] == f"{int(match[2]) / 360 * 100:.2f}"
    assert len(epochs) == 30
    assert float(accuracy.removeprefix("Test accuracy: ").removesuffix("%")) > 80

    digits = fnnet.load_digits()
    config = fnnet.TrainConfig(epochs=30, batch_size=10, eta=3.0, seed=0)
    start = fnnet.start(fnnet.init([64, 16, 16, 10], seed=0), config)
    expected = fnnet.train(start, digits.train, config).params.digest()
    assert digest == f"Digest of the params: {expected}"


def test_the_options_reach_the_run_and_its_files(tmp_path: Path) -> None:
    options = ("--hidden", "7,5", "--epochs", 2, "--batch-size", 32, "--eta", 0.5, "--seed", 3)
    output = succeed("train.py", *options, "--dtype", "float64", "--out", tmp_path / "a/run")

    splits = fnnet.load_digits()
    config = fnnet.TrainConfig(epochs=2, batch_size=32, eta=0.5, seed=3)
    start = fnnet.init([64, 7, 5, 10], seed=3, dtype=np.float64)
    states = list(fnnet.trajectory(fnnet.start(start, config), splits.train, config))
    state = fnnet.load_state(tmp_path / "a/run/state.npz")
    assert (state.params, state.epoch) == (states[-1].params, 2)
    assert fnnet.load_params(tmp_path / "a/run/params.npz") == states[-1].params
    assert states[-1].params.digest() in output

    described = json.loads((tmp_path / "a/run/run.json").read_text())
    assert described["data"] == "digits"
    sizes, activations = [64, 7, 5, 10], ["sigmoid"] * 3
    network = {"sizes": sizes, "activations": activations, "dtype": "float64"}
    assert described["network"] == network
    settings = {"epochs": 2, "batch_size": 32, "eta": 0.5, "seed": 3, "cost": "quadratic"}
    assert settings.items() <= described["config"].items()
    assert described["versions"]["numpy"] == np.__version__
    assert described["digests"]["start"] == start.digest()
    for row, state in zip(history(tmp_path / "a/run"), states, strict=True):
        test = fnnet.evaluate(state.params, splits.test)
        validation = fnnet.evaluate(state.params, splits.validation)
        assert row["epoch"] == state.epoch - 1
        assert row["digest"] == state.params.digest()
        assert row["test"]["correct"] == test.correct
        assert row["test"]["cost"] == test.cost
        assert row["validation"]["accuracy"] == validation.accuracy
        assert row["validation"]["total"] == 140


def test_a_resumed_run_is_the_uninterrupted_run(tmp_path: Path) -> None:
    succeed("train.py", "--hidden", "none", "--epochs", 5, "--out", tmp_path / "whole")
    succeed("train.py", "--hidden", "none", "--epochs", 2, "--out", tmp_path / "part")
    succeed("train.py", "--hidden", "none", "--epochs", 5, "--out", tmp_path / "part", "--resume")
    assert files(tmp_path / "part") == files(tmp_path / "whole")


def test_a_run_is_not_overwritten_and_only_resumed_as_the_same_run(tmp_path: Path) -> None:
    succeed("train.py", *SHORT, "--out", tmp_path)
    before = files(tmp_path)
    assert "without a run" in refusal("train.py", *SHORT, "--out", tmp_path)
    other = ("--epochs", 4, "--hidden", 8, "--eta", 1.5)
    assert "eta is 1.5: expected 3.0" in refusal("train.py", *other, "--out", tmp_path, "--resume")
    assert "--out is not given" in refusal("train.py", "--resume")
    assert files(tmp_path) == before


def test_a_run_is_not_resumed_on_other_data(tmp_path: Path) -> None:
    digits = fnnet.load_digits()
    parts = {"": digits.train, "_validation": digits.validation, "_test": digits.test}
    arrays = {f"{name}{part}": getattr(data, name) for part, data in parts.items() for name in "xy"}
    path = tmp_path / "data.npz"
    run = ("train.py", "--data", path, "--hidden", "none", "--out", tmp_path / "run")
    np.savez(path, **arrays)
    succeed(*run, "--epochs", 1)
    np.savez(path, **{**arrays, "y_validation": arrays["y_validation"][::-1]})
    assert "validation data is '" in refusal(*run, "--epochs", 2, "--resume")
    for more in ({"scale": 0.5}, {"weights": np.full(len(arrays["y"]), 0.5)}):
        np.savez(path, **arrays, **more)
        assert "training data is '" in refusal(*run, "--epochs", 2, "--resume")
    np.savez(path, **arrays)
    succeed(*run, "--epochs", 2, "--resume")


def test_a_run_is_not_resumed_from_another_runs_state(tmp_path: Path) -> None:
    out, other = tmp_path / "run", tmp_path / "other"
    run = ("train.py", "--hidden", "none", "--epochs", 2, "--out", out)
    succeed(*run)
    succeed("train.py", "--hidden", "none", "--epochs", 2, "--seed", 1, "--out", other)
    own, lines = fnnet.load_state(out / "state.npz"), (out / "history.jsonl").read_bytes()
    not_of_it = f"{out / 'state.npz'} is not of the run that {out / 'history.jsonl'} tells of: "
    too_short = f"{out / 'history.jsonl'} is damaged, or of another run: expected a line of JSON "
    foreign = fnnet.load_state(other / "state.npz")
    for state, expected in (
        (foreign, not_of_it),
        (attrs.evolve(foreign, epoch=0, history=()), not_of_it),
        (attrs.evolve(own, epoch=1), not_of_it),
        (attrs.evolve(own, epoch=3), too_short),
    ):
        fnnet.save_state(out / "state.npz", state)
        before = files(out)
        assert expected in refusal(*run, "--resume")
        assert files(out) == before

    fnnet.save_state(out / "state.npz", own)
    (out / "history.jsonl").write_bytes((other / "history.jsonl").read_bytes())
    assert not_of_it in refusal(*run, "--resume")

    # Before the first epoch, a state is the run's if it is its start.
    start = fnnet.TrainState(fnnet.init([64, 10], seed=0))
    fnnet.save_state(out / "state.npz", start)
    succeed(*run, "--resume")
    assert (out / "history.jsonl").read_bytes() == lines


def test_a_run_that_died_while_it_wrote_is_resumed_to_the_end(tmp_path: Path) -> None:
    def train(epochs: int, out: Path, *more: object) -> dict[str, bytes]:
        succeed("train.py", "--epochs", epochs, "--hidden", 8, "--out", out, *more)
        return files(out)

    whole, part = train(3, tmp_path / "whole"), tmp_path / "part"
    shorter = train(2, part)
    lines = whole["history.jsonl"]
    # Killed in the third epoch: before the state, before the params, in the middle of the line.
    for line, params in ((lines, "params.npz"), (lines, ""), (lines[:-9], ""), (lines + b"x", "")):
        (part / "history.jsonl").write_bytes(line)
        for name in ("params.npz", "state.npz"):
            (part / name).write_bytes((whole if name == params else shorter)[name])
        assert train(2, part, "--resume") == shorter
        (part / "history.jsonl").write_bytes(line)
        assert train(3, part, "--resume") == whole

    (tmp_path / "new").mkdir()
    for name in ("run.json", "history.jsonl", "params.npz"):  # and before there was any state
        (tmp_path / "new" / name).write_bytes(whole[name])
    assert train(3, tmp_path / "new") == whole


@contextmanager
def endless(out: Path, printed: int) -> Iterator[subprocess.Popen[str]]:
    """A run that goes on for as long as the block, and that has printed so many epochs."""
    with subprocess.Popen(
        command("train.py", "--epochs", 10**6, "--hidden", 8, "--out", out),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            for _ in range(printed):
                process.stdout.readline()
            yield process
        finally:
            process.kill()


def test_ctrl_c_keeps_the_last_finished_epoch(tmp_path: Path) -> None:
    with endless(tmp_path, printed=3) as process:
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, "")

    assert (match := re.search(r"Interrupted; finished epochs: (\d+); add --resume", output))
    state = fnnet.load_state(tmp_path / "state.npz")
    assert state.epoch - int(match[1]) in (0, 1)  # 1: written, but not yet printed
    assert history(tmp_path)[state.epoch - 1]["digest"] == state.params.digest()
    assert sorted(files(tmp_path)) == FILES

    succeed("train.py", "--epochs", state.epoch + 2, "--hidden", 8, "--out", tmp_path, "--resume")
    assert fnnet.load_state(tmp_path / "state.npz").epoch == state.epoch + 2


def test_two_runs_do_not_train_in_one_folder(tmp_path: Path) -> None:
    run = ("train.py", "--hidden", 8, "--out", tmp_path)
    with endless(tmp_path, printed=1) as process:
        expected = f"{tmp_path} is in use by another run: expected its end, or another --out"
        for more in (("--epochs", 1), ("--epochs", 10**6, "--resume")):
            assert expected in refusal(*run, *more)
        assert "Accuracy: " in succeed("evaluate.py", tmp_path)
        assert process.poll() is None
        process.kill()
        process.wait()

    # Of a killed process no lock is left.
    epochs = fnnet.load_state(tmp_path / "state.npz").epoch + 1
    succeed(*run, "--epochs", epochs, "--resume")
    assert sorted(files(tmp_path)) == FILES


def test_of_two_runs_that_start_at_once_in_a_new_folder_one_is_refused(tmp_path: Path) -> None:
    start = command("train.py", *SHORT, "--out", tmp_path / "new")
    pipe = subprocess.PIPE
    both = [
        subprocess.Popen(start, env=environment(), stdout=pipe, stderr=pipe, text=True)
        for _ in range(2)
    ]
    printed = [process.communicate(timeout=60) for process in both]
    assert sorted(process.returncode for process in both) == [0, 2], printed


def test_a_folder_without_a_run_is_not_resumed(tmp_path: Path) -> None:
    for out in (tmp_path / "absent", tmp_path):
        expected = "expected the folder of a run to --resume"
        assert expected in refusal("train.py", "--out", out, "--resume")
    assert files(tmp_path) == {}


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    succeed("train.py", "--hidden", 100, "--epochs", 1, "--out", tmp_path)
    before = files(tmp_path)

    def allow_small_files_only() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))

    more = ("--hidden", 100, "--epochs", 2, "--out", tmp_path, "--resume")
    refusal("train.py", *more, limit=allow_small_files_only)
    for name in ("params.npz", "state.npz"):
        assert files(tmp_path)[name] == before[name]
    assert sorted(files(tmp_path)) == sorted(before)
    succeed("train.py", *more)


def test_a_file_is_replaced_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(SCRIPTS)
    replacing = importlib.import_module("_files").replacing
    (tmp_path / "link").symlink_to(tmp_path / "file")
    with replacing(tmp_path / "link") as file:
        file.write(b"old")
    with pytest.raises(KeyboardInterrupt), replacing(tmp_path / "link") as file:  # noqa: PT012
        file.write(b"new")
        raise KeyboardInterrupt
    assert files(tmp_path) == {"link": b"old", "file": b"old"}
    assert (tmp_path / "link").is_symlink()


def test_a_terminal_gets_a_progress_bar_and_a_pipe_plain_lines() -> None:
    assert "Training" not in succeed("train.py", *SHORT)
    terminal, side = pty.openpty()
    with subprocess.Popen(
        command("train.py", *SHORT), env=environment(TERM="xterm"), stdout=side, stderr=side
    ) as process:
        os.close(side)
        shown = b""
        while True:
            try:
                shown += os.read(terminal, 4096)
            except OSError:  # the other side is closed: the script has ended
                break
    os.close(terminal)
    assert process.returncode == 0
    assert b"Training" in shown
    assert b"Epoch 2: " in shown


def test_a_closed_output_shows_nothing_and_costs_nothing(tmp_path: Path) -> None:
    for closed, out in ((">&-", tmp_path / "a"), (">&- 2>&-", tmp_path / "b")):
        line = f"{shlex.join(command('train.py', *SHORT, '--out', out))} {closed}"
        done = subprocess.run(
            line, shell=True, env=environment(), capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert fnnet.load_state(out / "state.npz").epoch == 3


def test_what_an_encoding_lacks_is_escaped(tmp_path: Path) -> None:
    rows = [f"{k},{k % 5},{('é', 'dog')[k > 50]}" for k in range(100)]
    (tmp_path / "ü.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    run = ("--data", tmp_path / "ü.csv", "--hidden", 4, "--epochs", 3, "--out", tmp_path / "run")
    succeed("train.py", *run)
    for script, arguments, code, expected in (
        ("evaluate.py", (tmp_path / "run",), 0, " \\xe9 "),
        ("train.py", ("--data", tmp_path / "ä.csv"), 2, "\\xe4.csv"),
    ):
        done = subprocess.run(
            command(script, *arguments),
            env=environment(PYTHONIOENCODING="ascii"),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        assert expected in done.stdout + done.stderr


@pytest.mark.parametrize("cost", ["quadratic", "cross-entropy"])
def test_evaluate_tells_what_the_library_tells(tmp_path: Path, cost: str) -> None:
    succeed("train.py", *SHORT, "--cost", cost, "--out", tmp_path)
    output = succeed("evaluate.py", tmp_path)
    params, test = fnnet.load_params(tmp_path / "params.npz"), fnnet.load_digits().test
    evaluation = fnnet.evaluate(params, test, cost=cost)
    assert f"Accuracy: {evaluation.correct} / 360, {evaluation.accuracy * 100:.2f}%" in output
    assert f"Cost: {evaluation.cost:.6f}" in output
    cells = [line.split() for line in output.splitlines()]
    rows = [[row for row in cells if row[:1] == [str(label)]] for label in range(10)]
    matrix = fnnet.confusion_matrix(params, test)
    report = attrs.astuple(fnnet.precision_recall_f1(matrix))
    for label, (counts, (row, of_class)) in enumerate(zip(matrix.tolist(), rows, strict=True)):
        assert row == [str(label), *(str(n) for k, n in enumerate(counts) if n or k == label)]
        *shares, support = (figures[label] for figures in report)
        assert of_class == [str(label), *(f"{share:.4f}" for share in shares), str(support)]
    probabilities = fnnet.predict_proba(params, test.batch().x)
    assert f"Top-3 accuracy: {fnnet.top_k_accuracy(probabilities, test.y, 3) * 100:.2f}%" in output
    assert f"Log loss: {fnnet.log_loss(probabilities, test.y):.6f}" in output


def test_fnnet_data_names_the_default_folder(tmp_path: Path) -> None:
    for arguments in ((), ("--data", "mnist")):
        done = subprocess.run(
            command("train.py", *arguments),
            env=environment(FNNET_DATA=str(tmp_path / "absent")),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 2
        assert "absent" in done.stderr


def test_mnist_runs_and_a_run_remembers_its_data(mnist_folder: Path, tmp_path: Path) -> None:
    options = ("--epochs", 1, "--data", mnist_folder, "--out", tmp_path)
    output = succeed("train.py", *options)
    assert (match := re.match(r"Epoch 0: (\d+) / 10000, precision is \d\d\.\d\d%\n", output))
    assert int(match[1]) >= 8400
    assert f"Accuracy: {match[1]} / 10000" in succeed("evaluate.py", tmp_path)


def test_gradcheck_passes_and_fails_past_its_bound() -> None:
    output = succeed("gradcheck.py", "--networks", 20)
    assert (match := re.search(r"Largest relative error of 20 networks: (\S+) ", output))
    assert 0 < float(match[1]) < 1e-12
    assert run("gradcheck.py", "--networks", 20, "--bound", "1e-30").returncode == 1
    for bound in ("nan", "inf", "-1"):
        assert "--bound" in refusal("gradcheck.py", "--bound", bound)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--hidden", "16,x"), "--hidden is '16,x': expected numbers"),
        (("--hidden", "16,0"), "--hidden is '16,0': expected at least 1 unit"),
        (("--epochs", "-1"), "'--epochs'"),
        (("--epochs", "9" * 400, "--schedule", "cosine"), ": expected a finite number"),
        (("--epochs", "9" * 400, "--schedule", "step"), ": expected a finite number"),
        (("--epochs", "many"), "(given: --epochs many)"),
        (("--batch-size", "0"), "'--batch-size'"),
        (("--eta", "nan"), "eta is nan: expected a finite number"),
        (("--seed", "-1"), "'--seed'"),
        (("--dtype", "float16"), "'float16' is not one of 'float32', 'float64'"),
        (("--data", "nowhere/at/all"), "nowhere/at/all"),
        (("--out", "/dev/null/run"), "/dev/null/run"),
        (("--speed", "11"), "No such option"),
        (("--cost", "low"), "'low' is not one of 'quadratic', 'squared-error'"),
    ],
)
def test_bad_input_gets_one_line_and_exit_code_2(arguments: tuple[str, ...], expected: str) -> None:
    assert expected in refusal("train.py", *arguments)


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    assert str(tmp_path) in refusal("evaluate.py", tmp_path)
    succeed("train.py", *SHORT, "--out", tmp_path / "run")
    (tmp_path / "run/run.json").write_text('{"history": 3}')
    assert "run.json" in refusal("evaluate.py", tmp_path / "run")
    (tmp_path / "run/params.npz").write_bytes(b"not a zip file")
    assert "params.npz" in refusal("evaluate.py", tmp_path / "run")


def test_a_network_of_other_sizes_is_not_evaluated_as_the_runs(tmp_path: Path) -> None:
    succeed("train.py", *SHORT, "--out", tmp_path)
    path = tmp_path / "params.npz"
    before, refused = path.read_bytes(), f"{path} is not of the run that "
    for sizes in ([64, 8, 11], [64, 9, 10]):
        fnnet.save_params(path, fnnet.init(sizes, seed=0))
        assert refused in refusal("evaluate.py", tmp_path)
    path.write_bytes(before)
    described = json.loads((tmp_path / "run.json").read_text())
    for classes in (described["classes"][1:], [*described["classes"], "10"]):
        (tmp_path / "run.json").write_text(json.dumps({**described, "classes": classes}))
        assert refused in refusal("evaluate.py", tmp_path)


def test_a_damaged_run_json_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(SCRIPTS)
    run = ("train.py", "--hidden", "none", "--epochs", 1, "--out", tmp_path)
    succeed(*run)
    path = tmp_path / "run.json"
    whole = json.loads(path.read_text())
    damaged: list[dict[str, Any]] = [
        {"classes": list(range(10))},
        {"data": 5},
        {"data": [1]},
        {"reading": {}},
        {"config": {}},
        {"network": {"sizes": "64"}},
    ]
    texts = [json.dumps({**whole, **part}) for part in damaged]
    main = importlib.import_module("evaluate").main
    for text in (*texts, "[1]", "\xff", "[" * 100_000):
        path.write_bytes(text.encode("latin-1"))
        assert_refused(lambda: main(tmp_path), f"{path} is damaged, or no run's: expected ")
    for arguments in (("evaluate.py", tmp_path), (*run, "--resume")):
        assert f"{path} is damaged, or no run's: expected " in refusal(*arguments)
    path.write_text(json.dumps({**whole, "digests": {"start": None}}))
    assert f"{path} is damaged, or no run's: expected " in refusal(*run, "--resume")


def test_a_damaged_history_is_refused(tmp_path: Path) -> None:
    run = ("train.py", "--hidden", "none", "--epochs", 2, "--out", tmp_path)
    succeed(*run)
    path = tmp_path / "history.jsonl"
    first, last = path.read_bytes().splitlines(keepends=True)
    others = [b'{"epoch": 1}\n', b"[1]\n", b"\xff\n", b"[" * 100_000 + b"\n", first, last[:-1], b""]
    for lines in (*(first + other for other in others), last + first, b""):
        path.write_bytes(lines)
        expected = f"{path} is damaged, or of another run: expected a line of JSON for each of"
        assert expected in refusal(*run, "--resume")
        assert path.read_bytes() == lines
    path.unlink()
    assert str(path) in refusal(*run, "--resume")
    assert "Accuracy: " in succeed("evaluate.py", tmp_path)


def test_an_epoch_costs_the_same_however_long_the_run_is(tmp_path: Path) -> None:
    options = ("--hidden", "none", "--out", tmp_path, "--epochs")
    succeed("train.py", *options, 30)
    before = files(tmp_path)
    succeed("train.py", *options, 60, "--resume")
    after = files(tmp_path)
    assert after["history.jsonl"].startswith(before["history.jsonl"])
    for name in ("run.json", "params.npz", "state.npz"):
        assert abs(len(after[name]) - len(before[name])) < 50
    assert len(fnnet.load_state(tmp_path / "state.npz").history) == 1


@pytest.mark.parametrize("script", ["train.py", "evaluate.py", "gradcheck.py"])
def test_help_names_every_option(script: str) -> None:
    text = succeed(script, "--help")
    source = (SCRIPTS / script).read_text()
    for option in re.findall(r"^    (\w+): (?:Annotated|Data)", source, re.MULTILINE):
        assert option.replace("_", "-") in text or option in text
