"""The levels of grey that somebody drew, told from the soft edges and the JPEG noise around them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from unetkit.data.arrays import Counts
from unetkit.data.encodings.base import share
from unetkit.data.encodings.mixtures import drawn_palette
from unetkit.data.encodings.survey import Survey

APART = 16
"""Levels between two greys that JPEG keeps apart."""
FAR_APART = 64
"""Levels between the two of a mask in black and white."""
NEAR = 0.12
"""Of the way between two levels: what is nearer to one than this is its noise."""
_SOFT = 0.2
_SOFTEST = 0.4
_ONE_VALUE = 0.02
_ONE_ROW = 0.03
_MANY = 8
"""Values that a soft edge has, at least; fewer must each be seen to lie on one."""
_ALONG = 0.9
"""Of the pixels of a soft edge lie between a lower and a higher neighbour."""
_PARTLY = 0.5
_HALF_WAY = 0.25
_BLOCK = 36
"""Even pixels of an area eight pixels wide."""
_CROWD = 0.9
_AT = 5
"""Levels about one that are close to it (10 in R G B)."""
_FILLS = 0.1
"""Of the pixels of a level that fills areas lie inside them; on soft edges, fewer."""
_AROUND = 13
"""Levels about one that the same crowd covers (24 in R G B)."""
_CLOSE = 0.005
"""Of the even pixels (measured: of levels well apart under JPEG 0.001, of ids 0.2)."""
_STRAY = 0.02
"""Of the pixels of a value that fills areas, more are even."""


@dataclass(frozen=True, slots=True)
class Levels:
    """What greys crowd around.

    Attributes:
        found: each level with the pixels around it, ascending.
        around: the share of all pixels that are.
        close: values that fill areas of their own beside another's in the same mask, too near for JPEG.
    """

    found: tuple[tuple[int, int], ...]
    around: float
    close: tuple[int, ...]

    @property
    def clear(self) -> bool:
        """Whether these are the levels that were drawn: well apart, and nearly all pixels around them."""
        apart = all(high - low >= APART for (low, _), (high, _) in pairwise(self.found))
        return len(self.found) >= 2 and apart and self.around >= _CROWD and not self.close


def find_levels(survey: Survey) -> Levels:
    """The levels of 8-bit greys, mixtures along their borders left out."""
    found = [(colour[0], mass) for colour, mass in drawn_palette(survey)]
    found = [(level, mass) for level, mass in found if _share_of(survey.ramp, survey, level) < _ALONG]
    around = sum(mass for _, mass in found) / max(sum(survey.values.values()), 1)
    found += _third(survey, [level for level, _ in found])
    return Levels(tuple(sorted(found)), around, close_values(survey) if survey.lossy else ())


def _third(survey: Survey, found: Sequence[int]) -> list[tuple[int, int]]:
    """A value of a lossless file, too rare to crowd, that alone of those around no level fills an area of its own."""
    if survey.lossy or not found:
        return []
    codes, counts = survey.colours
    apart = np.abs((codes & 255).astype(np.int64)[:, None] - np.array(found)).min(axis=1) > _AROUND
    even = np.where(apart, survey.even, 0)
    place = int(even.argmax())
    fills = even[place] >= _BLOCK and 2 * even[place] > even.sum()
    return [(int(codes[place]) & 255, int(counts[place]))] if fills else []


def two_levels(survey: Survey) -> tuple[int, int] | None:
    """The two values that all others are noise or a soft edge of; None where more than two mean something."""
    values = survey.values
    if set(values) == {0, 255}:
        return 0, 255
    ends = main_levels(survey)
    if ends is None:
        return None
    middle = _middle(values, ends)
    if not middle:
        near_low = sum(value - ends[0] <= NEAR * (ends[1] - ends[0]) for value in values)
        noise = survey.lossy or 1 < near_low < len(values) - 1
        return ends if noise and not (survey.lossy and close_values(survey)) else None
    if not all(ends[0] < value < ends[1] for value in middle) or not _is_soft(survey, ends, middle):
        return None
    return ends if max(values) > 255 or not _has_third(survey, ends) else None


def main_levels(survey: Survey) -> tuple[int, int] | None:
    """The two most frequent of three values or more, if they are as far apart as black and white should be."""
    values = survey.values
    if len(values) < 3 or survey.has_colours:
        return None
    low, high = sorted(sorted(values, key=lambda value: values[value])[-2:])
    wide = survey.depth == 16 and max(values) > 255
    return (low, high) if high - low >= FAR_APART * (257 if wide else 1) else None


def are_nearly_all(survey: Survey, ends: tuple[int, int]) -> bool:
    """Whether so many pixels hold these two values that the others may be cut half-way, if somebody says so."""
    return sum(survey.values[end] for end in ends) >= (1 - _SOFTEST) * sum(survey.values.values())


def rare_third(survey: Survey) -> tuple[int, ...]:
    """Rare values beside two frequent ones that lie on their border in part: soft edges, or a class; () if neither."""
    ends = main_levels(survey)
    if ends is None or survey.lossy or survey.palette is not None or len(survey.values) >= _MANY:
        return ()
    others = {value: count for value, count in survey.values.items() if value not in ends}
    rare = sum(others.values()) <= _ONE_ROW * sum(survey.values.values())
    along = _along(survey, others)
    return tuple(others) if rare and _middle(others, ends) and _PARTLY <= along < _ALONG else ()


def are_smeared(survey: Survey) -> bool:
    """Whether greys that are no two levels are smeared: by JPEG, or by soft edges around levels that are clear."""
    values = survey.values
    if survey.has_colours or survey.palette is not None or len(values) < 3 or max(values) > 255:
        return False
    if survey.lossy:
        return len(filling(survey)) < len(values)
    if len(values) < _MANY or _grid(values) > 1:
        return False
    along = {value: count for value, count in values.items() if survey.ramp[value] >= _ALONG * count}
    if len(along) < _MANY - 3:
        return False
    levels = find_levels(survey)
    if not levels.clear or min(values) < levels.found[0][0] - _AROUND or max(values) > levels.found[-1][0] + _AROUND:
        return False
    soft = {value: count for value, count in values.items() if value not in dict(levels.found)}
    between = {value: count for value, count in soft.items() if _distance(value, levels) > _AROUND}
    half_way = sum(between.values()) >= _HALF_WAY * sum(soft.values())  # else these are ids beside a void value
    return half_way and _along(survey, soft) >= _ALONG


def _distance(value: int, levels: Levels) -> int:
    return min((abs(value - level) for level, _ in levels.found), default=0)


def filling(survey: Survey) -> list[int]:
    """The values that fill areas in the masks looked at, and those not met there; the others are noise and borders."""
    whole, even = exactly_even(survey)
    return [value for value in survey.values if value > 255 or even[value] >= _STRAY * whole[value]]


def exactly_even(survey: Survey) -> tuple[list[int], list[int]]:
    """Pixels of each value 0..255 in the masks looked at, and those whose 3×3 neighbourhood holds nothing else."""
    pairs = list(_histograms(survey))
    whole, even = (np.sum([pair[side] for pair in pairs] or [np.zeros(256)], axis=0) for side in (0, 1))
    return [int(count) for count in whole], [int(count) for count in even]


def uncertain(survey: Survey) -> float:
    """The share of the pixels, in the masks looked at, in whose 3×3 neighbourhood is another value."""
    whole, even = exactly_even(survey)
    return 1 - sum(even) / max(sum(whole), 1)


def uncertainty(survey: Survey) -> str:
    """What JPEG leaves uncertain where values are near each other, as a note."""
    part = per_cent(uncertain(survey))
    return f"JPEG keeps near values apart only inside even areas: {part} of the pixels lie elsewhere and are uncertain"


def per_cent(part: float) -> str:
    """A part of one as a share in per cent."""
    return share(round(1e6 * part), 10**6)


def close_values(survey: Survey) -> tuple[int, ...]:
    """Values that fill areas beside each other in one mask and are too near for JPEG to keep them apart."""
    close, all_even = np.zeros(256), 0
    beside = set[int]()
    for _, even in _histograms(survey):
        all_even += int(even.sum())
        for value in np.flatnonzero(even).tolist():
            start = max(value - _AROUND, 0)
            peak = start + int(np.argmax(even[start : value + _AROUND + 1]))
            if even[peak] > even[value] or peak < value:
                close[value] += even[value]
                beside.add(peak)
    if close.sum() < _CLOSE * max(all_even, 1):
        return ()
    frequent = set(np.flatnonzero(close >= _CLOSE / 10 * all_even).tolist())
    return tuple(sorted(frequent | beside))


def _histograms(survey: Survey) -> Iterator[tuple[Counts, Counts]]:
    square = np.ones((3, 3), np.uint8)
    for mask in survey.masks:
        if mask.ndim == 2 and mask.dtype == np.uint8:
            whole = np.ascontiguousarray(mask)
            even = np.asarray(cv2.erode(whole, square)) == np.asarray(cv2.dilate(whole, square))
            yield np.bincount(whole.ravel(), minlength=256), np.bincount(whole[even], minlength=256)


def _middle(values: Mapping[int, int], ends: tuple[int, int]) -> dict[int, int]:
    """What lies between two levels and near neither."""
    low, high = ends
    near = NEAR * (high - low)
    return {value: count for value, count in values.items() if abs(value - low) > near and abs(value - high) > near}


def _is_soft(survey: Survey, ends: tuple[int, int], middle: Mapping[int, int]) -> bool:
    """Soft edges: many values between, each rare, and on no grid as ids of a sparse table would be; or by their place.

    Fewer values than a soft edge usually has, or more pixels, must lie between a lower and a higher neighbour.
    """
    values, total = survey.values, sum(survey.values.values())
    others = {value: count for value, count in values.items() if value not in ends}
    part = sum(others.values()) / total
    if len(values) >= _MANY and _grid(values) > 1:
        return False
    few = sum(middle.values()) <= _SOFT * total and max(middle.values()) <= _ONE_VALUE * total
    if len(values) >= _MANY and (few or (survey.lossy and part <= _SOFTEST)):
        return True
    if survey.lossy:
        return False
    most = _ONE_ROW if len(others) == 1 else _SOFT if len(values) < _MANY else _SOFTEST
    edges = sum(others.values()) <= 3 * sum(middle.values())
    return part <= most and edges and _along(survey, others) >= _ALONG


def _has_third(survey: Survey, ends: tuple[int, int]) -> bool:
    """Whether a level between the two fills areas of its own."""
    between = _middle(dict(find_levels(survey).found), ends)
    return any(_share_of(survey.even_values, survey, level) >= _FILLS for level in between)


def _share_of(part: Counts, survey: Survey, level: int) -> float:
    """Of the pixels close to a level, those that `part` counts."""
    close = slice(max(level - _AT, 0), level + _AT + 1)
    whole = sum(survey.values.get(value, 0) for value in range(close.start, close.stop))
    return float(part[close].sum()) / max(whole, 1)


def _along(survey: Survey, values: Mapping[int, int]) -> float:
    """Of the pixels of these values, the share that lies between a lower and a higher neighbour."""
    return sum(int(survey.ramp[value]) for value in values) / max(sum(values.values()), 1)


def _grid(values: Mapping[int, int]) -> int:
    """The step that all values are multiples of, counted from the lowest."""
    low = min(values)
    return math.gcd(*(value - low for value in values))
