"""200 steps of fnnet against 200 of Optax along JAX's gradients: also of what PyTorch lacks."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import fnnet
from fnnet._records import Array
from tests.peers._steps import OPTAX, OUTPUTS, PAIRS, assert_same_run, descended, start

if not (find_spec("jax") and find_spec("optax")):
    pytest.skip("the comparison with Optax needs jax and optax", allow_module_level=True)


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Array]:
    """What `_optax.py` computes."""
    path = tmp_path_factory.mktemp("optax") / "theirs.npz"
    program = [sys.executable, "-m", "tests.peers._optax", str(path)]
    subprocess.run(program, check=True, cwd=Path(__file__).parents[2])
    with np.load(path) as arrays:
        return dict(arrays)


@pytest.mark.parametrize(("hidden", "cost"), PAIRS)
@pytest.mark.parametrize("optimizer", OPTAX)
def test_200_steps_are_optaxs(
    theirs: Mapping[str, Array], optimizer: str, hidden: str, cost: str
) -> None:
    ours, eta = OPTAX[optimizer]
    before = start(hidden, OUTPUTS[cost])
    after = descended(before, cost, ours, eta)
    assert_same_run(before, after, theirs[f"theta {optimizer}"][PAIRS.index((hidden, cost))])


SCHEDULES = {
    "cosine": fnnet.cosine(10),
    "warm-up": fnnet.cosine(10, warm_up=3),
    "exponential": fnnet.exponential(0.3),
    "step": fnnet.step_decay(3, 0.5),
}


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_schedule_is_optaxs(theirs: Mapping[str, Array], schedule: str) -> None:
    ours = [SCHEDULES[schedule](step / 20) for step in range(240)]
    assert np.max(np.abs(ours - theirs[schedule])) < 1e-14
