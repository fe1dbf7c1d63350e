"""What `reproduce.py` computes, keeps and says; what it comes to at length is for it to say."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest

import fnnet
from fnnet._records import Array
from tests._support import assert_refused, close, dataset, same_bits

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))

from _files import alone
from _reproduce.experiment import Experiment, Result, Settings, figures, verdict
from _reproduce.experiments import EXPERIMENTS
from _reproduce.images import MNIST, Images, load_images
from _reproduce.notebook import PRINTED, as_published, as_published_step
from _reproduce.report import line, markdown, plot_curves, plot_points
from _reproduce.run import all_epochs, run, stored

SCRIPT = Path(__file__).parents[1] / "scripts" / "reproduce.py"
ABSENT = "import sys; sys.modules['matplotlib'] = None"


def script(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """A run where matplotlib cannot be imported."""
    (folder / "sitecustomize.py").write_text(ABSENT)
    inherited = {name: value for name, value in os.environ.items() if name != "FNNET_DATA"}
    return subprocess.run(
        [sys.executable, "-W", "error", str(SCRIPT), *map(str, arguments)],
        env={**inherited, "PYTHONPATH": str(folder)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture(scope="module")
def images() -> Images:
    return load_images("digits", few=True)


SMALL = attrs.evolve(
    EXPERIMENTS["book-30"],
    settings=(Settings(config=fnnet.TrainConfig(epochs=3, eta=1.0)),),
    seeds=3,
    stacked=2,
)


def history(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]


def stacks(folder: Path) -> dict[str, Any]:
    """What the run folders of a result hold, but for the seconds."""
    return {
        path.parent.relative_to(folder).as_posix(): (
            path.read_text(),
            [{**row, "seconds": None} for row in history(path.parent)],
            (path.parent / "params.npz").read_bytes(),
            (path.parent / "state.npz").read_bytes(),
        )
        for path in folder.rglob("run.json")
    }


def ignore(_epochs: int) -> None:
    """A progress bar that shows nothing."""


# The notebook's step


def update_mini_batch(
    weights: list[Array], biases: list[Array], mini_batch: list[tuple[Array, Array]], eta: float
) -> tuple[list[Array], list[Array]]:
    """The notebook's function, to the letter, but that its network comes and goes as arguments."""

    def sigmoid(x: Array) -> Array:
        return np.asarray(1 / (1 + np.exp(-x)))

    def sigmoid_prime(x: Array) -> Array:
        return np.asarray(sigmoid(x) * (1 - sigmoid(x)))

    def backprop(x: Array, y: Array) -> tuple[list[Array], list[Array]]:
        linear_outputs, activations = [], [x]
        for b, w in zip(biases, weights, strict=True):
            linear_outputs.append(np.dot(w, activations[-1]) + b)
            activations.append(sigmoid(linear_outputs[-1]))
        delta_w = [np.zeros(w.shape) for w in weights]
        delta_b = [np.zeros(b.shape) for b in biases]
        delta = (activations[-1] - y) / 2 * sigmoid_prime(linear_outputs[-1])
        delta_w[-1] = np.dot(delta, activations[-2].transpose())
        delta_b[-1] = delta
        for l in range(2, len(weights) + 1):  # noqa: E741  # the notebook's name
            delta = np.dot(weights[-l + 1].transpose(), delta) * sigmoid_prime(linear_outputs[-l])
            delta_w[-l] = np.dot(delta, activations[-l - 1].transpose())
            delta_b[-l] = delta
        return delta_w, delta_b

    buffer_w = [np.zeros(w.shape) for w in weights]
    buffer_b = [np.zeros(b.shape) for b in biases]
    for x, y in mini_batch:
        delta_w, delta_b = backprop(x, y)
        buffer_w = [bw + dw for bw, dw in zip(buffer_w, delta_w, strict=True)]
        buffer_b = [bb + db for bb, db in zip(buffer_b, delta_b, strict=True)]
    n = len(mini_batch)
    weights = [w - (eta / n) * nw for w, nw in zip(weights, delta_w, strict=True)]
    return weights, [b - (eta / n) * nb for b, nb in zip(biases, delta_b, strict=True)]


