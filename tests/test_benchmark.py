"""The benchmark runs and reports; how fast anything is, is not tested."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fnnet

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))

from _benchmark.contestant import Task, contestant
from _benchmark.parts import idx_folder
from _benchmark.timing import against, interleaved

SCRIPT = Path(__file__).parents[1] / "scripts" / "benchmark.py"
POSIX = pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs process groups")
ABSENT = "import sys; sys.modules.update(dict.fromkeys(['torch', 'jax', 'sklearn', 'matplotlib']))"


@contextlib.contextmanager
def started(
    tmp_path: Path, *arguments: object, absent: str = ABSENT
) -> Iterator[subprocess.Popen[str]]:
    """A run where no peer is installed, in a process group of its own."""
    (tmp_path / "sitecustomize.py").write_text(absent)
    inherited = {name: value for name, value in os.environ.items() if name != "FNNET_DATA"}
    with subprocess.Popen(
        [sys.executable, str(SCRIPT), "--quick", "--rounds", "2", *map(str, arguments)],
        env={**inherited, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(SCRIPT.parents[1])])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def benchmark(
    tmp_path: Path, *arguments: object, absent: str = ABSENT
) -> subprocess.CompletedProcess[str]:
    """The same to its end."""
    with started(tmp_path, *arguments, absent=absent) as process:
        out, err = process.communicate()
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def wait_until(condition: Callable[[], object]) -> None:
    """Not for ever."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def assert_spread(spread: dict[str, float]) -> None:
    assert 0 < spread["min"] <= spread["median"] <= spread["max"]


def assert_contestants(figures: dict[str, Any], names: list[str]) -> None:
    assert list(figures["contestants"]) == names
    for one in figures["contestants"].values():
        assert_spread(one["seconds"])
        assert_spread(one["ratio"])
        assert 0.05 < one["accuracy"] <= 1
    assert figures["contestants"]["fnnet"]["ratio"] == {"median": 1, "min": 1, "max": 1}


def test_all_parts_without_a_peer(tmp_path: Path) -> None:
    done = benchmark(tmp_path, "--json", tmp_path / "report.json")
    assert done.returncode == 0, done.stderr
    absent = {"JAX": "jax", "PyTorch": "torch", "scikit-learn": "sklearn"}
    assert done.stderr.splitlines() == [
        f"{name} is skipped: {package} is not installed (pip install 'fnnet[bench]')"
        for name, package in absent.items()
    ]

    report = json.loads((tmp_path / "report.json").read_text())
    assert report["machine"]["processor"] in done.stdout
    assert report["rounds"] == 2
    assert {"python", "fnnet", "numpy", "torch", "jax", "scikit-learn"} == set(report["versions"])
    assert list(report["epochs"]) == ["A", "B", "C", "D"]
    for shape, figures in report["epochs"].items():
        assert_contestants(figures, ["fnnet", "listing"] if shape == "A" else ["fnnet"])
    assert_contestants(report["start"], ["fnnet"])
    assert report["start"]["contestants"]["fnnet"]["accuracy"] >= report["start"]["target"]
    assert report["start"]["contestants"]["fnnet"]["peak_bytes"] > 10e6
    assert {"fnnet", "fnnet, every name", "numpy"} == set(report["imports"])
    for by, values in (("batch", [1, 3, 10, 32, 100, 316, 1000]), ("width", [8, 16, 32])):
        assert list(report["growth"][by]) == list(map(str, values))
        for point in report["growth"][by].values():
            assert_spread(point["step"])
            assert_spread(point["floor"])
            assert_spread(point["ratio"])
    ways = {"kernel", "floor", "float32 images", "sgd_step", "sgd_step and batch"}
    assert set(report["steps"]["step"]) == ways
    assert set(report["steps"]["loading"]) == {"gunzip", "load_mnist"}


def test_each_round_begins_one_further_on() -> None:
    order: list[str] = []

    def contestant(name: str, pace: float) -> float:
        order.append(name)
        return pace * (1 + (len(order) - 1) // 3)  # each round is slower than the one before

    paces = {"A": 1.0, "B": 2.0, "C": 4.0}
    times = interleaved({name: partial(contestant, name, paces[name]) for name in paces}, 4)
    assert " ".join(order) == "A B C B C A C A B A B C"
    assert times == {name: [pace * k for k in (1, 2, 3, 4)] for name, pace in paces.items()}
    assert list(times) == list(paces)
    assert against(times, "A", "time")["B"] == {
        "time": {"median": 5, "min": 2, "max": 8},
        "ratio": {"median": 2, "min": 2, "max": 2},
    }


def test_a_contestant_that_returns_no_float_is_timed() -> None:
    times = interleaved({"A": lambda: time.sleep(0.02), "B": lambda: 6.0}, 2, per=2)
    assert times["B"] == [3.0, 3.0]
    assert min(times["A"]) >= 0.01


def test_one_part_in_markdown(tmp_path: Path) -> None:
    done = benchmark(tmp_path, "--part", "epochs", "--shapes", "A", "--markdown")
    assert done.returncode == 0, done.stderr
    rows = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    assert [row.split(" | ")[0] for row in rows] == ["| ", "| ---", "| fnnet", "| listing"]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ["--plot", "ratios.png"],
            "--plot is 'ratios.png': expected matplotlib: pip install 'fnnet[plot]'",
        ),
        (["--shapes", "AX"], "--shapes is 'AX': expected some of A, B, C, D"),
    ],
)
def test_a_refusal_in_one_line(tmp_path: Path, arguments: list[str], line: str) -> None:
    done = benchmark(tmp_path, *arguments)
    assert (done.returncode, done.stderr) == (2, f"benchmark.py: {line}\n")


