"""The package's public face: each name is listed once, and is imported when it is used."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import fnnet

STUB = ast.parse(Path(fnnet.__file__).with_suffix(".pyi").read_text())
NAMES = [
    (node.module, alias.name)
    for node in STUB.body
    if isinstance(node, ast.ImportFrom) and node.module
    for alias in node.names
]

UNNEEDED = ["csv", "numpy.ma", "fnnet.augmentation"]
UNNEEDED += ["fnnet.training.saving", "concurrent.futures"]


def output_of(code: str) -> str:
    env = {name: value for name, value in os.environ.items() if name != "EAGER_IMPORT"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env
    )
    return done.stdout.strip()


def test_each_public_name_is_listed_once() -> None:
    names = [name for _, name in NAMES]
    assert fnnet.__all__ == sorted(names)
    assert len(set(names)) == len(names) > 90


@pytest.mark.parametrize(("module", "name"), NAMES)
def test_a_name_is_that_of_its_module(module: str, name: str) -> None:
    home = import_module(f"fnnet.{module}")
    assert getattr(fnnet, name) is getattr(home, name)
    assert name in home.__all__
    assert name in dir(fnnet)


def test_importing_the_package_imports_neither_its_modules_nor_numpy() -> None:
    code = "import sys, fnnet; print([m for m in sys.modules if m.startswith(('fnnet.', 'numpy'))])"
    assert output_of(code) == "[]"


def test_training_imports_only_what_it_needs() -> None:
    code = f"""
import sys, fnnet
config = fnnet.TrainConfig(epochs=1)
data = fnnet.Dataset([[0.0, 1.0], [1.0, 0.0]], [0, 1])
state = fnnet.train(fnnet.start(fnnet.init([2, 2], seed=0), config), data, config)
fnnet.evaluate(state.params, data)
print([name for name in {UNNEEDED} if name in sys.modules])
"""
    assert output_of(code) == "[]"


def test_a_run_on_mnist_imports_no_other_data_set(tmp_path: Path) -> None:
    code = f"""
import fnnet, sys
fnnet.TrainConfig, fnnet.train, fnnet.evaluate
try:
    fnnet.load_mnist({str(tmp_path)!r})
except fnnet.InputError:
    others = ["fnnet.datasets._book", "fnnet.datasets.digits", "fnnet.datasets.files", "csv"]
    print([name for name in others if name in sys.modules])
"""
    assert output_of(code) == "[]"


def test_all_names_can_be_imported_at_once() -> None:
    assert output_of("from fnnet import *; print(init([2, 1], seed=0).sizes)") == "(2, 1)"


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="trian"):
        fnnet.trian  # type: ignore[attr-defined]  # noqa: B018
