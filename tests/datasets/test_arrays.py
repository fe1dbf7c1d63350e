from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fnnet._checks import InputError
from fnnet._records import Array
from fnnet.datasets.arrays import load_npz
from fnnet.datasets.dataset import Dataset, Splits
from fnnet.datasets.splitting import split
from tests._support import assert_refused

X = np.arange(40.0).reshape(20, 2)
Y = np.arange(20) % 3
PARTS = {
    "x": X,
    "y": Y,
    "x_validation": X[:4] + 1,
    "y_validation": Y[:4],
    "x_test": X[:5] + 2,
    "y_test": Y[:5],
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data.npz"


def write(path: Path, entries: dict[str, Any]) -> Path:
    with path.open("wb") as file:
        np.savez(file, **entries)
    return path


class TestWhole:
    @pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
    @pytest.mark.parametrize("seed", [0, 5])
    def test_is_split_as_a_data_set(self, path: Path, dtype: Any, seed: int) -> None:
        write(path, {"x": X.astype(dtype), "y": Y})
        expected = split(Dataset(X.astype(dtype), Y), seed=seed)
        assert load_npz(path, seed=seed) == expected
        assert load_npz(path, seed=seed).train.x.dtype == dtype

    def test_has_seed_0_by_default_and_may_be_named_by_a_string(self, path: Path) -> None:
        assert load_npz(str(write(path, {"x": X, "y": Y}))) == load_npz(path, seed=0)

    @pytest.mark.parametrize("shape", [(20, 2, 3), (20, 2, 3, 2)])
    def test_has_images_as_rows(self, path: Path, shape: tuple[int, ...]) -> None:
        images = np.arange(np.prod(shape)).reshape(shape).astype(np.uint8)
        splits = load_npz(write(path, {"x": images, "y": Y}))
        assert splits == split(Dataset(images.reshape(20, -1), Y))

    @pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.int64])
    def test_has_integers_as_labels(self, path: Path, dtype: Any) -> None:
        splits = load_npz(write(path, {"x": X, "y": Y.astype(dtype)}))
        assert splits == split(Dataset(X, Y))
        assert splits.train.classes == 3

    @pytest.mark.parametrize("shape", [(20,), (20, 1), (20, 2)])
    def test_has_floats_as_targets(self, path: Path, shape: tuple[int, ...]) -> None:
        y = np.arange(np.prod(shape)).reshape(shape).astype(np.float32)
        splits = load_npz(write(path, {"x": X, "y": y}))
        assert splits == split(Dataset(X, y.reshape(20, -1)))
        assert splits.train.y.dtype == np.float32

    def test_has_one_feature_where_x_is_a_vector_of_floats(self, path: Path) -> None:
        assert load_npz(write(path, {"x": X[:, 0], "y": Y})) == split(Dataset(X[:, :1], Y))

    def test_has_the_weights_that_the_file_gives(self, path: Path) -> None:
        weights = np.arange(20.0)
        splits = load_npz(write(path, {"x": X, "y": Y, "weights": weights}))
        assert splits == split(Dataset(X, Y, weights=weights))
        splits = load_npz(write(path, PARTS | {"weights": weights}))
        assert splits.train == Dataset(X, Y, weights=weights)
        assert splits.validation.weights is splits.test.weights is None

    @pytest.mark.parametrize("scale", [1 / 256, np.float32(0.5), 2])
    def test_has_the_scale_that_the_file_gives(self, path: Path, scale: Any) -> None:
        splits = load_npz(write(path, {"x": X.astype(np.uint8), "y": Y, "scale": scale}))
        assert splits.train.scale == splits.validation.scale == splits.test.scale == float(scale)

    def test_may_be_compressed(self, path: Path) -> None:
        with path.open("wb") as file:
            np.savez_compressed(file, x=X, y=Y)
        assert load_npz(path) == split(Dataset(X, Y))


class TestParts:
    def test_are_those_of_the_file(self, path: Path) -> None:
        splits = load_npz(write(path, PARTS | {"scale": 0.5}), seed=9)
        assert splits == Splits(
            Dataset(X, Y, scale=0.5),
            Dataset(X[:4] + 1, Y[:4], scale=0.5),
            Dataset(X[:5] + 2, Y[:5], scale=0.5),
        )

    @pytest.mark.parametrize("part", ["y", "y_validation", "y_test"])
    def test_have_the_classes_of_all(self, path: Path, part: str) -> None:
        largest = np.where(PARTS[part] == 2, 6, PARTS[part])
        splits = load_npz(write(path, PARTS | {part: largest}))
        assert splits.train.classes == splits.validation.classes == splits.test.classes == 7

    @pytest.mark.parametrize("part", ["y", "y_validation", "y_test"])
    def test_are_all_of_labels_or_all_of_targets(self, path: Path, part: str) -> None:
        write(path, PARTS | {part: np.eye(len(PARTS[part]), 3)})
        assert_refused(lambda: load_npz(path), f"{path}: x{part[1:]}, {part}: classes is 3")

    @pytest.mark.parametrize("part", ["_validation", "_test"])
    def test_have_the_same_features(self, path: Path, part: str) -> None:
        write(path, PARTS | {f"x{part}": PARTS[f"x{part}"][:, :1]})
        assert_refused(lambda: load_npz(path), f"{path}: {part[1:]} is (1, 3): expected")

    def test_are_told_apart_in_errors(self, path: Path) -> None:
        write(path, PARTS | {"x_test": X[:4]})
        assert_refused(lambda: load_npz(path), f"{path}: x_test, y_test: y is", "x's 4 rows")


