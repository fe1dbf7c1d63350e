from __future__ import annotations

import errno
import io
import json
import os
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fnnet
from fnnet import (
    EpochReport,
    Evaluation,
    InputError,
    Params,
    TrainConfig,
    TrainState,
    init,
    load_params,
    load_state,
    save_params,
    save_state,
    start,
    train,
)
from fnnet._records import Array
from fnnet.datasets.scaling import Scaling
from fnnet.training.saving import load_scaling
from tests._support import SIZES, arrays_in, assert_refused, dataset, linear

PARAMS = init([2, 1], seed=0)
SCALING = Scaling([0.1, -0.0], [3.0, 1e-300])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "params.npz"


class TestRoundTrip:
    @pytest.mark.parametrize("sizes", SIZES)
    @pytest.mark.parametrize("seed", [0, [1, 2, 3]])
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_is_bit_for_bit(self, path: Path, sizes: Any, seed: Any, dtype: Any) -> None:
        params = init(sizes, seed=seed, dtype=dtype)
        save_params(path, params)
        assert load_params(path) == params
        assert not load_params(path).theta.flags.writeable
        state = TrainState(params, 7)
        save_state(path, state)
        assert load_state(path) == state
        assert type(load_state(path).epoch) is int
        assert load_params(path) == params

    def test_keeps_zeros_with_their_signs_and_the_smallest_numbers(self, path: Path) -> None:
        params = Params(PARAMS.architecture, np.array([-0.0, 1e-45, 3.4e38], np.float32))
        save_params(path, params)
        assert load_params(path) == params

    def test_equal_params_give_equal_files(self, tmp_path: Path) -> None:
        for name in ("one", "other"):
            save_params(tmp_path / name, init([5, 4, 3], seed=[0, 1]))
        assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()

    def test_the_path_is_used_as_it_is(self, tmp_path: Path) -> None:
        save_params(str(tmp_path / "network"), PARAMS)
        assert [file.name for file in tmp_path.iterdir()] == ["network"]
        assert load_params(str(tmp_path / "network")) == PARAMS

    def test_numpy_alone_can_read_it(self, path: Path) -> None:
        save_state(path, TrainState(PARAMS, 3))
        with np.load(path, allow_pickle=False) as file:
            assert file["theta"].tobytes() == PARAMS.theta.tobytes()
            assert file["sizes"].tolist() == [2, 1]
            assert file["activations"].tolist() == ["sigmoid"]
            assert (file["format"], file["epoch"], file["waited"]) == (2, 3, 0)
            assert file["best_score"] == -np.inf
        save_params(path, PARAMS)
        with np.load(path, allow_pickle=False) as file:
            assert file["format"] == 1

    def test_a_function_of_ones_own_cannot_be_saved(self, path: Path) -> None:
        like = attrs.evolve(linear, name="sigmoid")
        for activation in (linear, like):
            params = init([2, 1], seed=0, activations=activation)
            told = f"activations is '{activation.name}': expected one of fnnet's own, since"
            assert_refused(partial(save_params, path, params), told)
        assert not path.exists()


