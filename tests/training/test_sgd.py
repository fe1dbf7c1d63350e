from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fnnet import Batch, cost, grads, init, sgd_step
from tests._support import SIZES, assert_refused, close, inputs, labels, tripled


def batch(sizes: tuple[int, ...], n: int = 6) -> Batch:
    return Batch(inputs(n, sizes[0]), labels(n, classes=sizes[-1]))


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("eta", [3.0, 0.1, -1.0, np.float32(2), 5])
def test_a_step_goes_eta_along_the_mean_gradient_downwards(
    sizes: tuple[int, ...], eta: float
) -> None:
    params, samples = init(sizes, seed=0, dtype=np.float64), batch(sizes)
    gradient = grads(params, samples.x, samples.y)
    after = sgd_step(params, samples, eta)
    assert close(after.theta, params.theta - float(eta) * gradient.theta)
    assert after.architecture == params.architecture


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_small_step_lowers_the_cost_and_keeps_the_dtype(dtype: Any) -> None:
    params, samples = init([4, 5, 3], seed=0, dtype=dtype), batch((4, 5, 3))
    after = sgd_step(params, samples, 0.1)
    assert cost(after, samples.x, samples.y) < cost(params, samples.x, samples.y)
    assert after.dtype == dtype


def test_a_batch_that_is_repeated_makes_the_same_step() -> None:
    params, once = init([4, 5, 3], seed=0, dtype=np.float64), batch((4, 5, 3))
    twice = Batch(np.tile(once.x, (2, 1)), np.tile(once.y, 2))
    assert close(sgd_step(params, twice, 3.0).theta, sgd_step(params, once, 3.0).theta)


def test_the_order_within_a_batch_does_not_matter_much() -> None:
    params, samples = init([4, 5, 3], seed=0, dtype=np.float64), batch((4, 5, 3))
    backwards = Batch(samples.x[::-1], samples.y[::-1])
    assert close(sgd_step(params, backwards, 3.0).theta, sgd_step(params, samples, 3.0).theta)


def test_no_eta_no_step() -> None:
    params = init([4, 5, 3], seed=[0, 1])
    assert sgd_step(params, batch((4, 5, 3)), 0) == params


def test_the_step_is_a_new_record() -> None:
    params = init([4, 5, 3], seed=0)
    before = params.digest()
    after = sgd_step(params, batch((4, 5, 3)), 3.0)
    assert params.digest() == before != after.digest()
    assert not np.shares_memory(params.theta, after.theta)


def test_another_cost_is_taken_at_its_word() -> None:
    params, samples = init([4, 5, 3], seed=0, dtype=np.float64), batch((4, 5, 3))
    after = sgd_step(params, samples, 1.0, cost=tripled)
    assert close(after.theta, sgd_step(params, samples, 3.0).theta)


@pytest.mark.parametrize("eta", [float("nan"), np.inf, "3", None, True, [1.0], 10**400])
def test_an_eta_that_is_no_finite_number_is_refused(eta: Any) -> None:
    params, samples = init([4, 5, 3], seed=0), batch((4, 5, 3))
    assert_refused(lambda: sgd_step(params, samples, eta), "eta is ", "a finite number")


def test_samples_of_another_shape_are_refused() -> None:
    params = init([4, 5, 3], seed=0)
    assert_refused(lambda: sgd_step(params, batch((5, 3)), 1.0), "x is ", "4 features")
    assert_refused(lambda: sgd_step(params, batch((4, 90)), 1.0), "y is ", "labels of 0 to 2")


def test_an_eta_beyond_the_params_range_steps_in_silence() -> None:
    params, samples = init([4, 5, 3], seed=0), batch((4, 5, 3))
    assert not np.isfinite(sgd_step(params, samples, 1e300).theta).all()
