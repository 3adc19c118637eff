"""Default colours of classes."""

from __future__ import annotations

import numpy as np

from unetkit.drawing import default_colours


def test_256_colours_are_all_different() -> None:
    assert len(np.unique(default_colours(256), axis=0)) == 256


def test_a_colour_does_not_depend_on_the_number_of_classes() -> None:
    np.testing.assert_array_equal(default_colours(256)[:19], default_colours(19))


def test_the_first_two_differ_in_lightness_so_that_a_grey_print_shows_them() -> None:
    sea, sky = default_colours(2) @ np.array([0.2126, 0.7152, 0.0722])

    assert abs(sea - sky) > 50


def test_no_class_looks_like_ignore_which_is_black() -> None:
    assert default_colours(256).max(axis=1).min() > 40


def test_more_than_256_colours_repeat() -> None:
    np.testing.assert_array_equal(default_colours(300)[256:], default_colours(44))


def test_callers_cannot_change_the_shared_table() -> None:
    default_colours(3)[:] = 0

    assert default_colours(3).any()
