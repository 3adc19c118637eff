"""Sheets of captioned tiles, and legends."""

from __future__ import annotations

import numpy as np
import pytest

from unetkit.data.colours import distinct_colours
from unetkit.drawing import legend, sheet, with_legend
from unetkit.drawing.text import shortened, width_of

RED = np.full((30, 40, 3), (255, 0, 0), np.uint8)


def test_a_sheet_shows_each_picture_whole() -> None:
    drawn = sheet([[("one", RED), ("", RED)], [("three", RED)]], width=40)
    red = (drawn == (255, 0, 0)).all(axis=2)

    assert red.sum() == 3 * 30 * 40


def test_pictures_keep_their_aspect() -> None:
    red = (sheet([[("", RED)]], width=80) == (255, 0, 0)).all(axis=2)

    assert (red.any(axis=1).sum(), red.any(axis=0).sum()) == (60, 80)


def test_a_very_tall_picture_does_not_make_an_endless_sheet() -> None:
    assert sheet([[("", RED[:1, :1].repeat(1000, axis=0))]], width=40).shape[0] < 200


def test_an_empty_sheet_is_still_a_picture() -> None:
    assert sheet([]).ndim == 3


def test_a_long_caption_is_cut_in_the_middle_to_fit() -> None:
    name = "clips/harbour/morning/0000123.png"
    short = shortened(name, 12, 100)

    assert width_of(short, 12) <= 100
    assert short.startswith("c")
    assert short.endswith("png")
    assert "…" in short


def test_a_legend_shows_every_colour_and_has_the_width_asked_for() -> None:
    names = [f"class {i}" for i in range(12)]
    colours = np.array(distinct_colours(names), np.uint8)
    drawn = legend(names, colours, width=400)

    assert drawn.shape[1] == 400
    for colour in colours:
        assert (drawn == colour).all(axis=2).sum() > 50


@pytest.mark.parametrize("shape", [(1, 1), (5, 300), (300, 5), (240, 320)])
def test_a_legend_goes_under_a_picture_of_any_size(shape: tuple[int, int]) -> None:
    names = ["Meer", "Himmel äß"]
    colours = np.array(distinct_colours(names), np.uint8)
    drawn = with_legend(np.zeros((*shape, 3), np.uint8), names, colours)

    assert drawn.shape[1] >= 320
    assert (drawn[-30:] == colours[1]).all(axis=2).any()


def test_without_classes_a_legend_is_a_thin_strip() -> None:
    assert legend([], np.zeros((0, 3), np.uint8), width=100).shape[1] == 100
