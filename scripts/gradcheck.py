"""Compare back-propagation with complex-step derivatives over random networks."""

from math import isfinite
from typing import Annotated, get_args

import numpy as np
import typer

import fnnet
from _common import require, run
from _options import ActivationName, CostName


def main(
    networks: Annotated[int, typer.Option(min=1, help="The number of networks to check.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="The seed of networks and samples.")] = 0,
    bound: Annotated[float, typer.Option(min=0, help="The largest error to accept.")] = 1e-12,
) -> None:
    """Check `grads` in float64: print the largest relative error, exit with 1 above the bound.

    Each layer has an activation drawn at random. Each network is checked with every cost that goes
    with its output layer.
    """
    require(isfinite(bound), "--bound", bound, "a finite number of at least 0")
    rng = np.random.default_rng(seed)
    largest = max(_error_of_a_network(rng) for _ in range(networks))
    print(f"Largest relative error of {networks} networks: {largest:.2e} (bound {bound:.0e})")
    if not largest <= bound:
        raise typer.Exit(1)


def _error_of_a_network(rng: np.random.Generator) -> float:
    """The largest difference from the complex step, relative to the largest derivative."""
    sizes = rng.integers(1, 9, size=rng.integers(2, 6)).tolist()
    n = rng.integers(1, 9)
    activations = rng.choice(get_args(ActivationName), size=len(sizes) - 1).tolist()
    seed = int(rng.integers(2**32))
    # Small weights: where tanh saturates, 1 - a^2 has no digits left to compare.
    params = fnnet.init(
        sizes, seed=seed, activations=activations, weights="scaled-normal", dtype=np.float64
    )
    x, y = rng.standard_normal((n, sizes[0])), rng.random((n, sizes[-1]))
    errors = []
    for cost in (fnnet.TrainConfig(cost=name).cost for name in get_args(CostName)):
        if cost.output in (None, params.architecture.activations[-1]):
            expected = fnnet.complex_step(params, x, y, cost=cost).theta
            difference = np.abs(fnnet.grads(params, x, y, cost=cost).theta - expected)
            errors.append(difference.max() / (np.abs(expected).max() or 1.0))
    return float(max(errors))


if __name__ == "__main__":
    run(main)
