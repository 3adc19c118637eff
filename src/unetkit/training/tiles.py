"""Image, truth and prediction side by side: the one row of which all sheets of a run are made."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from unetkit.data.arrays import Image, Mask
from unetkit.drawing import Tile, colourise, to_rgb8


def tiles(caption: str, image: Image, truth: Mask, predicted: Mask, colours: npt.NDArray[np.uint8]) -> list[Tile]:
    """Three tiles; `caption` stands over the image, `colours` is n×3."""
    return [
        (caption, to_rgb8(image)),
        ("truth", colourise(truth, colours)),
        ("prediction", colourise(predicted, colours)),
    ]