WHOLE = {"x": X, "y": Y}


@pytest.mark.parametrize(
    ("entries", "fragment"),
    [
        ({}, "the file is []: expected x and y, or those and x_validation"),
        ({"x": X}, "the file is ['x']: expected x and y"),
        ({"a": X, "b": Y}, "the file is ['a', 'b']: expected"),
        (WHOLE | {"y_validaton": Y}, "the file is ['x', 'y', 'y_validaton']"),
        (WHOLE | {"x_test": X, "y_test": Y}, "the file is ['x', 'x_test', 'y', 'y_test']"),
        ({"x": X[:0], "y": Y[:0]}, "x is an array of shape (0, 2)"),
        ({"x": np.zeros((0, 2, 2)), "y": Y[:0]}, "x is an array of shape (0, 2, 2)"),
        ({"x": np.float64(3), "y": Y}, "x is an array of shape ()"),
        ({"x": X, "y": Y[:0]}, "y is an array of shape (0,)"),
        ({"x": X, "y": Y[:-1]}, "y is an array of shape (19,)"),
        ({"x": X, "y": -Y}, "y is -1: expected class labels"),
        ({"x": X, "y": -1 - Y}, "y is -1: expected class labels"),
        ({"x": X, "y": Y[:, np.newaxis]}, "y is an array of shape (20, 1)"),
        ({"x": X, "y": Y == 1}, "y is an array of shape (20,) and dtype bool"),
        ({"x": X, "y": Y.astype(str)}, "expected real numbers"),
        ({"x": X.astype(str), "y": Y}, "expected real numbers"),
        ({"x": X * 1j, "y": Y}, "expected real numbers"),
        ({"x": np.where(X == 7, np.nan, X), "y": Y}, "x[3, 1] is nan: expected finite"),
        ({"x": X, "y": np.where(Y == 1, np.inf, 0.0)}, "y[1, 0] is inf: expected finite"),
        ({"x": X.astype(object), "y": Y}, "cannot be read (Python objects in it"),
        ({"x": X[:2], "y": Y[:2]}, "the number of samples is 2"),
        (WHOLE | {"scale": "a"}, "scale is"),
        (WHOLE | {"weights": [1.0]}, "weights is an array of shape (1,)"),
        (WHOLE | {"scale": [1.0]}, "scale is an array of shape (1,)"),
        (WHOLE | {"scale": np.nan}, "scale is"),
    ],
)
def test_a_file_that_is_no_data_set_is_refused(
    path: Path, entries: dict[str, Any], fragment: str
) -> None:
    write(path, entries)
    assert_refused(lambda: load_npz(path), f"{path}", fragment)


def test_an_archive_of_other_files_is_refused(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x", b"abc")
        archive.writestr("y", b"abc")
    assert_refused(lambda: load_npz(path), f"{path} cannot be read (x is no array)")


@pytest.mark.parametrize("seed", [-1, 1.5, "a"])
def test_a_bad_seed_is_refused(path: Path, seed: Any) -> None:
    with pytest.raises(InputError, match=r"^seed is "):  # not the file: it is as it should be
        load_npz(write(path, WHOLE), seed=seed)


def test_a_file_that_is_not_there_is_refused(path: Path) -> None:
    assert_refused(lambda: load_npz(path), f"path is '{path}': expected an .npz file")
    assert_refused(lambda: load_npz(path.parent), f"path is '{path.parent}': expected an .npz file")


def array_file(path: Path) -> bytes:
    with path.open("wb") as file:
        np.save(file, X)
    return path.read_bytes()


@pytest.mark.parametrize("content", [b"", b"PK", b"a text\nof two lines\n", bytes(1000), None])
def test_a_file_of_something_else_is_refused(path: Path, content: bytes | None) -> None:
    path.write_bytes(array_file(path) if content is None else content)
    assert_refused(lambda: load_npz(path), f"{path} cannot be read (", "expected an .npz file")


def test_a_file_that_is_cut_off_anywhere_is_refused(path: Path) -> None:
    content = write(path, {"x": X, "y": Y}).read_bytes()
    for length in range(0, len(content), 7):
        path.write_bytes(content[:length])
        assert_refused(lambda: load_npz(path), str(path))


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    path = tmp_path_factory.mktemp("saved") / "data.npz"
    return path, write(path, {"x": X, "y": Y}).read_bytes()


@settings(max_examples=200, deadline=None)
@given(flips=st.lists(st.tuples(st.integers(0), st.integers(1, 255)), min_size=1, max_size=4))
def test_a_damaged_file_loads_or_is_refused_in_one_line(
    saved: tuple[Path, bytes], flips: list[tuple[int, int]]
) -> None:
    path, content = saved
    damaged = bytearray(content)
    for place, flip in flips:
        damaged[place % len(damaged)] ^= flip
    path.write_bytes(damaged)
    try:
        load_npz(path)
    except InputError:
        assert_refused(lambda: load_npz(path), str(path))


def test_arrays_cannot_be_written_to(path: Path) -> None:
    for entries in (WHOLE, PARTS):
        splits = load_npz(write(path, entries))
        held: list[Array] = [splits.train.x, splits.train.y, splits.test.x, splits.validation.y]
        assert not any(array.flags.writeable for array in held)
