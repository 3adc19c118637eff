"""Rendered scenes: same for the same numbers, exact masks, an image that a person would call the sea."""

from __future__ import annotations

from functools import partial
from typing import Literal

import numpy as np
import pytest

from unetkit.scenes import render
from unetkit.scenes.conditions import WEATHERS, conditions
from unetkit.scenes.view import look

small = partial(render, height=60, width=80)


@pytest.mark.parametrize("kind", ["visible", "infrared"])
def test_the_same_numbers_give_the_same_picture(kind: Literal["visible", "infrared"]) -> None:
    image, mask = small(3, 14, kind=kind)
    again, same = small(3, 14, kind=kind)

    np.testing.assert_array_equal(image, again)
    np.testing.assert_array_equal(mask, same)


def test_seed_clip_and_frame_each_change_the_picture() -> None:
    image = small(0, 0)[0]
    for seed, index in ((1, 0), (0, 1), (0, 10)):
        assert (small(seed, index)[0] != image).mean() > 0.3


def test_frames_of_a_clip_share_their_weather_but_not_their_attitude() -> None:
    day = conditions(5, 2)
    views = [look(day, frame, 60, 80) for frame in range(10)]

    assert len({view.camera.roll for view in views}) == 10
    assert len({view.camera.focal for view in views}) == 1


def test_both_classes_are_in_every_mask_and_nothing_else() -> None:
    for index in range(0, 200, 10):
        mask = render(1, index, height=24, width=32)[1]
        assert set(np.unique(mask)) == {0, 1}
        assert mask.dtype == np.uint8


def test_the_mask_is_a_half_plane() -> None:
    """No pixel of a boat or a coast is cut out: the two classes are separated by one straight line."""
    for index in range(0, 60, 6):
        mask = small(2, index)[1]
        distance = look(conditions(2, index // 10), index % 10, 60, 80).camera.sky_distance()
        np.testing.assert_array_equal(mask == 1, distance > 0)


def test_shapes_and_kinds() -> None:
    assert render(0, 0, height=33, width=47)[0].shape == (33, 47, 3)
    assert render(0, 0, height=33, width=47, kind="infrared")[0].shape == (33, 47, 1)


def test_infrared_uses_a_narrow_part_of_the_range() -> None:
    for index in range(0, 100, 10):
        low, high = np.percentile(render(0, index, kind="infrared")[0], (1, 99))
        assert low > 60
        assert high < 215


def test_every_weather_occurs() -> None:
    assert {conditions(0, clip).weather for clip in range(80)} == set(WEATHERS)


def test_the_horizon_can_be_seen_in_nearly_every_picture() -> None:
    """Sky and sea differ near the line; in dense fog they may not."""
    steps: list[float] = []
    for index in range(0, 400, 10):
        image, mask = render(4, index, height=120, width=160)
        distance = look(conditions(4, index // 10), 0, 120, 160).camera.sky_distance()
        grey = image.mean(2)
        steps.append(
            float(grey[(distance > 2) & (distance < 9)].mean() - grey[(distance < -2) & (distance > -9)].mean())
        )
        assert mask.any()

    assert np.mean(np.abs(steps) > 8) > 0.75


def test_the_sea_is_rougher_than_the_clear_sky_above_it() -> None:
    rough: list[bool] = []
    for index in range(0, 200, 10):
        image, mask = render(6, index, height=120, width=160)
        edges = np.abs(np.diff(image.mean(2), axis=0))
        rough.append(float(edges[mask[1:] == 0].mean()) > float(edges[mask[:-1] == 1].mean()))

    assert np.mean(rough) > 0.9
