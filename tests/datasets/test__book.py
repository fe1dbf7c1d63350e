from __future__ import annotations

import gzip
import os
import pickle
import struct
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fnnet._checks import InputError
from fnnet._records import Array
from fnnet.datasets._book import read_book

Pairs = list[tuple[Array, Array]]


def make_pairs(pixels: str = "f4", labels: str = "i8") -> Pairs:
    """Three small pairs whose images show every byte."""
    every = (np.arange(512).reshape(64, 8) % 256 / 256).astype(pixels)
    n = np.arange(64) % 10
    rows = (slice(40), slice(40, 50), slice(50, 64))
    return [(every[part], n[part].astype(labels)) for part in rows]


def python_2(value: Any) -> bytes:
    """What Python 2 wrote for pairs of arrays, opcode by opcode: the layout of the book's file."""
    if isinstance(value, np.ndarray):
        data: bytes = value.tobytes()
        code: bytes = value.dtype.str[1:].encode()
        shape = b"(" + b"".join(b"M" + struct.pack("<H", n) for n in value.shape) + b"t"
        dtype = b"cnumpy\ndtype\nU\2" + code + b"K\0K\1\x87R"
        dtype += b"(K\3U\1<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"
        empty = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85U\1b\x87R"
        state = shape + dtype + b"\x89T" + struct.pack("<i", len(data)) + data
        return empty + b"(K\1" + state + b"tb"
    return b"".join(map(python_2, value)) + (b"\x86" if len(value) == 2 else b"\x87")


def pickles() -> dict[str, bytes]:
    made = {f"protocol {n}": pickle.dumps(make_pairs(), protocol=n) for n in range(6)}
    return {"Python 2": b"\x80\2" + python_2(make_pairs()) + b"."} | made


PICKLES = pickles()
SMALL = [(np.full((2, 3), 1 / 256, "f4"), np.array([1, 2]))] * 3


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mnist.pkl.gz"


def write(path: Path, value: Any, protocol: int = 4) -> None:
    path.write_bytes(gzip.compress(pickle.dumps(value, protocol=protocol), compresslevel=1))


