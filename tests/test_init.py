"""The package's public face: what it names is there, and is imported when it is used."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import pytest

import fnnet
from fnnet.rooms import room_of

UNNEEDED = ["csv", "fnnet.augmentation", "fnnet.metrics.classes", "fnnet.updates", "fnnet.storage"]


def output_of(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


PACKAGES = [fnnet, fnnet.datasets, fnnet.metrics]
NAMES = [(package, name) for package in PACKAGES for name in package.__all__]


@pytest.mark.parametrize("package", PACKAGES)
def test_type_checkers_read_the_names_that_there_are(package: Any) -> None:
    tree = ast.parse(Path(package.__file__).read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    imported = {
        (node.module, alias.name, alias.asname)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    names = [(room, name) for room, text in package._ROOMS.items() for name in text.split()]
    assert imported == {(f"{package.__name__}.{room}", name, name) for room, name in names}
    assert package.__all__ == sorted(name for _, name in names)
    assert len({*package.__all__}) == len(names)


@pytest.mark.parametrize(("package", "name"), NAMES)
def test_a_name_is_that_of_its_room(package: Any, name: str) -> None:
    room = import_module(f"{package.__name__}.{room_of(package._ROOMS)[name]}")
    assert getattr(package, name) is getattr(room, name)
    assert name in room.__all__
    assert name in dir(package)


@pytest.mark.parametrize("package", PACKAGES)
def test_no_room_hides_a_name_of_its_package(package: Any) -> None:
    rooms = {module.name for module in iter_modules(package.__path__)}
    assert rooms.isdisjoint(package.__all__)


def test_importing_the_package_imports_no_room_and_no_numpy() -> None:
    code = "import fnnet, sys; print([m for m in sys.modules if 'numpy' in m or 'fnnet.' in m])"
    assert output_of(code) == "['fnnet.rooms']"  # which is behind the packages' doors


def test_a_run_on_mnist_imports_nothing_of_other_data_sets(tmp_path: Path) -> None:
    code = f"""
import fnnet, sys
fnnet.TrainConfig, fnnet.train, fnnet.evaluate
try:
    fnnet.load_mnist({str(tmp_path)!r})
except fnnet.InputError:
    print([m for m in sys.modules if m.startswith("fnnet.datasets.")])
    print([m for m in {UNNEEDED!r} if m in sys.modules])
"""
    rooms = [f"fnnet.datasets.{name}" for name in ("batch", "dataset", "idx", "labels", "mnist")]
    found, unneeded = output_of(code).splitlines()
    assert sorted(ast.literal_eval(found)) == rooms
    assert unneeded == "[]"


def test_rooms_and_names_come_when_they_are_asked_for() -> None:
    assert output_of("import fnnet; print(fnnet.datasets.load_digits().test.n_in)") == "64"
    assert output_of("from fnnet import *; print(init([2, 1], seed=0).sizes)") == "(2, 1)"


def test_each_name_is_listed_once() -> None:
    assert fnnet.init in (getattr(fnnet, name) for name in dir(fnnet))  # a name that has come
    assert len(dir(fnnet)) == len({*dir(fnnet)})


def test_what_is_not_there_is_refused_as_by_any_module() -> None:
    package: Any = fnnet
    with pytest.raises(AttributeError, match="module 'fnnet' has no attribute 'trian'"):
        package.trian  # noqa: B018
    assert not hasattr(fnnet, "numpy")
