from __future__ import annotations

import hashlib
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from fnnet._checks import InputError
from fnnet.datasets.download import MIRRORS, SHA256, download_mnist

pooch = pytest.importorskip("pooch")

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


def test_the_folder_has_the_four_files(tmp_path: Path, mirrors: tuple[Mirror, Mirror]) -> None:
    folder = tmp_path / "new" / "folder"
    assert download(folder, *mirrors) == folder
    assert held(folder) == FILES
    assert mirrors[1].asked == []


def test_what_is_there_is_not_downloaded_again(
    tmp_path: Path, mirrors: tuple[Mirror, Mirror]
) -> None:
    download(tmp_path, *mirrors)
    (tmp_path / FIRST).unlink()
    mirrors[0].asked.clear()
    download(tmp_path, *mirrors)
    assert mirrors[0].asked == [FIRST]
    assert held(tmp_path) == FILES


def test_what_is_there_with_other_bytes_is_replaced(
    tmp_path: Path, mirrors: tuple[Mirror, Mirror]
) -> None:
    (tmp_path / FIRST).write_bytes(b"half of it")
    download(tmp_path, *mirrors)
    assert held(tmp_path) == FILES


@pytest.mark.parametrize("how", FAILURES)
def test_the_next_mirror_is_asked_where_one_fails(
    tmp_path: Path, mirrors: tuple[Mirror, Mirror], how: str
) -> None:
    break_mirror(mirrors[0], how)
    download(tmp_path, *mirrors)
    assert held(tmp_path) == FILES
    assert FIRST in mirrors[1].asked


@pytest.mark.parametrize(("how", "reason"), FAILURES.items())
def test_failure_of_all_is_one_line_and_leaves_no_file(
    tmp_path: Path, mirrors: tuple[Mirror, Mirror], how: str, reason: str
) -> None:
    for mirror in mirrors:
        break_mirror(mirror, how)
    with pytest.raises(InputError, match=r"could not be downloaded .*: expected .*local") as caught:
        download(tmp_path, *mirrors)
    message = str(caught.value)
    assert "\n" not in message
    assert all(mirror.url in message for mirror in mirrors)
    assert message.count(reason) == 2
    assert held(tmp_path) == {}


def test_a_folder_that_cannot_be_made_is_one_line(
    tmp_path: Path, mirrors: tuple[Mirror, Mirror]
) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InputError, match="could not be downloaded") as caught:
        download(tmp_path / "file", *mirrors)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("folder", [3, b"mnist", "mn\0ist"])
def test_what_is_no_folder_is_named(folder: Any) -> None:
    with pytest.raises(InputError, match=r"folder is .*: expected a path$"):
        download_mnist(folder=folder)


def test_shows_progress_and_nothing_else(
    tmp_path: Path,
    mirrors: tuple[Mirror, Mirror],
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
    tmp_path: Path, mirrors: tuple[Mirror, Mirror], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pooch, "os_cache", lambda name: tmp_path / name)
    folder = download_mnist(mirrors=[mirrors[0].url.rstrip("/")], sha256=HASHES)
    assert folder == tmp_path / "fnnet" / "mnist"
    assert held(folder) == FILES


@pytest.mark.parametrize("missing", ["pooch", "tqdm"])
def test_the_extra_is_named_where_it_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(InputError, match=rf"{missing} .*pip install 'fnnet\[mnist\]'") as caught:
        download_mnist(folder=tmp_path)
    assert "\n" not in str(caught.value)


def test_the_published_files_are_the_default() -> None:
    assert download_mnist.__kwdefaults__ == {"folder": None, "mirrors": MIRRORS, "sha256": SHA256}
    assert all(url.startswith("https://") and url.endswith("/") for url in MIRRORS)
    assert all(len(bytes.fromhex(digest)) == 32 for digest in SHA256.values())


def test_importing_fnnet_imports_nothing_of_it() -> None:
    extra = {"pooch", "tqdm", "requests"}
    code = f"import sys, fnnet.datasets; sys.exit(bool({extra} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