def test_the_step_is_the_listings() -> None:
    params = fnnet.init([6, 5, 4, 3], seed=0, dtype=np.float64)
    data = dataset(7, (6, 5, 4, 3))
    batch = data.batch(dtype=np.float64)
    columns = [
        (x[:, np.newaxis], fnnet.one_hot(y, 3, dtype=np.float64)[:, np.newaxis])
        for x, y in zip(batch.x, batch.y, strict=True)
    ]
    biases = [b[:, np.newaxis] for b in params.biases]
    weights, biases = update_mini_batch(list(params.weights), biases, columns, 3.0)

    after = as_published_step(params, batch, 3.0)
    for ours, theirs in zip(after.weights, weights, strict=True):
        assert close(ours, theirs)
    for ours, theirs in zip(after.biases, biases, strict=True):
        assert close(ours, theirs[:, 0])
    assert not close(after.theta, fnnet.sgd_step(params, batch, 3.0).theta)


def test_its_epochs_go_through_the_shuffled_batches() -> None:
    data = dataset(25, (6, 5, 3), kind="bytes")
    config = fnnet.TrainConfig(epochs=2, batch_size=10, seed=4)
    params = fnnet.init([6, 5, 3], seed=4)
    states = list(as_published(fnnet.start(params, config), data, config))
    assert [state.epoch for state in states] == [1, 2]
    for epoch, state in enumerate(states):
        order = fnnet.shuffle(25, seed=4, epoch=epoch)
        for rows in (order[:10], order[10:20], order[20:]):
            params = as_published_step(params, data.batch(rows), 3.0)
        assert state.params == params


def test_its_stack_is_the_networks_alone_and_resumes() -> None:
    data, sizes = dataset(30, (6, 5, 3), kind="bytes"), (6, 5, 3)
    config = fnnet.TrainConfig(epochs=3, batch_size=10, seed=(2, 5))
    start = fnnet.start(fnnet.init(sizes, seed=(2, 5)), config)
    states = list(as_published(start, data, config))
    for k, seed in enumerate((2, 5)):
        alone = attrs.evolve(config, seed=seed)
        *_, last = as_published(fnnet.start(fnnet.init(sizes, seed=seed), alone), data, alone)
        assert last.params == states[-1].params[k]
    *_, resumed = as_published(states[0], data, config)
    assert resumed == states[-1]


def test_its_history_is_that_of_a_trajectory() -> None:
    data, watched = dataset(30, (6, 5, 3), kind="bytes"), dataset(9, (6, 5, 3), kind="bytes")
    config = fnnet.TrainConfig(epochs=2, batch_size=10, seed=(2, 5))
    start = fnnet.start(fnnet.init((6, 5, 3), seed=(2, 5)), config)
    monitor = {"training": data, "test": watched}
    states = list(as_published(start, data, config, monitor=monitor))
    *_, other = fnnet.trajectory(start, data, config, monitor=monitor)
    assert [set(row) for row in states[-1].table()] == [set(row) for row in other.table()]
    assert [row["eta"] for row in states[-1].table()] == [3.0, 3.0]
    for epoch, state in enumerate(states):
        found = dict(states[-1].history[epoch].evaluations)
        assert found["test"] == fnnet.evaluate(state.params, watched)
        assert found["training"] == fnnet.evaluate(state.params, data)


# Stacks


def test_a_stack_is_the_training_of_fnnet(tmp_path: Path, images: Images) -> None:
    result = run(SMALL, images, tmp_path, ignore)
    assert set(stacks(tmp_path)) == {"book-30/seeds-0-1", "book-30/seeds-2-2"}
    for k in range(3):
        config = attrs.evolve(SMALL.settings[0].config, seed=k)
        state = fnnet.start(fnnet.init(SMALL.sizes, seed=k), config)
        for epoch, state in enumerate(fnnet.trajectory(state, images.train, config)):  # noqa: B020
            for on, part in (("test", images.test), ("validation", images.validation)):
                accuracy = fnnet.evaluate(state.params, part).accuracy
                assert result.accuracies[on][epoch, k] == 100 * accuracy
        assert result.digests[k] == state.params.digest()


def after(epochs: int) -> Callable[[int], None]:
    """A progress bar that is interrupted after so many epochs."""
    left = [epochs]

    def advance(done: int) -> None:
        left[0] -= done
        if left[0] <= 0:
            raise KeyboardInterrupt

    return advance


