"""Compare back-propagation with complex-step derivatives over random networks."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import typer

import fnnet
from _common import run
from fnnet.checks import integer
from fnnet.costs import cross_entropy, quadratic
from fnnet.gradient_check import relative_error


def main(
    networks: Annotated[int, typer.Option(help="How many networks to check.")] = 100,
    seed: Annotated[int, typer.Option(help="Of the random networks and samples.")] = 0,
    bound: Annotated[float, typer.Option(help="The largest relative error to accept.")] = 1e-12,
) -> None:
    """Check `grads` in float64: print the largest relative error, exit with 1 past the bound."""
    integer("--networks", networks, at_least=1)
    rng = np.random.default_rng(integer("--seed", seed, at_least=0))
    largest = max(_error_of_a_network(rng) for _ in range(networks))
    print(f"Largest relative error of {networks} networks: {largest:.2e} (bound {bound:.0e})")
    if not largest <= bound:
        raise typer.Exit(1)


def _error_of_a_network(rng: np.random.Generator) -> float:
    sizes = rng.integers(1, 9, size=rng.integers(2, 6)).tolist()
    n = rng.integers(1, 9)
    params = fnnet.init(sizes, seed=int(rng.integers(2**32)), dtype=np.float64)
    x, y = rng.standard_normal((n, sizes[0])), rng.random((n, sizes[-1]))
    return max(relative_error(params, x, y, cost=cost) for cost in (quadratic, cross_entropy))


if __name__ == "__main__":
    run(main)
