from __future__ import annotations

import gzip
import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fnnet._checks import InputError
from fnnet._records import Array, read_only
from fnnet.datasets import idx
from fnnet.datasets.idx import read_idx

Pack = Callable[[Array], bytes]

VALID = bytes([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3]) + bytes(range(6))
GZIPPED = gzip.compress(VALID, mtime=0)
SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 3, 4), (2, 1, 3, 2), (0, 5)])
@pytest.mark.parametrize("name", ["file", "file.gz"])
@pytest.mark.parametrize("gzipped", [False, True])
def test_reads_every_shape_gzipped_or_not_under_every_name(
    tmp_path: Path, idx_bytes: Pack, shape: tuple[int, ...], name: str, gzipped: bool
) -> None:
    array = np.arange(np.prod(shape, dtype=int), dtype=np.uint8).reshape(shape)
    data = idx_bytes(array)
    (tmp_path / name).write_bytes(gzip.compress(data) if gzipped else data)
    read = read_idx(tmp_path / name)
    assert read.dtype == np.uint8
    assert read.shape == shape
    assert read.tobytes() == array.tobytes()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
@pytest.mark.parametrize("data", [VALID, GZIPPED])
def test_a_pipe_is_opened_once(tmp_path: Path, data: bytes) -> None:
    path, arrays = tmp_path / "pipe", list[Array]()
    os.mkfifo(path)
    reader = Thread(target=lambda: arrays.append(read_idx(path)), daemon=True)
    reader.start()
    with path.open("wb") as file:
        time.sleep(0.05)  # a reader that opens it twice has gone away by now
        file.write(data)
    reader.join(10)
    assert [array.tolist() for array in arrays] == [[[0, 1, 2], [3, 4, 5]]]


def test_takes_a_str(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(VALID)
    assert read_idx(str(tmp_path / "file")).tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize("data", [VALID, GZIPPED])
def test_the_array_is_the_files_bytes_and_read_only(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "file").write_bytes(data)
    array = read_idx(tmp_path / "file")
    assert not array.flags.writeable
    assert read_only(array) is array  # nobody can write to it: a record takes it without a copy
    with pytest.raises(ValueError, match="WRITEABLE"):
        array.flags.writeable = True


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty: expected an IDX file"),
        (b"PK\3\4 a zip file", "starts with the bytes 50 4b 03 04: expected an IDX file"),
        (b"\0\0\x08", "starts with the bytes 00 00 08: expected an IDX file"),
        (b"\0\1\x08\0\0", "starts with the bytes 00 01 08 00: expected an IDX file"),
        (b"\0\0\x0d\1\0\0\0\0", "has the IDX type 0x0d: expected 0x08"),
        (VALID[:11], "ends within its header: expected the sizes of 2 dimensions"),
        (VALID[:-1], "holds 5 values: expected 2 x 3, as its header says"),
        (VALID + b"\0", "holds 7 values: expected 2 x 3, as its header says"),
        (b"\0\0\x08\x64" + bytes([0, 0, 0, 1] * 100) + b"\7", "has 100 dimensions .*: expected"),
        (gzip.compress(b"", mtime=0), "is empty: expected an IDX file"),
        (GZIPPED[:-1], "is damaged .*end-of-stream.*: expected an IDX file, gzipped"),
        (GZIPPED[:15], "is damaged .*: expected an IDX file, gzipped"),
        (GZIPPED[:2], "is damaged .*: expected an IDX file, gzipped"),
        (GZIPPED + b"more", "is damaged .*: expected an IDX file, gzipped"),
        (GZIPPED[:10] + b"\xff" * 10, r"is damaged .*invalid.*: expected an IDX file, gzipped"),
        (
            GZIPPED[:-8] + bytes([GZIPPED[-8] ^ 1]) + GZIPPED[-7:],
            r"is damaged \(CRC check failed.*: expected an IDX file, gzipped",
        ),
    ],
)
def test_refuses_in_one_line_that_names_the_file(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    with pytest.raises(InputError, match=message) as caught:
        read_idx(path)
    assert str(caught.value).startswith(f"{path} ")
    assert "\n" not in str(caught.value)


def big(n: int, fill: int = 7) -> bytes:
    """An IDX file whose values alternate between the random and the plain, and take many pieces."""
    values = np.random.default_rng(0).integers(256, size=n, dtype=np.uint8)
    values[n // 3 : n // 2] = fill
    return bytes([0, 0, 8, 1]) + n.to_bytes(4, "big") + values.tobytes()


@pytest.mark.parametrize("level", [0, 1, 9])
def test_a_single_member_is_unpacked_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, level: int
) -> None:
    data = big(300_000)
    (tmp_path / "file").write_bytes(gzip.compress(data, level))
    monkeypatch.delattr(gzip, "decompress")  # it would take twice the memory
    assert read_idx(tmp_path / "file").tobytes() == data[8:]


@pytest.mark.parametrize("cut", [0, 1, 8, 100_000, 299_999])
@pytest.mark.parametrize("zeros", [0, 3, 100_000])
def test_several_members_are_one_file_and_zeros_may_follow(
    tmp_path: Path, cut: int, zeros: int
) -> None:
    data = big(300_000)
    members = [gzip.compress(data[:cut]), bytes(zeros), gzip.compress(data[cut:]), bytes(zeros)]
    (tmp_path / "file").write_bytes(b"".join(members))
    assert read_idx(tmp_path / "file").tobytes() == data[8:]


@pytest.mark.parametrize("piece", [1, 16, len(GZIPPED), len(GZIPPED) + 1, 2**15])
@pytest.mark.parametrize("data", [VALID, big(3000)])
def test_a_member_said_twice_is_twice_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, piece: int
) -> None:
    # Both end in the same size and checksum: what tells is that the file goes on.
    (tmp_path / "file").write_bytes(gzip.compress(data) * 2)
    monkeypatch.setattr(idx, "_PIECE", piece)
    with pytest.raises(InputError, match=f"holds {2 * len(data) - data[3] * 4 - 4} values"):
        read_idx(tmp_path / "file")


