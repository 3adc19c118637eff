"""PNG bytes, read back by another library than the one that wrote them where there are two."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow

from unetkit.drawing import encode_png
from unetkit.errors import FormatError

PALETTE = np.array([[1, 2, 3], [4, 5, 6]], np.uint8)


def _opened(data: bytes) -> Pillow.Image:
    return Pillow.open(io.BytesIO(data))


def test_a_palette_png_stores_class_ids_as_indices() -> None:
    mask = np.array([[0, 1], [255, 1]], np.uint8)
    opened = _opened(encode_png(mask, PALETTE))

    assert opened.mode == "P"
    np.testing.assert_array_equal(np.asarray(opened), mask)
    np.testing.assert_array_equal(np.asarray(opened.convert("RGB"))[0], PALETTE)


def test_a_palette_png_has_8_bits_a_pixel_however_few_the_classes() -> None:
    header = encode_png(np.zeros((2, 2), np.uint8), PALETTE)[8:33]

    assert (header[16], header[17]) == (8, 3)  # bit depth, colour type "palette"


def test_rgb_is_not_swapped() -> None:
    image = np.array([[[255, 0, 10]]], np.uint8)

    np.testing.assert_array_equal(np.asarray(_opened(encode_png(image))), image)


def test_16_bit_masks_are_grey_whatever_the_palette() -> None:
    mask = np.array([[0, 300, 65535]], np.uint16)
    data = np.frombuffer(encode_png(mask, PALETTE), np.uint8)

    np.testing.assert_array_equal(cv2.imdecode(data, cv2.IMREAD_UNCHANGED), mask)


def test_one_channel_is_grey() -> None:
    assert _opened(encode_png(np.zeros((3, 4, 1), np.uint8))).mode == "L"


def test_five_channels_are_refused() -> None:
    with pytest.raises(FormatError, match="5 channels"):
        encode_png(np.zeros((3, 4, 5), np.uint8))