class TestScaling:
    def test_comes_back_bit_for_bit_with_its_params(self, path: Path) -> None:
        for params in (PARAMS, init([2, 3, 1], seed=[0, 1])):
            save_params(path, params, scaling=SCALING)
            assert load_scaling(path) == SCALING
            assert load_params(path) == params

    def test_is_none_where_none_was_saved(self, path: Path) -> None:
        save_params(path, PARAMS)
        assert load_scaling(path) is None
        save_state(path, TrainState(PARAMS, 3))
        assert load_scaling(path) is None

    def test_equal_ones_give_equal_files_and_others_others(self, tmp_path: Path) -> None:
        scalings = (SCALING, Scaling(SCALING.shift, SCALING.factor), Scaling([0.1, 0.0], [3, 1]))
        for name, scaling in zip("abc", scalings, strict=True):
            save_params(tmp_path / name, init([2, 1], seed=0), scaling=scaling)
        a, b, c = ((tmp_path / name).read_bytes() for name in "abc")
        assert a == b != c

    def test_none_leaves_the_file_as_it_was_before_there_were_scalings(self, path: Path) -> None:
        save_params(path, PARAMS, scaling=None)
        with np.load(path, allow_pickle=False) as file:
            assert sorted(file) == ["activations", "format", "sizes", "theta"]

    def test_numpy_alone_can_read_it(self, path: Path) -> None:
        save_params(path, PARAMS, scaling=SCALING)
        with np.load(path, allow_pickle=False) as file:
            assert file["scaling_shift"].tobytes() == SCALING.shift.tobytes()
            assert file["scaling_factor"].tobytes() == SCALING.factor.tobytes()

    @pytest.mark.parametrize(
        ("scaling", "fragment"),
        [
            (Scaling([1.0], [1.0]), "scaling is an array of shape (1,)"),
            ((SCALING.shift, SCALING.factor), "expected a Scaling"),
        ],
    )
    def test_that_does_not_fit_is_not_saved(self, path: Path, scaling: Any, fragment: str) -> None:
        assert_refused(lambda: save_params(path, PARAMS, scaling=scaling), fragment)
        assert not path.exists()

    @pytest.mark.parametrize(
        ("changes", "fragment"),
        [
            ({"scaling_shift": None}, "scaling_shift"),
            ({"scaling_factor": None}, "scaling_factor"),
            ({"scaling_factor": np.array([1.0, np.nan])}, "factor[1] is nan"),
            ({"scaling_factor": np.array([1.0])}, "factor is"),
            ({"scaling_factor": np.array(["a", "b"])}, "expected real numbers"),
            (dict.fromkeys(["scaling_shift", "scaling_factor"], np.ones(3)), "network's 2 inputs"),
            ({"theta": None}, "theta"),
            ({"format": np.asarray(3)}, "format is"),
        ],
    )
    def test_that_is_damaged_is_refused(self, path: Path, changes: Any, fragment: str) -> None:
        scaling = {"scaling_shift": SCALING.shift, "scaling_factor": SCALING.factor}
        assert load_scaling(written(path, **scaling)) == SCALING
        written(path, **scaling | changes)
        assert_refused(lambda: load_scaling(path), str(path), fragment)


class FullDisk(io.FileIO):
    """A file on a disk with room for 300 bytes more."""

    def write(self, data: Any) -> int:
        if self.tell() + memoryview(data).nbytes > 300:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(data)


