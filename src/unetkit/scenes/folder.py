"""Write rendered scenes as a data set: `images/`, `masks/`, names that tell the clip."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from unetkit.errors import OutputExists
from unetkit.files import write_bytes
from unetkit.scenes.conditions import FRAMES_PER_CLIP
from unetkit.scenes.render import Kind, render

_JPEG_QUALITY = 92
SEA_VALUE, SKY_VALUE = 0, 255
"""What the masks hold: 0 is sea, 255 is sky (class ids 0 and 1)."""


def write_scenes(
    folder: Path,
    count: int,
    *,
    seed: int = 0,
    kind: Kind = "visible",
    height: int = 240,
    width: int = 320,
    on_each: Callable[[str], None] | None = None,
) -> list[str]:
    """Render `count` scenes into `folder`/images and `folder`/masks; ten scenes are one clip.

    Colour images are JPEG, infrared ones PNG, masks PNG with 0 for sea and 255 for sky. `on_each` hears each name, for
    a progress bar.

    Returns:
        The names without suffix: clip00_0000, ..., clip01_0010, ...

    Raises:
        OutputExists: `folder`/images or `folder`/masks is there already.
    """
    images, masks = folder / "images", folder / "masks"
    for part in (images, masks):
        if part.exists():
            raise OutputExists("the folder exists already", where=str(part), advice="choose another, or remove it")
    images.mkdir(parents=True)
    masks.mkdir()
    names = list(names_of(count))
    for index, name in enumerate(names):
        image, mask = render(seed, index, height=height, width=width, kind=kind)
        suffix, data = (".jpg", _jpeg(image)) if kind == "visible" else (".png", _png(image))
        write_bytes(images / f"{name}{suffix}", data)
        write_bytes(masks / f"{name}.png", _png(np.where(mask == 1, SKY_VALUE, SEA_VALUE).astype(np.uint8)))
        if on_each:
            on_each(name)
    return names


def names_of(count: int) -> Iterator[str]:
    """The names that `write_scenes` gives: the clip before the underscore, the number of the scene after it."""
    for index in range(count):
        yield f"clip{index // FRAMES_PER_CLIP:02d}_{index:04d}"


def _jpeg(image: npt.NDArray[np.uint8]) -> bytes:
    return _encoded(".jpg", image[..., ::-1], (cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY))


def _png(image: npt.NDArray[np.uint8]) -> bytes:
    return _encoded(".png", image, ())


def _encoded(suffix: str, pixels: npt.NDArray[np.uint8], options: tuple[int, ...]) -> bytes:
    _, data = cv2.imencode(suffix, np.ascontiguousarray(pixels), options)
    return data.tobytes()
