"""Sheets: rows of captioned tiles, to compare image, truth and prediction at a glance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import cv2
import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw

from unetkit.drawing.paint import RGB
from unetkit.drawing.text import font_for, shortened

Tile: TypeAlias = tuple[str, RGB]
"""A caption (may be empty) and a picture."""

BACKGROUND = (255, 255, 255)
INK = (32, 32, 32)
_GAP = 8


def sheet(rows: Sequence[Sequence[Tile]], width: int = 320) -> RGB:
    """Lay out rows of tiles.

    Args:
        rows: each a sequence of (caption, RGB picture); rows may differ in length.
        width: of every tile in pixels; pictures keep their aspect and are at most twice as high. Smaller ones are
            enlarged with hard pixels.

    Returns:
        One RGB picture, white where nothing is shown.
    """
    size = int(np.clip(width // 20, 12, 24))
    pictures = [[(caption, _at_width(picture, width)) for caption, picture in row] for row in rows]
    heights = [max((tile.shape[0] for _, tile in row), default=0) for row in pictures]
    columns = max((len(row) for row in pictures), default=0)
    line = size + _GAP
    total = (columns * (width + _GAP) + _GAP, _GAP + sum(heights) + len(rows) * (line + _GAP))
    canvas = Pillow.new("RGB", total, BACKGROUND)
    draw = ImageDraw.Draw(canvas)
    y = _GAP
    for row, height in zip(pictures, heights, strict=True):
        for column, (caption, tile) in enumerate(row):
            x = _GAP + column * (width + _GAP)
            _write(draw, (x, y), caption, size, width)
            canvas.paste(Pillow.fromarray(tile), (x, y + line))
        y += height + line + _GAP
    return np.asarray(canvas)


def _at_width(picture: RGB, width: int) -> RGB:
    height, across = picture.shape[:2]
    scale = min(width / across, 2 * width / height)
    size = (max(1, round(across * scale)), max(1, round(height * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    return np.asarray(cv2.resize(picture, size, interpolation=how), np.uint8)


def _write(draw: ImageDraw.ImageDraw, corner: tuple[int, int], text: str, size: int, width: int) -> None:
    if text:
        line = shortened(text, size, width)
        draw.text((corner[0], corner[1] + size // 2), line, fill=INK, font=font_for(line, size), anchor="lm")