class TestFailure:
    def test_a_full_disk_leaves_all_as_it_was(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        save_params(path, PARAMS)
        monkeypatch.setattr(Path, "open", lambda self, mode: FullDisk(self, mode))
        with pytest.raises(OSError, match="space") as caught:
            save_params(path, init([20, 20], seed=0))
        assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(path))
        monkeypatch.undo()
        assert load_params(path) == PARAMS
        assert list(path.parent.iterdir()) == [path]

    def test_a_disk_that_fails_at_the_end_leaves_all_as_it_was(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fsync(_: int) -> None:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

        save_state(path, TrainState(PARAMS, 1))
        monkeypatch.setattr(os, "fsync", fsync)
        with pytest.raises(OSError, match=os.strerror(errno.EIO)) as caught:
            save_state(path, TrainState(PARAMS, 2))
        assert caught.value.filename == str(path)
        assert load_state(path) == TrainState(PARAMS, 1)
        assert list(path.parent.iterdir()) == [path]

    def test_a_folder_that_is_not_there_is_an_os_error(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        with pytest.raises(FileNotFoundError) as caught:
            save_params("missing/params.npz", PARAMS)
        assert str(caught.value) == "[Errno 2] No such file or directory: 'missing/params.npz'"


SMALL = (5, 4, 3)


def trained(seed: Any = 0, **settings: Any) -> TrainState:
    config, data = TrainConfig(epochs=3, seed=seed, **settings), dataset(23, SMALL)
    monitor = {"training": data, "validation": dataset(9, SMALL, seed=1)}
    return train(start(init(SMALL, seed=seed), config), data, config, monitor=monitor)


SETTINGS: list[dict[str, Any]] = [
    {},
    {"optimizer": "adam"},
    {"optimizer": fnnet.chain(fnnet.l2(0.1), fnnet.chain(fnnet.momentum(), fnnet.sgd))},
    {"patience": 1},
    {"schedule": fnnet.halving(1), "optimizer": fnnet.adamw(), "patience": 2},
]


class TestStateFile:
    @pytest.mark.parametrize("settings", SETTINGS, ids=str)
    @pytest.mark.parametrize("seed", [0, (0, 1)])
    def test_gives_back_all_of_it(self, settings: Any, seed: Any, tmp_path: Path) -> None:
        state = trained(seed, **settings)
        save_state(tmp_path / "state", state)
        loaded = load_state(tmp_path / "state")
        assert loaded == state
        assert hash(loaded) == hash(state)
        assert attrs.asdict(loaded).keys() == attrs.asdict(state).keys()
        figures = [(r.eta, r.score, r.waited, r.factor) for r in loaded.history]
        figures.append((loaded.best_score, loaded.waited, None, None))
        kept = arrays_in([loaded.params.theta, loaded.optimizer, figures])
        assert not any(array.flags.writeable for array in kept)
        assert fnnet.load_params(tmp_path / "state") == state.params
        save_state(tmp_path / "again", loaded)
        assert (tmp_path / "again").read_bytes() == (tmp_path / "state").read_bytes()

    def test_gives_back_what_a_schedule_in_float32_made(self, tmp_path: Path) -> None:
        rates = np.array([0.1, 0.3], np.float32)
        schedule = fnnet.Schedule("own", lambda time: rates / np.float32(1 + time))
        state = trained((0, 1), schedule=schedule)
        save_state(tmp_path / "state", state)
        assert load_state(tmp_path / "state") == state

    def test_takes_numbers_of_numpys(self, tmp_path: Path) -> None:
        one: Any = np.int64(1)
        report = EpochReport(one, one, (("test", Evaluation(one, one, one)),), one)
        state = TrainState(init(SMALL, seed=0), one, history=(report,), best_score=one, waited=one)
        save_state(tmp_path / "state", state)
        assert load_state(tmp_path / "state") == state

    @pytest.mark.parametrize("figure", [0.1 + 0.2, 1e-310, np.nan, -np.inf, None])
    def test_keeps_figures_to_the_bit_and_names_as_they_are(
        self, figure: Any, tmp_path: Path
    ) -> None:
        name = 'é "quoted"\n'
        cost = 1.0 if figure is None else figure
        report = EpochReport(0, 0.1, ((name, Evaluation(1, 3, cost)),), figure)
        stacked = attrs.evolve(report, eta=np.array([0.1, cost]))
        state = TrainState(init(SMALL, seed=0), 2, history=(report, stacked))
        save_state(tmp_path / "state", state)
        assert load_state(tmp_path / "state") == state

    @pytest.mark.parametrize(
        ("entry", "value"),
        [
            ("optimizer", "[0, 7]"),
            ("optimizer", "[0"),
            ("optimizer", '{"a": 1}'),
            ("history", "[1]"),
            ("history", '[{"epoch": 0}]'),
            ("history", '[{"epoch": 0, "eta": 1.0, "evaluations": [], "waited": -1}]'),
            ("history", "3"),
            ("best_score", None),
            ("best_score", "high"),
            ("best_score", np.zeros(2)),
            ("waited", None),
            ("waited", -1),
            ("waited", 0.5),
            ("waited", np.zeros(2, int)),
            ("best", np.zeros(7, np.float32)),
            ("best", np.zeros(39, np.float64)),
            ("best", np.zeros((2, 39), np.float32)),
            ("epoch", -1),
            ("epoch", None),
        ],
    )
    def test_with_a_part_that_makes_no_sense_is_refused(
        self, entry: str, value: Any, tmp_path: Path
    ) -> None:
        path = tmp_path / "state"
        save_state(path, trained(optimizer=fnnet.momentum()))
        with np.load(path) as npz:
            entries = dict(npz)
        if value is None:
            del entries[entry]
        else:
            entries[entry] = np.asarray(value)
        with path.open("wb") as file:
            np.savez(file, allow_pickle=False, **entries)
        assert_refused(lambda: load_state(path), str(path), "expected ")

    def test_is_a_byte_a_character_of_the_history(self, tmp_path: Path) -> None:
        report = EpochReport(0, 0.1, (("validation", Evaluation(1, 3, 0.123)),), 1 / 3)
        sizes = []
        for n in (0, 1000):
            save_state(tmp_path / "state", TrainState(init(SMALL, seed=0), history=(report,) * n))
            sizes.append((tmp_path / "state").stat().st_size)
        text = json.dumps({**attrs.asdict(report), "evaluations": [["validation", {}]]})
        assert 1000 * len(text) < sizes[1] - sizes[0] < 1000 * (len(text) + 60)

    def test_is_for_a_state(self, tmp_path: Path) -> None:
        bad: Any = init(SMALL, seed=0)
        assert_refused(lambda: save_state(tmp_path / "state", bad), "state is Params")

    def test_may_hold_the_last_reports_alone(self, tmp_path: Path) -> None:
        state = trained((0, 1), patience=1)
        short = attrs.evolve(state, history=state.history[-1:])
        save_state(tmp_path / "state", short)
        assert load_state(tmp_path / "state") == short


def assert_told(call: Callable[[], object], message: str) -> None:
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value) == message


def assert_unreadable(path: Path, *fragments: str) -> None:
    for load in (load_params, load_state):
        assert_refused(partial(load, path), str(path), *fragments)


def written(path: Path, **changes: Any) -> Path:
    """A file of a state with some entries changed, or left out where they are None."""
    entries = {
        "format": np.asarray(2),
        "sizes": np.asarray([2, 1]),
        "activations": np.asarray(["sigmoid"]),
        "theta": PARAMS.theta,
        "epoch": np.asarray(3),
        "optimizer": np.asarray("[]"),
        "history": np.asarray("[]"),
        "best_score": np.asarray(-np.inf),
        "waited": np.asarray(0),
    } | changes
    with path.open("wb") as file:
        np.savez(file, **{name: value for name, value in entries.items() if value is not None})
    return path


class TestUnreadable:
    def test_the_unchanged_entries_are_readable(self, path: Path) -> None:
        assert load_state(written(path)) == TrainState(PARAMS, 3)

    def test_the_params_in_a_state_of_format_1_are_readable(self, path: Path) -> None:
        older = written(path, format=np.asarray(1), best_score=None, waited=None)
        assert load_params(older) == PARAMS
        expected = f"{path}: format is 1: expected 2, a file of save_state"
        assert_told(lambda: load_state(older), expected)

    def test_no_file(self, path: Path) -> None:
        assert_unreadable(path, "expected a file")
        assert_unreadable(path.parent, "expected a file")

    @pytest.mark.parametrize(
        "content", [b"", b"PK", b"a text\nof two lines\n", b"PK\x03\x04" + bytes(100), bytes(1000)]
    )
    def test_something_else(self, path: Path, content: bytes) -> None:
        path.write_bytes(content)
        assert_unreadable(path)

    def test_an_array_that_is_no_archive(self, path: Path) -> None:
        with path.open("wb") as file:
            np.save(file, PARAMS.theta)
        assert_unreadable(path)

    def test_another_archive(self, path: Path) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("theta", b"text")
        assert_unreadable(path)

    def test_a_file_that_is_cut_off_anywhere(self, path: Path) -> None:
        save_state(path, TrainState(PARAMS, 3))
        content = path.read_bytes()
        for length in range(0, len(content), 3):
            path.write_bytes(content[:length])
            assert_refused(lambda: load_state(path), str(path))

    @pytest.mark.parametrize("name", ["format", "sizes", "activations", "theta"])
    def test_a_missing_entry(self, path: Path, name: str) -> None:
        assert_unreadable(written(path, **{name: None}), name)

    def test_params_are_no_state(self, path: Path) -> None:
        save_params(path, PARAMS)
        expected = f"{path}: format is 1: expected 2, a file of save_state"
        assert_told(lambda: load_state(path), expected)

    @pytest.mark.parametrize(
        "content",
        [b"garbage\n", b"\x80\x04K\x01.", b"\x93NUMPY\x01\x00", b"", b"PK"],
        ids=["text", "pickle", "npy", "empty", "two letters"],
    )
    def test_what_is_no_archive_is_told_so(self, path: Path, content: bytes) -> None:
        path.write_bytes(content)
        told = f"{path} cannot be read (File is not a zip file): expected a file of save_"
        assert_told(lambda: load_params(path), f"{told}params or save_state")
        assert_told(lambda: load_state(path), f"{told}state")

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"format": np.asarray(3)}, ": format is 3: expected 2, a file of save_state"),
            ({"format": np.asarray(1)}, ": format is 1: expected 2, a file of save_state"),
            ({"waited": None}, " has no 'waited': expected a file of save_state"),
            ({"history": None}, " has no 'history': expected a file of save_state"),
            (
                {"optimizer": np.asarray("[0]")},
                " has no 'optimizer.0': expected a file of save_state",
            ),
            ({"theta": None}, " has no 'theta': expected a file of save_state"),
            ({"epoch": np.asarray(-1)}, ": epoch is -1: expected an integer of at least 0"),
            (
                {"theta": np.array([None] * 3)},
                " cannot be read (Object arrays cannot be loaded when allow_pickle=False)"
                ": expected a file of save_state",
            ),
        ],
    )
    def test_what_is_wrong_is_one_clear_line(
        self, path: Path, changes: dict[str, Any], message: str
    ) -> None:
        assert_told(lambda: load_state(written(path, **changes)), f"{path}{message}")

    @pytest.mark.parametrize(
        ("changes", "fragment"),
        [
            ({"format": np.asarray(3)}, "format is"),
            ({"format": np.asarray([1, 2])}, ""),
            ({"format": np.asarray("one")}, "format is"),
            ({"sizes": np.asarray([3, 1])}, "theta is"),
            ({"sizes": np.asarray([2])}, "sizes is"),
            ({"sizes": np.asarray(2)}, "sizes is"),
            ({"sizes": np.asarray([0, 3])}, "sizes[0] is 0"),
            ({"sizes": np.asarray([2.0, 1.0])}, "sizes[0] is 2.0"),
            ({"sizes": np.asarray([[2, 1]])}, "sizes"),
            ({"sizes": np.asarray([2**62, 2**62])}, "sizes is"),
            ({"activations": np.asarray(["relux"])}, "'relux'"),
            ({"activations": np.asarray(["sigmoid"] * 2)}, "activations is"),
            ({"activations": np.asarray([1.0])}, "activations is"),
            ({"activations": np.asarray([["sigmoid"]])}, "activations"),
            ({"theta": np.zeros(4, np.float32)}, "theta is"),
            ({"theta": np.zeros(3, np.int64)}, "theta is"),
            ({"theta": np.asarray(["a", "b", "c"])}, ""),
            ({"theta": np.array([0, np.nan, 0], np.float32)}, "theta[1] is nan"),
            ({"theta": np.array([[0, 0, 0], [0, 0, np.inf]], np.float32)}, "theta[1, 2] is inf"),
            ({"theta": np.array([None] * 3)}, ""),
            ({"sizes": np.array([{"a": 1}])}, ""),
        ],
    )
    def test_wrong_entries(self, path: Path, changes: dict[str, Array], fragment: str) -> None:
        assert_unreadable(written(path, **changes), fragment)

    @pytest.mark.parametrize(
        "epoch", [np.asarray(-1), np.asarray(1.0), np.asarray([1, 2]), np.asarray("1")]
    )
    def test_a_wrong_epoch(self, path: Path, epoch: Array) -> None:
        assert_refused(lambda: load_state(written(path, epoch=epoch)), str(path), "epoch is")

    @pytest.mark.parametrize(
        ("changes", "fragment"),
        [
            ({"optimizer": np.asarray("[0]")}, "optimizer.0"),
            ({"optimizer": np.asarray("[[")}, ""),
            ({"history": np.asarray("{}}")}, ""),
            ({"history": np.asarray("[1]")}, ""),
            ({"history": np.asarray('[{"epoch": 0}]')}, ""),
            ({"best": np.zeros(4, np.float32)}, "theta is"),
        ],
    )
    def test_wrong_entries_of_a_state(
        self, path: Path, changes: dict[str, Array], fragment: str
    ) -> None:
        assert_refused(lambda: load_state(written(path, **changes)), str(path), fragment)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    path = tmp_path_factory.mktemp("saved") / "state.npz"
    save_state(path, TrainState(PARAMS, 3))
    return path, path.read_bytes()