@pytest.mark.parametrize("epochs", [1, 2, 3, 4, 5])
def test_an_interrupted_run_ends_as_the_whole_one(
    tmp_path: Path, images: Images, epochs: int
) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(SMALL, images, tmp_path / "part", after(epochs))
    assert stored(SMALL, images, tmp_path / "part") is None
    done: list[int] = []
    resumed = run(SMALL, images, tmp_path / "part", done.append)
    whole = run(SMALL, images, tmp_path / "whole", ignore)
    assert sum(done) == all_epochs(SMALL) == 6
    assert done[0] == min(epochs, 3)
    assert resumed.digests == whole.digests
    assert stacks(tmp_path / "part") == stacks(tmp_path / "whole")
    assert stored(SMALL, images, tmp_path / "part") is not None


def test_a_run_without_its_state_begins_anew(
    tmp_path: Path, images: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_disk(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(fnnet, "save_state", no_disk)
        with pytest.raises(KeyboardInterrupt):
            run(SMALL, images, tmp_path / "part", ignore)
    run(SMALL, images, tmp_path / "part", ignore)
    run(SMALL, images, tmp_path / "whole", ignore)
    assert stacks(tmp_path / "part") == stacks(tmp_path / "whole")


def test_what_is_finished_is_read_only(tmp_path: Path, images: Images) -> None:
    first = run(SMALL, images, tmp_path, ignore)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.*")}
    second = run(SMALL, images, tmp_path, ignore)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.*")} == before
    assert line(first) == line(second)


def test_the_seconds_are_those_of_all_stacks(tmp_path: Path, images: Images) -> None:
    experiment = in_question(1.0, 3.0)
    result = run(experiment, images, tmp_path / "whole", ignore)
    folders = [path.parent for path in tmp_path.rglob("history.jsonl")]
    assert len(folders) == 3
    assert result.seconds == pytest.approx(sum(history(f)[-1]["seconds"] for f in folders))

    with pytest.raises(KeyboardInterrupt):
        run(SMALL, images, tmp_path / "part", after(1))
    path = tmp_path / "part" / SMALL.name / "seeds-0-1" / "history.jsonl"
    (row,) = history(path.parent)
    path.write_text(json.dumps({**row, "seconds": 1000.0}) + "\n")
    assert run(SMALL, images, tmp_path / "part", ignore).seconds > 1000


def test_another_run_in_the_folder_is_refused(tmp_path: Path, images: Images) -> None:
    run(SMALL, images, tmp_path, ignore)
    config = attrs.evolve(SMALL.settings[0].config, eta=2.0)
    other = attrs.evolve(SMALL, settings=(Settings(config=config),))
    assert_refused(
        lambda: run(other, images, tmp_path, ignore),
        *("eta is '2.0': expected '1.0', as in the run in ", "seeds-0-1, or another --out"),
    )
    fewer = attrs.evolve(images, train=images.validation)
    assert_refused(lambda: run(SMALL, fewer, tmp_path, ignore), "data is ")
    assert_refused(lambda: stored(SMALL, fewer, tmp_path), "data is ")


def test_damaged_files_are_refused(tmp_path: Path, images: Images) -> None:
    run(SMALL, images, tmp_path, ignore)
    here = tmp_path / SMALL.name / "seeds-0-1"
    *rows, last = history(here)
    strange: list[dict[str, Any]] = [{**last, part: 1} for part in ("test", "validation")]
    strange += [{**last, "test": {"accuracy": some}} for some in ([0.5], ["a", "b"], None)]
    strange += [{**last, "seconds": "a"}, {**last, "digest": None}]
    histories = ["".join(f"{json.dumps(row)}\n" for row in (*rows, end)) for end in strange]
    for name, damaged in (
        *(("run.json", text) for text in ("{", "{}", "[1]", "[" * 100_000)),
        *(("history.jsonl", text) for text in histories),
    ):
        path, before = here / name, (here / name).read_text()
        path.write_text(damaged)
        for refused in (stored, partial(run, advance=ignore)):
            assert_refused(partial(refused, SMALL, images, tmp_path), f"{path} is damaged")
        path.write_text(before)


def test_a_state_of_another_run_is_refused(tmp_path: Path, images: Images) -> None:
    config = attrs.evolve(SMALL.settings[0].config, eta=2.0)
    other = attrs.evolve(SMALL, settings=(Settings(config=config),))
    run(SMALL, images, tmp_path, ignore)
    run(other, images, tmp_path / "other", ignore)
    here, there = (folder / SMALL.name / "seeds-0-1" for folder in (tmp_path, tmp_path / "other"))
    path, states = here / "history.jsonl", here / "state.npz"
    refused = (f"{states} is not of the run that {path} tells of", "both of one run")

    own = states.read_bytes()
    states.write_bytes((there / "state.npz").read_bytes())
    assert_refused(lambda: stored(SMALL, images, tmp_path), *refused)
    fnnet.save_state(states, attrs.evolve(fnnet.load_state(states), epoch=1, history=()))
    assert_refused(lambda: run(SMALL, images, tmp_path, ignore), *refused)
    states.write_bytes(own)
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:1]))
    assert_refused(lambda: run(SMALL, images, tmp_path, ignore), str(path), "each of the 3 epochs")


