"""The brightness model, and scenes with masks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from predicting.brightness import CONTRACT, Brightness, scene
from unetkit.data.arrays import Image, Mask
from unetkit.data.pair import Pair
from unetkit.modelfile import Contract, Fingerprint
from unetkit.predicting.predictor import Predictor

Scene = tuple[Image, Mask]


def pair(height: int, width: int, horizon: int, truth: int) -> Scene:
    """Bright down to `horizon`; the mask says sky down to `truth`."""
    mask = np.zeros((height, width), np.uint8)
    mask[:truth] = 1
    return scene(height, width, horizon), mask


@pytest.fixture
def contract() -> Contract:
    return replace(CONTRACT, fingerprint=Fingerprint.of([], [900, 100], np.zeros((24, 32), np.uint8)))


@pytest.fixture
def predictor(contract: Contract) -> Predictor:
    return Predictor(contract, Brightness())


@pytest.fixture
def scenes() -> dict[Pair, Scene]:
    """Five pairs of two sizes; in the last the truth lies lower than what is seen."""
    horizons = [(24, 32, 9, 9), (48, 64, 20, 20), (24, 32, 12, 12), (48, 64, 30, 30), (24, 32, 6, 12)]
    return {
        Pair(f"images/{number}.png", f"masks/{number}.png", "val", f"clip {number % 2}"): pair(*row)
        for number, row in enumerate(horizons)
    }


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    """`folder("name", 5)` holds five pairs as `images/` and `masks/` (0 and 255)."""

    def make(name: str, count: int = 5, values: tuple[int, int] = (0, 255), first: int = 0) -> Path:
        root = tmp_path / name
        for number in range(first, first + count):
            image, mask = pair(24, 32, 5 + number, 5 + number)
            image[0, 0] = number
            for kind, pixels in (("images", image), ("masks", np.array(values, np.uint8)[mask])):
                (root / kind).mkdir(parents=True, exist_ok=True)
                assert cv2.imwrite(str(root / kind / f"{number:03}.png"), pixels)
        return root

    return make
