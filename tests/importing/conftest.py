"""An image, and the scores that a model file gives it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

import unetkit
from unetkit.data.arrays import Floats, Image
from unetkit.extras import resolve
from unetkit.importing import READERS
from unetkit.importing import import_weights as job
from unetkit.importing.foreign import Foreign, packed, unpacked
from unetkit.importing.import_weights import Imported

SIZE = (32, 48)
Import = Callable[..., Imported]
TINY = {"network.width": 4, "network.width_cap": 64, "size": f"fit:{SIZE[0]}x{SIZE[1]}"}


@pytest.fixture
def image() -> Image:
    """32×48×3 noise with a gradient."""
    noise = np.random.default_rng(3).integers(0, 128, (*SIZE, 3))
    return (noise + np.linspace(0, 127, SIZE[1]).astype(int)[None, :, None]).astype(np.uint8)


@pytest.fixture
def importing() -> Import:
    """`importing(FILE, preset, setting=value)`; tiny networks for images of 32×48."""

    def call(file: Path, preset: str, **values: object) -> Imported:
        said = {name.replace("network_", "network."): value for name, value in values.items()}
        settings = unetkit.settings("import-weights", {**TINY, "network.preset": preset, **said})
        return unetkit.import_weights(settings, file)  # pyright: ignore[reportArgumentType]

    return call


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read files without a child, which takes two seconds each time to load PyTorch; for files that mean no harm."""

    def read(path: Path, reader: str) -> Foreign:
        with path.open("rb") as file:
            return unpacked(*packed(resolve(READERS[reader])(file)))

    monkeypatch.setattr(job, "read_foreign", read)


def scores_of(model: Path, image: Image) -> Floats:
    """[classes, h, w] of a model file."""
    return unetkit.load(model, device="cpu").predict(image).scores


def assert_equal_scores(ours: Floats, theirs: npt.NDArray[np.float32]) -> None:
    """Equal to 1e-5 (of the largest, where that is above 1), and not because there is nothing to see."""
    tolerance = 1e-5 * max(1.0, float(np.abs(theirs).max()))
    assert theirs.std() > 500 * tolerance
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance)
