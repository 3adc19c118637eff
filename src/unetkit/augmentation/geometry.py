"""All geometry of a sample as one affine map, so that pixels are resampled once."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from unetkit.augmentation.parameters import Parameters

Matrix = npt.NDArray[np.float64]
"""2 x 3."""


def source_from_result(parameters: Parameters, height: int, width: int) -> Matrix:
    """The 2 x 3 matrix that tells, for a pixel (x, y, 1) of the result, where in the source it comes from.

    Pixel centres are integers, the centre of the image is ((width - 1) / 2, (height - 1) / 2), y points down.
    """
    size = np.array([width, height], np.float64)
    centre = (size - 1) / 2
    shift = size * (parameters.shift_x, parameters.shift_y)
    crop_centre = centre + size * (parameters.crop / 2) * (parameters.crop_x, parameters.crop_y)
    flips = np.array([-1.0 if parameters.flip_horizontal else 1.0, -1.0 if parameters.flip_vertical else 1.0])
    linear = (1 - parameters.crop) / parameters.scale * flips[:, None] * _turn(parameters.roll - parameters.rotation)
    return np.column_stack([linear, crop_centre - linear @ (centre + shift)])


def is_identity(parameters: Parameters) -> bool:
    """Whether the geometry leaves every pixel where it is."""
    flipped = parameters.flip_horizontal or parameters.flip_vertical
    moved = parameters.rotation != parameters.roll or parameters.shift_x or parameters.shift_y or parameters.crop
    return not (flipped or moved) and parameters.scale == 1.0


def _turn(degrees: float) -> Matrix:
    """Clockwise as seen on the screen, y pointing down."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[cosine, -sine], [sine, cosine]])
