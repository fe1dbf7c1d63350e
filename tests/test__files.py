"""Files read whole or refused in one line, and replaced whole or not at all."""

from __future__ import annotations

import errno
import gzip
import io
import os
import signal
import subprocess
import sys
import time
import zipfile
import zlib
from functools import partial
from pathlib import Path
from platform import node
from threading import Thread
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fnnet._checks import InputError
from fnnet._files import read_bytes, read_npz, reading, replacing
from tests._support import assert_refused


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a file"


class TestReading:
    @pytest.mark.parametrize(
        ("error", "message"),
        [
            (InputError("n is 2: expected 3"), "a.csv: n is 2: expected 3"),
            (KeyError("theta"), "a.csv has no 'theta': expected a table"),
            (ValueError("two\n  lines"), "a.csv cannot be read (two lines): expected a table"),
            (EOFError(), "a.csv cannot be read (EOFError()): expected a table"),
            (
                OSError(errno.EIO, "Input/output error", "other"),
                "a.csv cannot be read (Input/output error): expected a table",
            ),
            (MemoryError(), "a.csv cannot be read (MemoryError()): expected a table"),
        ],
    )
    @pytest.mark.parametrize("name", ["a.csv", Path("a.csv")])
    def test_any_error_is_one_line_that_names_the_file(
        self, error: Exception, message: str, name: Any
    ) -> None:
        with pytest.raises(InputError) as caught, reading(name, "a table"):
            raise error
        assert str(caught.value) == message

    def test_a_part_of_a_file_is_named_after_it(self) -> None:
        part = reading("line 3", "a row")
        with pytest.raises(InputError) as caught, reading("a.csv", "a table"), part:
            raise InputError("n is 2")
        assert str(caught.value) == "a.csv: line 3: n is 2"

    def test_ctrl_c_stays_what_it_is(self) -> None:
        with pytest.raises(KeyboardInterrupt), reading("a.csv", "a table"):
            raise KeyboardInterrupt


PLAIN = b"some bytes " * 3
GZIPPED = gzip.compress(PLAIN, mtime=0)


def big(n: int) -> bytes:
    """Bytes that are in turn random and all the same, and are unpacked in many pieces."""
    values = np.random.default_rng(0).integers(256, size=n, dtype=np.uint8)
    values[n // 3 : n // 2] = 7
    return values.tobytes()


class TestReadBytes:
    @pytest.mark.parametrize("data", [b"", b"\x1f", PLAIN, big(100_000)])
    @pytest.mark.parametrize("level", [None, 0, 1, 9])
    def test_gives_what_the_file_holds(self, path: Path, data: bytes, level: int | None) -> None:
        path.write_bytes(data if level is None else gzip.compress(data, level))
        assert read_bytes(path, "a file") == read_bytes(str(path), "a file") == data

    @pytest.mark.parametrize("cut", [0, 1, 8, 100_000, 299_999])
    @pytest.mark.parametrize("zeros", [0, 3, 100_000])
    def test_several_members_are_one_file_and_zeros_may_follow(
        self, path: Path, cut: int, zeros: int
    ) -> None:
        data = big(300_000)
        members = [gzip.compress(data[:cut]), bytes(zeros)]
        members += [gzip.compress(data[cut:]), bytes(zeros)]
        path.write_bytes(b"".join(members))
        assert read_bytes(path, "a file") == data

    @pytest.mark.parametrize("n", [0, 1, 2**15 - 1, 2**15, 2**15 + 1, 2**16])
    def test_a_member_that_is_there_twice_is_read_twice(self, path: Path, n: int) -> None:
        member = gzip.compress(big(n), 0)
        # The first member's last byte, and the second's first, at every end of a piece.
        for extra in {0, 2**15 - len(member) % 2**15}:
            padded = member + bytes(extra) + member
            path.write_bytes(padded)
            assert read_bytes(path, "a file") == big(n) * 2

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
    @pytest.mark.parametrize("data", [PLAIN, GZIPPED])
    def test_a_pipe_is_opened_once(self, path: Path, data: bytes) -> None:
        read = list[bytes]()
        os.mkfifo(path)
        reader = Thread(target=lambda: read.append(read_bytes(path, "a file")), daemon=True)
        reader.start()
        with path.open("wb") as file:
            time.sleep(0.05)  # a reader that opens it twice has gone away by now
            file.write(data)
        reader.join(10)
        assert read == [PLAIN]

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (GZIPPED[:-1], "its end is missing"),
            (GZIPPED[:15], "its end is missing"),
            (GZIPPED[:2], "its end is missing"),
            (GZIPPED + b"more", "incorrect header check"),
            (GZIPPED * 2 + GZIPPED[:-1], "its end is missing"),
            (GZIPPED[:10] + b"\xff" * 10, "invalid"),
            (GZIPPED[:-8] + bytes([GZIPPED[-8] ^ 1]) + GZIPPED[-7:], "incorrect data check"),
            *(
                (GZIPPED[:-4] + size.to_bytes(4, "little"), "incorrect length check")
                for size in (0, len(PLAIN) - 1, len(PLAIN) + 1, 2**31, 2**32 - 1)
            ),
        ],
    )
    def test_damage_is_told_in_one_line(self, path: Path, data: bytes, reason: str) -> None:
        path.write_bytes(data)
        assert_refused(
            lambda: read_bytes(path, "a table"), f"{path} cannot be read (", reason, "a table"
        )

    def test_what_is_no_file_is_refused(self, path: Path) -> None:
        for name, reason in ((path, "No such file or directory"), (path.parent, "Is a directory")):
            message = f"{name} cannot be read ({reason}): expected a table"
            assert_refused(partial(read_bytes, name, "a table"), message)

    @settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.dictionaries(st.integers(0, 40), st.integers(0, 255), min_size=1, max_size=3))
    def test_is_what_gzip_reads_however_damaged(self, path: Path, changes: dict[int, int]) -> None:
        damaged = bytearray(GZIPPED)
        for at, value in changes.items():
            damaged[at % len(damaged)] = value
        path.write_bytes(damaged)
        try:
            read = read_bytes(path, "a file")
        except InputError:
            with pytest.raises((OSError, EOFError, ValueError, zlib.error)):
                gzip.decompress(damaged)
        else:
            is_gzip = damaged.startswith(b"\x1f\x8b")
            assert read == (gzip.decompress(damaged) if is_gzip else damaged)