def assert_loads_or_is_refused(path: Path, content: bytearray) -> None:
    path.write_bytes(content)
    try:
        load_state(path)
    except InputError:
        assert_refused(lambda: load_state(path), str(path))


@pytest.mark.parametrize("header", [b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"\x93NUMPY"])
def test_a_damaged_header_loads_or_is_refused_in_one_line(
    saved: tuple[Path, bytes], header: bytes
) -> None:
    path, content = saved
    start = content.index(header)
    for place in range(start, min(start + 30, len(content))):
        for flip in (0x01, 0x02, 0x08, 0x20, 0x40, 0xFF):
            damaged = bytearray(content)
            damaged[place] ^= flip
            assert_loads_or_is_refused(path, damaged)


@settings(max_examples=200, deadline=None)
@given(flips=st.lists(st.tuples(st.integers(0), st.integers(1, 255)), min_size=1, max_size=4))
def test_a_damaged_file_loads_or_is_refused_in_one_line(
    saved: tuple[Path, bytes], flips: list[tuple[int, int]]
) -> None:
    path, content = saved
    damaged = bytearray(content)
    for place, flip in flips:
        damaged[place % len(damaged)] ^= flip
    assert_loads_or_is_refused(path, damaged)


def test_params_that_could_not_be_loaded_are_not_saved(tmp_path: Path) -> None:
    params = fnnet.init([2, 1], seed=0)
    broken = attrs.evolve(params, theta=params.theta * np.nan)
    with pytest.raises(fnnet.InputError, match=r"theta\[0\] is nan: expected finite values only"):
        fnnet.save_params(tmp_path / "params.npz", broken)
    assert list(tmp_path.iterdir()) == []