def test_two_runs_do_not_train_in_one_folder(tmp_path: Path, images: Images) -> None:
    refused = f"{tmp_path / SMALL.name / 'seeds-0-1'} is in use by another run: expected"
    digests = list[tuple[str, ...]]()

    def in_between(_epochs: int) -> None:
        if fnnet.load_state(tmp_path / SMALL.name / "seeds-0-1" / "state.npz").epoch < 3:
            assert_refused(lambda: run(SMALL, images, tmp_path, ignore), refused)
        else:  # what is finished can be read, and what nobody trains can be trained
            digests.append(run(SMALL, images, tmp_path, ignore).digests)

    with pytest.raises(KeyboardInterrupt):
        run(SMALL, images, tmp_path, after(2))
    result = run(SMALL, images, tmp_path, in_between)
    assert digests == [result.digests] * 2
    files = {path.name for path in tmp_path.rglob("*.*")}
    assert files == {"run.json", "history.jsonl", "params.npz", "state.npz"}


# Settings that are chosen


def in_question(*etas: float) -> Experiment:
    settings = tuple(Settings(config=fnnet.TrainConfig(epochs=2, eta=eta)) for eta in etas)
    return attrs.evolve(SMALL, settings=settings, trial=1, seeds=1)


def test_the_settings_are_those_that_validate_best(tmp_path: Path, images: Images) -> None:
    experiment = in_question(1e-6, 3.0, 1e-9)
    result = run(experiment, images, tmp_path, ignore)
    assert result.settings == experiment.settings[1]
    assert [settings for settings, _ in result.tried] == list(experiment.settings)
    scores = [score for _, score in result.tried]
    assert scores[1] == max(scores) > scores[0]
    assert all_epochs(experiment) == 3 * 1 + 2
    trials = [history(folder) for folder in tmp_path.rglob("trial-*")]
    assert [{"validation", "test"} & set(r) for t in trials for r in t] == [{"validation"}] * 3


def test_what_is_stored_has_the_chosen_settings(tmp_path: Path, images: Images) -> None:
    experiment = in_question(1e-6, 3.0)
    assert stored(experiment, images, tmp_path) is None
    assert not list(tmp_path.iterdir())
    result = run(experiment, images, tmp_path, ignore)
    found = stored(experiment, images, tmp_path)
    assert found is not None
    assert line(found) == line(result)
    path = tmp_path / experiment.name / "seeds-0-0" / "run.json"
    before = path.read_text()
    path.write_text(before.replace('"eta": "3.0"', '"eta": "1e-06"'))
    assert path.read_text() != before
    assert_refused(
        lambda: stored(experiment, images, tmp_path), "eta is '3.0'", "seeds-0-0, or another"
    )


def test_the_test_images_have_no_say(tmp_path: Path, images: Images) -> None:
    wrong = attrs.evolve(images.test, y=(images.test.y + 1) % 10)
    experiment = in_question(0.5, 3.0, 1.0)
    right = run(experiment, images, tmp_path / "right", ignore)
    misled = run(experiment, attrs.evolve(images, test=wrong), tmp_path / "misled", ignore)
    assert misled.settings == right.settings
    assert misled.digests == right.digests
    assert not same_bits(misled.accuracies["test"], right.accuracies["test"])


