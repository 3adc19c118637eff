"""Bytes to pixels: every format to the same arrays, and every damage to one clear error."""

from __future__ import annotations

import contextlib
import io
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import ImageOps

from unetkit.data.decode import decode_image, decode_mask_pixels, decode_palette, is_grey, read_image, to_channels
from unetkit.data.header import MAX_PIXELS, check_whole, parse_header, read_header
from unetkit.errors import DataError

RNG = np.random.default_rng(0)
COLOUR = RNG.integers(0, 256, (20, 30, 3)).astype(np.uint8)
GREY = COLOUR[:, :, 0]
DEEP = RNG.integers(0, 65536, (20, 30)).astype(np.uint16)


def saved(pixels: npt.NDArray[np.generic] | Pillow.Image, kind: str, **options: object) -> bytes:
    """The bytes of a picture, written by Pillow."""
    picture = pixels if isinstance(pixels, Pillow.Image) else Pillow.fromarray(pixels)
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def png_by_opencv(pixels: npt.NDArray[np.uint16]) -> bytes:
    """A PNG from B G R (A), which OpenCV writes with 16 bits too."""
    return cv2.imencode(".png", pixels)[1].tobytes()


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "GIF", "WEBP"])
def test_grey_and_colour_files_give_their_pixels(kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    few = np.array([[0, 50], [100, 255]], np.uint8)
    np.testing.assert_array_equal(decode_image(saved(few, kind, **options))[:, :, 0], few)
    if kind != "GIF":
        np.testing.assert_array_equal(decode_image(saved(COLOUR, kind, **options)), COLOUR)


def test_red_is_first_whoever_decodes() -> None:
    red = np.zeros((8, 8, 3), np.uint8)
    red[:, :, 0] = 255
    palette = Pillow.fromarray(red).convert("P", palette=Pillow.Palette.ADAPTIVE)
    files = [saved(red, kind) for kind in ("PNG", "JPEG", "TIFF", "BMP")]
    files += [saved(palette, "PNG"), saved(palette, "GIF"), saved(Pillow.fromarray(red).convert("CMYK"), "JPEG")]
    for data in files:
        assert decode_image(data)[4, 4].tolist() == pytest.approx([255, 0, 0], abs=3)


def test_a_jpeg_is_what_pillow_says() -> None:
    data = saved(cv2.GaussianBlur(COLOUR, (9, 9), 3), "JPEG", quality=90)
    np.testing.assert_array_equal(decode_image(data), np.asarray(Pillow.open(io.BytesIO(data))))


def test_sixteen_bits_stay_sixteen() -> None:
    np.testing.assert_array_equal(decode_image(png_by_opencv(DEEP))[:, :, 0], DEEP)
    deep_colour = np.stack([DEEP, DEEP // 2, DEEP // 3], axis=2)
    np.testing.assert_array_equal(decode_image(png_by_opencv(deep_colour)), deep_colour[:, :, ::-1])


def test_sixteen_bit_grey_with_alpha_stays_sixteen_and_one_channel() -> None:
    rows = b"".join(b"\0" + np.stack([line, line], axis=1).astype(">u2").tobytes() for line in DEEP)
    data = png([(b"IHDR", struct.pack(">IIBBBBB", 30, 20, 16, 4, 0, 0, 0)), (b"IDAT", zlib.compress(rows))])
    decoded = decode_image(data)
    assert (decoded.dtype, decoded.shape) == (np.uint16, (20, 30, 1))
    np.testing.assert_array_equal(decoded[:, :, 0], DEEP)


def test_alpha_is_dropped_from_images() -> None:
    with_alpha = np.dstack([COLOUR, GREY])
    np.testing.assert_array_equal(decode_image(saved(with_alpha, "PNG")), COLOUR)
    la = saved(Pillow.merge("LA", [Pillow.fromarray(GREY), Pillow.fromarray(GREY)]), "PNG")
    np.testing.assert_array_equal(decode_image(la)[:, :, 0], GREY)


def test_one_bit_images_are_black_and_white() -> None:
    decoded = decode_image(saved(Pillow.fromarray(GREY > 127), "PNG"))
    np.testing.assert_array_equal(decoded[:, :, 0], (GREY > 127) * 255)


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_exif_turns_image_and_mask_alike(turn: int, kind: str) -> None:
    exif = Pillow.Exif()
    exif[0x0112] = turn
    grey = np.arange(24, dtype=np.uint8).reshape(4, 6) * 10
    data = saved(grey, kind, exif=exif)
    upright = np.asarray(ImageOps.exif_transpose(Pillow.open(io.BytesIO(data))))
    np.testing.assert_array_equal(decode_image(data)[:, :, 0], upright)
    np.testing.assert_array_equal(decode_mask_pixels(data), upright)
    header = parse_header(data)
    assert (header.height, header.width) == upright.shape


def test_masks_in_palette_files_are_their_indices() -> None:
    ids = np.array([[0, 1], [2, 1]], np.uint8)
    picture = Pillow.frombytes("P", (2, 2), ids.tobytes())
    picture.putpalette([0, 0, 0, 200, 0, 0, 0, 200, 0])
    for kind in ("PNG", "GIF"):
        data = saved(picture, kind)
        np.testing.assert_array_equal(decode_mask_pixels(data), ids)
        palette = decode_palette(data)
        assert palette is not None
        assert palette[:3].tolist() == [[0, 0, 0], [200, 0, 0], [0, 200, 0]]
        np.testing.assert_array_equal(decode_mask_pixels(data, colours=True), palette[ids])


def test_files_without_a_palette_have_none() -> None:
    assert decode_palette(saved(GREY, "PNG")) is None


def test_masks_of_equal_channels_are_values() -> None:
    np.testing.assert_array_equal(decode_mask_pixels(saved(np.dstack([GREY] * 3), "PNG")), GREY)
    full = np.full_like(GREY, 255)
    np.testing.assert_array_equal(decode_mask_pixels(saved(np.dstack([GREY, GREY, GREY, full]), "PNG")), GREY)


def test_transparent_pixels_of_a_mask_are_black() -> None:
    pixels = np.array([[[9, 8, 7, 0], [9, 8, 7, 255]]], np.uint8)
    assert decode_mask_pixels(saved(pixels, "PNG")).tolist() == [[[0, 0, 0], [9, 8, 7]]]


def test_grey_colour_grey_conversions() -> None:
    equal = np.dstack([GREY] * 3)
    assert is_grey(equal)
    assert not is_grey(COLOUR)
    np.testing.assert_array_equal(to_channels(equal, 1)[:, :, 0], GREY)
    np.testing.assert_array_equal(to_channels(GREY[:, :, None], 3), equal)
    luma = np.asarray(Pillow.fromarray(COLOUR).convert("L")).astype(int)
    assert np.abs(to_channels(COLOUR, 1)[:, :, 0].astype(int) - luma).max() <= 1


def test_other_numbers_of_channels_are_not_converted() -> None:
    with pytest.raises(DataError, match="5 channels, 3 are needed"):
        to_channels(np.zeros((2, 2, 5), np.uint8), 3)


def test_arrays_on_disk_hold_any_number_of_channels(tmp_path: Path) -> None:
    pixels = RNG.integers(0, 65536, (4, 5, 7)).astype(np.uint16)
    np.save(tmp_path / "a.npy", pixels)
    np.testing.assert_array_equal(read_image(tmp_path / "a.npy"), pixels)
    header = read_header(tmp_path / "a.npy")
    assert (header.width, header.height, header.channels, header.depth) == (5, 4, 7, 16)


@pytest.mark.parametrize(
    ("data", "what"),
    [(b"", "empty"), (b"just some text\n", "begins like text"), (b"\x00\x01\x02\x03", "no image")],
    ids=["nothing", "text", "rubbish"],
)
def test_what_is_no_image_is_said_with_the_file(tmp_path: Path, data: bytes, what: str) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(data)
    for read in (read_image, read_header):
        with pytest.raises(DataError, match=what) as caught:
            read(path)
        assert caught.value.where == str(path)


def test_a_missing_file_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_image(tmp_path / "none.png")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "BMP", "GIF"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_truncated_file_is_never_a_picture(kind: str, share: float) -> None:
    data = saved(COLOUR if kind != "GIF" else GREY, kind)
    with pytest.raises(DataError):
        decode_image(data[: int(len(data) * share)], "a")


def test_the_end_of_a_thumbnail_is_not_the_end_of_the_photograph() -> None:
    data = saved(COLOUR, "JPEG")
    thumbnail = saved(GREY, "JPEG")
    segment = b"\xff\xe1" + struct.pack(">H", len(thumbnail) + 2) + thumbnail
    whole = data[:2] + segment + data[2:]
    np.testing.assert_array_equal(decode_image(whole), decode_image(data))
    check_whole(whole, parse_header(whole), "a")
    with pytest.raises(DataError, match="truncated"):
        check_whole(whole[:-200], parse_header(whole), "a")


def test_a_damaged_png_is_refused() -> None:
    data = bytearray(saved(COLOUR, "PNG"))
    data[len(data) // 2] ^= 0xFF
    with pytest.raises(DataError, match="damaged"):
        decode_image(bytes(data))


def test_a_size_bomb_is_refused_before_it_is_decoded() -> None:
    side = int(MAX_PIXELS**0.5) + 1
    header = struct.pack(">IIBBBBB", side, 2 * side, 8, 2, 0, 0, 0)
    for data in (
        png([(b"IHDR", header), (b"IDAT", zlib.compress(b"\0"))]),
        npy(side, side, 3),
        npy(side, side // 2, 9),
    ):
        with pytest.raises(DataError, match="too large"):
            decode_image(data, "bomb")


def npy(*shape: int) -> bytes:
    """The header of an array of this shape, and no pixel."""
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": "|u1", "fortran_order": False, "shape": shape})
    return buffer.getvalue()


def test_the_header_says_what_decoding_gives(tmp_path: Path) -> None:
    files = {"a.png": saved(COLOUR, "PNG"), "b.jpg": saved(GREY, "JPEG"), "c.png": png_by_opencv(DEEP)}
    files |= {"d.png": png_by_opencv(np.dstack([DEEP] * 3)), "e.tif": saved(DEEP, "TIFF"), "f.gif": saved(GREY, "GIF")}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
        header, image = read_header(tmp_path / name), read_image(tmp_path / name)
        assert (header.height, header.width, header.channels) == image.shape
        assert header.depth == image.dtype.itemsize * 8


@settings(deadline=None)
@given(st.binary(max_size=40), st.integers(0, 400), st.sampled_from(["PNG", "JPEG", "TIFF", "GIF", "BMP", "WEBP"]))
def test_damaged_bytes_are_a_picture_or_a_data_error_and_nothing_else(rubbish: bytes, place: int, kind: str) -> None:
    data = saved(GREY, kind)
    for read in (decode_image, decode_mask_pixels):
        with contextlib.suppress(DataError):
            assert read(data[:place] + rubbish + data[place + len(rubbish) :]).size


def png(chunks: list[tuple[bytes, bytes]]) -> bytes:
    """A PNG of these chunks and its end."""
    parts = [
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in [*chunks, (b"IEND", b"")]
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)
