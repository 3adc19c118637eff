"""Masks as colours, overlays, and images made visible."""

from __future__ import annotations

import numpy as np

from unetkit.drawing import colourise, overlay, to_rgb8
from unetkit.drawing.paint import borders

COLOURS = np.array([[10, 20, 30], [200, 100, 50]], np.uint8)


def test_each_id_gets_its_colour_and_ignore_is_black() -> None:
    painted = colourise(np.array([[0, 1, 255]], np.uint8), COLOURS)

    np.testing.assert_array_equal(painted[0], [[10, 20, 30], [200, 100, 50], [0, 0, 0]])


def test_masks_of_16_bits_are_painted_too() -> None:
    colours = np.full((300, 3), 7, np.uint8)
    painted = colourise(np.array([[299, 65535]], np.uint16), colours)

    np.testing.assert_array_equal(painted[0], [[7, 7, 7], [0, 0, 0]])


def test_an_overlay_blends_by_opacity() -> None:
    image = np.full((1, 4, 3), 100, np.uint8)
    mask = np.ones((1, 4), np.uint8)

    np.testing.assert_array_equal(overlay(image, mask, COLOURS, 0.0)[0, 0], [100, 100, 100])
    np.testing.assert_array_equal(overlay(image, mask, COLOURS, 0.5)[0, 0], [150, 100, 75])
    np.testing.assert_array_equal(overlay(image, mask, COLOURS, 1.0)[0, 0], [200, 100, 50])


def test_an_overlay_leaves_ignored_pixels_alone() -> None:
    image = np.full((2, 2, 3), 100, np.uint8)

    np.testing.assert_array_equal(overlay(image, np.full((2, 2), 255, np.uint8), COLOURS), image)


def test_borders_of_classes_are_drawn_in_full_colour() -> None:
    image, mask = np.full((4, 4, 3), 100, np.uint8), np.zeros((4, 4), np.uint8)
    mask[2:] = 1
    drawn = overlay(image, mask, COLOURS, 0.0)

    np.testing.assert_array_equal(drawn[:, 0, 0], [100, 10, 200, 100])


def test_borders_widen_with_the_image() -> None:
    mask = np.zeros((1300, 4), np.uint8)
    mask[600:] = 1

    assert borders(mask[590:610]).sum(axis=0)[0] == 2
    assert borders(mask).sum(axis=0)[0] == 6


def test_8_bit_colour_is_shown_as_it_is() -> None:
    image = np.random.default_rng(0).integers(100, 120, (5, 6, 3), dtype=np.uint8)

    np.testing.assert_array_equal(to_rgb8(image), image)


def test_narrow_grey_and_16_bits_are_stretched_over_the_range() -> None:
    ramp = np.linspace(0, 1, 400).reshape(20, 20, 1)
    for image in ((74 + 100 * ramp).astype(np.uint8), (20000 + 900 * ramp).astype(np.uint16)):
        shown = to_rgb8(image)
        assert (shown.min(), shown.max()) == (0, 255)
        assert shown.shape == (20, 20, 3)


def test_flat_images_and_any_number_of_channels_can_be_shown() -> None:
    assert to_rgb8(np.full((1, 1, 1), 9, np.uint8)).shape == (1, 1, 3)
    assert to_rgb8(np.full((2, 3, 2), 9, np.uint16)).shape == (2, 3, 3)
    assert to_rgb8(np.full((2, 3, 7), 9, np.uint8)).shape == (2, 3, 3)
