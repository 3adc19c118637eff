"""TIFF with any number of channels, 8 or 16 bits.

OpenCV reads at most four samples a pixel and quietly keeps one of two; Pillow knows no five. Both, however, read a grey
page of any compression. So a page of `n` interleaved samples is shown to OpenCV as a grey page `n` times as wide, and a
page of `n` separate planes as `n` grey pages: only the directory is written anew, the pixels stay where they are.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from unetkit.data.arrays import Image
from unetkit.data.opencv import decoded
from unetkit.errors import DataError

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC = 256, 257, 258, 259, 262
_STRIP_OFFSETS, _TURN, _SAMPLES, _ROWS_PER_STRIP, _STRIP_SIZES = 273, 274, 277, 278, 279
_PLANAR, _PREDICTOR, _TILE_WIDTH, _TILE_HEIGHT, _TILE_OFFSETS, _TILE_SIZES = 284, 317, 322, 323, 324, 325
_EXTRA_SAMPLES, _SAMPLE_FORMAT = 338, 339
_KEPT = (_HEIGHT, _COMPRESSION, _STRIP_OFFSETS, _ROWS_PER_STRIP, _STRIP_SIZES, _TILE_HEIGHT, _TILE_OFFSETS, _TILE_SIZES)
_TYPES = {1: "B", 3: "H", 4: "I"}
_GREY, _RGB = 1, 2

Tags = Mapping[int, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Page:
    """The first page, with later pages of the same size counted as further channels.

    Attributes:
        samples: a pixel holds in the file; `channels` leaves alpha out.
        direct: the samples are grey levels or R G B (not a palette, CMYK or JPEG's YCbCr): `decode` reads them.
    """

    width: int
    height: int
    bits: int
    samples: int
    channels: int
    turn: int
    direct: bool
    order: str
    pages: tuple[Tags, ...]


def is_tiff(data: bytes) -> bool:
    """Whether the first bytes are those of a TIFF."""
    return data[:4] in {b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"}


def first_page(data: bytes | mmap.mmap, where: str = "") -> Page:
    """The directory of the first page.

    Raises:
        DataError: truncated, a BigTIFF, or numbers that are neither 8 nor 16 bits without sign.
    """
    if data[2:3] == b"+" or data[3:4] == b"+":
        raise _unread("BigTIFF", where)
    order = "<" if data[:2] == b"II" else ">"
    try:
        pages = list(_directories(data, order))
        tags = pages[0]
        width, height = tags[_WIDTH][0], tags[_HEIGHT][0]
    except (struct.error, KeyError, IndexError) as error:
        raise _damaged(where) from error
    samples, bits = _first(tags, _SAMPLES, 1), max(tags.get(_BITS) or (1,))
    _check_numbers(bits, tags, where)
    photometric = _first(tags, _PHOTOMETRIC, _GREY)
    same = [page for page in pages if all(page.get(tag) == tags.get(tag) for tag in (_WIDTH, _HEIGHT, _BITS, _SAMPLES))]
    stack = tuple(same) if samples == 1 and len(same) == len(pages) else (tags,)
    alpha = sum(kind in (1, 2) for kind in tags.get(_EXTRA_SAMPLES, ()))
    direct = photometric in (_GREY, _RGB) and bits in (8, 16)
    channels = max(samples - alpha, 1) * len(stack) if direct else {3: 3, 5: 3, 6: 3}.get(photometric, 1)
    turn = _first(tags, _TURN, 1)
    return Page(width, height, bits, samples, channels, turn if 1 <= turn <= 8 else 1, direct, order, stack)


def decode(data: bytes, page: Page, where: str = "") -> Image:
    """The pixels of a `direct` page, H×W×C, before any turn and without alpha.

    Raises:
        DataError: truncated or damaged.
    """
    tags, *more = page.pages
    if more:
        return np.dstack([_grey(data, page, each, 1, where) for each in page.pages])
    if _first(tags, _PLANAR, 1) == 2 and page.samples > 1:
        planes = [_grey(data, page, _plane(tags, index, page.samples), 1, where) for index in range(page.samples)]
        pixels: Image = np.dstack(planes)
    else:
        pixels = _grey(data, page, tags, page.samples, where).reshape(page.height, page.width, page.samples)
    if _first(tags, _PREDICTOR, 1) == 2:
        pixels = _undo_differences(pixels, tags)
    return pixels[:, :, : page.channels]


def _first(tags: Tags, tag: int, otherwise: int) -> int:
    return (tags.get(tag) or (otherwise,))[0]


def _directories(data: bytes | mmap.mmap, order: str) -> Iterator[Tags]:
    """The tags of each page that a reader of this module needs, values as integers."""
    (place,) = struct.unpack_from(order + "I", data, 4)
    seen: set[int] = set()
    while place and place not in seen:
        seen.add(place)
        (count,) = struct.unpack_from(order + "H", data, place)
        yield dict(_tag(data, order, place + 2 + 12 * index) for index in range(count))
        (place,) = struct.unpack_from(order + "I", data, place + 2 + 12 * count)


def _tag(data: bytes | mmap.mmap, order: str, place: int) -> tuple[int, tuple[int, ...]]:
    tag, kind, count = struct.unpack_from(order + "HHI", data, place)
    if kind not in _TYPES:
        return tag, ()
    layout = f"{order}{count}{_TYPES[kind]}"
    if struct.calcsize(layout) > len(data):
        raise struct.error("more values than bytes")
    start = place + 8 if struct.calcsize(layout) <= 4 else struct.unpack_from(order + "I", data, place + 8)[0]
    return tag, struct.unpack_from(layout, data, start)


def _grey(data: bytes, page: Page, tags: Tags, samples: int, where: str) -> Image:
    """Decode a page as grey, `samples` times as wide."""
    entries = {tag: tags[tag] for tag in _KEPT if tags.get(tag)}
    entries |= {_WIDTH: (page.width * samples,), _BITS: (page.bits,), _PHOTOMETRIC: (_GREY,), _SAMPLES: (1,)}
    if tags.get(_TILE_WIDTH):
        entries[_TILE_WIDTH] = (tags[_TILE_WIDTH][0] * samples,)
    _check_inside(data, entries, where)
    grey = decoded(_with_directory(data, page.order, entries), where)
    if grey is None or grey.shape != (page.height, page.width * samples) or grey.itemsize * 8 != page.bits:
        raise _damaged(where)
    return grey


def _check_inside(data: bytes, tags: Tags, where: str) -> None:
    """Every strip or tile lies within the file."""
    offsets = tags.get(_STRIP_OFFSETS) or tags.get(_TILE_OFFSETS) or ()
    sizes = tags.get(_STRIP_SIZES) or tags.get(_TILE_SIZES) or ()
    if not offsets or any(offset + size > len(data) for offset, size in zip(offsets, sizes, strict=False)):
        raise _damaged(where)


def _plane(tags: Tags, index: int, samples: int) -> Tags:
    """The tags of one of the separate planes: its share of the strips or tiles."""
    plane = dict(tags)
    for tag in (_STRIP_OFFSETS, _STRIP_SIZES, _TILE_OFFSETS, _TILE_SIZES):
        if tags.get(tag):
            each = len(tags[tag]) // samples
            plane[tag] = tags[tag][index * each : (index + 1) * each]
    return plane


def _with_directory(data: bytes, order: str, tags: Tags) -> bytes:
    """The same file with another directory, appended; values that do not fit into an entry follow it."""
    data += b"\0" * (len(data) % 2)
    start, size = len(data), 2 + 12 * len(tags) + 4
    entries, values = b"", b""
    for tag in sorted(tags):
        packed = struct.pack(f"{order}{len(tags[tag])}I", *tags[tag])
        held = packed if len(packed) <= 4 else struct.pack(order + "I", start + size + len(values))
        values += packed if len(packed) > 4 else b""
        entries += struct.pack(order + "HHI", tag, 4, len(tags[tag])) + held
    directory = struct.pack(order + "H", len(tags)) + entries + b"\0\0\0\0" + values
    return data[:4] + struct.pack(order + "I", start) + data[8:] + directory


def _undo_differences(pixels: Image, tags: Tags) -> Image:
    """TIFF's predictor 2: each sample was stored as the difference to its left neighbour, from the tile's edge on."""
    step = max(_first(tags, _TILE_WIDTH, pixels.shape[1]), 1)
    whole = np.empty_like(pixels)
    for left in range(0, pixels.shape[1], step):
        part = pixels[:, left : left + step]
        whole[:, left : left + step] = np.cumsum(part, axis=1, dtype=pixels.dtype)
    return whole


def _check_numbers(bits: int, tags: Tags, where: str) -> None:
    if bits > 16 or max(tags.get(_SAMPLE_FORMAT) or (1,)) not in (1, 4):
        raise _unread(f"{bits}-bit numbers with sign or fraction" if bits <= 16 else f"{bits}-bit numbers", where)


def _unread(what: str, where: str) -> DataError:
    return DataError(
        f"{what} in a TIFF are not read", where=where, advice="save it with 8 or 16 bits a channel, without sign"
    )


def _damaged(where: str) -> DataError:
    return DataError(
        "the TIFF is truncated or damaged", where=where, advice="copy it again, or leave it out with --skip-bad"
    )