# Figures and verdicts


def result_of(test: Any, validation: Any = None, **experiment: Any) -> Result:
    test = np.array(test, float)
    validation = test if validation is None else np.array(validation, float)
    return Result(
        experiment=attrs.evolve(SMALL, **experiment),
        settings=SMALL.settings[0],
        accuracies={"test": test, "validation": validation},
        digests=("digest",) * test.shape[1],
        seconds=100.0,
    )


def test_which_epoch_counts() -> None:
    test, validation = [[90, 80], [95, 85], [93, 99]], [[91, 89], [92, 94], [94, 90]]
    result = result_of(test, validation)
    assert figures(result).tolist() == figures(result, "best").tolist() == [95, 99]
    assert figures(result, "first").tolist() == [90, 80]
    assert figures(result, "last").tolist() == [93, 99]
    assert figures(result, "validated").tolist() == [93, 85]
    assert figures(result_of(test, validation, of="each")).tolist() == test
    assert figures(result_of(test, validation, on="validation")).tolist() == [94, 94]
    assert figures(result_of(test, validation, on="validation"), "validated").tolist() == [93, 85]
    assert figures(result_of(test, validation, unit="error")).tolist() == [5, 1]


OFF = "not reproduced: the best seed is off by"


@pytest.mark.parametrize(
    ("experiment", "text"),
    [
        ({"published": (95.5,)}, "reproduced"),
        ({"published": (96.0,)}, "reproduced"),
        ({"published": (94.5,)}, "reproduced: beaten by all seeds"),
        ({"published": (96.5,)}, f"{OFF} 0.50, the mean by 1.00"),
        ({"published": (96.5,), "within": 0.5}, "reproduced"),
        ({"published": (96.5,), "within": 0.4}, f"{OFF} 0.50, the mean by 1.00"),
        ({"published": (4.5,), "unit": "error"}, "reproduced"),
        ({"published": (6.0,), "unit": "error"}, "reproduced: beaten by all seeds"),
        ({"published": (3.0,), "unit": "error"}, f"{OFF} 1.00, the mean by 1.50"),
        ({"published": (97.0,), "unit": "under"}, "reproduced by 2 of 2 seeds"),
        ({"published": (96.0,), "unit": "under"}, "reproduced by 1 of 2 seeds"),
        ({"published": (94.0,), "unit": "under"}, f"{OFF} 1.00, the mean by 1.50"),
        ({"published": ()}, "none: no figure to compare with"),
        ({"unjudged": "a quick pass"}, "none: a quick pass"),
    ],
)
def test_verdicts(experiment: dict[str, Any], text: str) -> None:
    assert verdict(result_of([[95.0, 96.0]], **experiment)) == text


def test_the_verdict_on_a_curve_is_the_means_from_epoch_3_on() -> None:
    curve = {"of": "each", "within": 3.0, "published": (50.0, 60.0, 70.0, 80.0, 85.0)}
    test = [[10.0, 90.0], [10.0, 10.0], [0.0, 0.0], [81.0, 79.0], [80.0, 95.0]]
    expected = "reproduced: from epoch 3 on, the mean is off by 2.50 at the most (epoch 4)"
    assert verdict(result_of(test, **curve)) == expected
    test[3] = [77.0, 76.9]
    expected = "not reproduced, off by 3.05 at the most (epoch 3)"
    assert verdict(result_of(test, **curve)) == expected


# The data, the records, the script


def test_the_digits_enlarged(images: Images) -> None:
    digits = fnnet.load_digits()
    assert [len(part) for part in (images.train, images.validation, images.test)] == [
        1000,
        140,
        360,
    ]
    large = images.train.x.reshape(-1, 28, 28)
    assert same_bits(large[:, 3:27:3, 3:27:3].reshape(1000, 64), digits.train.x[:1000])
    assert same_bits(large[:, 2:26:3, 4:28:3].reshape(1000, 64), digits.train.x[:1000])
    border = large.sum(axis=0)
    assert border.sum() == border[2:26, 2:26].sum()
    assert same_bits(images.train.y, digits.train.y[:1000])


