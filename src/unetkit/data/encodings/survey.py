"""What a set of masks holds, counted file by file: values, colours, palettes, planes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import PurePath
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from unetkit.data.arrays import Counts, Image
from unetkit.data.tables import Colour
from unetkit.errors import DataError

Codes = npt.NDArray[np.uint32]
"""Colours as one number each: 65536 · red + 256 · green + blue."""

_LOSSY = {".jpg", ".jpeg", ".jpe", ".jfif", ".webp"}
_EXAMPLES = 1000
_BLOCK_BITS = 12
_BLOCKS = 1 << (24 - _BLOCK_BITS)
"""Parts of colour space; those that no file met are never looked at."""
_MOST_KEPT = 32
_KEPT_BYTES = 48 * 2**20
_EVEN = 8
"""Levels over which a 3×3 neighbourhood is still of one colour: what JPEG leaves away from edges."""
_WIDE = 24
"""Between values that are nearer than this nothing is a mixture."""
_SQUARE = np.ones((3, 3), np.uint8)


class Sample(NamedTuple):
    """One mask file, or the files of one image in class folders.

    Attributes:
        where: the path, for messages and for what its name tells.
        pixels: H×W values, H×W×3 colours, or H×W×K planes of class folders.
        palette: n×3, of an indexed file.
    """

    where: str
    pixels: Image
    palette: npt.NDArray[np.uint8] | None = None


class Survey:
    """Counts over masks.

    Attributes:
        files, pixels: how many were seen.
        names: the first paths.
        lossy: whether any file is of a format that smears values.
        depth: 8 or 16.
        ramp, even_values: pixels of each value that lie between a lower and a higher neighbour; that have none of
            another value, up to a few levels. Masks whose values are all near each other count as even.
        masks: the pixels of some masks, evenly spread, for whoever has to look at places.
        palette: of the first indexed file.
        palettes_differ: two files with different colours for an index that both use; "" if none.
        gaps, overlaps: pixels of class folders that no folder claims, and that several claim.
    """

    def __init__(self, samples: Iterable[Sample | tuple[str, Image]], planes: int = 0) -> None:
        self.files = self.pixels = self.gaps = self.overlaps = 0
        self.names: list[str] = []
        self.lossy = False
        self.depth = 8
        self.palette: npt.NDArray[np.uint8] | None = None
        self.palettes_differ = ""
        self._palette_of = ""
        self._values: Counts = np.zeros(65536, np.int64)
        self.ramp, self.even_values = np.zeros(65536, np.int64), np.zeros(65536, np.int64)
        self._colours: Counts | None = None
        self._even_colours: Counts | None = None
        self.masks: list[Image] = []
        self._every = 1
        self._met = np.zeros(_BLOCKS, np.bool_)
        self._examples: dict[int, str] = {}
        for sample in samples:
            self._add(sample if isinstance(sample, Sample) else Sample(sample[0], sample[1]), planes)
        if not self.files:
            raise DataError("there is no mask to learn the classes from")

    @property
    def has_colours(self) -> bool:
        """Whether any file holds colours rather than values."""
        return self._colours is not None

    @property
    def values(self) -> dict[int, int]:
        """Pixels of each value in the files that hold values, ascending."""
        return {int(value): int(self._values[value]) for value in np.flatnonzero(self._values)}

    @cached_property
    def colours(self) -> tuple[Codes, Counts]:
        """Every colour and its pixels, ascending by (R, G, B); values count as greys."""
        greys = np.flatnonzero(self._values[:256])
        if self._colours is None:
            return (greys * 0x010101).astype(np.uint32), self._values[greys]
        blocks = np.flatnonzero(self._met)
        rows, columns = np.nonzero(self._colours.reshape(_BLOCKS, -1)[blocks])
        codes = (blocks[rows] << _BLOCK_BITS) + columns
        if not greys.size:
            return codes.astype(np.uint32), self._colours[codes]
        both, place = np.unique(np.concatenate([codes, greys * 0x010101]), return_inverse=True)
        counts = np.bincount(place, np.concatenate([self._colours[codes], self._values[greys]]))
        return both.astype(np.uint32), counts.astype(np.int64)

    @cached_property
    def even(self) -> Counts:
        """Of the pixels of each of `colours`, those whose 3×3 neighbourhood is of one colour, up to a few levels."""
        codes, _ = self.colours
        even = np.zeros(len(codes), np.int64) if self._even_colours is None else self._even_colours[codes]
        grey = codes >> 16 == codes & 255
        grey &= codes >> 16 == codes >> 8 & 255
        even[grey] += self.even_values[codes[grey] & 255]
        return even

    def example(self, value: int | Colour) -> str:
        """A file that holds this value or colour, where it is known."""
        return self._examples.get(value if isinstance(value, int) else -1 - code_of(value), "")

    def _add(self, sample: Sample, planes: int) -> None:
        self.files += 1
        self.pixels += sample.pixels.shape[0] * sample.pixels.shape[1]
        self.lossy |= PurePath(sample.where).suffix.lower() in _LOSSY
        if len(self.names) < _EXAMPLES:
            self.names.append(sample.where)
        if planes:
            self._add_planes(sample, planes)
            return
        if sample.pixels.ndim == 2:
            self._add_values(sample)
        else:
            self._add_colours(sample)
        self._keep(sample.pixels)

    def _keep(self, pixels: Image) -> None:
        """Every mask at first, then every second, every fourth ..., as many as there is room for."""
        if (self.files - 1) % self._every == 0:
            self.masks.append(pixels)
        while len(self.masks) > 1 and (len(self.masks) > _MOST_KEPT or sum(m.nbytes for m in self.masks) > _KEPT_BYTES):
            self.masks = self.masks[::2]
            self._every *= 2

    def _add_values(self, sample: Sample) -> None:
        if sample.pixels.dtype == np.uint16:
            self.depth = 16
        counts = np.bincount(sample.pixels.ravel())
        present = np.flatnonzero(counts)
        self._values[present] += counts[present]
        if {0, 255}.issuperset(present.tolist()) or present[-1] - present[0] < _WIDE:
            self.even_values[present] += counts[present]
        else:  # something may be a mixture
            self._add_places(sample.pixels)
        self._remember(present.tolist(), sample.where)
        if sample.palette is not None:
            self._compare_palette(sample, present)

    def _add_places(self, pixels: Image) -> None:
        low, high = _extremes(pixels)
        ramp = np.bincount(pixels[(low < pixels) & (pixels < high)])
        even = np.bincount(pixels[_is_even(low, high)])
        self.ramp[: len(ramp)] += ramp
        self.even_values[: len(even)] += even

    def _add_colours(self, sample: Sample) -> None:
        if sample.pixels.shape[2] != 3 or sample.pixels.dtype != np.uint8:
            raise DataError(
                f"a mask of {sample.pixels.shape[2]} channels of {sample.pixels.dtype} is not understood",
                where=sample.where,
                advice="masks hold ids (one channel, 8 or 16 bits) or 8-bit colours",
            )
        even = _is_even(*_extremes(sample.pixels))
        marked, counts = np.unique(codes_of(sample.pixels) << 1 | even, return_counts=True)
        codes = marked >> 1
        if self._colours is None or self._even_colours is None:  # memory is taken page by page, where colours are met
            self._colours, self._even_colours = np.zeros(1 << 24, np.int64), np.zeros(1 << 24, np.int64)
        inside = marked & 1 > 0
        for part in (inside, ~inside):
            self._colours[codes[part]] += counts[part]
        self._even_colours[codes[inside]] += counts[inside]
        self._met[codes >> _BLOCK_BITS] = True
        if len(codes) < _EXAMPLES:
            self._remember((-1 - codes.astype(np.int64)).tolist(), sample.where)

    def _add_planes(self, sample: Sample, planes: int) -> None:
        if sample.pixels.ndim != 3 or sample.pixels.shape[2] != planes:
            raise DataError(f"{planes} masks, one a class, are needed", where=sample.where)
        claims = sum(claimed(sample.pixels), np.zeros(sample.pixels.shape[:2], np.uint8))
        self.gaps += int(np.count_nonzero(claims == 0))
        self.overlaps += int(np.count_nonzero(claims > 1))

    def _remember(self, keys: list[int], where: str) -> None:
        for key in keys:
            if len(self._examples) >= _EXAMPLES:
                return
            self._examples.setdefault(key, where)

    def _compare_palette(self, sample: Sample, used: npt.NDArray[np.intp]) -> None:
        palette = np.zeros((256, 3), np.uint8)
        if sample.palette is not None:
            palette[: len(sample.palette)] = sample.palette
        if self.palette is None:
            self.palette, self._palette_of = palette.copy(), sample.where
            self._palette_used = np.zeros(256, np.bool_)
        both = used[self._palette_used[used]]
        if not self.palettes_differ and not np.array_equal(self.palette[both], palette[both]):
            self.palettes_differ = f"{self._palette_of} and {sample.where}"
        fresh = used[~self._palette_used[used]]
        self.palette[fresh] = palette[fresh]
        self._palette_used[used] = True


def _extremes(pixels: Image) -> tuple[Image, Image]:
    """The lowest and the highest value in the 3×3 neighbourhood of each pixel, channel by channel."""
    whole = np.ascontiguousarray(pixels)
    low: Image = np.asarray(cv2.erode(whole, _SQUARE)).astype(pixels.dtype, copy=False)
    high: Image = np.asarray(cv2.dilate(whole, _SQUARE)).astype(pixels.dtype, copy=False)
    return low, high


def _is_even(low: Image, high: Image) -> npt.NDArray[np.bool_]:
    """Where these two differ by a few levels at most, in every channel; H×W."""
    if low.dtype != np.uint8:
        return low == high
    few = (_EVEN,) * (low.shape[2] if low.ndim == 3 else 1)
    return np.asarray(cv2.inRange(cv2.subtract(high, low), (0,) * len(few), few)) > 0


def claimed(planes: Image) -> Iterator[npt.NDArray[np.bool_]]:
    """Which pixels each of the H×W×K planes of class folders claims: more than half, or 1 where it holds 0 and 1."""
    for index in range(planes.shape[2]):
        plane = np.ascontiguousarray(planes[:, :, index])
        top = int(plane.max())
        yield plane > (0 if top <= 1 else 127 if plane.dtype == np.uint8 else top // 2)


def codes_of(pixels: Image) -> Codes:
    """H×W×3 uint8 → H×W, 65536 · red + 256 · green + blue."""
    wide = pixels.astype(np.uint32)
    codes: Codes = (wide[:, :, 0] << 16 | wide[:, :, 1] << 8 | wide[:, :, 2]).astype(np.uint32, copy=False)
    return codes


def code_of(colour: Colour) -> int:
    """One colour as a number."""
    return colour[0] << 16 | colour[1] << 8 | colour[2]


def colour_of(code: int) -> Colour:
    """A number as a colour."""
    return code >> 16 & 255, code >> 8 & 255, code & 255
