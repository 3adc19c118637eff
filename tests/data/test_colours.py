"""Colours of classes stay apart, whoever looks at them, and the usual words have the usual colours."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from unetkit.data.colours import distinct_colours

# Machado, Oliveira and Fernandes, "A physiologically-based model for simulation of color vision deficiency", 2009.
SEEN_BY = {
    "everybody": np.eye(3),
    "protanopes": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopes": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
}


def unnamed(count: int) -> npt.NDArray[np.int64]:
    return np.array(distinct_colours([f"class {number}" for number in range(count)]), np.int64).reshape(-1, 3)


def test_256_colours_are_all_different() -> None:
    assert len(np.unique(unnamed(256), axis=0)) == 256


def test_a_colour_does_not_depend_on_the_number_of_classes() -> None:
    np.testing.assert_array_equal(unnamed(100)[:19], unnamed(19))


@pytest.mark.parametrize("reader", SEEN_BY)
@pytest.mark.parametrize("names", [[], ["sea", "sky"], ["land", "forest", "water"], ["sky", "land", "vegetation"]])
def test_ten_classes_are_told_apart_by_every_reader(reader: str, names: list[str]) -> None:
    colours = np.array(distinct_colours([*names, *(f"class {number}" for number in range(10 - len(names)))]))
    linear = (colours / 255.0) ** 2.2 @ np.array(SEEN_BY[reader]).T
    seen = 255 * np.clip(linear, 0, 1) ** (1 / 2.2)
    apart = np.linalg.norm(seen[:, None] - seen[None], axis=-1)[np.triu_indices(10, 1)]
    assert apart.min() > 25


def test_the_first_two_differ_in_lightness_so_that_a_grey_print_shows_them() -> None:
    first, second = unnamed(2) @ np.array([0.2126, 0.7152, 0.0722])
    assert abs(first - second) > 50


def test_no_class_looks_like_ignore_which_is_black() -> None:
    assert unnamed(256).max(axis=1).min() > 40


def test_more_than_256_colours_repeat() -> None:
    np.testing.assert_array_equal(unnamed(300)[256:], unnamed(44))


def test_words_of_the_field_look_as_expected_and_two_of_one_colour_differ() -> None:
    sea, sky, water, other = distinct_colours(["sea", "sky", "water", "boat"])
    assert (sea, sky) == ((0, 84, 147), (135, 206, 235))
    assert len({sea, sky, water, other}) == 4
