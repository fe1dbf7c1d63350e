"""Imports go downward, a call goes through few files, and there are few files and lines."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pytest

import fnnet

PACKAGE = Path(fnnet.__file__).parent
FILES = {
    "fnnet." + ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path
    for path in sorted(PACKAGE.rglob("*.py"))
    if path.name != "__init__.py"
}
"""The package's files by their import names."""

FOLDERS = ["_", "datasets", "network", "augmentation", "evaluation", "training"]
"""From the lowest to the highest; files with an underscore are the lowest."""


def folder_of(module: str) -> int:
    part = module.split(".")[1]
    return FOLDERS.index("_" if part.startswith("_") else part)


def imports_of(module: str, *, everywhere: bool) -> set[str]:
    """What a file imports from the package: at its top level alone, or everywhere."""
    tree = ast.parse(FILES[module].read_text())
    found: set[str] = set()
    for node in ast.walk(tree) if everywhere else tree.body:
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            assert not node.level, "a relative import"
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
            found.add(str(node.module))
    assert "fnnet" not in found  # it serves names of every folder
    return found & set(FILES)


@pytest.mark.parametrize("module", FILES)
def test_a_file_imports_from_its_own_folder_or_a_lower_one(module: str) -> None:
    imported = imports_of(module, everywhere=True)
    assert [name for name in imported if folder_of(name) > folder_of(module)] == []


def test_imports_have_no_circles_and_few_floors() -> None:
    below = {module: imports_of(module, everywhere=False) for module in FILES}
    floors: dict[str, int] = {}
    for module in TopologicalSorter(below).static_order():  # a CycleError names a circle
        floors[module] = 1 + max((floors[name] for name in below[module]), default=0)
    assert max(floors.values()) <= 12, floors


CHECKS = {"_checks.py", "_records.py", "network/inputs.py"}

DATA = fnnet.load_digits().train
PARAMS, BATCH = fnnet.init([64, 16, 10], seed=0), DATA.batch(slice(10))
CONFIG = fnnet.TrainConfig(epochs=1)
STATE = fnnet.start(PARAMS, CONFIG)

CALLS: dict[str, tuple[int, Callable[[], Any]]] = {
    "forward": (5, lambda: fnnet.forward(PARAMS, BATCH.x)),
    "grads": (7, lambda: fnnet.grads(PARAMS, BATCH.x, BATCH.y)),
    "sgd_step": (8, lambda: fnnet.sgd_step(PARAMS, BATCH, 3.0)),
    "an epoch": (12, lambda: fnnet.train(STATE, DATA, CONFIG)),
}


def files_entered(call: Callable[[], Any]) -> set[str]:
    """The package's files whose functions a call runs, argument checks aside."""
    entered: set[str] = set()
    checking = 0  # calls deep below a function that checks arguments

    def look(frame: Any, event: str, _argument: Any) -> None:
        nonlocal checking
        if event == "call":
            if checking or frame.f_code.co_name.lstrip("_").startswith("check"):
                checking += 1
            else:
                entered.add(frame.f_code.co_filename)
        elif event == "return" and checking:
            checking -= 1

    before = sys.getprofile()
    sys.setprofile(look)
    try:
        call()
    finally:
        sys.setprofile(before)
    inside = [Path(name) for name in entered if Path(name).is_relative_to(PACKAGE)]
    return {path.relative_to(PACKAGE).as_posix() for path in inside} - CHECKS


@pytest.mark.parametrize("name", CALLS)
def test_few_files_take_part_in_a_call(name: str) -> None:
    most, call = CALLS[name]
    call()
    entered = sorted(files_entered(call))
    assert len(entered) <= most, entered


def test_the_package_stays_small() -> None:
    assert len(list(PACKAGE.rglob("*.py"))) <= 42
    paths = [*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.pyi")]
    assert sum(path.read_text().count("\n") for path in paths) <= 5600
