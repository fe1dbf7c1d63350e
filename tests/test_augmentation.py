from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from fnnet import Batch, augmentation
from fnnet._random import Purpose, stream
from fnnet._records import Array
from fnnet._threads import blas_libraries
from fnnet.augmentation import (
    Augmentation,
    _bent_grid,
    _warped,
    affine,
    augmentations,
    elastic,
    shifts,
)
from tests._support import assert_refused, inputs, labels, same_bits

SHAPE = (9, 8)
FACTORIES: list[Callable[..., Augmentation]] = [shifts, elastic, affine]
SINGLE = [
    shifts(2, shape=SHAPE),
    elastic(12, 2, shape=SHAPE),
    affine(30, 0.2, 0.3, shape=SHAPE),
]
AUGMENTATIONS = [*SINGLE, augmentations(elastic(5, 1, shape=SHAPE), shifts(2, shape=SHAPE))]
every_augmentation = pytest.mark.parametrize("augment", AUGMENTATIONS, ids=lambda a: a.name)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def blob(shape: tuple[int, int], n: int = 1) -> Array:
    """The same bright, round spot in the middle of each image: (n, n_in)."""
    y, x = np.indices(shape) - (np.array(shape).reshape(2, 1, 1) - 1) / 2
    return np.tile(np.exp(-(x * x + y * y) / 18).reshape(-1), (n, 1))


def bar(shape: tuple[int, int], n: int) -> Array:
    """The same upright bar in each image, slightly soft."""
    y, x = np.indices(shape) - (np.array(shape).reshape(2, 1, 1) - 1) / 2
    return np.tile(np.exp(-x * x / 8 - y * y / 72).reshape(-1), (n, 1))


def moments(images: Array) -> tuple[Array, Array]:
    """The centre (n, 2) and the covariance (n, 2, 2) of each image's mass."""
    y, x = np.indices(images.shape[1:])
    mass = images.sum(axis=(1, 2))
    centre = np.stack([(images * y).sum((1, 2)), (images * x).sum((1, 2))], 1) / mass[:, None]
    from_centre = np.stack([y, x]) - centre[:, :, None, None]
    weighted = images[:, None] * from_centre
    return centre, np.einsum("nahw,nbhw->nab", weighted, from_centre) / mass[:, None, None]


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
@pytest.mark.parametrize("n", [0, 1, 70])
def test_labels_shape_and_dtype_are_kept_and_the_result_is_a_new_read_only_array(
    augment: Augmentation, dtype: Any, n: int
) -> None:
    x = inputs(n, 72).astype(dtype)
    assert augment.function(x, rng()).dtype == dtype
    assert augment.function(x, rng()).shape == x.shape
    assert not np.shares_memory(augment.function(x, rng()), x)
    if n:
        samples = batch(n, dtype)
        result = augment(samples, seed=0, epoch=2)
        assert same_bits(result.y, samples.y)
        assert (result.x.shape, result.x.dtype) == (samples.x.shape, dtype)
        assert not result.x.flags.writeable
        assert result != samples


@every_augmentation
def test_each_image_is_changed_in_its_own_way(augment: Augmentation) -> None:
    result = augment.function(np.tile(inputs(1, 72), (40, 1)), rng())
    assert len(np.unique(result, axis=0)) > 15


@pytest.mark.parametrize("augment", SINGLE, ids=lambda a: a.name)
def test_an_image_does_not_depend_on_those_after_it(augment: Augmentation) -> None:
    x = inputs(100, 72)
    assert same_bits(augment.function(x, rng())[:37], augment.function(x[:37], rng()))


@every_augmentation
def test_rows_with_gaps_in_memory_are_taken(augment: Augmentation) -> None:
    x = inputs(40, 73)[:, :-1]
    assert same_bits(augment.function(x, rng()), augment.function(x.copy(), rng()))


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
    smoothing = augmentation._smoothing
    threads: set[int] = set()

    def watched(n: int, sigma: float) -> Array:
        threads.update(library.get_num_threads() for library in blas_libraries())
        return smoothing(n, sigma)

    monkeypatch.setattr(augmentation, "_smoothing", watched)
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
def test_an_own_augmentation_that_returns_no_inputs_is_refused(wrong: Any) -> None:
    mine = Augmentation("mine", lambda x, _: np.full(x.shape, wrong))
    assert_refused(lambda: mine(batch(), seed=0, epoch=0), "what mine returns")


def test_an_own_augmentation() -> None:
    flip = Augmentation("flip", lambda x, _: x[:, ::-1])
    samples = batch()
    assert same_bits(flip(samples, seed=0, epoch=0).x, samples.x[:, ::-1])
    both = augmentations(flip, flip)
    assert both.name == "flip + flip"
    assert both(samples, seed=0, epoch=0) == samples


