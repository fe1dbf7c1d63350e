from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fnnet._distortions import Affine, Chain, Distortion, Elastic, Shifts
from fnnet._records import Array
from fnnet._warping import grid
from tests._support import inputs, same_bits

SHAPE = (9, 8)
KINDS: list[Distortion] = [
    Shifts(2, SHAPE),
    Elastic(12.0, 2.0, SHAPE),
    Affine(30.0, 0.2, 0.3, SHAPE),
    Chain((Shifts(1, SHAPE), Elastic(5.0, 1.0, SHAPE))),
]


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


@pytest.mark.parametrize("distort", KINDS, ids=lambda kind: type(kind).__name__)
class TestEveryKind:
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize("n", [0, 1, 70])
    def test_shape_and_dtype_are_kept_and_the_argument_is_untouched(
        self, distort: Distortion, dtype: Any, n: int
    ) -> None:
        x = inputs(n, 72).astype(dtype)
        before = x.copy()
        result = distort(x, rng())
        assert (result.shape, result.dtype) == (x.shape, x.dtype)
        assert same_bits(x, before)
        assert not np.shares_memory(result, x)

    def test_the_same_stream_gives_the_same_bits_and_another_one_others(
        self, distort: Distortion
    ) -> None:
        x = inputs(70, 72)
        assert same_bits(distort(x, rng(1)), distort(x, rng(1)))
        assert not same_bits(distort(x, rng(1)), distort(x, rng(2)))

    def test_images_are_distorted_each_in_a_way_of_its_own(self, distort: Distortion) -> None:
        result = distort(np.tile(inputs(1, 72), (40, 1)), rng())
        assert len(np.unique(result, axis=0)) > 15

    def test_rows_that_do_not_lie_together_in_memory_are_taken(self, distort: Distortion) -> None:
        x = inputs(40, 73)[:, :-1]
        assert same_bits(distort(x, rng()), distort(x.copy(), rng()))


@pytest.mark.parametrize("distort", KINDS[:3], ids=lambda kind: type(kind).__name__)
def test_an_image_does_not_depend_on_those_after_it(distort: Distortion) -> None:
    x = inputs(100, 72)
    assert same_bits(distort(x, rng())[:37], distort(x[:37], rng()))


def test_equal_settings_are_equal_and_hash_alike() -> None:
    assert Elastic(1.0, 2.0, SHAPE) == Elastic(1.0, 2.0, SHAPE) != Elastic(1.0, 3.0, SHAPE)
    assert hash(Chain((KINDS[0],))) == hash(Chain((Shifts(2, SHAPE),)))


@pytest.mark.parametrize(("pixels", "shape"), [(1, (3, 4)), (2, (5, 3)), (4, (4, 2))])
def test_a_shift_is_a_translation_with_zeros_and_all_of_them_are_as_likely(
    pixels: int, shape: tuple[int, int]
) -> None:
    image, n = 1 + np.arange(float(np.prod(shape))).reshape(shape), 4000
    wide = np.pad(image, pixels)
    span = range(2 * pixels + 1)
    possible = [wide[r : r + shape[0], c : c + shape[1]].reshape(-1) for r in span for c in span]
    results = Shifts(pixels, shape)(np.tile(image.reshape(-1), (n, 1)), rng())
    counts = [int((results == one).all(axis=1).sum()) for one in possible]
    different = len(np.unique(possible, axis=0))
    assert len(np.unique(results, axis=0)) == different
    if different == len(possible):
        assert sum(counts) == n
        assert min(counts) > 0.6 * n / len(possible)
        assert max(counts) < 1.4 * n / len(possible)


def test_a_tiny_elastic_displacement_gives_the_images_back() -> None:
    x = inputs(40, 784).astype(np.float32)
    assert same_bits(Elastic(1e-7, 4.0, (28, 28))(x, rng()), x)


def test_elastic_displacements_have_the_size_that_is_documented() -> None:
    displacements = Elastic(34.0, 4.0, (28, 28))._points(rng(), 2000) - grid((28, 28))
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


def test_elastic_is_scipys_filter_and_interpolation_of_the_same_fields() -> None:
    ndimage = pytest.importorskip("scipy.ndimage")
    image = np.pad(inputs(20, 16), 4)
    u = 2 * rng().random((2, 28, 24), np.float32).astype(float) - 1
    fields = [34 * ndimage.gaussian_filter(field, 4, mode="constant") for field in u]
    expected = ndimage.map_coordinates(
        image, np.indices((28, 24)) + fields, order=1, mode="constant"
    )
    result = Elastic(34.0, 4.0, (28, 24))(image.reshape(1, -1), rng())
    np.testing.assert_allclose(result.reshape(28, 24), expected, atol=1e-4)


@pytest.mark.parametrize(
    "distort",
    [Shifts(2, (28, 28)), Elastic(34.0, 4.0, (28, 28)), Affine(15.0, 0.15, 0.15, (28, 28))],
)
def test_the_mass_stays_near(distort: Distortion) -> None:
    x = blob((28, 28), 300)
    result = distort(x, rng())
    centre, _ = moments(result.reshape(-1, 28, 28))
    assert np.abs(centre - 13.5).max() < 4
    assert np.mean(centre) == pytest.approx(13.5, abs=0.15)
    assert result.sum() == pytest.approx(x.sum(), rel=0.1)
    assert -1e-6 < result.min() <= result.max() <= x.max() + 1e-6


def test_without_amounts_affine_gives_the_images_back() -> None:
    x = inputs(40, 72)
    assert same_bits(Affine(0.0, 0.0, 0.0, SHAPE)(x, rng()), x)


def test_affine_turns_by_up_to_so_many_degrees_to_either_side() -> None:
    x = bar((41, 41), 400)
    _, spread = moments(Affine(30.0, 0.0, 0.0, (41, 41))(x, rng()).reshape(-1, 41, 41))
    degrees = np.degrees(np.arctan2(2 * spread[:, 0, 1], spread[:, 0, 0] - spread[:, 1, 1]) / 2)
    assert 28 < degrees.max() < 31
    assert -31 < degrees.min() < -28
    assert abs(degrees.mean()) < 2


def test_affine_stretches_height_and_width_on_their_own() -> None:
    x = blob((41, 41), 400)
    _, spread = moments(Affine(0.0, 0.2, 0.0, (41, 41))(x, rng()).reshape(-1, 41, 41))
    deviations = np.sqrt(np.stack([spread[:, 0, 0], spread[:, 1, 1]])) / 3
    assert (np.abs(deviations.max(axis=1) - 1.2) < 0.03).all()
    assert (np.abs(deviations.min(axis=1) - 0.8) < 0.03).all()
    assert abs(np.corrcoef(deviations)[0, 1]) < 0.2


def test_affine_slants_sideways_about_the_middle() -> None:
    x = bar((41, 41), 400)
    centre, spread = moments(Affine(0.0, 0.0, 0.3, (41, 41))(x, rng()).reshape(-1, 41, 41))
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
    result = Affine(40.0, 0.2, 0.3, (18, 14))(image.reshape(1, -1), rng())
    np.testing.assert_allclose(result.reshape(18, 14), expected, atol=1e-4)


def test_a_chain_applies_its_distortions_in_order_and_draws_on() -> None:
    first, second = KINDS[:2]
    x, stream = inputs(10, 72), rng()
    assert same_bits(Chain((first, second))(x, rng()), second(first(x, stream), stream))
