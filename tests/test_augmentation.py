from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from fnnet import Batch
from fnnet._random import Purpose, stream
from fnnet._records import Array
from fnnet._threads import blas_libraries
from fnnet._warping import smoothing
from fnnet.augmentation import Augmentation, affine, augmentations, elastic, shifts
from tests._support import assert_refused, inputs, labels, same_bits

SHAPE = (9, 8)
FACTORIES: list[Callable[..., Augmentation]] = [shifts, elastic, affine]
AUGMENTATIONS = [
    *(factory(shape=SHAPE) for factory in FACTORIES),
    augmentations(elastic(5, 1, shape=SHAPE), shifts(2, shape=SHAPE)),
]
every_augmentation = pytest.mark.parametrize("augment", AUGMENTATIONS, ids=lambda a: a.name)


def batch(n: int = 30, dtype: Any = np.float32) -> Batch:
    return Batch(inputs(n, 72).astype(dtype), labels(n, classes=10))


@every_augmentation
def test_the_same_arguments_give_the_same_bytes_and_others_give_others(
    augment: Augmentation,
) -> None:
    samples = batch()
    before = samples.x.tobytes()
    once = augment(samples, seed=3, epoch=5, step=7)
    np.random.default_rng().random()
    assert augment(samples, seed=3, epoch=5, step=7) == once
    others = [(4, 5, 7), (3, 6, 7), (3, 5, 8), (3, 5, 0), (5, 3, 7)]
    for seed, epoch, step in others:
        assert augment(samples, seed=seed, epoch=epoch, step=step) != once
    assert samples.x.tobytes() == before


@every_augmentation
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_labels_and_dtype_are_kept_and_the_result_is_read_only(
    augment: Augmentation, dtype: Any
) -> None:
    samples = batch(dtype=dtype)
    result = augment(samples, seed=0, epoch=0)
    assert same_bits(result.y, samples.y)
    assert (result.x.shape, result.x.dtype) == (samples.x.shape, dtype)
    assert not result.x.flags.writeable
    assert result != samples


@every_augmentation
def test_the_call_is_the_function_drawing_from_the_steps_own_stream(augment: Augmentation) -> None:
    samples = batch()
    expected = augment.function(samples.x, stream(1, Purpose.AUGMENT, 2, 3))
    assert same_bits(augment(samples, seed=1, epoch=2, step=3).x, expected)


def test_a_shift_is_the_same_in_every_release() -> None:
    samples = Batch(np.eye(9)[[4] * 4], [0] * 4)
    moved = shifts(shape=(3, 3))(samples, seed=0, epoch=0)
    assert moved.x.argmax(axis=1).tolist() == [8, 8, 1, 4]


def test_matrix_products_are_made_with_one_blas_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: set[int] = set()

    def watched(n: int, sigma: float) -> Array:
        threads.update(library.get_num_threads() for library in blas_libraries())
        return smoothing(n, sigma)

    monkeypatch.setattr("fnnet._distortions.smoothing", watched)
    with threadpool_limits(2, user_api="blas"):
        elastic(shape=SHAPE)(batch(), seed=0, epoch=0)
    assert threads == {1}


@every_augmentation
def test_a_copy_is_equal_and_does_the_same(augment: Augmentation) -> None:
    for other in (copy.deepcopy(augment), pickle.loads(pickle.dumps(augment))):
        assert other == augment
        assert hash(other) == hash(augment)
        assert other(batch(), seed=0, epoch=1) == augment(batch(), seed=0, epoch=1)


def test_equal_settings_make_equal_records_however_they_are_given() -> None:
    assert elastic() == elastic(34, np.float64(4), shape=[28, 28]) == elastic(sigma=4)
    one: Any = np.int64(1)
    assert shifts() == shifts(one, shape=(28 * one, 28))
    assert affine() == affine(15, shear=0.15)
    assert augmentations(shifts(), elastic()) == augmentations(shifts(), elastic())
    assert augmentations(shifts(), elastic()) != augmentations(elastic(), shifts())
    different = [elastic(), elastic(33), elastic(sigma=5), elastic(shape=(28, 29))]
    different += [shifts(), shifts(2), shifts(shape=(28, 29)), affine(), affine(14)]
    different += [affine(scale=0.1), affine(shear=0.1), affine(shape=(28, 29))]
    assert len(set(different)) == len({augment.name for augment in different}) == len(different)


def test_names_say_all_settings() -> None:
    assert shifts(2).name == "shifts(pixels=2, shape=(28, 28))"
    assert elastic(20, 5).name == "elastic(alpha=20.0, sigma=5.0, shape=(28, 28))"
    assert affine(10, 0.1, 0.2).name == (
        "affine(rotation_degrees=10.0, scale=0.1, shear=0.2, shape=(28, 28))"
    )
    assert augmentations(shifts(), elastic()).name == f"{shifts().name} + {elastic().name}"


def test_the_settings_reach_the_distortion() -> None:
    x = batch().x

    def differs(one: Augmentation, other: Augmentation) -> bool:
        pair = [augment.function(x, np.random.default_rng(0)) for augment in (one, other)]
        return not same_bits(*pair)

    assert differs(shifts(1, shape=SHAPE), shifts(2, shape=SHAPE))
    assert differs(elastic(9, 2, shape=SHAPE), elastic(9, 3, shape=SHAPE))
    assert differs(elastic(9, 2, shape=SHAPE), elastic(8, 2, shape=SHAPE))
    for setting in [(20, 0, 0), (0, 0.2, 0), (0, 0, 0.2)]:
        assert differs(affine(*setting, shape=SHAPE), affine(0, 0, 0, shape=SHAPE))


