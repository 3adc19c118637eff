"""Masks as people draw them, and what JPEG and soft edges make of them."""

from __future__ import annotations

import io
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow

from unetkit.data.encodings import find_encoding
from unetkit.data.tables import Colour
from unetkit.errors import AmbiguityError

Pixels = npt.NDArray[np.uint8]

LABEL_TOOL: tuple[Colour, ...] = (
    *((31, 119, 180), (255, 127, 14), (44, 160, 44), (214, 39, 40), (148, 103, 189), (140, 86, 75)),
    *((227, 119, 194), (127, 127, 127), (188, 189, 34), (23, 190, 207), (0, 0, 0), (255, 255, 255)),
)
"""Twelve colours of a common plotting library."""
PRIMARY: tuple[Colour, ...] = (
    *((0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)),
    *((0, 255, 255), (255, 0, 255), (128, 128, 128), (255, 128, 0), (128, 0, 255), (0, 128, 0)),
)
"""At the corners of R G B, where what JPEG mixes is cut off."""


def areas(classes: int, seed: int, fine: int = 1) -> Pixels:
    """160×200 ids: a horizon, then discs and boxes of every class; `fine` times as large for smooth edges."""
    rng = np.random.default_rng(seed)
    ids = np.zeros((160 * fine, 200 * fine), np.uint8)
    slope = rng.integers(-20, 20)
    ids[np.indices(ids.shape)[0] > (70 + slope * np.linspace(-1, 1, ids.shape[1])) * fine] = 1
    for index in [*range(2, classes)] * 2:
        x, y, size = (int(rng.integers(low, high)) * fine for low, high in ((0, 200), (0, 160), (12, 35)))
        if rng.integers(2):
            cv2.circle(ids, (x, y), size, index, -1)
        else:
            cv2.rectangle(ids, (x, y), (x + size, y + 2 * size), index, -1)
    return ids


def drawn(palette: Sequence[Colour] | Sequence[int], ids: Pixels, fine: int = 1) -> Pixels:
    """Colours or greys for ids; edges are smooth where the ids are finer than the pixels."""
    pixels = np.array(palette, np.uint8)[ids]
    size = (ids.shape[1] // fine, ids.shape[0] // fine)
    return pixels if fine == 1 else np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def as_jpeg(pixels: Pixels, quality: int = 75, subsampling: str = "4:2:0") -> Pixels:
    """Smeared as JPEG smears."""
    buffer = io.BytesIO()
    Pillow.fromarray(pixels).save(buffer, "JPEG", quality=quality, subsampling=subsampling)
    return np.asarray(Pillow.open(buffer))


def blurred(pixels: Pixels, sigma: float) -> Pixels:
    """With soft edges."""
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma), np.uint8)


def asked(masks: Sequence[Pixels], suffix: str) -> AmbiguityError:
    """The question that these masks are."""
    try:
        encoding, classes, _ = find_encoding([(f"{index}.{suffix}", mask) for index, mask in enumerate(masks)])
    except AmbiguityError as question:
        return question
    raise AssertionError(f"no question, but {encoding.name} of {len(classes)} classes")


def proposed(question: AmbiguityError) -> str:
    """What a question offers as --classes."""
    return question.advice.split("\n")[0].removeprefix("--classes '").removesuffix("'")
