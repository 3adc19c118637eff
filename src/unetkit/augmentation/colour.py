"""Gamma, contrast and brightness as one curve, hue as one matrix."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from unetkit.augmentation.parameters import Parameters

Floats = npt.NDArray[np.float32]

Span = tuple[float, float]
"""The grey values that count as 0 and 1: the whole range of the depth, or less for infrared of a narrow range."""


def has_tone(parameters: Parameters) -> bool:
    """Whether brightness, contrast or gamma change anything."""
    return (parameters.brightness, parameters.contrast, parameters.gamma) != (0.0, 1.0, 1.0)


def tone(values: Floats, parameters: Parameters, span: Span) -> Floats:
    """Gamma, then contrast about the middle, then brightness, of grey values in the image's own units."""
    low, high = span
    shares = (values - low) / (high - low)
    if parameters.gamma != 1.0:
        shares = np.copysign(np.abs(shares) ** parameters.gamma, shares)
    shares = (shares - 0.5) * parameters.contrast + (0.5 + parameters.brightness)
    return np.asarray(shares * (high - low) + low, np.float32)


def hue_matrix(degrees: float) -> Floats:
    """3 x 3: a turn about the grey axis of the RGB cube; greys stay grey."""
    angle = math.radians(degrees)
    third = (1 - math.cos(angle)) / 3
    along = math.sin(angle) / math.sqrt(3)
    same, before, after = math.cos(angle) + third, third - along, third + along
    return np.array([[same, before, after], [after, same, before], [before, after, same]], np.float32)
