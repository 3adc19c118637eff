"""A sheet of augmented pairs, to look at before anything is trained."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from unetkit.augmentation import Ranges, apply_cpu, draw
from unetkit.config.jobs import TrainSettings
from unetkit.console import say
from unetkit.data.arrays import Image, Mask
from unetkit.data.pair import Pair
from unetkit.data.scan import evenly
from unetkit.drawing import RGB, Tile, encode_png, legend, overlay, sheet, to_rgb8
from unetkit.errors import OutputExists
from unetkit.files import write_bytes
from unetkit.training.prepare import Material
from unetkit.training.session import ranges_for

ROWS = 6
VARIANTS = 4
LETTERS = 14  # of the legend, pixels


def preview(settings: TrainSettings, material: Material) -> None:
    """Write the PNG `settings.preview`: a row a training image, as it is and four times augmented, with its classes.

    Raises:
        OutputExists: the file is there, and `settings.overwrite` is not given.
    """
    path, ranges, seed = Path(settings.preview or ""), ranges_for(settings, material), settings.training.seed
    if path.exists() and not settings.overwrite:
        raise OutputExists("the file exists", where=str(path), advice="name another, or add --overwrite")
    chosen = evenly(material.train, ROWS)
    rows = [_row(material, ranges, seed, number, pair) for number, pair in enumerate(chosen)]
    path.parent.mkdir(parents=True, exist_ok=True)
    classes, drawn = material.dataset.classes, sheet(rows, width=240)
    key = legend(classes.names, classes.colours, drawn.shape[1], LETTERS)
    write_bytes(path, encode_png(np.concatenate([drawn, key])))
    say(f"{len(rows)} training images, each as it is and {VARIANTS} times augmented: {path}")


def _row(material: Material, ranges: Ranges, seed: int, number: int, pair: Pair) -> list[Tile]:
    image, mask = material.fitted(pair)
    tiles = [(pair.image, _drawn(material, image, mask))]
    for variant in range(VARIANTS):
        drawn = draw(ranges, (seed, variant, number))
        changed = apply_cpu(image, mask, drawn, material.normalisation.fill, material.normalisation.span)
        tiles.append(("", _drawn(material, *changed)))
    return tiles


def _drawn(material: Material, image: Image, mask: Mask) -> RGB:
    return overlay(to_rgb8(image), mask, material.dataset.classes.colours, 0.35)
