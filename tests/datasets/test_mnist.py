from __future__ import annotations

import gzip
import hashlib
import logging
import pickle
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fnnet._checks import InputError
from fnnet._records import Array, read_only
from fnnet.datasets.dataset import Splits
from fnnet.datasets.mnist import MIRRORS, SHA256, download_mnist, load_mnist, read_idx
from tests._support import assert_refused

VALID = bytes([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3]) + bytes(range(6))
GZIPPED = gzip.compress(VALID, mtime=0)
UNPACKED_SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}


class TestReadIdx:
    @pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 3, 4), (2, 1, 3, 2), (0, 5)])
    @pytest.mark.parametrize("name", ["file", "file.gz"])
    @pytest.mark.parametrize("gzipped", [False, True])
    def test_every_shape_gzipped_or_not_under_every_name(
        self,
        tmp_path: Path,
        idx_bytes: Callable[[Array], bytes],
        shape: tuple[int, ...],
        name: str,
        gzipped: bool,
    ) -> None:
        array = np.arange(np.prod(shape, dtype=int), dtype=np.uint8).reshape(shape)
        data = idx_bytes(array)
        (tmp_path / name).write_bytes(gzip.compress(data) if gzipped else data)
        read = read_idx(tmp_path / name)
        assert read.dtype == np.uint8
        assert read.shape == shape
        assert read.tobytes() == array.tobytes()

    def test_takes_a_str(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(VALID)
        assert read_idx(str(tmp_path / "file")).tolist() == [[0, 1, 2], [3, 4, 5]]

    @pytest.mark.parametrize("data", [VALID, GZIPPED])
    def test_the_array_is_the_files_bytes_and_read_only(self, tmp_path: Path, data: bytes) -> None:
        (tmp_path / "file").write_bytes(data)
        array = read_idx(tmp_path / "file")
        assert not array.flags.writeable
        assert read_only(array) is array  # nobody can write to it: a record takes it without a copy
        with pytest.raises(ValueError, match="WRITEABLE"):
            array.flags.writeable = True

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (b"", "it starts with nothing, not with 00 00 08"),
            (gzip.compress(b"", mtime=0), "it starts with nothing, not with 00 00 08"),
            (b"PK\3\4 a zip file", "it starts with 50 4b 03 04, not with 00 00 08"),
            (b"\0\1\x08\0\0", "it starts with 00 01 08 00, not with 00 00 08"),
            (b"\0\0\x0d\1\0\0\0\0", "it starts with 00 00 0d 01, not with 00 00 08"),
            (b"\0\0\x08", "index out of range"),
            (VALID[:11], "buffer is smaller than requested size"),
            (VALID[:-1], "it holds 5 values, not 2 x 3"),
            (VALID + b"\0", "it holds 7 values, not 2 x 3"),
            (GZIPPED * 2, "it holds 24 values, not 2 x 3"),
            (b"\0\0\x08\4" + b"\0\1\0\0" * 4, "it holds 0 values, not 65536 x 65536 x 65"),
            (b"\0\0\x08\x64" + bytes([0, 0, 0, 1] * 100) + b"\7", "maximum supported dimension"),
            (GZIPPED[:-1], "its end is missing"),
        ],
    )
    def test_refuses_in_one_line_that_names_the_file(
        self, tmp_path: Path, data: bytes, reason: str
    ) -> None:
        (tmp_path / "file").write_bytes(data)
        start = f"{tmp_path / 'file'} cannot be read ({reason}"
        assert_refused(partial(read_idx, tmp_path / "file"), start, "expected an IDX file")

    @settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        st.sampled_from([VALID, GZIPPED]),
        st.dictionaries(st.integers(0, 30), st.integers(0, 255), min_size=1, max_size=3),
    )
    def test_refuses_damaged_files_and_raises_nothing_else(
        self, tmp_path_factory: pytest.TempPathFactory, data: bytes, changes: dict[int, int]
    ) -> None:
        damaged = bytearray(data)
        for at, value in changes.items():
            damaged[at % len(data)] = value
        path = tmp_path_factory.getbasetemp() / "damaged"
        path.write_bytes(damaged)
        try:
            array = read_idx(path)
        except InputError:
            assert_refused(partial(read_idx, path), str(path))
        else:
            assert array.dtype == np.uint8

    @pytest.mark.parametrize("name", UNPACKED_SHA256)
    def test_the_published_bytes_of_mnist(self, mnist_folder: Path, name: str) -> None:
        array = read_idx(mnist_folder / f"{name}.gz")
        n = 60000 if name.startswith("train") else 10000
        assert array.shape == ((n, 28, 28) if "images" in name else (n,))
        header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
        digest = hashlib.sha256(header + array.tobytes()).hexdigest()
        assert digest == UNPACKED_SHA256[name]


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
        with pytest.raises(InputError, match=rf"{TRAIN_IMAGES}\.gz cannot be read \(No such file"):
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
        with pytest.raises(InputError, match=rf"{TRAIN_IMAGES}\.gz cannot be read \(No such file"):
            load_mnist(tmp_path)
        with pytest.raises(
            InputError, match=rf"{TEST_LABELS}\.gz .*: expected an IDX file .*or not"
        ):
            load_mnist(write({TEST_LABELS: None}))

    @pytest.mark.parametrize(
        ("changes", "named", "message"),
        [
            (
                {TRAIN_LABELS: np.zeros(11)},
                (TRAIN_LABELS, TRAIN_IMAGES),
                r": y is an array of shape \(11,\) .*: expected one for each of x's 12 rows",
            ),
            (
                {TEST_LABELS: np.zeros((4, 1))},
                (TEST_LABELS, TEST_IMAGES),
                r": y is an array of shape \(4, 1\) .*: expected class labels of shape \(n,\)",
            ),
            (
                {TEST_IMAGES: np.zeros((4, 3, 2))},
                (TEST_IMAGES, TRAIN_IMAGES),
                r"an image's shape is \(3, 2\): expected \(2, 3\), as in",
            ),
            (
                {TRAIN_IMAGES: np.zeros(12)},
                (TRAIN_IMAGES,),
                r": x is an array of shape \(12,\) .*: exp",
            ),
            (
                {TEST_IMAGES: np.zeros((0, 2, 3))},
                (TEST_IMAGES,),
                r"\(0, 6\) .*: expected .* at least one",
            ),
            (
                {TEST_LABELS: np.full(4, 10)},
                (TEST_LABELS,),
                ": y is 10: expected class labels of 0 to 9",
            ),
            (
                {TRAIN_IMAGES: np.zeros((5, 2, 3)), TRAIN_LABELS: np.zeros(5)},
                (TRAIN_IMAGES,),
                "the number of images is 5: expected at least 6, to split",
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
        with pytest.raises(InputError, match=rf"{TEST_IMAGES}\.gz cannot be read \(its end"):
            load_mnist(path.parent)

    @pytest.mark.parametrize("wrong", [0, 1, 2, 3])
    def test_the_first_wrong_file(self, write: Write, wrong: int) -> None:
        names = [TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS]
        folder = write()
        for name in names[wrong:]:
            (folder / f"{name}.gz").write_bytes(b"not one of them")
        with pytest.raises(InputError, match=rf"{names[wrong]}\.gz cannot be read"):
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


FILES = {name: f"the bytes of {name}".encode() * 100 for name in SHA256}
HASHES = {name: hashlib.sha256(data).hexdigest() for name, data in FILES.items()}
FIRST = next(iter(FILES))


class Mirror:
    """A server of the files on this machine that counts what it is asked for."""

    def __init__(self) -> None:
        self.files = dict(FILES)
        self.promised = 0  # bytes that every answer promises beyond what it gives
        self.asked: list[str] = []
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.path.removeprefix("/mnist/")
                mirror.asked.append(name)
                if name not in mirror.files:
                    self.send_error(404)
                    return
                self.send_response(200)
                size = len(mirror.files[name]) + mirror.promised
                self.send_header("Content-Length", str(size))
                self.end_headers()
                self.wfile.write(mirror.files[name])

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/mnist/"


@pytest.fixture(scope="module")
def pooch() -> Any:
    return pytest.importorskip("pooch")


@pytest.fixture
def mirrors() -> Iterator[tuple[Mirror, Mirror]]:
    both = Mirror(), Mirror()
    threads = [
        threading.Thread(target=mirror.server.serve_forever, args=(0.01,)) for mirror in both
    ]
    for thread in threads:
        thread.start()
    yield both
    for mirror, thread in zip(both, threads, strict=True):
        mirror.server.shutdown()
        thread.join()
        mirror.server.server_close()


def download(folder: Path, *mirrors: Mirror) -> Path:
    return download_mnist(folder=folder, mirrors=[m.url for m in mirrors], sha256=HASHES)


def held(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def break_mirror(mirror: Mirror, how: str) -> None:
    if how == "missing":
        del mirror.files[FIRST]
    elif how == "wrong":
        mirror.files[FIRST] = b"wrong bytes"
    elif how == "cut short":
        mirror.promised = 1000
    else:
        mirror.url = mirror.url.replace("http", "nonsense") if how == "address" else closed_port()


def closed_port() -> str:
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.server_close()
    return f"http://127.0.0.1:{server.server_port}/mnist/"


FAILURES = {
    "missing": "404",
    "wrong": "SHA256",
    "cut short": "Connection broken",
    "address": "Unrecognized URL protocol",
    "refused": "Connection refused",
}


@pytest.mark.usefixtures("pooch")
class TestDownload:
    def test_the_folder_has_the_four_files(
        self, tmp_path: Path, mirrors: tuple[Mirror, Mirror]
    ) -> None:
        folder = tmp_path / "new" / "folder"
        assert download(folder, *mirrors) == folder
        assert held(folder) == FILES
        assert mirrors[1].asked == []

    def test_what_is_there_is_not_downloaded_again(
        self, tmp_path: Path, mirrors: tuple[Mirror, Mirror]
    ) -> None:
        download(tmp_path, *mirrors)
        (tmp_path / FIRST).unlink()
        mirrors[0].asked.clear()
        download(tmp_path, *mirrors)
        assert mirrors[0].asked == [FIRST]
        assert held(tmp_path) == FILES

    def test_what_is_there_with_other_bytes_is_replaced(
        self, tmp_path: Path, mirrors: tuple[Mirror, Mirror]
    ) -> None:
        (tmp_path / FIRST).write_bytes(b"half of it")
        download(tmp_path, *mirrors)
        assert held(tmp_path) == FILES

    @pytest.mark.parametrize("how", FAILURES)
    def test_the_next_mirror_is_asked_where_one_fails(
        self, tmp_path: Path, mirrors: tuple[Mirror, Mirror], how: str
    ) -> None:
        break_mirror(mirrors[0], how)
        download(tmp_path, *mirrors)
        assert held(tmp_path) == FILES
        assert FIRST in mirrors[1].asked

    @pytest.mark.parametrize(("how", "reason"), FAILURES.items())
    def test_failure_of_all_is_one_line_and_leaves_no_file(
        self, tmp_path: Path, mirrors: tuple[Mirror, Mirror], how: str, reason: str
    ) -> None:
        for mirror in mirrors:
            break_mirror(mirror, how)
        with pytest.raises(
            InputError, match=r"could not be downloaded .*: expected .*local"
        ) as caught:
            download(tmp_path, *mirrors)
        message = str(caught.value)
        assert "\n" not in message
        assert all(mirror.url in message for mirror in mirrors)
        assert message.count(reason) == 2
        assert held(tmp_path) == {}

    def test_a_folder_that_cannot_be_made_is_one_line(
        self, tmp_path: Path, mirrors: tuple[Mirror, Mirror]
    ) -> None:
        (tmp_path / "file").write_bytes(b"")
        with pytest.raises(InputError, match="could not be downloaded") as caught:
            download(tmp_path / "file", *mirrors)
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize("folder", [3, b"mnist", "mn\0ist"])
    def test_what_is_no_folder_is_named(self, folder: Any) -> None:
        with pytest.raises(InputError, match=r"folder is .*: expected a path$"):
            download_mnist(folder=folder)

    def test_shows_progress_and_nothing_else(
        self,
        tmp_path: Path,
        mirrors: tuple[Mirror, Mirror],
        pooch: Any,
        capsys: pytest.CaptureFixture[str],
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        logger = pooch.get_logger()
        level = logger.level
        logger.addHandler(caplog.handler)
        try:
            download(tmp_path, *mirrors)
        finally:
            logger.removeHandler(caplog.handler)
        output = capsys.readouterr()
        assert output.out == ""
        assert "100%" in output.err
        assert "Downloading" not in output.err
        assert caplog.records == []
        assert logger.level == level != logging.WARNING

    def test_the_users_cache_is_the_default(
        self,
        tmp_path: Path,
        mirrors: tuple[Mirror, Mirror],
        pooch: Any,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(pooch, "os_cache", lambda name: tmp_path / name)
        folder = download_mnist(mirrors=[mirrors[0].url.rstrip("/")], sha256=HASHES)
        assert folder == tmp_path / "fnnet" / "mnist"
        assert held(folder) == FILES

    @pytest.mark.parametrize("missing", ["pooch", "tqdm"])
    def test_the_extra_is_named_where_it_is_missing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
    ) -> None:
        monkeypatch.setitem(sys.modules, missing, None)
        with pytest.raises(
            InputError, match=rf"{missing} .*pip install 'fnnet\[mnist\]'"
        ) as caught:
            download_mnist(folder=tmp_path)
        assert "\n" not in str(caught.value)

    def test_the_published_files_are_the_default(self) -> None:
        assert download_mnist.__kwdefaults__ == {
            "folder": None,
            "mirrors": MIRRORS,
            "sha256": SHA256,
        }
        assert all(url.startswith("https://") and url.endswith("/") for url in MIRRORS)
        assert all(len(bytes.fromhex(digest)) == 32 for digest in SHA256.values())

    def test_importing_fnnet_imports_nothing_of_it(self) -> None:
        extra = {"pooch", "tqdm", "requests"}
        code = f"import sys, fnnet.datasets; sys.exit(bool({extra} & set(sys.modules)))"
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
