"""The one resize: area down, bilinear up, nearest for masks; and the size rule `fit`."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from unetkit.data.resize import Fit, labels, resize_image, resize_mask, resize_scores

RNG = np.random.default_rng(0)
SIDES = st.integers(1, 40)
MASKS = st.sampled_from([np.uint8, np.uint16]).flatmap(lambda kind: arrays(kind, st.tuples(SIDES, SIDES)))


@settings(deadline=None)
@given(MASKS, SIDES, SIDES)
def test_no_mask_gets_a_value_that_it_did_not_have(mask: np.ndarray, height: int, width: int) -> None:
    resized = resize_mask(mask, height, width)
    assert resized.shape == (height, width)
    assert resized.dtype == mask.dtype
    assert set(resized.ravel().tolist()) <= set(mask.ravel().tolist())


@settings(deadline=None)
@given(MASKS, SIDES, SIDES)
def test_each_mask_pixel_is_the_one_that_holds_its_centre(mask: np.ndarray, height: int, width: int) -> None:
    resized = resize_mask(mask, height, width)
    rows, row_ties = holds_centre(mask.shape[0], height)
    columns, column_ties = holds_centre(mask.shape[1], width)
    certain = ~(row_ties[:, None] | column_ties)
    np.testing.assert_array_equal(resized[certain], mask[rows[:, None], columns][certain])


def holds_centre(have: int, want: int) -> tuple[np.ndarray, np.ndarray]:
    """For each of `want` new pixels the old one that its centre lies in, and whether it lies on a border."""
    centre = (2 * np.arange(want) + 1) * have
    return centre // (2 * want), centre % (2 * want) == 0


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3, 5, 12])
def test_shrinking_by_a_whole_number_is_the_mean_of_blocks(kind: type[np.uint8], channels: int) -> None:
    image = RNG.integers(0, np.iinfo(kind).max, (12, 20, channels)).astype(kind)
    means = image.reshape(3, 4, 5, 4, channels).mean(axis=(1, 3))
    assert np.abs(resize_image(image, 3, 5) - means).max() <= 0.51


def area_weights(have: int, want: int) -> np.ndarray:
    """want×have: the share of each old pixel in each new one, by overlap."""
    edges = np.arange(want + 1) * have / want
    starts, ends = edges[:-1, None], edges[1:, None]
    overlap = np.clip(np.minimum(ends, np.arange(have) + 1) - np.maximum(starts, np.arange(have)), 0, None)
    return overlap / overlap.sum(axis=1, keepdims=True)


def bilinear_weights(have: int, want: int) -> np.ndarray:
    """want×have: linear interpolation between pixel centres, held at the borders."""
    places = np.clip((np.arange(want) + 0.5) * have / want - 0.5, 0, have - 1)
    return np.stack([np.clip(1 - np.abs(places - old), 0, None) for old in range(have)], axis=1)


@settings(deadline=None)
@given(SIDES, SIDES, SIDES, SIDES)
def test_each_axis_is_a_matrix_of_overlaps_or_of_linear_interpolation(h: int, w: int, height: int, width: int) -> None:
    scores = np.random.default_rng(1).random((2, h, w), dtype=np.float32)
    rows = (area_weights if height < h else bilinear_weights)(h, height)
    columns = (area_weights if width < w else bilinear_weights)(w, width)
    np.testing.assert_allclose(resize_scores(scores, height, width), rows @ scores @ columns.T, atol=2e-3)


def test_the_same_size_is_the_same_image() -> None:
    image = RNG.integers(0, 255, (7, 9, 3)).astype(np.uint8)
    np.testing.assert_array_equal(resize_image(image, 7, 9), image)


@settings(deadline=None)
@given(arrays(np.int8, st.tuples(st.integers(1, 6), SIDES, SIDES)))
def test_labels_are_the_arg_max_and_the_lower_id_where_two_are_equal(drawn: np.ndarray) -> None:
    scores = (drawn % 4).astype(np.float32)
    np.testing.assert_array_equal(labels(scores), scores.argmax(axis=0))


def test_more_than_255_classes_have_sixteen_bit_labels() -> None:
    scores = np.zeros((300, 2, 2), np.float32)
    scores[299] = 1
    assert labels(scores).tolist() == [[299, 299], [299, 299]]


@settings(deadline=None)
@given(SIDES, SIDES, SIDES, SIDES)
def test_the_box_fills_one_side_and_keeps_the_aspect(height: int, width: int, h: int, w: int) -> None:
    rows, columns = Fit(height, width).box(h, w)
    assert (rows == height and columns <= width) or (columns == width and rows <= height)
    scale = min(height / h, width / w)
    assert rows == max(1, int(h * scale + 0.5 + 1e-9))
    assert columns == max(1, int(w * scale + 0.5 + 1e-9))


def test_image_and_mask_lie_at_the_top_left_in_fill_and_ignore() -> None:
    fit = Fit(4, 8)
    image = fit.image(np.full((10, 10, 3), 9, np.uint8), (1, 2, 3))
    mask = fit.mask(np.full((10, 10), 1, np.uint8))
    assert (image[:, :4] == 9).all()
    assert (image[:, 4:] == (1, 2, 3)).all()
    assert mask.tolist() == [[1, 1, 1, 1, 255, 255, 255, 255]] * 4


def test_ignore_in_a_sixteen_bit_mask_is_65535() -> None:
    assert Fit(2, 4).mask(np.zeros((2, 2), np.uint16))[0].tolist() == [0, 0, 65535, 65535]


@settings(deadline=None)
@given(SIDES, SIDES, SIDES, SIDES)
def test_scores_of_the_padding_never_reach_the_image(height: int, width: int, h: int, w: int) -> None:
    fit = Fit(height, width)
    rows, columns = fit.box(h, w)
    scores = np.full((2, height, width), np.inf, np.float32)
    scores[:, :rows, :columns] = 1
    native = fit.scores_to_native(scores, h, w)
    assert native.shape == (2, h, w)
    np.testing.assert_allclose(native, 1, atol=1e-3)


def test_a_mask_that_goes_to_working_size_and_back_keeps_its_large_parts() -> None:
    mask = np.zeros((60, 90), np.uint8)
    mask[30:] = 1
    fit = Fit(48, 48)
    assert (resize_mask(fit.mask(mask)[:32], 60, 90) == mask).mean() > 0.98
