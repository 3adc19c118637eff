"""One mask folder for each class."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from unetkit.data.classes import ClassTable
from unetkit.data.encodings import find_encoding
from unetkit.errors import AmbiguityError, ConfigError

WHERE = "data/masks/land/a.png"


def planes(land: list[int], sky: list[int]) -> npt.NDArray[np.uint8]:
    return np.array([[land, sky]], np.uint8).transpose(0, 2, 1)


def test_folders_name_the_classes_in_the_order_of_their_names() -> None:
    encoding, classes, _ = find_encoding([(WHERE, planes([255, 0], [0, 255]))], class_folders=("land", "sky"))
    assert classes.names == ("land", "sky")
    assert encoding.decode(planes([0, 255], [255, 0])).mask.tolist() == [[1, 0]]


def test_masks_of_0_and_1_claim_with_1() -> None:
    encoding, _, _ = find_encoding([(WHERE, planes([1, 0], [0, 1]))], class_folders=("land", "sky"))
    assert encoding.decode(planes([1, 0], [0, 1])).mask.tolist() == [[0, 1]]


@pytest.mark.parametrize("pixels", [planes([255, 0], [0, 0]), planes([255, 255], [0, 255])], ids=["gaps", "overlaps"])
def test_folders_with_gaps_or_overlaps_are_a_question_with_a_flag_each(pixels: npt.NDArray[np.uint8]) -> None:
    with pytest.raises(AmbiguityError, match=r"50\.0 %") as caught:
        find_encoding([(WHERE, pixels)], class_folders=("land", "sky"))
    assert "--masks masks/land" in caught.value.advice
    assert "--masks masks/sky" in caught.value.advice


def test_said_aloud_such_pixels_are_ignored_and_counted() -> None:
    pixels = planes([255, 0, 255], [0, 0, 255])
    encoding, _, notes = find_encoding([(WHERE, pixels)], class_folders=("land", "sky"), encoding="class-folders")
    decoded = encoding.decode(pixels)
    assert (decoded.mask.tolist(), decoded.unmatched) == ([[0, 255, 255]], 2)
    assert "66.7 %" in notes[-1]


def test_folders_can_be_renamed() -> None:
    named = ClassTable.from_text("land=shore,sky=air")
    pixels = planes([255, 0], [0, 255])
    assert find_encoding([(WHERE, pixels)], class_folders=("land", "sky"), classes=named)[1].names == ("shore", "air")


def test_a_folder_without_a_name_is_a_clear_error() -> None:
    named = ClassTable.from_text("land=shore,himmel=air")
    with pytest.raises(ConfigError, match="'sky' has no class"):
        find_encoding([(WHERE, planes([255, 0], [0, 255]))], class_folders=("land", "sky"), classes=named)


def test_a_class_folder_can_be_ignored() -> None:
    pixels = planes([255, 0], [0, 255])
    encoding, classes, _ = find_encoding([(WHERE, pixels)], class_folders=("land", "sky"), ignore=("land",))
    assert classes.names == ("sky",)
    assert encoding.decode(pixels).mask.tolist() == [[255, 0]]