def test_settings_are_those_of_the_start_and_the_run() -> None:
    config = fnnet.TrainConfig(epochs=8, eta=0.5)
    settings = Settings(
        config=config,
        schedule=fnnet.cosine,
        weights="he-normal",
        biases="zero",
        hidden="relu",
        output="softmax",
    )
    assert settings.init((5, 4, 4, 3), (1, 2)) == fnnet.init(
        (5, 4, 4, 3),
        seed=(1, 2),
        weights="he-normal",
        biases="zero",
        activations=("relu", "relu", "softmax"),
    )
    shorter = settings.changed(epochs=3)
    assert settings.seeded((1, 2)).schedule == fnnet.cosine(8)
    expected = attrs.evolve(config, epochs=3, seed=(1, 2), schedule=fnnet.cosine(3))
    assert shorter.seeded((1, 2)) == expected
    assert Settings(config=config).seeded((1,)).schedule == fnnet.constant
    assert shorter.described()["schedule"] == fnnet.cosine(3).name != "constant"


def test_the_records_are_the_published_ones() -> None:
    rows = {
        "notebook": ("784-16-16-10", 3.0, "quadratic", 23, None, "accuracy", "test"),
        "notebook-mean": ("784-16-16-10", 3.0, "quadratic", 23, None, "accuracy", "test"),
        "book-30": ("784-30-10", 3.0, "squared-error", 30, 95.42, "accuracy", "test"),
        "book-100": ("784-100-10", 3.0, "squared-error", 30, 96.59, "accuracy", "test"),
        "entropy-30": ("784-30-10", 0.5, "cross-entropy", 30, 95.49, "accuracy", "test"),
        "entropy-100": ("784-100-10", 0.5, "cross-entropy", 30, 96.82, "accuracy", "test"),
        "lambda-30": ("784-30-10", 0.5, "cross-entropy", 30, 96.49, "accuracy", "test"),
        "lambda-100": ("784-100-10", 0.5, "cross-entropy", 30, 97.92, "accuracy", "validation"),
        "lambda-100-slower": (
            *("784-100-10", 0.1, "cross-entropy", 60, 98.04, "accuracy", "validation"),
        ),
        "scaled-30": ("784-30-10", 0.1, "cross-entropy", 1, 93.0, "accuracy", "validation"),
        "unscaled-30": ("784-30-10", 0.1, "cross-entropy", 1, 87.0, "under", "validation"),
        "lecun-300": ("784-300-10", None, "squared-error", 20, 4.7, "error", "test"),
        "lecun-1000": ("784-1000-10", None, "squared-error", 20, 4.5, "error", "test"),
        "lecun-300-100": ("784-300-100-10", None, "squared-error", 20, 3.05, "error", "test"),
        "lecun-500-150": ("784-500-150-10", None, "squared-error", 20, 2.95, "error", "test"),
        "simard": ("784-800-10", None, "log-likelihood", 40, 1.6, "error", "test"),
        "simard-elastic": ("784-800-10", None, "log-likelihood", 100, 0.7, "error", "test"),
    }
    assert list(EXPERIMENTS) == list(rows)
    for name, experiment in EXPERIMENTS.items():
        (config, *others) = (settings.config for settings in experiment.settings)
        assert {other.epochs for other in others} <= {config.epochs}
        assert (
            "-".join(map(str, experiment.sizes)),
            None if others else config.eta,
            config.cost.name,
            config.epochs,
            experiment.published[0] if len(experiment.published) == 1 else None,
            experiment.unit,
            experiment.on,
        ) == rows[name]
        decay = "l2(0.0001)" if name.startswith(("lambda", "scaled", "unscaled")) else "sgd"
        assert others or config.optimizer.name == decay
        described = [str(settings.described()) for settings in experiment.settings]
        assert len(set(described)) == len(described)
        assert " at 0x" not in "".join(described)
    assert EXPERIMENTS["notebook"].published == PRINTED
    assert len(PRINTED) == 23
    weights = {name: EXPERIMENTS[name].settings[0].weights for name in ("scaled-30", "unscaled-30")}
    assert weights == {"scaled-30": "scaled-normal", "unscaled-30": "standard-normal"}