def refusal(path: Path) -> str:
    """The one line with which the file is refused."""
    with pytest.raises(InputError) as caught:
        read_book(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "expected" in message
    assert "\n" not in message
    return message


def assert_read(path: Path) -> None:
    for part, (images, labels) in zip(read_book(path), make_pairs(), strict=True):
        assert part.x.dtype == np.uint8
        assert (part.scale, part.classes) == (1 / 256, 10)
        np.testing.assert_array_equal(part.x, images.astype(float) * 256)
        np.testing.assert_array_equal(part.y, labels)


class TestReads:
    @pytest.mark.parametrize("data", PICKLES.values(), ids=PICKLES)
    @pytest.mark.parametrize("gzipped", [True, False])
    def test_every_protocol(self, path: Path, data: bytes, gzipped: bool) -> None:
        path.write_bytes(gzip.compress(data) if gzipped else data)
        assert_read(path)

    @pytest.mark.parametrize("core", [b"core", b"_core"])
    @pytest.mark.parametrize("protocol", [0, 1, 2, 3])
    def test_both_names_of_numpys_core(self, path: Path, core: bytes, protocol: int) -> None:
        data = PICKLES[f"protocol {protocol}"].replace(b"numpy._core.", b"numpy.core.")
        path.write_bytes(data.replace(b"numpy.core.", b"numpy." + core + b"."))
        assert_read(path)

    @pytest.mark.parametrize("pixels", ["f2", "f4", "f8", ">f4"])
    @pytest.mark.parametrize("labels", ["u1", "i4", "i8", ">i8"])
    def test_every_kind_of_numbers(self, path: Path, pixels: str, labels: str) -> None:
        write(path, make_pairs(pixels, labels))
        assert_read(path)

    @pytest.mark.parametrize("protocol", [4, 5])
    @pytest.mark.parametrize("length", [0, 1, 60, 300, 2**40])
    def test_frames_of_any_length(self, path: Path, protocol: int, length: int) -> None:
        # Where a frame ends within a number, the unpickler would read another number.
        data = PICKLES[f"protocol {protocol}"]
        assert data[2:3] == pickle.FRAME
        path.write_bytes(data[:3] + struct.pack("<Q", length) + data[11:])
        assert_read(path)

    @pytest.mark.parametrize("protocol", [2, 4, 5])
    def test_arrays_in_fortrans_order(self, path: Path, protocol: int) -> None:
        write(path, [(np.asfortranarray(x), y) for x, y in make_pairs()], protocol)
        assert_read(path)

    def test_images_that_nobody_can_write_to(self, path: Path) -> None:
        write(path, make_pairs())
        for part in read_book(path):
            assert not part.x.flags.writeable
            assert not part.y.flags.writeable


class Call:
    """Pickled as a call."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> Any:
        return self.call


class TestRefusesNames:
    @pytest.mark.parametrize("protocol", range(6))
    def test_of_the_system_and_does_not_call_it(
        self, path: Path, tmp_path: Path, protocol: int
    ) -> None:
        write(path, Call(os.system, f"touch {tmp_path / 'called'}"), protocol)
        told = f"{path}: a name in it is '{os.name}.system': expected what NumPy arrays are made of"
        assert refusal(path) == told
        assert not (tmp_path / "called").exists()

    @pytest.mark.parametrize(
        ("data", "name"),
        [
            (b"cos\nsystem\n.", "os.system"),
            (b"c__builtin__\neval\n.", "__builtin__.eval"),
            (b"cnumpy\nload\n.", "numpy.load"),
            (b"cnumpy\nsave\n.", "numpy.save"),
            (b"cnumpy.core.multiarray\nscalar\n.", "numpy.core.multiarray.scalar"),
            (b"(ios\nsystem\n.", "os.system"),
            (b"\x80\4\x8c\5numpy\x8c\x0endarray.tofile\x93.", "numpy.ndarray.tofile"),
            (b"\x80\4\x8c\2a\n\x8c\2\n\xc2\x93.", None),
            (b"\x80\4\x8c\2a\n\x8c\1\n\x93.", r"a\n.\n"),
        ],
    )
    def test_however_they_are_written(self, path: Path, data: bytes, name: str | None) -> None:
        path.write_bytes(data)
        message = refusal(path)
        if name is not None:
            assert message.startswith(f"{path}: a name in it is '{name}': expected what NumPy")

    def test_shortens_long_ones(self, path: Path) -> None:
        path.write_bytes(b"cos\n" + b"x" * 100_000 + b"\n.")
        assert len(refusal(path)) < len(str(path)) + 150

    def test_does_not_let_a_pickle_change_the_stand_ins(self, path: Path) -> None:
        # BUILD sets the attributes of whatever it is given: here, of what stands for _reconstruct.
        name = b"cnumpy.core.multiarray\n_reconstruct\n"
        path.write_bytes(name + b"N}(X\x0c\0\0\0__setstate__Nu\x86b.")
        refusal(path)
        write(path, make_pairs())
        assert_read(path)

    def test_objects_in_arrays(self, path: Path) -> None:
        for protocol in range(6):
            pairs: list[Any] = [*make_pairs()]
            pairs[1] = (pairs[1][0].astype(object), pairs[1][1])
            write(path, pairs, protocol)
            held = f"{path}: the validation data: an array's dtype is 'O8'"
            assert refusal(path) == f"{held}: expected numbers"

    @pytest.mark.parametrize("dtype", ["S3", "U3", "c16", "M8[s]", "?", "f4,i4"])
    def test_dtypes_that_are_no_numbers(self, path: Path, dtype: str) -> None:
        write(path, changed(0, 1, np.zeros(40, dtype)))
        assert "the training data: an array's dtype is " in refusal(path)


def changed(part: int, member: int, value: Any) -> list[Any]:
    pairs: list[Any] = [list(pair) for pair in make_pairs()]
    pairs[part][member] = value
    return pairs


def with_pixel(value: float) -> Array:
    images = make_pairs()[1][0].copy()
    images[3, 2] = value
    return images


class TestRefusesContents:
    @pytest.mark.parametrize(
        ("value", "message"),
        [
            (make_pairs()[:2], "cannot be read (not enough values to unpack (expected 3, got 2))"),
            ([*make_pairs(), make_pairs()[0]], "cannot be read (too many values to unpack"),
            (None, "cannot be read (cannot unpack non-iterable NoneType object)"),
            ({}, "cannot be read (not enough values to unpack"),
            ([1, 2, 3], "the training data cannot be read ("),
            ([({}, {})] * 3, "the training data cannot be read ('dict' object has no"),
            ([(1, 2, 3)] * 3, "the training data cannot be read ("),
            (make_pairs()[0], "cannot be read (not enough values to unpack"),
            (changed(0, 0, np.zeros(40, "f4")), "training data: x is an array of shape (40,)"),
            (changed(0, 0, np.array(0.0)), "training data: x is an array of shape ()"),
            (changed(0, 0, np.zeros((40, 8), "u1")), "dtype uint8: expected floats"),
            (changed(2, 0, np.zeros((0, 8), "f4")), "the test data: x is an array of shape (0, 8)"),
            (changed(1, 0, np.zeros((10, 9), "f4")), "validation is (9, 10): expected"),
            (changed(1, 0, np.zeros((9, 8), "f4")), "expected one for each of x's 9 rows"),
            (changed(1, 1, np.zeros(11, int)), "validation data: y is an array of shape (11,)"),
            (changed(1, 1, np.zeros((10, 1), int)), "expected class labels of shape (n,)"),
            (changed(1, 1, np.zeros(10)), "expected integer labels (n,)"),
            (changed(1, 1, np.zeros((10, 1))), "classes is 10: expected None, for y holds targets"),
            (changed(2, 1, np.full(14, 10)), "test data: y is 10: expected class labels of 0 to 9"),
            (changed(2, 1, np.full(14, -1)), "test data: y is -1: expected class labels of 0 to 9"),
        ],
    )
    def test_of_another_shape(self, path: Path, value: Any, message: str) -> None:
        write(path, value)
        assert message in refusal(path)

    @pytest.mark.parametrize("value", [1.0, -1 / 256, 0.001, np.nan, np.inf, -np.inf, 3e38])
    def test_that_are_no_pixels(self, path: Path, value: float) -> None:
        images = with_pixel(value)
        write(path, changed(1, 0, images))
        held = f"validation data: a value of x is {float(images[3, 2])!r}: expected pixel / 256"
        assert held in refusal(path)


def nested(place: str) -> bytes:
    """A file that has, in this place, tuples of twice the same in each other: 2**60 to be shown."""
    tuples = b")" + b"2\x86" * 60
    pickled = python_2(SMALL)
    old = {
        "the dtype's name": b"U\2f4",
        "the dtype's state": b"(K\3U\1<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0t",
        "the shape": b"(M\2\0M\3\0t",
        "the data": b"T\x18\0\0\0" + SMALL[0][0].tobytes(),
    }[place]
    assert old in pickled
    return b"\x80\2" + pickled.replace(old, tuples) + b"."


class TestRefusesDamage:
    def test_of_the_file(self, path: Path) -> None:
        assert "cannot be read (No such file" in refusal(path)
        whole = gzip.compress(PICKLES["Python 2"])
        for data, message in (
            (b"", "cannot be read (pickle exhausted before seeing STOP)"),
            (b"not a pickle", "cannot be read ("),
            (whole[:-1], "cannot be read (its end is missing)"),
            (whole[:100], "cannot be read (its end is missing)"),
            (PICKLES["Python 2"][:-1], "cannot be read (pickle exhausted before seeing STOP)"),
            (PICKLES["Python 2"][:300], "cannot be read ("),
        ):
            path.write_bytes(data)
            assert message in refusal(path)

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (b"\x80\2]r\xff\xff\xff\xff.", "a memo index is 4294967295: expected at most 2"),
            (b"]p16777216\n.", "a memo index is 16777216: expected at most 1"),
            (b"\x80\5\x96\0\0\0\x10\0\0\0\0.", "expected 268435456 bytes in a bytearray8"),
            (b"\x80\4\x8e\0\0\0\x10\0\0\0\0.", "expected 268435456 bytes in a bytes8"),
            (b"\x80\2)" + b"2\x86" * 60 + b".", "cannot be read"),
            (nested("the dtype's name"), "cannot be read"),
            (nested("the dtype's state"), "cannot be read"),
            (nested("the shape"), "cannot be read"),
            (nested("the data"), "cannot be read"),
        ],
        ids=[
            "memo",
            "memo in text",
            "bytearray",
            "bytes",
            "tuples",
            "dtype's name",
            "dtype's state",
            "shape",
            "data",
        ],
    )
    def test_without_taking_the_memory_it_asks_for(
        self, path: Path, data: bytes, reason: str
    ) -> None:
        path.write_bytes(data)
        tracemalloc.start()
        try:
            assert reason in refusal(path)
            assert tracemalloc.get_traced_memory()[1] < 5_000_000
        finally:
            tracemalloc.stop()

    @settings(max_examples=500, deadline=None)
    @given(
        st.sampled_from(
            [b"\x80\2" + python_2(SMALL) + b"."] + [pickle.dumps(SMALL, n) for n in range(6)]
        ),
        st.lists(
            st.tuples(st.integers(0, 2000), st.integers(0, 2), st.binary(max_size=3)),
            min_size=1,
            max_size=3,
        ),
    )
    def test_and_raises_nothing_else(
        self,
        tmp_path_factory: pytest.TempPathFactory,
        whole: bytes,
        changes: list[tuple[int, int, bytes]],
    ) -> None:
        path = tmp_path_factory.getbasetemp() / "damaged.pkl"
        for at, dropped, inserted in changes:
            place = at % len(whole)
            whole = whole[:place] + inserted + whole[place + dropped :]
        path.write_bytes(whole)
        try:
            splits = read_book(path)
        except InputError as error:
            message = str(error)
        else:
            assert all(part.x.dtype == np.uint8 for part in splits)
            return
        assert message.startswith(str(path))
        assert "\n" not in message
