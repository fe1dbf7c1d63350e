from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fnnet._records import Array
from fnnet._warping import as_images, bilinear, grid, smoothing, warped
from tests._support import assert_refused, inputs, same_bits


def points(n: int, shape: tuple[int, int], spread: float) -> Array:
    displacements = spread * inputs(n, 2, *shape, seed=1)
    return (grid(shape) + displacements).astype(np.float32)


@pytest.mark.parametrize("shape", [(28, 28), (8, 5), (1, 3)])
@pytest.mark.parametrize("sigma", [0.05, 0.5, 1.0, 4.0])
def test_smoothing_is_scipys_gaussian_filter(shape: tuple[int, int], sigma: float) -> None:
    ndimage = pytest.importorskip("scipy.ndimage")
    field = inputs(*shape).astype(np.float32)
    smoothed = smoothing(shape[0], sigma) @ field @ smoothing(shape[1], sigma)
    np.testing.assert_allclose(
        smoothed, ndimage.gaussian_filter(field, sigma, mode="constant"), atol=1e-6
    )


def test_smoothing_keeps_what_is_constant_away_from_the_border() -> None:
    np.testing.assert_allclose(smoothing(99, 4.0).sum(axis=1)[20:-20], 1, rtol=1e-6)
    assert smoothing(99, 4.0).sum(axis=1)[0] == pytest.approx(0.55, abs=0.01)


@pytest.mark.parametrize("shape", [(28, 28), (8, 5), (1, 3)])
@pytest.mark.parametrize("spread", [0.1, 2.0, 30.0])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bilinear_is_scipys_map_coordinates(
    shape: tuple[int, int], spread: float, dtype: Any
) -> None:
    ndimage = pytest.importorskip("scipy.ndimage")
    images, where = inputs(3, *shape).astype(dtype), points(3, shape, spread)
    expected = [
        # Beyond the outermost pixels, its "constant" jumps to 0, and its "grid-constant" fades.
        ndimage.map_coordinates(image, at, order=1, mode="grid-constant")
        for image, at in zip(images, where.astype(float), strict=True)
    ]
    values = bilinear(images, where)
    assert values.dtype == dtype
    np.testing.assert_allclose(values, expected, atol=1e-4)


def test_bilinear_is_map_coordinates_of_constant_mode_where_the_border_is_empty() -> None:
    ndimage = pytest.importorskip("scipy.ndimage")
    image, where = np.pad(inputs(6, 4), 1), points(1, (8, 6), 2.0)
    expected = ndimage.map_coordinates(image, where[0].astype(float), order=1, mode="constant")
    np.testing.assert_allclose(bilinear(image[np.newaxis], where)[0], expected, atol=1e-5)


def test_between_four_pixels_is_their_weighted_mean_and_outside_is_zero() -> None:
    image = np.array([[[1.0, 2.0], [4.0, 8.0]]])
    at = np.array([[[0.5, 0, 1, 0.25, -0.5, -1, 7, 1e9], [0.5, 0, 1, 0, 1, 0, 0, 1]]], np.float32)
    assert bilinear(image, at).tolist() == [[3.75, 1, 8, 1.75, 1, 0, 0, 0]]


def test_the_pixels_own_points_give_the_images_back() -> None:
    images = inputs(3, 5, 4)
    assert same_bits(bilinear(images, np.stack([grid((5, 4))] * 3)), images)


def test_images_are_warped_part_by_part_each_at_its_own_points() -> None:
    x, where = inputs(70, 20), points(70, (5, 4), 1.0)
    parts: list[int] = []

    def displaced(n: int) -> Array:
        parts.append(n)
        return where[sum(parts) - n : sum(parts)]

    expected = bilinear(x.reshape(70, 5, 4), where).reshape(70, 20)
    assert same_bits(warped(x, (5, 4), displaced), expected)
    assert len(parts) > 1


@pytest.mark.parametrize(
    "x", [inputs(3, 21), inputs(20), inputs(2, 3, 20), np.ones((3, 20), np.uint8)]
)
def test_rows_that_are_no_such_images_are_refused(x: Array) -> None:
    expected = "expected floats of shape (n, 20), images of 5 x 4 pixels"
    assert_refused(lambda: as_images(x, (5, 4)), "x is an array of shape", expected)
