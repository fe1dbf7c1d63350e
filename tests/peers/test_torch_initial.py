"""Initial weights against torch.nn.init: the same formula, whatever the generator."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

import fnnet
from tests.peers._torch import torch

SIZES = (50, 30, 20, 40)

INITS: dict[str, Callable[..., Any]] = {
    "scaled-normal": partial(torch.nn.init.kaiming_normal_, nonlinearity="linear"),
    "glorot-normal": torch.nn.init.xavier_normal_,
    "glorot-uniform": torch.nn.init.xavier_uniform_,
    "he-normal": partial(torch.nn.init.kaiming_normal_, nonlinearity="relu"),
    "he-uniform": partial(torch.nn.init.kaiming_uniform_, nonlinearity="relu"),
}


def their_scale(name: str, n_in: int, n_out: int) -> float:
    """What torch multiplies its own draws from -1 to 1, or from the standard normal, by."""
    empty = torch.empty(n_out, n_in, dtype=torch.float64)
    fill = torch.nn.init.normal_ if name.endswith("normal") else partial(_uniform, torch.nn.init)
    draws, weights = (
        function(empty.clone(), generator=torch.Generator().manual_seed(0))
        for function in (fill, INITS[name])
    )
    ratio = (weights / draws).numpy()
    assert np.ptp(ratio) < 1e-9 * ratio.mean()
    return float(np.median(ratio))


def _uniform(init: Any, tensor: Any, generator: Any) -> Any:
    return init.uniform_(tensor, -1.0, 1.0, generator=generator)


def our_scale(name: str, layer: int) -> float:
    """The same of fnnet's."""
    unit = fnnet.Spread("unit", lambda _n_in, _n_out: 3**-0.5, uniform=name.endswith("uniform"))
    standard: Any = "standard-normal" if name.endswith("normal") else unit
    draws, weights = (
        fnnet.init(SIZES, seed=0, weights=spread, biases="zero", dtype=np.float64).weights[layer]
        for spread in (standard, name)
    )
    ratio = weights / draws
    assert np.ptp(ratio) < 1e-9 * ratio.mean()
    return float(np.median(ratio))


@pytest.mark.parametrize("layer", range(len(SIZES) - 1))
@pytest.mark.parametrize("name", INITS)
def test_the_scale_is_torch_nn_inits(name: str, layer: int) -> None:
    n_in, n_out = SIZES[layer], SIZES[layer + 1]
    assert our_scale(name, layer) == pytest.approx(their_scale(name, n_in, n_out), rel=1e-13)


@pytest.mark.parametrize("name", INITS)
def test_the_deviation_is_torch_nn_inits(name: str) -> None:
    ours = fnnet.init([1000, 500], seed=0, weights=name, dtype=np.float64).weights[0]
    theirs = INITS[name](torch.empty(500, 1000), generator=torch.Generator().manual_seed(0))
    # Half a million draws: a deviation's own deviation is 1 / sqrt(2n) of it, 0.1%.
    assert ours.std() == pytest.approx(theirs.std().item(), rel=0.01)
