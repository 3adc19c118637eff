"""Parameters from (seed, epoch, position) alone."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from unetkit.augmentation import DEFAULTS, Parameters, Ranges, draw
from unetkit.augmentation.draw import MOVED_SHARE
from unetkit.augmentation.geometry import is_identity

EVERYTHING = Ranges(**{field.name: 0.3 for field in dataclasses.fields(Ranges)})


def test_the_same_key_gives_the_same_parameters() -> None:
    assert draw(EVERYTHING, (1, 2, 3)) == draw(EVERYTHING, (1, 2, 3))


@pytest.mark.parametrize("other", [(0, 2, 3), (1, 0, 3), (1, 2, 0), (1, 3, 2)])
def test_seed_epoch_and_position_each_change_the_sample(other: tuple[int, int, int]) -> None:
    assert draw(EVERYTHING, (1, 2, 3)) != draw(EVERYTHING, other)


def test_the_numbers_stay_the_same_from_release_to_release() -> None:
    drawn = draw(DEFAULTS["horizon"], (7, 3, 42))

    assert (round(drawn.roll, 6), round(drawn.scale, 6), drawn.grain) == (-9.97463, 0.890393, 667824382)


def test_one_range_more_changes_no_other_parameter() -> None:
    street = DEFAULTS["street"]
    plain, foggy = draw(street, (0, 0, 5)), draw(street.replaced({"fog": 1.0}), (0, 0, 5))

    assert foggy.fog > 0
    assert dataclasses.replace(foggy, fog=0.0) == plain


def test_neighbouring_positions_are_independent() -> None:
    lights = [draw(Ranges(brightness=1), (0, 0, position)).brightness for position in range(2000)]

    assert abs(np.corrcoef(lights[:-1], lights[1:])[0, 1]) < 0.08
    assert np.std(lights) == pytest.approx(1 / np.sqrt(3), abs=0.03)


def test_a_share_of_the_samples_keeps_its_own_edges() -> None:
    ranges = Ranges(rotation=9, scale=0.5, shift=0.1, crop=0.2, roll=5)
    drawn = [draw(ranges, (0, 0, position)) for position in range(2000)]

    assert np.mean([is_identity(one) for one in drawn]) == pytest.approx(1 - MOVED_SHARE, abs=0.04)


def test_a_flip_happens_as_often_as_said() -> None:
    flips = [draw(Ranges(flip_horizontal=0.25), (0, 0, position)).flip_horizontal for position in range(2000)]

    assert np.mean(flips) == pytest.approx(0.25, abs=0.04)


def test_zoom_in_and_out_are_equally_likely_and_bounded() -> None:
    scales = np.array([draw(Ranges(scale=0.5), (0, 0, position)).scale for position in range(500)])

    assert scales.min() >= 1 / 1.5
    assert scales.max() <= 1.5
    assert np.median(scales) == pytest.approx(1.0, abs=0.05)


def test_parameters_survive_json_bit_for_bit() -> None:
    drawn = dataclasses.replace(draw(EVERYTHING, (1, 2, 3)), horizon=(3.5, -20.25))

    assert Parameters.from_json(json.loads(json.dumps(drawn.to_json()))) == drawn


def test_strength_zero_is_off_for_every_task() -> None:
    for ranges in DEFAULTS.values():
        assert ranges.scaled(0) == Ranges()


def test_strength_one_is_the_default_and_two_goes_twice_as_far_without_more_flips() -> None:
    assert DEFAULTS["aerial"].scaled(1) == DEFAULTS["aerial"]
    assert DEFAULTS["street"].scaled(2).rotation == 10
    assert DEFAULTS["street"].scaled(2).flip_horizontal == 0.5
    assert DEFAULTS["aerial"].scaled(3).rotation == 180


def test_fields_left_at_none_keep_the_default() -> None:
    assert Ranges(blur=0.5).replaced({"blur": None, "hue": 7.0}) == Ranges(blur=0.5, hue=7.0)


@pytest.mark.parametrize("task", ["horizon", "infrared", "street"])
def test_up_stays_up_where_the_vertical_means_something(task: str) -> None:
    assert DEFAULTS[task].flip_vertical == 0
    assert DEFAULTS[task].rotation + DEFAULTS[task].roll < 45


def test_infrared_has_no_hue() -> None:
    assert DEFAULTS["infrared"].hue == 0
