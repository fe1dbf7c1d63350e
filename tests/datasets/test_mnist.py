from __future__ import annotations

import gzip
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from fnnet._checks import InputError
from fnnet._records import Array
from fnnet.datasets import mnist
from fnnet.datasets.dataset import Splits
from fnnet.datasets.idx import read_idx
from fnnet.datasets.mnist import load_mnist

TRAIN_IMAGES, TRAIN_LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
TEST_IMAGES, TEST_LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
ARRAYS = {
    TRAIN_IMAGES: np.arange(12 * 2 * 3, dtype=np.uint8).reshape(12, 2, 3) * 3,
    TRAIN_LABELS: np.arange(12, dtype=np.uint8) % 10,
    TEST_IMAGES: np.arange(4 * 2 * 3, dtype=np.uint8).reshape(4, 2, 3) + 100,
    TEST_LABELS: np.array([9, 8, 7, 6], np.uint8),
}

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path, idx_bytes: Callable[[Array], bytes]) -> Write:
    """Writes the four IDX files, with other arrays (or none) under the names given."""

    def write_files(changes: dict[str, Array | None] | None = None, suffix: str = ".gz") -> Path:
        for name, array in (ARRAYS | (changes or {})).items():
            if array is not None:
                data = idx_bytes(array)
                path = tmp_path / f"{name}{suffix}"
                path.write_bytes(gzip.compress(data) if suffix else data)
        return tmp_path

    return write_files


def write_book(path: Path) -> Path:
    """The same data as the book's file."""
    x, y, x_test, y_test = ARRAYS.values()
    pairs = [(x[:10], y[:10]), (x[10:], y[10:]), (x_test, y_test)]
    flat = [((x.reshape(len(x), -1) / 256).astype("f4"), y.astype(int)) for x, y in pairs]
    path.write_bytes(gzip.compress(pickle.dumps(flat, 2)))
    return path


class TestFolder:
    def test_splits_the_training_images_in_order(self, write: Write) -> None:
        splits = load_mnist(write())
        images = ARRAYS[TRAIN_IMAGES].reshape(12, 6)
        np.testing.assert_array_equal(splits.train.x, images[:10])
        np.testing.assert_array_equal(splits.validation.x, images[10:])
        np.testing.assert_array_equal(splits.test.x, ARRAYS[TEST_IMAGES].reshape(4, 6))
        assert splits.train.y.tolist() == list(range(10))
        assert splits.validation.y.tolist() == [0, 1]
        assert splits.test.y.tolist() == [9, 8, 7, 6]

    def test_images_stay_bytes_of_256_levels(self, write: Write) -> None:
        splits = load_mnist(write())
        for part in (splits.train, splits.validation, splits.test):
            assert part.x.dtype == np.uint8
            assert (part.scale, part.classes) == (1 / 256, 10)

    def test_the_last_sixth_rounded_down_validates(self, write: Write) -> None:
        images, labels = np.ones((17, 2, 3), np.uint8), np.ones(17, np.uint8)
        splits = load_mnist(write({TRAIN_IMAGES: images, TRAIN_LABELS: labels}))
        assert (len(splits.train), len(splits.validation)) == (15, 2)

    def test_may_be_unpacked(self, write: Write) -> None:
        packed = load_mnist(write())
        for file in write(suffix="").glob("*.gz"):
            file.unlink()
        assert load_mnist(write(suffix="")) == packed

    def test_may_mix_packed_and_unpacked(self, write: Write) -> None:
        packed = load_mnist(write())
        folder = write(suffix="")
        for name in (TRAIN_IMAGES, f"{TRAIN_LABELS}.gz"):
            (folder / name).unlink()
        assert load_mnist(str(folder)) == packed

    def test_may_hold_only_the_books_file(self, write: Write, tmp_path: Path) -> None:
        (tmp_path / "book").mkdir()
        write_book(tmp_path / "book" / "mnist.pkl.gz")
        assert load_mnist(tmp_path / "book") == load_mnist(write())

    def test_idx_files_go_before_the_books_file(self, write: Write) -> None:
        (write() / "mnist.pkl.gz").write_bytes(b"not read")
        assert len(load_mnist(write()).test) == 4
        (write() / f"{TRAIN_IMAGES}.gz").unlink()
        with pytest.raises(InputError, match=f"{TRAIN_IMAGES} is missing"):
            load_mnist(write({TRAIN_IMAGES: None}))


class TestBook:
    def test_gives_the_records_of_the_folder(self, write: Write, tmp_path: Path) -> None:
        splits = load_mnist(write_book(tmp_path / "digits.pkl.gz"))
        assert splits == load_mnist(write())
        assert hash(splits) == hash(load_mnist(write()))