def test_several_change_the_images_in_order_and_draw_from_one_stream() -> None:
    first, second = SINGLE[:2]
    x, one_stream = inputs(10, 72), rng()
    expected = second.function(first.function(x, one_stream), one_stream)
    assert same_bits(augmentations(first, second).function(x, rng()), expected)


@pytest.mark.parametrize(
    ("factory", "settings", "fragments"),
    [
        (shifts, {"pixels": 0}, ["pixels is 0: expected an integer of at least 1"]),
        (shifts, {"pixels": 1.5}, ["pixels is 1.5: expected an integer"]),
        (shifts, {"pixels": 10}, ["pixels is 10: expected an integer of at least 1 and at most 9"]),
        (
            elastic,
            {"alpha": 0},
            ["alpha is 0: expected a finite number above 0 and of at most 1e+06"],
        ),
        (elastic, {"alpha": -1}, ["alpha is -1"]),
        (elastic, {"alpha": 1e7}, ["alpha is 10000000.0"]),
        (elastic, {"alpha": np.nan}, ["alpha is nan: expected a finite number"]),
        (elastic, {"alpha": "34"}, ["alpha is '34': expected a finite number"]),
        (elastic, {"sigma": 0}, ["sigma is 0: expected a finite number above 0 and of at most 9"]),
        (elastic, {"sigma": 9.5}, ["sigma is 9.5"]),
        (elastic, {"sigma": np.inf}, ["sigma is inf: expected a finite number"]),
        (affine, {"rotation_degrees": -1}, ["rotation_degrees is -1", "of at most 180"]),
        (affine, {"rotation_degrees": 181}, ["rotation_degrees is 181"]),
        (affine, {"rotation_degrees": None}, ["rotation_degrees is None: expected a finite"]),
        (affine, {"scale": -0.1}, ["scale is -0.1: expected a finite number of at least 0 and"]),
        (affine, {"scale": 1}, ["scale is 1"]),
        (affine, {"shear": -0.1}, ["shear is -0.1: expected a finite number of at least 0 and"]),
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


@pytest.mark.parametrize(("pixels", "shape"), [(1, (3, 4)), (2, (5, 3)), (4, (4, 2))])
def test_a_shift_is_a_translation_with_zeros_and_all_of_them_are_as_likely(
    pixels: int, shape: tuple[int, int]
) -> None:
    image, n = 1 + np.arange(float(np.prod(shape))).reshape(shape), 4000
    wide = np.pad(image, pixels)
    span = range(2 * pixels + 1)
    possible = [wide[r : r + shape[0], c : c + shape[1]].reshape(-1) for r in span for c in span]
    results = shifts(pixels, shape=shape).function(np.tile(image.reshape(-1), (n, 1)), rng())
    counts = [int((results == one).all(axis=1).sum()) for one in possible]
    different = len(np.unique(possible, axis=0))
    assert len(np.unique(results, axis=0)) == different
    if different == len(possible):
        assert sum(counts) == n
        assert min(counts) > 0.6 * n / len(possible)
        assert max(counts) < 1.4 * n / len(possible)


def test_a_tiny_elastic_displacement_gives_the_images_back() -> None:
    x = inputs(40, 784).astype(np.float32)
    assert same_bits(elastic(1e-7).function(x, rng()), x)


def test_elastic_displacements_have_the_size_that_is_documented() -> None:
    displacements = _bent_grid(34.0, 4.0, (28, 28), 2000, rng()) - np.indices((28, 28))
    assert displacements.std() == pytest.approx(1.27, abs=0.02)
    assert displacements[..., 13:15, 13:15].std() == pytest.approx(1.38, abs=0.04)
    assert abs(displacements.mean()) < 0.02
    down, across = displacements.swapaxes(0, 1)
    assert abs(np.mean(down * across)) < 0.05
    # Neighbours move together: the correlation of a smoothed field is exp(-d^2 / (4 sigma^2)).
    middle = displacements[:, :, 14, :]
    assert np.corrcoef(middle[..., 12].ravel(), middle[..., 16].ravel())[0, 1] == pytest.approx(
        np.exp(-1 / 4), abs=0.05
    )


@pytest.mark.parametrize("shape", [(28, 24), (8, 5), (1, 3)])
@pytest.mark.parametrize(("alpha", "sigma"), [(34, 3), (0.2, 0.5), (4, 1), (30, 0.05)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_elastic_is_scipys_filter_and_interpolation_of_the_same_fields(
    shape: tuple[int, int], alpha: float, sigma: float, dtype: Any
) -> None:
    ndimage = pytest.importorskip("scipy.ndimage")
    x = inputs(3, int(np.prod(shape))).astype(dtype)
    u = 2 * rng().random((3, 2, *shape), np.float32).astype(float) - 1
    expected = []
    for image, fields in zip(x.reshape(3, *shape), u, strict=True):
        bent = [alpha * ndimage.gaussian_filter(field, sigma, mode="constant") for field in fields]
        # Beyond the outermost pixels, its "constant" jumps to 0, and its "grid-constant" fades.
        at = np.indices(shape) + bent
        expected.append(ndimage.map_coordinates(image, at, order=1, mode="grid-constant"))
    result = elastic(alpha, sigma, shape=shape).function(x, rng())
    np.testing.assert_allclose(result.reshape(3, *shape), expected, atol=1e-4)


def test_between_four_pixels_is_their_weighted_mean_and_outside_is_zero() -> None:
    image = np.array([[1.0, 2.0, 4.0, 8.0]])  # 2 x 2
    for rows, columns, expected in [
        ([0.5, 0, 1, 0.25], [0.5, 0, 1, 0], [3.75, 1, 8, 1.75]),
        ([-0.5, -1, 7, 1e9], [1, 0, 0, 1], [1, 0, 0, 0]),
    ]:
        points = np.array([rows, columns], np.float32).reshape(1, 2, 2, 2)
        values = _warped(lambda *_, points=points: points, (2, 2), image, rng())
        assert values.tolist() == [expected]


@pytest.mark.parametrize(
    "augment", [shifts(2), elastic(), affine()], ids=lambda augment: augment.name
)
def test_the_mass_stays_near(augment: Augmentation) -> None:
    x = blob((28, 28), 300)
    result = augment.function(x, rng())
    centre, _ = moments(result.reshape(-1, 28, 28))
    assert np.abs(centre - 13.5).max() < 4
    assert np.mean(centre) == pytest.approx(13.5, abs=0.15)
    assert result.sum() == pytest.approx(x.sum(), rel=0.1)
    assert -1e-6 < result.min() <= result.max() <= x.max() + 1e-6


def test_without_amounts_affine_gives_the_images_back() -> None:
    x = inputs(40, 72)
    assert same_bits(affine(0.0, 0.0, 0.0, shape=SHAPE).function(x, rng()), x)


def test_affine_turns_by_up_to_the_given_angle_to_either_side() -> None:
    x = bar((41, 41), 400)
    _, spread = moments(
        affine(30.0, 0.0, 0.0, shape=(41, 41)).function(x, rng()).reshape(-1, 41, 41)
    )
    degrees = np.degrees(np.arctan2(2 * spread[:, 0, 1], spread[:, 0, 0] - spread[:, 1, 1]) / 2)
    assert 28 < degrees.max() < 31
    assert -31 < degrees.min() < -28
    assert abs(degrees.mean()) < 2


def test_affine_stretches_height_and_width_on_their_own() -> None:
    x = blob((41, 41), 400)
    _, spread = moments(
        affine(0.0, 0.2, 0.0, shape=(41, 41)).function(x, rng()).reshape(-1, 41, 41)
    )
    deviations = np.sqrt(np.stack([spread[:, 0, 0], spread[:, 1, 1]])) / 3
    assert (np.abs(deviations.max(axis=1) - 1.2) < 0.03).all()
    assert (np.abs(deviations.min(axis=1) - 0.8) < 0.03).all()
    assert abs(np.corrcoef(deviations)[0, 1]) < 0.2


def test_affine_slants_sideways_about_the_middle() -> None:
    x = bar((41, 41), 400)
    centre, spread = moments(
        affine(0.0, 0.0, 0.3, shape=(41, 41)).function(x, rng()).reshape(-1, 41, 41)
    )
    slant = spread[:, 0, 1] / spread[:, 0, 0]
    assert 0.28 < slant.max() < 0.31
    assert -0.31 < slant.min() < -0.28
    np.testing.assert_allclose(spread[:, 0, 0], spread[0, 0, 0], rtol=0.01)
    np.testing.assert_allclose(centre, 20, atol=0.01)


def test_affine_is_scipys_affine_transform() -> None:
    ndimage = pytest.importorskip("scipy.ndimage")
    image = np.pad(inputs(10, 6), 4)
    angle, slant, taller, wider = rng().uniform(-1, 1, 4) * [np.radians(40), 0.3, 0.2, 0.2]
    turn = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    back = np.diag([1 / (1 + taller), 1 / (1 + wider)]) @ [[1, 0], [slant, 1]] @ turn
    middle = np.array([8.5, 6.5])
    expected = ndimage.affine_transform(image, back, middle - back @ middle, order=1)
    result = affine(40.0, 0.2, 0.3, shape=(18, 14)).function(image.reshape(1, -1), rng())
    np.testing.assert_allclose(result.reshape(18, 14), expected, atol=1e-4)
