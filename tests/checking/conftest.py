"""Small data sets with one defect each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image as Pillow

from unetkit.checking.check import check
from unetkit.checking.finding import Finding
from unetkit.checking.report import CheckReport
from unetkit.config.jobs import CheckSettings
from unetkit.config.sections import DataSettings

Pixels = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]


class Folder:
    """A folder `images/` and `masks/` of noise, 24×32, two classes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._generator = np.random.default_rng(0)

    def image(self, name: str, *, shape: tuple[int, ...] = (24, 32, 3), low: int = 0, high: int = 256) -> Pixels:
        pixels = self._generator.integers(low, high, shape, np.uint8)
        self.save(f"images/{name}", pixels)
        return pixels

    def mask(self, name: str, *, ids: tuple[int, ...] = (0, 1), shape: tuple[int, int] = (24, 32)) -> None:
        rows = np.resize(np.array(ids, np.uint8), shape[0])
        self.save(f"masks/{name}", np.repeat(np.sort(rows)[:, None], shape[1], axis=1))

    def pairs(self, *names: str) -> None:
        for name in names:
            self.image(name)
            self.mask(name)

    def save(self, name: str, pixels: Pixels, **options: Any) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Pillow.fromarray(pixels).save(path, **options)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Twelve sound pairs."""
    made = Folder(tmp_path)
    made.pairs(*(f"{number:02d}.png" for number in range(12)))
    return made


@pytest.fixture
def empty(tmp_path: Path) -> Folder:
    """No pair yet."""
    return Folder(tmp_path)


Checked = Callable[..., CheckReport]
Found = Callable[..., dict[str, Finding]]


@pytest.fixture
def checked() -> Checked:
    """Run `check` with some data settings."""

    def run(root: Path, **said: object) -> CheckReport:
        return check(CheckSettings(data=DataSettings.model_validate(said)), str(root))

    return run


@pytest.fixture
def found(checked: Checked) -> Found:
    """The findings of `check` by code."""

    def run(root: Path, **said: object) -> dict[str, Finding]:
        return {finding.code: finding for finding in checked(root, **said).findings}

    return run
