"""The pixels of a pair, whatever its layout: two files, a folder of masks for each class, or two halves of one file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from unetkit.data.arrays import Image
from unetkit.data.decode import decode_image, decode_mask_pixels, decode_palette, is_grey, read_bytes, read_image
from unetkit.data.encodings import Decoded, Encoding, Sample
from unetkit.data.header import parse_header
from unetkit.data.layouts import Reading
from unetkit.data.pair import Pair
from unetkit.errors import DataError


def read_photo(root: Path, pair: Pair, reading: Reading) -> Image:
    """The image of a pair, H×W×C uint8 or uint16.

    Raises:
        DataError: it cannot be decoded.
    """
    image = read_image(root / pair.image)
    return image[:, : image.shape[1] // 2] if reading.side_by_side else image


def read_truth(root: Path, pair: Pair, reading: Reading, encoding: Encoding) -> Decoded:
    """The mask of a pair as class ids, H×W, and how many pixels are no class.

    Raises:
        DataError: it cannot be decoded, or holds what the encoding does not know.
    """
    pixels = read_mask_pixels(root, pair, reading, colours=encoding.reads_palette)
    return encoding.decode(pixels, str(root / pair.masks[0]))


def read_sample(root: Path, pair: Pair, reading: Reading, *, colours: bool = False) -> Sample:
    """A mask as files hold it, before its encoding is known, with the palette of an indexed file.

    Args:
        colours: an indexed file is to be read as its colours.

    Raises:
        DataError: it cannot be decoded.
    """
    where = root / pair.masks[0]
    if reading.class_folders or reading.side_by_side or colours:
        return Sample(str(where), read_mask_pixels(root, pair, reading, colours=colours))
    data = read_bytes(where)
    indexed = parse_header(data, str(where)).mode == "P"
    return Sample(str(where), decode_mask_pixels(data, str(where)), decode_palette(data) if indexed else None)


def read_mask_pixels(root: Path, pair: Pair, reading: Reading, *, colours: bool) -> Image:
    """H×W values, H×W×3 colours, or H×W×K planes of class folders; what encodings take."""
    if reading.side_by_side:
        return _right_half(root / pair.image)
    if reading.class_folders:
        return _planes([root / mask for mask in pair.masks])
    path = root / pair.masks[0]
    return decode_mask_pixels(read_bytes(path), str(path), colours=colours)


def _right_half(path: Path) -> Image:
    whole = decode_image(read_bytes(path), str(path))
    half = whole[:, whole.shape[1] // 2 :]
    return np.ascontiguousarray(half[:, :, 0] if is_grey(half) else half)


def _planes(paths: list[Path]) -> Image:
    planes = [_grey(decode_mask_pixels(read_bytes(path), str(path))) for path in paths]
    sizes = {plane.shape for plane in planes}
    if len(sizes) > 1:
        raise DataError(
            "the masks of one image have different sizes",
            where=f"{paths[0]} and {len(paths) - 1} more",
            advice="--skip-bad",
        )
    return np.stack(planes, axis=2)


def _grey(pixels: Image) -> Image:
    """A class's own mask drawn in a colour marks the same pixels as one drawn in white."""
    return pixels if pixels.ndim == 2 else pixels.max(axis=2)