@pytest.mark.parametrize("option", ["--json", "--plot"])
@pytest.mark.parametrize("path", ["missing/file.png", ".png/file.png", "folder.png"])
def test_a_file_that_cannot_be_written_is_refused_before_measuring(
    tmp_path: Path, option: str, path: str
) -> None:
    if option == "--plot":
        pytest.importorskip("matplotlib")
    Path(tmp_path, ".png").touch()
    Path(tmp_path, "folder.png").mkdir()
    absent = ABSENT.replace(", 'matplotlib'", "") if option == "--plot" else ABSENT
    done = benchmark(tmp_path, option, tmp_path / path, absent=absent)
    assert (done.returncode, done.stdout) == (2, "")
    expected = f"{str(tmp_path / path)!r}: expected a file that can be written"
    assert done.stderr == f"benchmark.py: {option} is {expected}\n"


def test_a_kind_of_picture_that_cannot_be_drawn_is_refused(tmp_path: Path) -> None:
    done = benchmark(tmp_path, "--plot", "ratios.doc")
    expected = "'ratios.doc': expected a file of .png, .pdf, .svg"
    assert (done.returncode, done.stderr) == (2, f"benchmark.py: --plot is {expected}\n")


@POSIX
def test_an_interruption_keeps_what_is_measured(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    with started(tmp_path, "--json", path) as process:
        wait_until(path.exists)
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 130
    report = json.loads(path.read_text())
    assert_contestants(report["epochs"]["A"], ["fnnet", "listing"])
    assert "steps" not in report


def members(session: int) -> list[str]:
    """The processes of a session that are not at their end, by their command lines."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            state, _, _, its_session, *_ = stat.read_text().rpartition(")")[2].split()
            if int(its_session) == session and state != "Z":
                found.append(stat.with_name("cmdline").read_text().replace("\0", " "))
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
@pytest.mark.parametrize("delay", [0, 0.05, 0.5])
@pytest.mark.parametrize(
    ("part", "rounds", "child"),
    [
        ("epochs", 1000, "-m _benchmark.contestant"),
        ("start", 1000, "-m _benchmark.contestant"),
        ("start", 5, "-c import"),
    ],
)
def test_an_interruption_ends_all_processes_without_a_word(
    tmp_path: Path, part: str, rounds: int, child: str, delay: float
) -> None:
    """As the terminal's Ctrl-C does it: to a contestant that starts, and to one that works."""
    with started(tmp_path, "--rounds", rounds, "--part", part, "--shapes", "D") as process:
        wait_until(lambda: any(child in command for command in members(process.pid)))
        time.sleep(delay)
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert [line for line in err.splitlines() if " is skipped: " not in line] == []
    wait_until(lambda: not members(process.pid))


def test_a_contestant_answers_until_its_block_ends(tmp_path: Path) -> None:
    folder = idx_folder("digits", fnnet.load_digits(), tmp_path)
    task = Task("fnnet", {}, str(folder), (4,), 10, 3.0, part=100)
    with contestant(task) as ask:
        assert ask("compile_seconds") == 0
        assert ask("epoch") > 0
        assert 0 < ask("accuracy") < 1
        arrival = ask("race 0.15")
        assert arrival["accuracy"] >= 0.15
        assert arrival["steps"] % 10 == 0  # an epoch is 100 images, in batches of 10
        assert arrival["peak_bytes"] > 10e6
    failed = pytest.raises(RuntimeError, match="a contestant failed: Task")
    with contestant(task._replace(folder="absent")) as ask, failed:
        ask("epoch")


def test_data_that_is_no_images_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.eye(30), y=np.arange(30) % 3)
    done = benchmark(tmp_path, "--data", tmp_path / "a.npz")
    assert (done.returncode, done.stdout) == (2, "")
    assert "square images of uint8 with ten classes" in done.stderr.splitlines()[-1]


@pytest.mark.skipif(importlib.util.find_spec("matplotlib") is None, reason="needs matplotlib")
def test_the_plot(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), "--quick", "--rounds", "1", "--part", "growth"]
    subprocess.run([*command, "--plot", str(tmp_path / "growth.png")], check=True)
    assert (tmp_path / "growth.png").read_bytes().startswith(b"\x89PNG")
