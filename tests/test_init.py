"""The package's public face: what it names is there, and is imported when it is used."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import fnnet


def output_of(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_type_checkers_read_the_names_that_there_are() -> None:
    tree = ast.parse(Path(str(fnnet.__file__)).read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    imported = {
        (node.module, alias.name, alias.asname)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    names = [
        (f"fnnet.{room}", name) for room, text in fnnet._ROOMS.items() for name in text.split()
    ]
    assert imported == {(module, name, name) for module, name in names}
    assert fnnet.__all__ == sorted(name for _, name in names)
    assert len({*fnnet.__all__}) == len(names)


@pytest.mark.parametrize("name", fnnet.__all__)
def test_a_name_is_that_of_its_room(name: str) -> None:
    room = import_module(f"fnnet.{fnnet._ROOM_OF[name]}")
    assert getattr(fnnet, name) is getattr(room, name)
    assert name in room.__all__
    assert name in dir(fnnet)


def test_importing_the_package_imports_no_room_and_no_numpy() -> None:
    code = "import fnnet, sys; print([m for m in sys.modules if 'numpy' in m or 'fnnet.' in m])"
    assert output_of(code) == "[]"


def test_rooms_and_names_come_when_they_are_asked_for() -> None:
    assert output_of("import fnnet; print(fnnet.datasets.load_digits().test.n_in)") == "64"
    assert output_of("from fnnet import *; print(init([2, 1], seed=0).sizes)") == "(2, 1)"


def test_each_name_is_listed_once() -> None:
    assert fnnet.init in (getattr(fnnet, name) for name in dir(fnnet))  # a name that has come
    assert len(dir(fnnet)) == len({*dir(fnnet)})


def test_what_is_not_there_is_refused_as_by_any_module() -> None:
    with pytest.raises(AttributeError, match="module 'fnnet' has no attribute 'trian'"):
        fnnet.trian  # noqa: B018
    assert not hasattr(fnnet, "numpy")
