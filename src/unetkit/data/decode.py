"""Bytes to pixels: the only place in the house where files become arrays, and where blue comes before red.

OpenCV decodes what it decodes fast and whole (JPEG, PNG), Pillow what OpenCV would change (palettes, CMYK, GIF), and
`tiff` what neither knows. Always from bytes: `cv2.imread` returns an array for half a JPEG.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow

from unetkit.data import tiff
from unetkit.data.arrays import Image
from unetkit.data.header import PILLOW_FAILS, Header, check_whole, parse_header, read_header, truncated
from unetkit.data.opencv import decoded
from unetkit.errors import DataError

__all__ = [
    "Header",
    "decode_image",
    "decode_mask_pixels",
    "decode_palette",
    "is_grey",
    "read_bytes",
    "read_header",
    "read_image",
    "to_channels",
]


def read_image(path: Path) -> Image:
    """Read and decode one image file; see `decode_image`."""
    return decode_image(read_bytes(path), str(path))


def read_bytes(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        DataError: missing or unreadable; `where` is the path.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"the file cannot be read: {error.strerror or error}", where=str(path)) from error


def decode_image(data: bytes, where: str = "") -> Image:
    """Pixels as H×W×C, uint8 or uint16: R G B in this order, one channel for grey, or all that a TIFF or NPY holds.

    Turned as EXIF says; alpha dropped; palettes and CMYK become R G B; 16 bits stay 16. What the file holds as R G B
    stays three channels, even if they are equal (`to_channels` decides for a whole data set).

    Raises:
        DataError: empty, text, truncated, damaged, or too large; `where` is passed on.
    """
    header = parse_header(data, where)
    pixels = _decode(data, header, where, colours=True)
    if header.format not in {"TIFF", "NPY"} and pixels.shape[2] in (2, 4):
        pixels = pixels[:, :, :-1]
    return np.ascontiguousarray(_turn(pixels, header.turn))


def decode_mask_pixels(data: bytes, where: str = "", *, colours: bool = False) -> Image:
    """What a mask file holds, before it has a meaning: H×W values, or H×W×3 colours (H×W×C for stranger files).

    Palette files give their indices, which are the ids, unless `colours` asks for the palette's colours. Three equal
    channels are values; alpha is dropped, and where it is 0 the pixel is black. Turned as EXIF says.

    Raises:
        DataError: as `decode_image`.
    """
    header = parse_header(data, where)
    pixels = _turn(_decode(data, header, where, colours=colours), header.turn)
    if header.format not in {"TIFF", "NPY"} and pixels.shape[2] in (2, 4):
        pixels = np.where(pixels[:, :, -1:] > 0, pixels[:, :, :-1], 0)
    if is_grey(pixels):
        pixels = pixels[:, :, 0]
    return np.ascontiguousarray(pixels)


def decode_palette(data: bytes) -> npt.NDArray[np.uint8] | None:
    """The palette of an indexed file, n×3 uint8 R G B; None where there is none or the file is no image."""
    try:
        with Pillow.open(io.BytesIO(data)) as picture:
            if picture.mode != "P" or picture.palette is None:
                return None
            picture.load()  # a GIF's palette is final only then
            flat = picture.getpalette("RGB") or []
    except PILLOW_FAILS:
        return None
    return np.array(flat, np.uint8).reshape(-1, 3)


def is_grey(image: Image) -> bool:
    """Whether all channels of an H×W×C image are equal everywhere (one channel is)."""
    first = image[:, :, 0]
    return image.shape[2] in (1, 3) and all(
        np.array_equal(first, image[:, :, index]) for index in range(1, image.shape[2])
    )


def to_channels(image: Image, channels: int, where: str = "") -> Image:
    """The image with 1 or 3 channels: grey is repeated, colour becomes its luma (ITU-R BT.601), equal channels one.

    Raises:
        DataError: no such conversion (5 channels to 3).
    """
    have = image.shape[2]
    if have == channels:
        return image
    if have == 1 and channels == 3:
        return np.repeat(image, 3, axis=2)
    if have == 3 and channels == 1:
        return image[:, :, :1] if is_grey(image) else _luma(image)
    raise DataError(
        f"the image has {have} channels, {channels} are needed",
        where=where,
        advice="--channels 1 or --channels 3 converts between grey and colour; other numbers must be equal throughout",
    )


def _luma(image: Image) -> Image:
    grey: npt.NDArray[Any] = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))
    return grey[:, :, None]


def _decode(data: bytes, header: Header, where: str, *, colours: bool) -> Image:
    """H×W×C as stored, alpha last where there is one."""
    check_whole(data, header, where)
    if header.format == "NPY":
        return _with_numpy(data, where)
    if header.format == "TIFF":
        page = tiff.first_page(data, where)
        if page.direct:
            return tiff.decode(data, page, where)
    if header.format in {"JPEG", "PNG"} and (header.mode in {"L", "RGB", "RGBA"} or header.depth == 16):
        pixels = _with_opencv(data, where)
        return pixels if header.channels == 3 or pixels.shape[2] == 1 else pixels[:, :, [0, 3]]
    return _with_pillow(data, where, colours=colours)


def _with_opencv(data: bytes, where: str) -> Image:
    stored = decoded(data, where)
    if stored is None:
        raise truncated(where)
    if stored.ndim == 3:
        stored = cv2.cvtColor(stored, cv2.COLOR_BGR2RGB if stored.shape[2] == 3 else cv2.COLOR_BGRA2RGBA)
    pixels: npt.NDArray[Any] = np.asarray(stored)
    return pixels.reshape(*pixels.shape[:2], -1)


def _with_numpy(data: bytes, where: str) -> Image:
    try:
        array: Image = np.load(io.BytesIO(data), allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise truncated(where) from error
    return array if array.ndim == 3 else array[:, :, None]


def _with_pillow(data: bytes, where: str, *, colours: bool) -> Image:
    try:
        with Pillow.open(io.BytesIO(data)) as picture:
            picture.load()
            pixels = np.asarray(_plain_mode(picture, colours=colours))
    except PILLOW_FAILS as error:
        raise truncated(where) from error
    if pixels.dtype == np.bool_:
        pixels = pixels.astype(np.uint8)
    if str(pixels.dtype) not in ("uint8", "uint16"):
        pixels = _sixteen_bits(pixels, where)
    return pixels if pixels.ndim == 3 else pixels[:, :, None]


def _plain_mode(picture: Pillow.Image, *, colours: bool) -> Pillow.Image:
    """A mode whose array means what it says: indices, grey, grey and alpha, or R G B with or without alpha."""
    if picture.mode in {"P", "PA"}:
        return picture.convert("RGB") if colours else picture.getchannel(0) if picture.mode == "PA" else picture
    if picture.mode == "1":
        return picture.convert("L")
    if picture.mode in {"CMYK", "YCbCr", "LAB", "HSV", "RGBX", "RGBa"}:
        return picture.convert("RGB")
    return picture.convert("LA") if picture.mode == "La" else picture


def _sixteen_bits(pixels: npt.NDArray[np.generic], where: str) -> Image:
    """Pillow's 32-bit integers, which hold 16-bit greys."""
    if not np.issubdtype(pixels.dtype, np.integer) or int(pixels.min()) < 0 or int(pixels.max()) > 65535:
        raise DataError(
            "values outside 0..65535 are not read", where=where, advice="save it with 8 or 16 bits a channel"
        )
    return pixels.astype(np.uint16)


def _turn(pixels: Image, orientation: int) -> Image:
    """Apply EXIF orientation 1..8 (the EXIF standard's table of where row 0 and column 0 stand)."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return pixels
