"""The colours that somebody drew, told from the mixtures that smearing leaves along their borders.

Pixels crowd around mixtures too, where borders are many or straight. But a drawn colour fills even areas somewhere, and
a mixture never does. What is nowhere even, such as a line of two pixels, is a mixture if it is what two other colours
give and lies where these two meet; else it was drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import cv2
import numpy as np
import numpy.typing as npt

from unetkit.data.arrays import Image
from unetkit.data.encodings.palette import CLAIM, TIGHT, discover_palette, unpack
from unetkit.data.encodings.survey import Codes, Survey, codes_of, colour_of
from unetkit.data.tables import Colour

_LOOSE = 0.2
"""Thin lines are smeared more than areas are, whose pixels lie closer together."""
_EVEN = 0.1
"""Of a drawn colour's pixels are even (measured: of areas half, of mixtures nearly none)."""
_REACH = 6
"""Pixels from a border to which JPEG mixes, with colours at half resolution."""
_MIXED = 0.5
"""Of a mixture's pixels lie where its two colours meet."""
_SURELY = 0.9
_FEWEST = 3
"""Colours of a lossless file that are mixtures by their place; one or two may be thin classes."""
_OFF = 20.0
"""From the mixtures of two colours, in R G B."""
_BEYOND = 0.1
"""Of the way between two colours, by which JPEG overshoots."""
_PARTS = 23
_TO_LUMA_CHROMA = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])
_TO_COLOUR = np.linalg.inv(_TO_LUMA_CHROMA)

Labels = npt.NDArray[np.uint16]
"""Of each colour or pixel 0, or 2 · (k + 1) around the k-th colour, one more close to it."""


def drawn_palette(survey: Survey) -> tuple[tuple[Colour, int], ...]:
    """The colours that pixels crowd around, mixtures left out, most frequent first, each with the pixels around it."""
    codes, counts = survey.colours
    crowds = discover_palette(codes, counts, _LOOSE)
    colours = [colour for colour, _ in crowds]
    label = _labels(codes, colours)
    even = [_evenness(survey, label == 2 * (place + 1) + 1) for place in range(len(colours))]
    drawn = [place for place in range(len(colours)) if even[place] >= _EVEN]
    thin = sorted((place for place in range(len(colours)) if even[place] < _EVEN), key=lambda place: -even[place])
    owners, near = _neighbours(_label_images(survey, label) if thin else [], len(colours), thin)
    for place in thin:
        if _mixed(place, drawn, colours, near[owners == place]) < _MIXED:
            drawn.append(place)
    for place in [place for place in thin if place in drawn]:  # by now their own ends may be known
        others = [other for other in drawn if other != place]
        if _mixed(place, others, colours, near[owners == place], strictly=True) >= _MIXED:
            drawn.remove(place)
    return tuple(crowds[place] for place in sorted(drawn))


def _evenness(survey: Survey, close: npt.NDArray[np.bool_]) -> float:
    """Of the pixels of these colours, the share that is even."""
    return float(survey.even[close].sum() / max(int(survey.colours[1][close].sum()), 1))


def are_mixed(survey: Survey) -> bool:
    """Whether a few colours hold mixtures: under JPEG any that is nowhere even, else three at least by their place."""
    codes, counts = survey.colours
    uneven = np.flatnonzero(survey.even < _EVEN * counts)
    if survey.lossy or uneven.size < _FEWEST:
        return survey.lossy and uneven.size > 0
    colours = [colour_of(code) for code in codes.tolist()]
    drawn = np.flatnonzero(survey.even >= _EVEN * counts).tolist()
    exact = (2 * np.arange(1, len(codes) + 1) + 1).astype(np.uint16)
    owners, near = _neighbours(_label_images(survey, exact), len(codes), uneven.tolist())
    mixed = [_mixed(place, drawn, colours, near[owners == place]) >= _SURELY for place in uneven.tolist()]
    return sum(mixed) >= _FEWEST


def _labels(codes: Codes, colours: Sequence[Colour]) -> Labels:
    """Which colour each code is around."""
    points = unpack(codes)
    best = np.full(len(codes), CLAIM, np.float32)
    label = np.zeros(len(codes), np.uint16)
    for place, colour in enumerate(colours):
        distance = np.sqrt(((points - np.array(colour, np.float32)) ** 2).sum(axis=1))
        nearer = distance <= best
        label[nearer] = 2 * (place + 1) + (distance[nearer] <= TIGHT)
        best[nearer] = distance[nearer]
    return label


def _label_images(survey: Survey, label: Labels) -> list[Labels]:
    table = np.zeros(1 << 24, np.uint16)
    table[survey.colours[0]] = label
    return [table[codes_of(_in_colours(mask))] for mask in survey.masks if mask.dtype == np.uint8]


def _in_colours(mask: Image) -> Image:
    return mask if mask.ndim == 3 else np.repeat(mask[:, :, None], 3, axis=2)


def _neighbours(
    labels: Sequence[Labels], colours: int, thin: Sequence[int]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
    """For every pixel close to one of the `thin` colours: which one, and which colours lie within reach of it."""
    window = np.ones((2 * _REACH + 1, 2 * _REACH + 1), np.uint8)
    wanted = np.isin(np.arange(2 * colours + 2), [2 * (place + 1) + 1 for place in thin])
    owners, near = [np.zeros(0, np.intp)], [np.zeros((0, colours), np.bool_)]
    for label in labels:
        places = wanted[label]
        owners.append((label[places] // 2).astype(np.intp) - 1)
        seen = np.zeros((len(owners[-1]), colours), np.bool_)
        for place in np.unique(label[label > 1] // 2) - 1 if len(seen) else ():
            seen[:, place] = cv2.dilate((label // 2 == place + 1).astype(np.uint8), window)[places] > 0
        near.append(seen)
    return np.concatenate(owners), np.concatenate(near)


def _mixed(
    place: int, drawn: Sequence[int], colours: Sequence[Colour], near: npt.NDArray[np.bool_], *, strictly: bool = False
) -> float:
    """The share of a colour's pixels near which two drawn colours lie that mix to it; `near` has a row a pixel."""
    explained = np.zeros(len(near), np.bool_)
    off, beyond = (_OFF / 2, 0.0) if strictly else (_OFF, _BEYOND)
    for one, other in combinations(drawn, 2):
        both = near[:, one] & near[:, other]
        fresh = bool((both & ~explained).any())
        if fresh and _distance(colours[place], colours[one], colours[other], beyond) <= off:
            explained |= both
    return float(explained.mean()) if len(near) else 0.0


def _distance(colour: Colour, one: Colour, other: Colour, beyond: float) -> float:
    """From a colour to the nearest mixture of two: brightness and tint mix apart, and what leaves 0..255 is cut."""
    first, second = (_TO_LUMA_CHROMA @ np.array(end, np.float64) for end in (one, other))
    parts = np.linspace(-beyond, 1 + beyond, _PARTS)
    luma = first[0] + parts * (second[0] - first[0])
    chroma = first[1:] + parts[:, None] * (second[1:] - first[1:])
    mixed = np.empty((_PARTS, _PARTS, 3))
    mixed[:, :, 0], mixed[:, :, 1:] = luma[:, None], chroma
    cut = np.clip(mixed @ _TO_COLOUR.T, 0, 255)
    return float(np.sqrt(((cut - np.array(colour)) ** 2).sum(axis=2).min()))