@pytest.mark.parametrize("wrong", [1j, np.nan, "a"])
def test_one_of_a_callers_own_that_gives_no_inputs_is_refused(wrong: Any) -> None:
    mine = Augmentation("mine", lambda x, _: np.full(x.shape, wrong))
    assert_refused(lambda: mine(batch(), seed=0, epoch=0), "what mine returns")


def test_an_augmentation_of_a_callers_own() -> None:
    flip = Augmentation("flip", lambda x, _: x[:, ::-1])
    samples = batch()
    assert same_bits(flip(samples, seed=0, epoch=0).x, samples.x[:, ::-1])
    both = augmentations(flip, flip)
    assert both.name == "flip + flip"
    assert both(samples, seed=0, epoch=0) == samples


@pytest.mark.parametrize(
    ("factory", "settings", "fragments"),
    [
        (shifts, {"pixels": 0}, ["pixels is 0: expected an integer of at least 1"]),
        (shifts, {"pixels": 1.5}, ["pixels is 1.5: expected an integer"]),
        (shifts, {"pixels": 10}, ["pixels is 10: expected at most 9, the images' longer side"]),
        (elastic, {"alpha": 0}, ["alpha is 0", "expected a number above 0, and at most 1000000"]),
        (elastic, {"alpha": -1}, ["alpha is -1"]),
        (elastic, {"alpha": 1e7}, ["alpha is 10000000.0"]),
        (elastic, {"alpha": np.nan}, ["alpha is nan: expected a finite number"]),
        (elastic, {"alpha": "34"}, ["alpha is '34': expected a finite number"]),
        (elastic, {"sigma": 0}, ["sigma is 0", "a number above 0, and at most 9, the images'"]),
        (elastic, {"sigma": 9.5}, ["sigma is 9.5"]),
        (elastic, {"sigma": np.inf}, ["sigma is inf: expected a finite number"]),
        (affine, {"rotation_degrees": -1}, ["rotation_degrees is -1", "degrees of 0 to 180"]),
        (affine, {"rotation_degrees": 181}, ["rotation_degrees is 181"]),
        (affine, {"rotation_degrees": None}, ["rotation_degrees is None: expected a finite"]),
        (affine, {"scale": -0.1}, ["scale is -0.1: expected a number of at least 0, and below 1"]),
        (affine, {"scale": 1}, ["scale is 1"]),
        (affine, {"shear": -0.1}, ["shear is -0.1: expected a number of 0 to 1"]),
        (affine, {"shear": 1.1}, ["shear is 1.1"]),
    ],
)
def test_settings_out_of_range_are_refused(
    factory: Callable[..., Augmentation], settings: dict[str, Any], fragments: list[str]
) -> None:
    assert_refused(lambda: factory(**settings, shape=SHAPE), *fragments)


@pytest.mark.parametrize("factory", FACTORIES)
@pytest.mark.parametrize(
    ("shape", "fragment"),
    [
        (28, "shape is 28: expected a height and a width"),
        ((28, 28, 1), "shape is (28, 28, 1)"),
        ("28", "shape is '28'"),
        ((28, 0), "shape[1] is 0: expected an integer of at least 1"),
        ((2.0, 28), "shape[0] is 2.0"),
    ],
)
def test_what_is_no_shape_is_refused(
    factory: Callable[..., Augmentation], shape: Any, fragment: str
) -> None:
    assert_refused(lambda: factory(shape=shape), fragment)


@pytest.mark.parametrize("value", [1.0, 0.01, 1e-300])
def test_the_ends_of_the_ranges_are_taken(value: float) -> None:
    samples = batch()
    for augment in [
        shifts(9, shape=SHAPE),
        elastic(1e6, value, shape=SHAPE),
        elastic(value, 9, shape=SHAPE),
        affine(180, 0.99, 1, shape=SHAPE),
    ]:
        assert np.isfinite(augment(samples, seed=0, epoch=0).x).all()


@every_augmentation
def test_inputs_that_are_no_such_images_are_refused(augment: Augmentation) -> None:
    for x in (inputs(3, 71), inputs(2, 3, 72), np.ones((3, 72), np.uint8)):
        samples = Batch(x, labels(*x.shape[:-1], classes=2))
        expected = "floats of shape (n, 72), images of 9 x 8 pixels"
        assert_refused(partial(augment, samples, seed=0, epoch=0), "x is an array", expected)


@pytest.mark.parametrize(
    ("changes", "fragment"),
    [
        ({"batch": inputs(3, 72)}, "batch is an array"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": (0, 1)}, "seed is (0, 1): expected an integer"),
        ({"epoch": -1}, "epoch is -1"),
        ({"step": 0.5}, "step is 0.5"),
    ],
)
def test_a_bad_place_in_a_run_is_refused(changes: dict[str, Any], fragment: str) -> None:
    arguments: dict[str, Any] = {"batch": batch(), "seed": 0, "epoch": 0, "step": 0} | changes
    assert_refused(lambda: shifts(shape=SHAPE)(**arguments), fragment)


def test_what_is_no_augmentation_is_refused() -> None:
    parts: Any = [shifts(), "elastic"]
    assert_refused(lambda: augmentations(*parts), "parts[1] is 'elastic'", "an Augmentation")
    assert_refused(augmentations, "parts is (): expected at least one Augmentation")