class TestReadNpz:
    def test_gives_the_arrays_by_name(self, path: Path) -> None:
        arrays = {"x": np.eye(3), "y": np.array(2), "names": np.array(["a", "b"])}
        for save in (np.savez, np.savez_compressed):
            with path.open("wb") as file:
                save(file, **arrays)  # type: ignore[arg-type]
            read = read_npz(str(path), "arrays")
            assert read.keys() == arrays.keys()
            for name, array in arrays.items():
                assert read[name].dtype == array.dtype
                np.testing.assert_array_equal(read[name], array)

    def test_objects_are_refused(self, path: Path) -> None:
        with path.open("wb") as file:
            np.savez(file, x=np.array([print], object))
        assert_refused(lambda: read_npz(path, "arrays"), f"{path} cannot be read (Object arrays")

    def test_what_is_in_an_archive_of_other_files_is_text(self, path: Path) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("x", b"abc")
        assert read_npz(path, "arrays")["x"].dtype.kind == "S"

    @pytest.mark.parametrize(
        "data", [b"", b"PK", b"a text\nof two lines\n", b"\x80\x04K\x01.", b"\x93NUMPY\x01\x00"]
    )
    def test_what_is_no_archive_is_told_so(self, path: Path, data: bytes) -> None:
        path.write_bytes(data)
        message = f"{path} cannot be read (File is not a zip file): expected arrays"
        assert_refused(lambda: read_npz(path, "arrays"), message)

    def test_what_is_no_file_is_refused(self, path: Path) -> None:
        assert_refused(lambda: read_npz(path, "arrays"), f"{path} cannot be read (No such file")


class FullDisk(io.FileIO):
    """A file on a disk with room for 300 bytes more."""

    def write(self, data: Any) -> int:
        if self.tell() + memoryview(data).nbytes > 300:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(data)


def write(path: str | Path, data: bytes, error: BaseException | None = None) -> None:
    """Replace the file; or fail with the error when all data is written."""
    with replacing(path) as file:
        file.write(data)
        if error is not None:
            raise error