@pytest.mark.parametrize("size", [0, 17, 19, 2**31, 2**32 - 1])
def test_a_size_that_is_not_so_is_refused(tmp_path: Path, size: int) -> None:
    assert len(VALID) == 18
    (tmp_path / "file").write_bytes(GZIPPED[:-4] + size.to_bytes(4, "little"))
    with pytest.raises(InputError, match=r"is damaged \(Incorrect length of data produced\)"):
        read_idx(tmp_path / "file")


@pytest.mark.parametrize("name", ["missing", "."])
def test_refuses_what_is_no_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"cannot be read \(.+\): expected an IDX file") as caught:
        read_idx(tmp_path / name)
    assert str(caught.value).startswith(str(tmp_path / name))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from([VALID, GZIPPED]),
    st.dictionaries(st.integers(0, 30), st.integers(0, 255), min_size=1, max_size=3),
)
def test_refuses_damaged_files_and_raises_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, changes: dict[int, int]
) -> None:
    damaged = bytearray(data)
    for at, value in changes.items():
        damaged[at % len(data)] = value
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(damaged)
    unpacked = idx._single_member(path)
    assert unpacked is None or bytes(unpacked) == gzip.decompress(damaged)
    try:
        array = read_idx(path)
    except InputError as error:
        message = str(error)
    else:
        assert array.dtype == np.uint8
        return
    assert message.startswith(str(path))
    assert "\n" not in message


@pytest.mark.parametrize("name", SHA256)
def test_reads_the_published_bytes_of_mnist(mnist_folder: Path, name: str) -> None:
    array = read_idx(mnist_folder / f"{name}.gz")
    n = 60000 if name.startswith("train") else 10000
    assert array.shape == ((n, 28, 28) if "images" in name else (n,))
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    assert hashlib.sha256(header + array.tobytes()).hexdigest() == SHA256[name]
