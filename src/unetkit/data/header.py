"""What a file says about itself before its pixels are decoded: size, channels, depth, turn, and whether it is whole.

Pillow opens a file lazily, so this costs some tens of microseconds. A claimed size beyond `MAX_PIXELS` is refused here,
before memory is asked for.
"""

from __future__ import annotations

import io
import mmap
import struct
import tokenize
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy.lib.format as npy
from PIL import Image as Pillow

from unetkit.data import tiff
from unetkit.errors import DataError

MAX_PIXELS = 178_956_970
"""Of up to four channels: Pillow's own limit, kept for every format. More is a mistake, an attack, or for tiles."""

PILLOW_FAILS = (OSError, ValueError, SyntaxError, TypeError, LookupError, OverflowError, EOFError, struct.error)
"""What Pillow was seen to raise for damaged files, `UnidentifiedImageError` (an OSError) among them."""

_GREY_MODES = ("1", "L", "LA", "La", "I", "I;16", "I;16L", "I;16B")
_COLOUR_MODES = ("P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "LAB", "HSV")
_CHANNELS = dict.fromkeys(_GREY_MODES, 1) | dict.fromkeys(_COLOUR_MODES, 3)
_TURNED = range(5, 9)  # EXIF orientations that swap height and width
_NPY = b"\x93NUMPY"

# Pillow warns of large images and refuses larger ones; the limit above does that here, in words of ours.
warnings.filterwarnings("ignore", category=Pillow.DecompressionBombWarning)
# It also warns of damaged EXIF, which says nothing about the pixels.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")


@dataclass(frozen=True, slots=True)
class Header:
    """What `decode_image` will give, without decoding.

    Attributes:
        width, height: after the EXIF turn.
        channels: without alpha.
        depth: 8 or 16 bits.
        format: "JPEG", "PNG", "TIFF", "GIF", ...
        mode: Pillow's word for the pixels; "P" is a palette. "" where another reader decodes.
        turn: EXIF orientation 1..8.
    """

    width: int
    height: int
    channels: int
    depth: int
    format: str
    mode: str = ""
    turn: int = 1


def read_header(path: Path) -> Header:
    """Size, channels and depth of an image or mask file, as `decode_image` would give them.

    Raises:
        DataError: missing, empty, not an image, or too large; `where` is the path.
    """
    try:
        with path.open("rb") as file:
            return _header_of(file, str(path))
    except OSError as error:
        raise DataError(f"the file cannot be read: {error.strerror or error}", where=str(path)) from error


def parse_header(data: bytes, where: str = "") -> Header:
    """As `read_header`, from the bytes of a whole file."""
    if data.startswith(_NPY):
        return _npy_header(io.BytesIO(data), where)
    if tiff.is_tiff(data):
        return _tiff_header(data, where)
    return _pillow_header(io.BytesIO(data), data[:8], where)


def check_whole(data: bytes, header: Header, where: str) -> None:
    """Refuse a JPEG or PNG that ends before its end marker; decoders may return grey pixels for the missing part.

    A JPEG may carry an earlier end marker in its thumbnail, so the search starts at its own scan. Costs microseconds.

    Raises:
        DataError: the file is truncated.
    """
    whole = True
    if header.format in {"JPEG", "MPO"}:
        whole = data.find(b"\xff\xd9", _jpeg_scan(data)) >= 0
    elif header.format == "PNG":
        whole = b"IEND\xaeB`\x82" in data[-65536:]
    if not whole:
        raise truncated(where)


def check_sums(data: bytes, where: str) -> None:
    """Refuse a PNG whose checksums do not fit what stands in the chunks that its pixels are made of.

    Raises:
        DataError: the file is damaged.
    """
    view, place = memoryview(data), 8
    while place + 12 <= len(view):
        end = place + 8 + int.from_bytes(view[place : place + 4], "big")
        needed = not view[place + 4] & 32  # a small first letter: the chunk may be ignored
        if needed and zlib.crc32(view[place + 4 : end]) != int.from_bytes(view[end : end + 4], "big"):
            raise truncated(where)
        place = end + 4


def truncated(where: str) -> DataError:
    """The error for a file that ends too early."""
    return DataError(
        "the file is truncated or damaged", where=where, advice="copy it again, or leave it out with --skip-bad"
    )


def _header_of(file: IO[bytes], where: str) -> Header:
    start = file.read(8)
    file.seek(0)
    if start.startswith(_NPY):
        return _npy_header(file, where)
    if not tiff.is_tiff(start):
        return _pillow_header(file, start, where)
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        return _tiff_header(view, where)


def _pillow_header(file: IO[bytes], start: bytes, where: str) -> Header:
    if not start:
        raise DataError(
            "the file is empty (0 bytes)", where=where, advice="copy it again, or leave it out with --skip-bad"
        )
    try:
        with Pillow.open(file) as picture:
            header = _of_picture(picture, file, where)
    except Pillow.DecompressionBombError as error:
        raise _too_large("more than Pillow opens", where) from error
    except PILLOW_FAILS as error:
        raise _no_image(start, where) from error
    return _limited(header, where)


def _of_picture(picture: Pillow.Image, file: IO[bytes], where: str) -> Header:
    if picture.mode not in _CHANNELS:
        raise DataError(
            f"pixels of kind '{picture.mode}' are not read", where=where, advice="save it with 8 or 16 bits a channel"
        )
    turn = _orientation(picture)
    width, height = picture.size if turn not in _TURNED else picture.size[::-1]
    channels, depth = _CHANNELS[picture.mode], 16 if picture.mode.startswith("I") else 8
    if picture.format == "PNG":
        channels, depth = _of_png(file, channels)
    return Header(width, height, channels, depth, picture.format or "", picture.mode, turn)


def _orientation(picture: Pillow.Image) -> int:
    """EXIF orientation. `getexif` decodes a whole PNG in search of it, so a PNG is asked only if it carries some."""
    if picture.format == "PNG" and "exif" not in picture.info:
        return 1
    turn = picture.getexif().get(0x0112, 1)
    return turn if isinstance(turn, int) and 1 <= turn <= 8 else 1


def _of_png(file: IO[bytes], channels: int) -> tuple[int, int]:
    """Channels and depth of a PNG; Pillow does not tell 16 bits from 8 in colour, nor grey with alpha from colour."""
    file.seek(24)
    bits, kind = file.read(2)
    return 1 if kind in (0, 4) else channels, 16 if bits == 16 else 8


def _tiff_header(data: bytes | mmap.mmap, where: str) -> Header:
    page = tiff.first_page(data, where)
    height, width = (page.height, page.width) if page.turn not in _TURNED else (page.width, page.height)
    header = Header(width, height, page.channels, page.bits if page.bits == 16 else 8, "TIFF", "", page.turn)
    return _limited(header, where)


def _npy_header(file: IO[bytes], where: str) -> Header:
    try:
        read = npy.read_array_header_2_0 if npy.read_magic(file) > (1, 0) else npy.read_array_header_1_0
        shape, _, kind = read(file)
    except (ValueError, TypeError, EOFError, OSError, SyntaxError, tokenize.TokenError) as error:
        raise truncated(where) from error
    if len(shape) not in (2, 3) or str(kind) not in ("uint8", "uint16"):
        raise DataError(
            f"an array of {kind} and shape {shape} is no image",
            where=where,
            advice="save height × width × channels as uint8 or uint16",
        )
    return _limited(Header(shape[1], shape[0], (*shape, 1)[2], kind.itemsize * 8, "NPY"), where)


def _limited(header: Header, where: str) -> Header:
    if header.width * header.height * max(header.channels, 4) > 4 * MAX_PIXELS:
        raise _too_large(f"{header.width:,}×{header.height:,} pixels", where)
    if header.width < 1 or header.height < 1:
        raise DataError("the image has no pixels", where=where)
    return header


def _too_large(size: str, where: str) -> DataError:
    return DataError(
        f"the image says it is too large to decode: {size}",
        where=where,
        advice=f"cut it into tiles of at most {MAX_PIXELS:,} pixels",
    )


def _no_image(start: bytes, where: str) -> DataError:
    magics = (b"\xff\xd8", b"\x89PNG", b"GIF8", b"BM", b"RIFF")
    if start.startswith(magics):
        return truncated(where)
    kind = "text" if all(byte in b"\t\r\n" or byte >= 32 for byte in start) else "an unknown kind of data"
    return DataError(
        f"this is no image: it begins like {kind}", where=where, advice="remove it, or leave it out with --skip-bad"
    )


def _jpeg_scan(data: bytes) -> int:
    """Where the picture's own scan begins; the segments before it (a thumbnail among them) are stepped over."""
    place = 2
    while place + 4 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if marker == 0xDA:
            return place
        standalone = marker == 0xFF or 0xD0 <= marker <= 0xD8 or marker == 0x01
        place += 1 if marker == 0xFF else 2 if standalone else 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    return len(data)
