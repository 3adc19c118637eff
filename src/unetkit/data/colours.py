"""Class colours that stay apart, for readers with any colour vision.

Sea, sky and the like have the colours that people expect; the others take the palette of Okabe and Ito
("Color universal design", 2008) without black, which is left to ignore, as far as it differs from those; the rest are
chosen one by one, each the colour farthest from all before it as seen by normal vision, by protanopia and by
deuteranopia.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import cycle

import numpy as np
import numpy.typing as npt

from unetkit.data.tables import Colour

Floats = npt.NDArray[np.float64]

_BY_NAME: dict[str, Colour] = {
    "sea": (0, 84, 147),
    "water": (0, 84, 147),
    "sky": (135, 206, 235),
    "land": (150, 111, 51),
    "forest": (16, 78, 40),
    "vegetation": (140, 186, 64),
    "background": (0, 0, 0),
}
_FIRST = (
    (0, 114, 178),  # blue
    (230, 159, 0),  # orange
    (0, 158, 115),  # bluish green
    (213, 94, 0),  # vermilion
    (86, 180, 233),  # sky blue
    (204, 121, 167),  # reddish purple
    (240, 228, 66),  # yellow
)
_BLACK = (0, 0, 0)
_MOST = 256
_CLEAR = 0.1  # a distance in OKLab that is seen at a glance
_DARKEST = 0.25  # OKLab lightness, black is 0 and white 1

# Simulation of missing cones in linear RGB: Viénot, Brettel and Mollon, "Digital video colourmaps for checking the
# legibility of displays by dichromats", 1999.
_PROTANOPIA = np.array([[0.11238, 0.88762, 0.0], [0.11238, 0.88762, 0.0], [0.00401, -0.00401, 1.0]])
_DEUTERANOPIA = np.array([[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]])

# Linear RGB to OKLab: Ottosson, "A perceptual color space for image processing", 2020.
_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def distinct_colours(names: Sequence[str]) -> tuple[Colour, ...]:
    """A colour for each class, easy to tell apart; sea, sky and the like look as expected.

    Beyond 256 classes (masks of 16 bits) the colours repeat: no eye tells more apart.
    """
    return _coloured(tuple(names))


@cache
def _coloured(names: tuple[str, ...]) -> tuple[Colour, ...]:
    expected: dict[int, Colour] = {}
    for place, name in enumerate(names):
        colour = _BY_NAME.get(name)
        if colour is not None and colour not in expected.values():
            expected[place] = colour
    spare = cycle(_apart_from([*expected.values(), _BLACK], min(len(names), _MOST) - len(expected)))
    return tuple(expected[place] if place in expected else next(spare) for place in range(len(names)))


def _apart_from(taken: Sequence[Colour], count: int) -> list[Colour]:
    """`count` colours: the first palette as far as it differs from `taken`, then each farthest from all before it."""
    candidates = np.concatenate([np.array(_FIRST, np.int64), _candidates()])
    seen = _as_seen(candidates)
    nearest = np.min([_distance(seen, _as_seen(np.array([colour]))) for colour in taken], axis=0)
    chosen: list[Colour] = []
    while len(chosen) < count:
        good = np.flatnonzero(nearest[: len(_FIRST)] > _CLEAR)
        best = int(good[0]) if good.size else int(nearest.argmax())
        red, green, blue = candidates[best].tolist()
        chosen.append((red, green, blue))
        nearest = np.minimum(nearest, _distance(seen, seen[:, best : best + 1]))
    return chosen


def _candidates() -> npt.NDArray[np.int64]:
    """A lattice of colours, without those that would be taken for black."""
    steps = np.linspace(0, 255, 16).round().astype(np.int64)
    lattice = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    return lattice[_as_seen(lattice)[0, :, 0] > _DARKEST]


def _as_seen(colours: npt.NDArray[np.int64]) -> Floats:
    """3 x n x 3: the colours in OKLab for normal vision, protanopia and deuteranopia."""
    linear = _linear(colours / 255.0)
    views = (linear, linear @ _PROTANOPIA.T, linear @ _DEUTERANOPIA.T)
    return np.stack([np.cbrt(np.clip(view, 0, 1) @ _TO_CONES.T) @ _TO_LAB.T for view in views])


def _linear(encoded: Floats) -> Floats:
    """Linear light of encoded sRGB (IEC 61966-2-1), 0..1."""
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def _distance(seen: Floats, other: Floats) -> Floats:
    """The distance of every colour to one other; half weight on what only some readers see worse."""
    each = np.linalg.norm(seen - other, axis=-1)
    return np.minimum(each[0], 2 * each[1:].min(axis=0))