def test_all_of_it_quickly(tmp_path: Path) -> None:
    done = script(tmp_path, "--quick")
    assert (done.returncode, done.stderr) == (0, "")
    *lines, no_pictures, where = done.stdout.splitlines()
    assert [text.split(": ")[0] for text in lines] == list(EXPERIMENTS)
    assert no_pictures == "No pictures: matplotlib is not installed (pip install 'fnnet[plot]')"
    assert where == f"{len(EXPERIMENTS)} results in runs/reproduce-quick/results.md"

    folder = tmp_path / "runs/reproduce-quick"
    table = (folder / "results.md").read_text()
    for name in EXPERIMENTS:
        assert f" | `{name}` |" in table
        assert f"- `{name}`: " in table

    again = script(tmp_path, "notebook", "lecun-300", "--quick", "--out", "again")
    assert again.returncode == 0, again.stderr
    for name in ("notebook", "lecun-300"):
        assert stacks(tmp_path / "again" / name) == stacks(folder / name)


def test_what_does_not_fit_is_left_out_or_refused_before_training(tmp_path: Path) -> None:
    digits = load_images("digits", few=True)
    np.savez(tmp_path / "other.npz", x=digits.train.x[::-1], y=digits.train.y[::-1])
    first = script(tmp_path, "--quick", "scaled-30", "--out", "mix")
    assert (first.returncode, first.stderr) == (0, "")
    before = stacks(tmp_path / "mix")

    other = ("--quick", "--out", "mix", "--data", "other.npz")
    second = script(tmp_path, *other, "unscaled-30")
    assert (second.returncode, second.stderr) == (0, "")
    _, _, left_out, where = second.stdout.splitlines()
    assert left_out.startswith("scaled-30 is left out: data is '")
    assert "mix/scaled-30/seeds-0-1" in left_out
    assert where == "1 result in mix/results.md"
    table = (tmp_path / "mix/results.md").read_text()
    assert "other.npz, 700 images to train" in table
    assert " | `unscaled-30` |" in table
    assert " | `scaled-30` |" not in table
    assert before.items() <= stacks(tmp_path / "mix").items()

    third = script(tmp_path, *other, "entropy-30", "scaled-30")
    assert (third.returncode, third.stdout) == (2, "")
    assert third.stderr.startswith("reproduce.py: data is '")
    assert not (tmp_path / "mix/entropy-30").exists()


def test_what_is_not_of_mnist_is_not_judged(tmp_path: Path) -> None:
    done = script(tmp_path, "scaled-30", "--data", "digits", "--seeds", "1")
    assert (done.returncode, done.stderr) == (0, "")
    assert "; none: not of MNIST; 1 seed, " in done.stdout
    table = (tmp_path / "runs/reproduce/results.md").read_text()
    assert " | 1 | " in table
    assert " | `scaled-30` |" in table
    # --seeds is for what is asked for: the others have all theirs.
    done = script(tmp_path, "unscaled-30", "--data", "digits", "--seeds", "1")
    assert "1 result in" in done.stdout
    line = "scaled-30 is left out: runs/reproduce/scaled-30 has not all of its 10 seeds\n"
    assert line in done.stdout
    assert script(tmp_path, "scaled-30", "--data", "digits").returncode == 0
    done = script(tmp_path, "unscaled-30", "--data", "digits", "--seeds", "1")
    assert "2 results in" in done.stdout
    assert "left out" not in done.stdout
    table = (tmp_path / "runs/reproduce/results.md").read_text()
    assert " | `scaled-30` |" in table


def test_what_another_process_finishes_meanwhile_is_reported_too(tmp_path: Path) -> None:
    slow = [name for name in EXPERIMENTS if name.startswith(("lecun", "simard"))]
    command = [sys.executable, str(SCRIPT), "--quick", "--out", "out", *slow]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL) as process:
        done = script(tmp_path, "--quick", "scaled-30", "--out", "out")
    assert (done.returncode, process.returncode) == (0, 0)
    table = (tmp_path / "out/results.md").read_text()
    assert all(f" | `{name}` |" in table for name in [*slow, "scaled-30"])


def test_images_of_another_scale_or_weight_are_other_images(images: Images) -> None:
    n = len(images.train)
    for change in ({"scale": 0.5}, {"weights": np.full(n, 2.0)}):
        other = attrs.evolve(images, train=attrs.evolve(images.train, **change))
        assert other.digest != images.digest


