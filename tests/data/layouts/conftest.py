"""Trees to read: empty files by pattern, and the few kinds of pictures that a layout looks into."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

NUMBERS = ("1", "2", "3", "21")

Plant = Callable[..., Path]


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    """`plant("images/{n}.jpg", ...)` makes empty files, four for each `{n}`, in a fresh folder, and returns it."""
    root = tmp_path / "data"
    root.mkdir()

    def grow(*patterns: str, content: bytes = b"") -> Path:
        for pattern in patterns:
            for path in {pattern.replace("{n}", number) for number in NUMBERS}:
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_bytes(content)
        return root

    return grow


@pytest.fixture
def half_mask() -> Callable[[str], bytes]:
    """A PNG mask, 255 in the "upper" or "lower" half, "all" over or in the "middle" half, which the others overlap."""

    def draw(part: str) -> bytes:
        mask = np.zeros((8, 8), np.uint8)
        mask[{"upper": slice(4), "lower": slice(4, 8), "all": slice(8), "middle": slice(2, 6)}[part]] = 255
        return encoded(mask)

    return draw


@pytest.fixture
def photo_and_mask() -> bytes:
    """A PNG, 64×32: noise on the left, two colours on the right."""
    picture = np.random.default_rng(0).integers(0, 256, (32, 64, 3), dtype=np.uint8)
    picture[:16, 32:] = (200, 30, 30)
    picture[16:, 32:] = (30, 30, 200)
    return encoded(picture)


def encoded(pixels: npt.NDArray[np.uint8]) -> bytes:
    """The pixels as PNG."""
    return cv2.imencode(".png", pixels)[1].tobytes()
