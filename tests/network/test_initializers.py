"""Initial weights and biases: how they are spread, and that they stay what they were."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

import fnnet
from fnnet import Params, Spread, init
from fnnet.network.initializers import BIASES, WEIGHTS
from tests._support import SIZES, assert_refused

N_IN, N_OUT = 300, 200
DEVIATIONS = {
    "standard-normal": 1.0,
    "scaled-normal": N_IN**-0.5,
    "glorot-normal": (2 / (N_IN + N_OUT)) ** 0.5,
    "glorot-uniform": (2 / (N_IN + N_OUT)) ** 0.5,
    "he-normal": (2 / N_IN) ** 0.5,
    "he-uniform": (2 / N_IN) ** 0.5,
}


class TestInit:
    def test_draws_standard_normal_numbers(self) -> None:
        theta = init([200, 100, 50], seed=0, dtype=np.float64).theta
        assert abs(theta.mean()) < 0.02
        assert abs(theta.std() - 1) < 0.02
        assert abs(np.mean(theta**4) - 3) < 0.15
        assert len(np.unique(theta)) == theta.size

    def test_the_numbers_are_the_same_in_every_release(self) -> None:
        theta = init([1, 1], seed=0, dtype=np.float64).theta
        assert theta.tolist() == [0.7859067677198036, -0.9199529560235964]

    def test_float32_starts_where_float64_does(self) -> None:
        one, other = (init([5, 4, 3], seed=1, dtype=d) for d in (np.float32, np.float64))
        assert one.dtype == np.float32
        assert one.theta.tobytes() == other.theta.astype(np.float32).tobytes()
        assert init([5, 4, 3], seed=1) == one

    @pytest.mark.parametrize("seeds", [[3], [7, 0, 7], (0, 1), range(3), np.arange(2)])
    def test_seeds_make_the_stack_of_their_networks(self, seeds: Any) -> None:
        params = init([5, 4, 3], seed=seeds)
        assert params.leading == (len(seeds),)
        assert [params[k] for k in range(len(seeds))] == [init([5, 4, 3], seed=s) for s in seeds]

    def test_seeds_differ(self) -> None:
        assert len({init([2, 2], seed=seed) for seed in range(100)}) == 100

    @pytest.mark.parametrize("dtype", [int, np.float16, complex, "text", ">f4", object, np.eye(3)])
    def test_refuses_other_dtypes(self, dtype: Any) -> None:
        assert_refused(lambda: init([2, 1], seed=0, dtype=dtype), "dtype is ", "float32 or float64")

    @pytest.mark.parametrize("deviation", ["a", None, np.nan, np.inf, 1j])
    @pytest.mark.parametrize("of", ["weights", "biases"])
    def test_refuses_a_deviation_that_is_no_finite_number(self, of: str, deviation: Any) -> None:
        spread: Any = {of: Spread("mine", lambda _n_in, _n_out: deviation)}
        assert_refused(lambda: init([2, 1], seed=0, **spread), "mine.deviation is ", "finite numb")

    def test_refuses_numbers_beyond_its_dtype(self) -> None:
        wide = Spread("wide", lambda _n_in, _n_out: 1e300)
        told = "e+299: expected numbers finite in float32"
        assert_refused(lambda: init([2, 1], seed=0, weights=wide), "theta[0] is ", told)
        assert abs(init([2, 1], seed=0, weights=wide, dtype=np.float64).theta[0]) > 1e299

    @pytest.mark.parametrize("seed", [-1, [], None, "0", 1.5, [0, -1]])
    def test_refuses_what_is_no_seed(self, seed: Any) -> None:
        assert_refused(lambda: init([2, 1], seed=seed), "seed", "expected")

    def test_the_notebooks_network_starts_as_it_always_did(self) -> None:
        digest = "10bf8b4c1520d1eb252e1f1cc77a7c57be7ed327dbd8a9ab043d365b5b7ab6e6"
        assert init([784, 16, 16, 10], seed=0).digest() == digest
        named = init(
            [784, 16, 16, 10], seed=0, weights="standard-normal", biases=BIASES["standard-normal"]
        )
        assert named.digest() == digest


@pytest.mark.parametrize("biases", BIASES)
@pytest.mark.parametrize("weights", WEIGHTS)
class TestEach:
    """Every spread of weights with every one of biases."""

    def test_weights_are_spread_as_the_name_says(self, weights: str, biases: str) -> None:
        params = init([7, N_IN, N_OUT], seed=0, weights=weights, biases=biases, dtype=np.float64)
        scaled = params.weights[1] / DEVIATIONS[weights]
        assert abs(scaled.mean()) < 0.02
        assert abs(scaled.std() - 1) < 0.02
        uniform = weights.endswith("uniform")
        assert abs(np.mean(scaled**4) - (9 / 5 if uniform else 3)) < 0.15
        largest = np.abs(scaled).max()
        assert largest > 3**0.5 * 0.999
        assert (largest <= 3**0.5 * (1 + 1e-15)) == uniform

    def test_biases_are_spread_as_the_name_says(self, weights: str, biases: str) -> None:
        params = init([1, 10**4], seed=0, weights=weights, biases=biases)
        own = params.biases[0]
        if biases == "zero":
            assert own.tobytes() == bytes(own.nbytes)  # no zero is a negative one
        else:
            assert abs(own.mean()) < 0.03
            assert abs(own.std() - 1) < 0.03
            assert np.abs(own).max() > 3
            assert abs(np.corrcoef(own, params.weights[0][:, 0])[0, 1]) < 0.03

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_a_stack_is_its_members(self, weights: str, biases: str, dtype: Any) -> None:
        def made(seed: Any) -> Params:
            return init([5, 4, 3], seed=seed, weights=weights, biases=biases, dtype=dtype)

        stacked = made([3, 0, 3])
        assert [stacked[k] for k in range(3)] == [made(seed) for seed in (3, 0, 3)]
        assert stacked.dtype == dtype
        assert made(0) != made(3)


@pytest.mark.parametrize("sizes", SIZES)
def test_normal_weights_are_the_notebooks_scaled(sizes: tuple[int, ...]) -> None:
    notebooks = init(sizes, seed=1, dtype=np.float64)
    scaled = init(sizes, seed=1, weights="scaled-normal", dtype=np.float64)
    for n_in, own, theirs in zip(sizes, scaled.weights, notebooks.weights, strict=False):
        assert own.tobytes() == (theirs * n_in**-0.5).tobytes()
    assert [b.tobytes() for b in scaled.biases] == [b.tobytes() for b in notebooks.biases]


def test_each_spread_has_a_deviation_here() -> None:
    assert set(DEVIATIONS) == set(WEIGHTS)
    assert {name: spread.name for name, spread in (WEIGHTS | BIASES).items()} == {
        name: name for name in WEIGHTS | BIASES
    }


class TestSpread:
    def test_of_a_callers_own(self) -> None:
        constant = Spread("tenth", lambda n_in, n_out: 0.1 * n_in / n_out, uniform=True)
        params = init([4, 2, 8], seed=0, weights=constant, biases=constant, dtype=np.float64)
        bounds = [3**0.5 * 0.2, 3**0.5 * 0.025]
        for k, bound in enumerate(bounds):
            for part in (params.weights[k], params.biases[k]):
                assert 0 < np.abs(part).max() <= bound * (1 + 1e-15)

    def test_of_uniform_biases_alone(self) -> None:
        uniform = Spread("uniform", lambda _n_in, _n_out: 1.0, uniform=True)
        params, notebooks = init([2, 10**4], seed=0, biases=uniform), init([2, 10**4], seed=0)
        assert same_weights(params, notebooks)
        assert 1.73 < np.abs(params.biases[0]).max() <= 3**0.5 * (1 + 1e-6)

    def test_is_exported(self) -> None:
        assert fnnet.Spread is Spread

    @pytest.mark.parametrize("unknown", ["normal", "", "zero", None, 1.0, ["he-normal"]])
    def test_unknown_weights_are_told_which_ones_there_are(self, unknown: Any) -> None:
        refused = partial(init, [2, 1], seed=0, weights=unknown)
        assert_refused(refused, "weights is ", repr(unknown), *WEIGHTS)

    @pytest.mark.parametrize("unknown", ["normal", "", "he-normal", None, 0.0, ["zero"]])
    def test_unknown_biases_are_told_which_ones_there_are(self, unknown: Any) -> None:
        refused = partial(init, [2, 1], seed=0, biases=unknown)
        assert_refused(refused, "biases is ", repr(unknown), *BIASES)


def same_weights(a: Params, b: Params) -> bool:
    return [w.tobytes() for w in a.weights] == [w.tobytes() for w in b.weights]