def test_of_weighted_images_a_few_are_taken_too(tmp_path: Path) -> None:
    digits = load_images("digits", few=True).train
    weights = np.arange(len(digits) * 2.0)
    x, y = digits.x.repeat(2, axis=0), digits.y.repeat(2)
    np.savez(tmp_path / "weighted.npz", x=x, y=y, weights=weights)
    few = load_images(str(tmp_path / "weighted.npz"), few=True).train
    assert few.weights is not None
    assert few.weights.shape == few.y.shape == (1000,)


def test_mnist_is_known_in_both_formats(mnist_folder: Path) -> None:
    assert load_images(str(mnist_folder)).digest == MNIST
    assert load_images(str(mnist_folder / "mnist.pkl.gz")).digest == MNIST
    assert load_images(str(mnist_folder), few=True).digest != MNIST


def test_what_is_finished_is_reported_whatever_comes_next(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    with alone(folder / "unscaled-30" / "seeds-0-1"):
        done = script(tmp_path, "--quick", "scaled-30", "unscaled-30", "--out", folder)
    assert done.returncode == 2
    used = folder / "unscaled-30" / "seeds-0-1"
    assert done.stderr.startswith(f"reproduce.py: {used} is in use by another")
    assert " | `scaled-30` |" in (folder / "results.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "NAME is '': expected --all, --quick, or some of notebook, notebook-mean, book-30"),
        (["notebook", "other"], "NAME is 'other': expected --all, --quick, or some of"),
        (["other", "--all"], "NAME is 'other': expected --all, --quick, or some of"),
        (["notebook", "--quick", "--seeds", "0"], "Invalid value for '--seeds'"),
        # Before any data is looked for; one more, and a result would have the trials' seed.
        (["notebook", "--seeds", "1001", "--data", "nowhere"], "Invalid value for '--seeds'"),
    ],
)
def test_a_refusal_in_one_line(tmp_path: Path, arguments: list[str], message: str) -> None:
    done = script(tmp_path, *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith(f"reproduce.py: {message}")
    assert done.stderr.count("\n") == 1


def test_the_report_tells_what_was_chosen(tmp_path: Path, images: Images) -> None:
    chosen = run(in_question(1e-6, 3.0), images, tmp_path, ignore)
    curve = result_of([[93.0, 95.0]] * 4, of="each", published=(95.42,) * 4)
    text = markdown([chosen, curve], "digits")
    assert "Chosen: eta 3.0; by the right validation images in the best of 1 epoch, with" in text
    assert f"(eta 1e-06: {chosen.tried[0][1]:.2f}; eta 3.0: {chosen.tried[1][1]:.2f})" in text
    assert "| 0 | 95.42 | 94.00 (93.00 to 95.00) |" in text

    test, validation = [[90, 92], [97, 96], [94, 95]], [[90, 92], [91, 93], [99, 91]]
    row = markdown([result_of(test, validation)], "digits").splitlines()[6]
    assert row == (
        "| book, ch. 1: 30 units | 95.42 % | 96.50 (96.00 to 97.00) | 97.00 | reproduced: beaten "
        "by all seeds | 94.50 (94.00 to 95.00) | 95.00 (94.00 to 96.00) | 2 | 100 s "
        "| `book-30` |"
    )


@pytest.mark.parametrize(("unit", "best"), [("accuracy", 96.0), ("under", 95.0), ("error", 4.0)])
def test_the_best_seed_is_the_one_that_comes_nearest(unit: Any, best: float) -> None:
    result = result_of([[95.0, 96.0]], unit=unit, published=(50.0,))
    assert f", best {best:.2f};" in line(result)


@pytest.mark.skipif(importlib.util.find_spec("matplotlib") is None, reason="needs matplotlib")
def test_the_pictures(tmp_path: Path) -> None:
    curve = {"of": "each", "published": (50.0, 60.0)}
    plot_curves([result_of([[93.0, 95.0], [96.0, 97.0]], **curve)], tmp_path / "curves.png")
    plot_points([result_of([[93.0, 95.0]])], tmp_path / "points.png")
    for name in ("curves.png", "points.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
