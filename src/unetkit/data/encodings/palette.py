"""The palette of masks whose colours nobody listed: where pixels crowd in colour space."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from unetkit.data.arrays import Counts
from unetkit.data.encodings.survey import Codes, colour_of
from unetkit.data.tables import Colour

_CELL_BITS = 3
CLAIM = 24.0
"""JPEG leaves nine pixels in ten within 30 of their colour."""
TIGHT = 10.0
_TIGHT_SHARE = 0.4
_RAREST = 0.001
_MOST = 64

Points = npt.NDArray[np.float32]


def discover_palette(codes: Codes, counts: Counts, tight: float = _TIGHT_SHARE) -> tuple[tuple[Colour, int], ...]:
    """The colours that pixels crowd around, most frequent first, each with the pixels around it.

    The densest place of colour space gives the first colour; what lies around it is taken away; and so on. A true
    colour has most of its pixels close by; mixtures of two along their border are spread out, and left out.

    Args:
        codes, counts: every colour and its pixels (`Survey.colours`).
        tight: the share of a colour's pixels, of those around it, that lie close by.
    """
    points, whole = unpack(codes), counts.astype(np.float64)
    left, total, found = whole.copy(), whole.sum(), list[tuple[Colour, int]]()
    for _ in range(4 * _MOST):
        if len(found) == _MOST:
            break
        peak = _densest(points, left)
        distance = np.sqrt(((points - points[peak]) ** 2).sum(axis=1))
        around = distance <= CLAIM
        mass = float(left[around].sum())
        if mass < _RAREST * total:
            break
        if whole[distance <= TIGHT].sum() >= tight * whole[around].sum():
            found.append((colour_of(int(codes[peak])), int(mass)))
        left[around] = 0
    return tuple(sorted(found, key=lambda row: -row[1]))


def unpack(codes: Codes) -> Points:
    """N colour codes → n×3 float32, R G B."""
    return np.stack([codes >> 16 & 255, codes >> 8 & 255, codes & 255], axis=1).astype(np.float32)


def _densest(points: Points, left: npt.NDArray[np.float64]) -> int:
    """The most frequent colour in the fullest cell of a coarse grid."""
    cells = points.astype(np.int64) >> _CELL_BITS
    flat = (cells[:, 0] * 32 + cells[:, 1]) * 32 + cells[:, 2]
    fullest = int(np.argmax(np.bincount(flat, left, minlength=32768)))
    return int(np.argmax(np.where(flat == fullest, left, -1)))
