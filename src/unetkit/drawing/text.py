"""Text in pictures: a font that has the letters, and how wide a line is."""

from __future__ import annotations

from functools import cache

from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont
from PIL.ImageFont import FreeTypeFont
from PIL.ImageFont import ImageFont as BitmapFont

Font = FreeTypeFont | BitmapFont

# The first that is installed and has every letter of the text is taken; the last resort comes with Pillow.
_FONTS = (
    "DejaVuSans.ttf",
    "NotoSans-Regular.ttf",
    "LiberationSans-Regular.ttf",
    "Arial.ttf",
    "Helvetica.ttc",
    "NotoSansCJK-Regular.ttc",
    "Arial Unicode.ttf",
    "msyh.ttc",
    "PingFang.ttc",
    "unifont.ttf",
)
_NO_LETTER = "\U0010ffff"


def font_for(text: str, size: int) -> Font:
    """The first installed font with every letter of `text`, else the one that lacks fewest; `size` in pixels."""
    fonts = _installed(size)
    return min(fonts, key=lambda font: _missing(font, text))


def width_of(text: str, size: int) -> int:
    """Width of one line of text in pixels."""
    return round(font_for(text, size).getlength(text))


def shortened(text: str, size: int, width: int) -> str:
    """`text`, cut with an ellipsis in its middle where it is wider than `width` pixels (both ends of a path tell)."""
    if width_of(text, size) <= width:
        return text
    for kept in range(len(text) - 1, 1, -1):
        cut = f"{text[: kept // 2]}…{text[len(text) - (kept + 1) // 2 :]}"
        if width_of(cut, size) <= width:
            return cut
    return "…"


@cache
def _installed(size: int) -> tuple[Font, ...]:
    found: list[Font] = []
    for name in _FONTS:
        try:
            found.append(ImageFont.truetype(name, size))
        except OSError:
            continue
    return (*found, ImageFont.load_default(size))


def _missing(font: Font, text: str) -> int:
    blank = _glyph(font, _NO_LETTER)
    return sum(not letter.isspace() and _glyph(font, letter) == blank for letter in set(text))


@cache
def _glyph(font: Font, letter: str) -> bytes:
    canvas = Pillow.new("L", (64, 64))
    ImageDraw.Draw(canvas).text((8, 8), letter, fill=255, font=font)
    return canvas.tobytes()
