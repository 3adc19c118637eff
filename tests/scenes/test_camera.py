"""The camera's horizon is the geometric one, and signs are those of the horizon room."""

from __future__ import annotations

import math

import numpy as np
import pytest

from unetkit.scenes.camera import Camera


def _camera(roll: float = 0.0, pitch: float = 0.0, height: int = 41, width: int = 61) -> Camera:
    return Camera(height, width, focal=60.0, above_sea=5.0, roll=math.radians(roll), pitch=math.radians(pitch))


def test_a_level_camera_has_the_horizon_through_the_middle() -> None:
    mask = _camera(height=40).mask()

    assert (mask[:20] == 1).all()
    assert (mask[20:] == 0).all()


def test_a_centre_exactly_on_the_line_is_sea() -> None:
    assert (_camera(height=41).mask()[20] == 0).all()


def test_nose_up_shows_more_sea_below_and_lowers_the_horizon_in_the_picture() -> None:
    assert _camera(pitch=5).mask().mean() > 0.5


def test_right_side_down_raises_the_horizon_at_the_right() -> None:
    mask = _camera(roll=20).mask()

    assert mask[:, -1].sum() < mask[:, 0].sum()


@pytest.mark.parametrize(("roll", "pitch"), [(0.0, 0.0), (13.0, -6.0), (-40.0, 9.0)])
def test_the_mask_is_where_the_ray_goes_up(roll: float, pitch: float) -> None:
    eye = _camera(roll, pitch)
    _, _, up = eye.directions()
    clear = np.abs(eye.sky_distance()) > 1e-3

    np.testing.assert_array_equal((up > 0)[clear], (eye.mask() == 1)[clear])


def test_points_far_out_on_the_sea_are_projected_onto_the_horizon() -> None:
    eye = _camera(roll=17, pitch=4)
    far = eye.project(np.array([[0.0, 1e9, 0.0], [3e8, 1e9, 0.0]]))
    across, down = (far - (30, 20)).T

    distance = 60 * math.tan(eye.pitch) - (across * math.sin(eye.roll) + down * math.cos(eye.roll))
    np.testing.assert_allclose(distance, 0, atol=1e-5)


def test_projection_is_the_inverse_of_the_ray() -> None:
    eye = _camera(roll=-11, pitch=-7)
    x, y, z = (part[33, 12] for part in eye.directions())
    point = np.array([[x, y, z]]) * 25.0 + (0, 0, eye.above_sea)

    np.testing.assert_allclose(eye.project(point), [[12, 33]], atol=1e-3)


def test_the_signed_distance_is_in_pixels() -> None:
    distance = _camera(roll=30, pitch=3).sky_distance()
    down, across = np.gradient(distance)

    np.testing.assert_allclose(np.hypot(down, across), 1.0)