class TestReplacing:
    def test_the_old_file_stays_until_the_new_one_is_whole(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen: list[tuple[bytes, list[int]]] = []

        def fsync(descriptor: int) -> None:
            # All bytes have left the program by now, and the old file is still in place.
            sizes = [file.stat().st_size for file in path.parent.iterdir() if file != path]
            seen.append((path.read_bytes(), sizes))
            assert os.fstat(descriptor).st_size == sizes[0]

        monkeypatch.setattr(os, "fsync", fsync)
        path.write_bytes(b"old")
        inode = path.stat().st_ino
        with replacing(path) as file:
            file.write(b"new one")
            assert path.read_bytes() == b"old"
        assert seen == [(b"old", [7])]
        assert path.read_bytes() == b"new one"
        assert path.stat().st_ino != inode
        assert list(path.parent.iterdir()) == [path]

    @pytest.mark.parametrize("error", [RuntimeError(), KeyboardInterrupt(), OSError()])
    @pytest.mark.parametrize("there", [True, False])
    def test_an_exception_leaves_all_as_it_was(
        self, path: Path, error: BaseException, there: bool
    ) -> None:
        if there:
            path.write_bytes(b"old")
        with pytest.raises(type(error)):
            write(path, b"half of the n", error)
        assert [file.read_bytes() for file in path.parent.iterdir()] == [b"old"] * there

    def test_a_full_disk_leaves_all_as_it_was(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(path, b"old")
        monkeypatch.setattr(Path, "open", lambda self, mode: FullDisk(self, mode))
        with pytest.raises(OSError, match="space") as caught:
            write(path, bytes(301))
        assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(path))
        monkeypatch.undo()
        assert path.read_bytes() == b"old"
        assert list(path.parent.iterdir()) == [path]

    def test_a_disk_that_fails_at_the_end_leaves_all_as_it_was(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fsync(_: int) -> None:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

        write(path, b"old")
        monkeypatch.setattr(os, "fsync", fsync)
        with pytest.raises(OSError, match=os.strerror(errno.EIO)) as caught:
            write(path, b"new")
        assert caught.value.filename == str(path)
        assert path.read_bytes() == b"old"
        assert list(path.parent.iterdir()) == [path]

    def test_a_folder_that_is_not_there_is_an_os_error(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        with pytest.raises(FileNotFoundError) as caught:
            write("missing/file", b"new")
        assert str(caught.value) == "[Errno 2] No such file or directory: 'missing/file'"

    def test_a_file_for_a_folder_is_an_os_error(self, path: Path) -> None:
        path.write_bytes(b"no folder")
        with pytest.raises(NotADirectoryError) as caught:
            write(path / "file", b"new")
        assert caught.value.filename == str(path / "file")

    def test_a_folder_in_its_place_is_named(self, path: Path) -> None:
        path.mkdir()
        with pytest.raises(OSError, match=str(path)) as caught:
            write(path, b"new")
        assert (caught.value.filename, caught.value.filename2) == (str(path), None)
        assert list(path.parent.iterdir()) == [path]

    def test_an_error_of_another_file_is_left_as_it_is(self, path: Path) -> None:
        with pytest.raises(FileNotFoundError) as caught, replacing(path):
            (path.parent / "other").read_bytes()
        assert caught.value.filename == str(path.parent / "other")
        own = OSError("no more tape")
        with pytest.raises(OSError, match="no more tape") as caught_own:
            write(path, b"new", own)
        assert caught_own.value is own

    @pytest.mark.parametrize("there", [True, False])
    def test_a_symbolic_link_stays_and_leads_to_the_new_one(self, path: Path, there: bool) -> None:
        target = path.parent / "folder" / "target"
        target.parent.mkdir()
        if there:
            target.write_bytes(b"old")
        path.symlink_to(Path("folder") / "target")
        write(path, b"new")
        assert path.is_symlink()
        assert not target.is_symlink()
        assert target.read_bytes() == b"new"
        assert sorted(path.parent.rglob("*")) == sorted([path, target.parent, target])


KILLED = """
import os, signal, sys
from fnnet._files import replacing
with replacing(sys.argv[1]) as file:
    file.write(b"half of the n")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(os.name != "posix", reason="there, what is left stays")
class TestLeft:
    def test_by_a_killed_process_is_removed_by_the_next(self, tmp_path: Path) -> None:
        path = tmp_path / "a[b]*.npz"
        path.write_bytes(b"old")
        killed = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
        assert killed.returncode == -signal.SIGKILL
        assert path.read_bytes() == b"old"
        assert len(list(tmp_path.iterdir())) == 2
        write(path, b"new")
        assert list(tmp_path.iterdir()) == [path]

    def test_by_others_is_not(self, path: Path) -> None:
        gone = subprocess.Popen([sys.executable, "-c", ""])
        gone.wait()
        parts = [
            f".{path.name}.{node()}.{os.getpid()}.1.part",  # another thread's
            f".{path.name}.{node()}.{os.getppid()}.1.part",
            f".{path.name}.{node()}x.{gone.pid}.1.part",  # another computer's
            f".{path.name}.{node()}.{10**30}.1.part",
            f".{path.name}.{node()}.one.1.part",
            f".other.{node()}.{gone.pid}.1.part",
            f"{path.name}.{node()}.{gone.pid}.1.part",
        ]
        for part in parts:
            (path.parent / part).touch()
        write(path, b"new")
        assert {file.name for file in path.parent.iterdir()} == {*parts, path.name}
        (path.parent / f".{path.name}.{node()}.{gone.pid}.1.part").touch()
        write(path, b"new")
        assert {file.name for file in path.parent.iterdir()} == {*parts, path.name}

    def test_is_looked_for_while_another_writes(self, path: Path) -> None:
        with replacing(path) as file:
            file.write(b"first")
            in_turn = Thread(target=write, args=(path, b"second"))
            in_turn.start()
            in_turn.join()
            assert path.read_bytes() == b"second"
        assert path.read_bytes() == b"first"
