"""TIFF with any number of channels, however its samples are laid out."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image as Pillow

from unetkit.data.decode import decode_image
from unetkit.data.header import parse_header
from unetkit.errors import DataError, OutOfMemory

Pixels = npt.NDArray[np.uint8 | np.uint16]
RNG = np.random.default_rng(0)
DEFLATE, NONE = 8, 1


def tiff(
    pixels: Pixels, *, order: Literal["<", ">"] = "<", packed: int = NONE, planes: bool = False, **tags: int
) -> bytes:
    """A TIFF written by the book: strips of 7 rows, samples interleaved or in planes; `tags` by number (t338=1)."""
    rows = 7
    height, width, samples = pixels.shape
    pixels = pixels.astype(pixels.dtype.newbyteorder(order))
    parts = [pixels[:, :, [index]] for index in range(samples)] if planes else [pixels]
    strips = [part[top : top + rows].tobytes() for part in parts for top in range(0, height, rows)]
    strips = [zlib.compress(strip) if packed == DEFLATE else strip for strip in strips]
    offsets = [8 + sum(map(len, strips[:index])) for index in range(len(strips))]
    entries: dict[int, list[int]] = {256: [width], 257: [height], 258: [8 * pixels.itemsize] * samples, 259: [packed]}
    entries |= {262: [1], 273: offsets, 277: [samples], 278: [rows], 279: list(map(len, strips)), 284: [1 + planes]}
    entries |= {int(tag[1:]): [value] for tag, value in tags.items()}
    body = b"".join(strips)
    return (
        struct.pack(order + "2sHI", b"II" if order == "<" else b"MM", 42, 8 + len(body))
        + body
        + directory(entries, order, 8 + len(body))
    )


def directory(entries: dict[int, list[int]], order: str, start: int) -> bytes:
    """A TIFF directory of 32-bit integers, with long values behind it."""
    head, tail, end = struct.pack(order + "H", len(entries)), b"", start + 2 + 12 * len(entries) + 4
    for tag in sorted(entries):
        values = struct.pack(f"{order}{len(entries[tag])}I", *entries[tag])
        head += struct.pack(order + "HHI", tag, 4, len(entries[tag]))
        head += values if len(values) <= 4 else struct.pack(order + "I", end + len(tail))
        tail += values if len(values) > 4 else b""
    return head + b"\0\0\0\0" + tail


def image(channels: int, kind: type[np.uint8] | type[np.uint16] = np.uint8) -> Pixels:
    return RNG.integers(0, np.iinfo(kind).max, (20, 33, channels)).astype(kind)


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5, 13])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("planes", [False, True])
def test_any_number_of_channels(channels: int, kind: type[np.uint8] | type[np.uint16], planes: bool) -> None:
    pixels = image(channels, kind)
    data = tiff(pixels, planes=planes, packed=DEFLATE)
    np.testing.assert_array_equal(decode_image(data), pixels)
    header = parse_header(data)
    assert (header.channels, header.depth) == (channels, 8 * pixels.itemsize)


def png(pixels: Pixels) -> bytes:
    file = io.BytesIO()
    Pillow.fromarray(pixels[:, :, 0]).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("data", [tiff(image(5)), tiff(image(5), planes=True), png(image(1))])
def test_too_little_memory_for_a_sound_image_is_said_as_such(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it would be left out as a damaged one, with --skip-bad."""

    def decoding(*_: object) -> Pixels:
        raise cv2.error("OpenCV(5.0.0) alloc.cpp:73: error: (-4:Insufficient memory) Failed to allocate 900 bytes")

    monkeypatch.setattr(cv2, "imdecode", decoding)
    with pytest.raises(OutOfMemory) as refused:
        decode_image(data, "a.tif")
    assert refused.value.where == "a.tif"


@pytest.mark.parametrize("order", ["<", ">"])
def test_either_order_of_bytes(order: Literal["<", ">"]) -> None:
    pixels = image(5, np.uint16)
    np.testing.assert_array_equal(decode_image(tiff(pixels, order=order)), pixels)


def test_stored_differences_are_added_up() -> None:
    pixels = image(6)
    differences = pixels.copy()
    differences[:, 1:] -= pixels[:, :-1]
    np.testing.assert_array_equal(decode_image(tiff(differences, packed=DEFLATE, t317=2)), pixels)


def test_alpha_is_no_channel_and_other_extra_samples_are() -> None:
    pixels = image(4)
    assert decode_image(tiff(pixels, t262=2, t338=2)).shape == (20, 33, 3)
    assert decode_image(tiff(pixels, t262=2, t338=0)).shape == (20, 33, 4)


def test_pages_of_one_size_are_channels() -> None:
    pixels, buffer = image(5), io.BytesIO()
    first, *more = [Pillow.fromarray(pixels[:, :, index]) for index in range(5)]
    first.save(buffer, "TIFF", save_all=True, append_images=more)
    np.testing.assert_array_equal(decode_image(buffer.getvalue()), pixels)


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_compressed_colour_is_what_was_saved(compression: str) -> None:
    pixels, buffer = image(3), io.BytesIO()
    Pillow.fromarray(pixels).save(buffer, "TIFF", compression=compression)
    np.testing.assert_array_equal(decode_image(buffer.getvalue()), pixels)


def test_palette_and_cmyk_become_colours() -> None:
    for mode in ("P", "CMYK"):
        buffer = io.BytesIO()
        Pillow.new("RGB", (4, 3), (200, 10, 10)).convert(mode).save(buffer, "TIFF")
        assert decode_image(buffer.getvalue())[0, 0].tolist() == pytest.approx([200, 10, 10], abs=12)


@pytest.mark.parametrize("channels", [2, 5])
def test_a_missing_strip_is_damage(channels: int) -> None:
    data = tiff(image(channels), t273=10**9)
    with pytest.raises(DataError, match="damaged"):
        decode_image(data)


@pytest.mark.parametrize(("bits", "form", "what"), [(32, 3, "32-bit numbers"), (16, 2, "with sign")])
def test_other_numbers_are_refused_in_words(bits: int, form: int, what: str) -> None:
    with pytest.raises(DataError, match=what):
        decode_image(tiff(image(1, np.uint16), t258=bits, t339=form))
