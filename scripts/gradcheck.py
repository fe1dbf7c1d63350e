"""Compare back-propagation with complex-step derivatives over random networks."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import typer

import fnnet
from _common import run
from fnnet._checks import finite_number, integer
from fnnet.evaluation.gradient_check import relative_error
from fnnet.network.activations import ACTIVATIONS
from fnnet.network.costs import COSTS


def main(
    networks: Annotated[int, typer.Option(help="How many networks to check.")] = 100,
    seed: Annotated[int, typer.Option(help="Of the random networks and samples.")] = 0,
    bound: Annotated[float, typer.Option(help="The largest relative error to accept.")] = 1e-12,
) -> None:
    """Check `grads` in float64: print the largest relative error, exit with 1 past the bound.

    Each layer has an activation drawn at random, and each network is checked with every cost that
    goes with its output layer.
    """
    integer("--networks", networks, at_least=1)
    finite_number("--bound", bound, at_least=0)
    rng = np.random.default_rng(integer("--seed", seed, at_least=0))
    largest = max(_error_of_a_network(rng) for _ in range(networks))
    print(f"Largest relative error of {networks} networks: {largest:.2e} (bound {bound:.0e})")
    if not largest <= bound:
        raise typer.Exit(1)


def _error_of_a_network(rng: np.random.Generator) -> float:
    sizes = rng.integers(1, 9, size=rng.integers(2, 6)).tolist()
    n = rng.integers(1, 9)
    activations = rng.choice(list(ACTIVATIONS), size=len(sizes) - 1).tolist()
    seed = int(rng.integers(2**32))
    # Weights that leave tanh its digits: where 1 - a^2 is all rounding, so is the comparison.
    params = fnnet.init(
        sizes, seed=seed, activations=activations, weights="scaled-normal", dtype=np.float64
    )
    x, y = rng.standard_normal((n, sizes[0])), rng.random((n, sizes[-1]))
    output = params.architecture.activations[-1]
    costs = [cost for cost in COSTS.values() if cost.output in (None, output)]
    return max(relative_error(params, x, y, cost=cost) for cost in costs)


if __name__ == "__main__":
    run(main)
