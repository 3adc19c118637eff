"""The only looks into image files that finding the data takes: a few, where names cannot tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from unetkit.data.arrays import Image
from unetkit.data.decode import decode_image, decode_mask_pixels, read_bytes
from unetkit.data.header import Header, read_header
from unetkit.errors import DataError

HEADERS = 32
PICTURES = 6
MASKS = 12

# The commonest colours of a few files hold so much of their pixels in masks (measured on cityscapes-pairs, whose JPEG
# smears them: 0.45 to 0.52) and much less in photos (0.01 to 0.20; 0.50 in grey, where the mask half would hold 1.0).
_COLOURS = 24
_FEW_COLOURS = 0.3
_REMAINDER = 0.7
# Soft edges of masks may overlap or leave a gap on so many pixels.
_TOLERANCE = 0.01

Item = TypeVar("Item")


def spread(items: Sequence[Item], count: int) -> list[Item]:
    """At most `count` items, evenly spread over the sequence, the first and the last among them."""
    if len(items) <= count:
        return list(items)
    return [items[round(place)] for place in np.linspace(0, len(items) - 1, count)]


def headers(root: Path, paths: Sequence[str]) -> Iterator[Header]:
    """The headers of a few of these files; a file that has none is passed over."""
    for path in spread(paths, HEADERS):
        try:
            yield read_header(root / path)
        except DataError:
            continue


def right_half_is_mask(root: Path, paths: Sequence[str]) -> bool:
    """Whether a few files' right halves share a few colours, as masks do, and their left halves do not."""
    images = [image for path in spread(paths, PICTURES) if (image := _pixels(root, path)) is not None]
    if not images:
        return False
    photo = common_colours([image[:, : image.shape[1] // 2] for image in images])
    mask = common_colours([image[:, image.shape[1] // 2 :] for image in images])
    return mask >= _FEW_COLOURS and 1 - mask <= _REMAINDER * (1 - photo)


def common_colours(images: Sequence[Image]) -> float:
    """Share of all pixels that have one of the 24 commonest colours of all images together.

    Args:
        images: H×W×C, uint8.
    """
    codes = [_codes(image) for image in images]
    _, counts = np.unique(np.concatenate(codes), return_counts=True)
    return float(np.sort(counts)[-_COLOURS:].sum() / counts.sum())


def overlap_and_gap(root: Path, masks: Sequence[Sequence[str]]) -> tuple[float, float] | None:
    """Largest shares of an image's pixels that several class masks claim, and that none does.

    Args:
        masks: for each image its mask files, one a class; a few images are looked at.

    Returns:
        The two shares; None if no image's masks could be read and laid over each other.
    """
    shares = [share for files in spread(masks, MASKS) if (share := _shares(root, files)) is not None]
    return (max(one for one, _ in shares), max(none for _, none in shares)) if shares else None


def is_partition(shares: tuple[float, float] | None) -> bool:
    """Whether masks with these shares are disjoint and cover everything, up to their soft edges."""
    return shares is not None and max(shares) <= _TOLERANCE


def _codes(image: Image) -> npt.NDArray[np.int64]:
    """One number for each pixel's colour, of at most three channels."""
    codes = np.zeros(image.shape[:2], np.int64)
    for channel in range(min(3, image.shape[2])):
        codes = codes * 256 + image[:, :, channel]
    return codes.ravel()


def _pixels(root: Path, path: str) -> Image | None:
    try:
        image = decode_image(read_bytes(root / path), path)
    except DataError:
        return None
    return image if image.dtype == np.uint8 and image.shape[1] > 1 else None


def _shares(root: Path, files: Sequence[str]) -> tuple[float, float] | None:
    try:
        masks = [_values(root / path) for path in files]
    except DataError:
        return None
    if len({mask.shape for mask in masks}) != 1:
        return None
    stack = np.stack(masks)
    # Relative to the largest of all classes: the mask of a class that is absent may hold some JPEG noise.
    claims = (stack > int(stack.max()) // 2).sum(axis=0, dtype=np.int64)
    return np.count_nonzero(claims > 1) / claims.size, np.count_nonzero(claims == 0) / claims.size


def _values(path: Path) -> Image:
    pixels = decode_mask_pixels(read_bytes(path), str(path))
    return pixels.max(axis=2) if pixels.ndim == 3 else pixels
