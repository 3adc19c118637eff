"""Which colour is which class: swatches and names, alone or under a picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow
from PIL import ImageDraw

from unetkit.drawing.paint import RGB
from unetkit.drawing.sheet import BACKGROUND, INK
from unetkit.drawing.text import font_for, shortened, width_of

_SMALLEST_WIDTH = 320


def legend(names: Sequence[str], colours: npt.NDArray[np.uint8], width: int = 480, letters: int = 0) -> RGB:
    """Swatches with names in as many columns as fit; `colours` is n x 3, the result `width` pixels wide.

    Letters are `letters` pixels high; 0: in proportion to the width.
    """
    size = letters or _letter_size(width)
    room = max((width_of(name, size) for name in names), default=0) + 3 * size
    columns = max(1, min(len(names), width // room))
    rows = -(-len(names) // columns)
    line = round(1.7 * size)
    canvas = Pillow.new("RGB", (width, rows * line + size // 2), BACKGROUND)
    for i, (name, colour) in enumerate(zip(names, colours, strict=True)):
        corner = (size // 2 + (i // rows) * (width // columns), size // 4 + (i % rows) * line)
        _entry(ImageDraw.Draw(canvas), corner, name, colour, size, width // columns)
    return np.asarray(canvas)


def with_legend(image: RGB, names: Sequence[str], colours: npt.NDArray[np.uint8]) -> RGB:
    """The picture with its legend below; a small one is first enlarged by a whole factor, so that the legend fits."""
    picture = _enlarged(image, _SMALLEST_WIDTH)
    return np.concatenate([picture, legend(names, colours, picture.shape[1])])


def _enlarged(picture: RGB, side: int) -> RGB:
    """Each pixel repeated until the long side has `side` pixels; white to the right of what is still narrower."""
    factor = max(1, -(-side // max(picture.shape[:2])))
    large = picture.repeat(factor, axis=0).repeat(factor, axis=1)
    missing = max(0, side - large.shape[1])
    return np.pad(large, ((0, 0), (0, missing), (0, 0)), constant_values=BACKGROUND[0])


def _letter_size(width: int) -> int:
    return int(np.clip(width // 40, 13, 32))


def _entry(
    draw: ImageDraw.ImageDraw,
    corner: tuple[int, int],
    name: str,
    colour: npt.NDArray[np.uint8],
    size: int,
    width: int,
) -> None:
    x, y = corner
    red, green, blue = (int(v) for v in colour)
    draw.rectangle((x, y + size // 6, x + size, y + size // 6 + size), fill=(red, green, blue), outline=INK)
    text = shortened(name, size, width - 2 * size)
    draw.text((x + size + size // 2, y + size * 2 // 3), text, fill=INK, font=font_for(text, size), anchor="lm")
