"""Two levels under soft edges and JPEG noise, and what is not two levels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy import ndimage

from unetkit.data.arrays import Mask
from unetkit.data.classes import ClassTable
from unetkit.data.decode import decode_mask_pixels
from unetkit.data.encodings import encoding_from_json, find_encoding
from unetkit.errors import DataError

DISC = (np.hypot(*(np.indices((64, 64)) - 31.5)) < 20).astype(np.uint8)


def found_in(pixels: Mask, where: str = "a.png", classes: str = "") -> tuple[str, tuple[object, ...]]:
    """Name of the encoding, and sources of the classes."""
    table = ClassTable.from_text(classes) if classes else None
    encoding, read, _ = find_encoding([(where, pixels)], classes=table)
    return encoding.name, read.sources


def soft(low: int, high: int) -> Mask:
    return (low + (high - low) * ndimage.gaussian_filter(DISC.astype(float), 0.7)).astype(np.uint8)


def test_soft_edges_are_cut_half_way() -> None:
    encoding, _, notes = find_encoding([("a.png", soft(0, 255))])
    np.testing.assert_array_equal(encoding.decode(soft(0, 255)).mask, soft(0, 255) > 127)
    assert "cut at 127" in notes[-1]


def test_any_two_values_far_apart_may_have_soft_edges() -> None:
    assert found_in(soft(20, 200)) == ("binary", (20, 200))


def test_a_mask_saved_as_jpeg_comes_back_exactly() -> None:
    _, data = cv2.imencode(".jpg", DISC * 255, [cv2.IMWRITE_JPEG_QUALITY, 80])
    pixels = decode_mask_pixels(data.tobytes())
    encoding, classes, _ = find_encoding([("a.jpg", pixels)])
    assert classes.sources == (0, 255)
    assert (encoding.decode(pixels).mask == DISC).mean() > 0.999


def test_ids_beside_255_are_not_noise_around_two_levels() -> None:
    ids = np.zeros((40, 40), np.uint8)
    ids[:20], ids[0, :11] = 255, np.arange(11)
    assert found_in(ids) == ("ids", tuple(range(11)))


def test_ids_on_a_grid_are_not_a_soft_edge() -> None:
    ids = np.zeros((40, 40), np.uint8)
    ids[:20], ids[0, :26] = 250, np.arange(26) * 10
    assert found_in(ids)[0] == "ids"


def test_three_levels_are_three_classes() -> None:
    assert found_in(np.array([[0, 128, 255, 0]], np.uint8)) == ("ids", (0, 128, 255))


def test_names_for_the_two_levels_are_taken() -> None:
    encoding, classes, _ = find_encoding([("a.png", soft(0, 255))], classes=ClassTable.from_text("0=sea,255=sky"))
    assert (encoding.name, classes.names) == ("binary", ("sea", "sky"))


def test_more_levels_in_a_jpeg_are_the_nearest_of_those_named() -> None:
    pixels = np.array([[0, 7, 120, 131, 250, 95]], np.uint8)
    encoding, _, _ = find_encoding([("a.jpg", pixels)], classes=ClassTable.from_text("0=sea,128=boat,255=sky"))
    assert encoding.decode(pixels).mask.tolist() == [[0, 0, 1, 1, 2, 1]]


def test_two_levels_said_of_a_mask_of_many_says_what_it_holds() -> None:
    with pytest.raises(DataError, match="they hold 0, 1, 2"):
        find_encoding([("a.png", np.array([[0, 1, 2]], np.uint8))], encoding="binary")


def test_noise_met_only_later_is_still_two_levels_where_noise_is_to_be_expected() -> None:
    for where, pixels in (("a.jpg", DISC * np.uint8(255)), ("a.png", soft(0, 255))):
        encoding, _, _ = find_encoding([(where, pixels)])
        later = encoding_from_json(encoding.to_json()).decode(np.array([[3, 127, 128, 251]], np.uint8))
        assert (later.mask.tolist(), later.unmatched) == ([[0, 0, 1, 1]], 0)


@pytest.mark.parametrize("value", [1, 7, 128, 254])
def test_a_third_value_met_only_later_is_refused_where_masks_held_two_values_and_no_noise(value: int) -> None:
    encoding, _, _ = find_encoding([("a.png", DISC * np.uint8(255))])
    with pytest.raises(DataError, match=f"none of the 2 classes: {value}") as caught:
        encoding_from_json(encoding.to_json()).decode(np.array([[0, value, 255]], np.uint8), "masks/odd.png")
    assert caught.value.where == "masks/odd.png"
    assert f"--ignore {value}" in caught.value.advice


def test_an_area_between_two_soft_levels_is_counted_as_unmatched() -> None:
    encoding, _, _ = find_encoding([("a.png", soft(0, 255))])
    mask = np.tile(soft(0, 255), (3, 3))
    assert encoding.decode(mask).unmatched == 0
    mask[:20, :50] = 100
    assert encoding.decode(mask).unmatched == 1000


def test_values_beyond_the_two_commonest_are_no_soft_edge_of_theirs() -> None:
    ids = np.full((100, 100), 60, np.uint8)
    ids[:40], ids[0, :70] = 130, np.arange(180, 250)
    assert found_in(ids)[0] == "ids"


def test_forest_masks_are_two_levels_cut_at_127(real_data: Callable[[str], Path]) -> None:
    paths = sorted(real_data("forest").glob("**/masks/*.jpg"))[::20]
    samples = [(str(path), decode_mask_pixels(path.read_bytes())) for path in paths]
    encoding, classes, _ = find_encoding(samples)
    assert classes.sources == (0, 255)
    for _, pixels in samples:
        np.testing.assert_array_equal(encoding.decode(pixels).mask, pixels > 127)
