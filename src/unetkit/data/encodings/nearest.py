"""The nearest of a few colours for millions of pixels: computed once a colour, looked up afterwards."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from unetkit.data.encodings.palette import unpack
from unetkit.data.encodings.survey import Codes
from unetkit.data.tables import Colour

_UNKNOWN = np.uint16(0)
_BEYOND = np.uint16(0x8000)
_CHUNK = 65_536


class NearestColour:
    """A table over all 2²⁴ colours, filled in as they are met; memory is taken page by page.

    Threads may share one: two that meet a colour at once write the same value.

    Args:
        palette: the colours; of two that are equally near, the earlier counts.
        radius: beyond this distance in R G B a colour is far.
    """

    def __init__(self, palette: Sequence[Colour], radius: float) -> None:
        self._palette = np.array(palette, np.float32).reshape(-1, 3)
        self._radius = radius
        self._table = np.zeros(1 << 24, np.uint16)

    def __call__(self, codes: Codes) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
        """For each colour code its place in the palette, and whether it is far; shaped like `codes`."""
        entries = self._table[codes]
        if not entries.all():
            fresh = np.unique(codes[entries == _UNKNOWN])
            for start in range(0, len(fresh), _CHUNK):
                part = fresh[start : start + _CHUNK]
                self._table[part] = self._computed(part)
            entries = self._table[codes]
        return ((entries & 0x7FFF) - 1).astype(np.intp), entries >= _BEYOND

    def _computed(self, codes: Codes) -> npt.NDArray[np.uint16]:
        """Exact: float32 holds squares up to 3 · 255² without rounding."""
        points = unpack(codes)
        squared = (self._palette**2).sum(axis=1) - 2 * (points @ self._palette.T)
        place = squared.argmin(axis=1)
        distance = squared[np.arange(len(codes)), place] + (points**2).sum(axis=1)
        return (place + 1).astype(np.uint16) | np.where(distance > self._radius**2, _BEYOND, np.uint16(0))