class TestRefuses:
    def test_what_is_missing(self, write: Write, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="nowhere does not exist: expected a folder"):
            load_mnist(tmp_path / "nowhere")
        with pytest.raises(InputError, match=f"{TRAIN_IMAGES} is missing: expected"):
            load_mnist(tmp_path)
        with pytest.raises(InputError, match=f"{TEST_LABELS} is missing: expected it, or"):
            load_mnist(write({TEST_LABELS: None}))

    @pytest.mark.parametrize(
        ("changes", "named", "message"),
        [
            (
                {TRAIN_LABELS: np.zeros(11)},
                (TRAIN_LABELS, TRAIN_IMAGES),
                r"of shape \(11,\): expected a label for each of the 12 images in",
            ),
            (
                {TEST_LABELS: np.zeros((4, 1))},
                (TEST_LABELS, TEST_IMAGES),
                r"of shape \(4, 1\): expected a label for each of the 4 images in",
            ),
            (
                {TEST_IMAGES: np.zeros((4, 3, 2))},
                (TEST_IMAGES, TRAIN_IMAGES),
                r"images of shape \(3, 2\): expected \(2, 3\), as in",
            ),
            ({TRAIN_IMAGES: np.zeros(12)}, (TRAIN_IMAGES,), r"shape \(12,\): expected images"),
            ({TEST_IMAGES: np.zeros((0, 2, 3))}, (TEST_IMAGES,), r"\(0, 2, 3\): expected images"),
            ({TEST_LABELS: np.full(4, 10)}, (TEST_LABELS,), "is 10: expected class labels of 0 to"),
            (
                {TRAIN_IMAGES: np.zeros((5, 2, 3)), TRAIN_LABELS: np.zeros(5)},
                (TRAIN_IMAGES,),
                "holds 5 images: expected 6, or more",
            ),
        ],
    )
    def test_files_that_do_not_fit(
        self, write: Write, changes: dict[str, Array], named: tuple[str, ...], message: str
    ) -> None:
        folder = write(changes)
        with pytest.raises(InputError, match=message) as caught:
            load_mnist(folder)
        assert all(str(folder / f"{name}.gz") in str(caught.value) for name in named)
        assert "\n" not in str(caught.value)

    def test_a_damaged_file(self, write: Write) -> None:
        path = write() / f"{TEST_IMAGES}.gz"
        path.write_bytes(path.read_bytes()[:-3])
        with pytest.raises(InputError, match=f"{TEST_IMAGES}.gz is damaged"):
            load_mnist(path.parent)

    @pytest.mark.parametrize("wrong", [0, 1, 2, 3])
    def test_the_first_wrong_file_whichever_is_read_first(
        self, write: Write, monkeypatch: pytest.MonkeyPatch, wrong: int
    ) -> None:
        names = [TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS]
        folder = write()
        read: dict[str, Event] = {f"{name}.gz": Event() for name in names}
        for name in names[wrong:]:
            (folder / f"{name}.gz").write_bytes(b"not one of them")

        def after_the_next(path: Path) -> Array:
            try:
                later = names.index(path.stem) + 1
                assert all(read[f"{name}.gz"].wait(10) for name in names[later : later + 1])
                return read_idx(path)
            finally:
                read[path.name].set()

        monkeypatch.setattr(mnist, "read_idx", after_the_next)
        with pytest.raises(InputError, match=f"{names[wrong]}.gz starts with the bytes"):
            load_mnist(folder)

    def test_files_that_do_not_fit_before_those_that_come_later(self, write: Write) -> None:
        folder = write({TRAIN_LABELS: np.zeros(11)})
        (folder / f"{TEST_IMAGES}.gz").write_bytes(b"not one of them")
        with pytest.raises(InputError, match="expected a label for each of the 12 images"):
            load_mnist(folder)


@pytest.fixture(scope="module")
def splits(mnist_folder: Path) -> Splits:
    return load_mnist(mnist_folder)


class TestRealMnist:
    def test_has_its_sizes(self, splits: Splits) -> None:
        parts = (splits.train, splits.validation, splits.test)
        assert [part.x.shape for part in parts] == [(50000, 784), (10000, 784), (10000, 784)]
        assert splits.train.y[:8].tolist() == [5, 0, 4, 1, 9, 2, 1, 3]

    def test_is_the_same_from_the_books_file(self, splits: Splits, mnist_folder: Path) -> None:
        assert load_mnist(mnist_folder / "mnist.pkl.gz") == splits

    def test_is_the_same_from_a_folder_with_the_books_file(
        self, splits: Splits, mnist_folder: Path, tmp_path: Path
    ) -> None:
        shutil.copy(mnist_folder / "mnist.pkl.gz", tmp_path)
        assert load_mnist(tmp_path) == splits
