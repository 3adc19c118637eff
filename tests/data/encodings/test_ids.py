"""Class ids by the rule of the order of values, and by tables and names that are said."""

from __future__ import annotations

import numpy as np
import pytest

from unetkit.data.arrays import Image, Mask
from unetkit.data.class_text import parse_ignore
from unetkit.data.classes import ClassTable
from unetkit.data.encodings import Encoding, Sample, encoding_from_json, find_encoding
from unetkit.data.tables import voc_colour
from unetkit.errors import AmbiguityError, ConfigError, DataError


def find(
    pixels: Image,
    where: str = "masks/a.png",
    *,
    classes: str = "",
    ignore: str | None = None,
    encoding: str | None = None,
) -> tuple[Encoding, ClassTable, str]:
    """What one mask is, with flags as on the command line; the notes as one text."""
    table = ClassTable.from_text(classes) if classes else None
    found = find_encoding([(where, pixels)], encoding=encoding, classes=table, ignore=parse_ignore(ignore))
    return found[0], found[1], "; ".join(found[2])


def row(*values: int) -> Mask:
    """A mask one pixel high."""
    return np.array([values], np.uint8)


def test_ids_from_zero_stay_as_they_are() -> None:
    encoding, classes, notes = find(row(0, 1, 2, 1))
    assert encoding.decode(row(2, 0, 1)).mask.tolist() == [[2, 0, 1]]
    assert classes.names == ("class 0", "class 1", "class 2")
    assert not notes


def test_ids_that_start_at_one_or_have_gaps_are_counted_in_order_and_it_is_said() -> None:
    encoding, classes, notes = find(row(1, 4, 9))
    assert encoding.decode(row(9, 1, 4)).mask.tolist() == [[2, 0, 1]]
    assert classes.source_values().tolist() == [1, 4, 9]
    assert "1, 4, 9 are class ids 0..2" in notes


def test_sixteen_bit_ids_with_few_classes_become_eight_bit_masks() -> None:
    pixels = np.array([[0, 1000, 40000]], np.uint16)
    decoded = find(pixels)[0].decode(pixels)
    assert decoded.mask.dtype == np.uint8
    assert decoded.mask.tolist() == [[0, 1, 2]]


def test_more_than_255_classes_are_sixteen_bit_masks_whose_ignore_is_65535() -> None:
    names = ",".join(f"{value}=name {value}" for value in range(300))
    pixels = np.array([[0, 299, 400]], np.uint16)
    mask = find(pixels, classes=names, ignore="400")[0].decode(pixels).mask
    assert (mask.dtype, mask.tolist()) == (np.uint16, [[0, 299, 65535]])


def test_255_beside_a_few_ids_is_ignored_and_it_is_said() -> None:
    encoding, classes, notes = find(row(0, 1, 2, 255))
    assert encoding.decode(row(255, 2)).mask.tolist() == [[255, 2]]
    assert (len(classes), classes.ignore) == (3, (255,))
    assert "255" in notes


def test_255_is_a_class_where_nothing_is_to_be_ignored() -> None:
    encoding, classes, _ = find(row(0, 1, 2, 255), ignore="none")
    assert encoding.decode(row(255)).mask.tolist() == [[3]]
    assert classes.sources == (0, 1, 2, 255)


def test_255_is_a_class_where_a_stray_value_stands_beside_zero() -> None:
    assert find(row(0, 7, 255))[1].sources == (0, 7, 255)


def test_255_is_a_class_beside_zero_alone() -> None:
    assert find(row(0, 255))[1].sources == (0, 255)


def test_ignored_values_are_no_classes() -> None:
    encoding, classes, _ = find(row(0, 1, 2, 3), ignore="0,2")
    assert encoding.decode(row(0, 1, 2, 3)).mask.tolist() == [[255, 0, 255, 1]]
    assert classes.sources == (1, 3)


def test_a_class_can_be_ignored_by_its_name() -> None:
    encoding, classes, _ = find(row(0, 1, 2), classes="0=sea,1=boat,2=sky", ignore="boat")
    assert classes.names == ("sea", "sky")
    assert encoding.decode(row(0, 1, 2)).mask.tolist() == [[0, 255, 1]]


def test_ignoring_an_unknown_name_lists_the_names() -> None:
    with pytest.raises(ConfigError, match="boot") as caught:
        find(row(0, 1), classes="0=sea,1=sky", ignore="boot")
    assert "sea, sky" in caught.value.advice


def test_a_mask_with_more_values_than_classes_names_file_values_and_flags() -> None:
    with pytest.raises(DataError, match="none of the 2 classes: 2, 3") as caught:
        find(row(0, 1, 2, 3), "masks/odd.png", classes="0=sea,1=sky")
    assert caught.value.where == "masks/odd.png"
    assert "--classes '0=sea,1=sky,2=class 2,3=class 3'" in caught.value.advice
    assert "--ignore 2,3" in caught.value.advice


def test_a_value_met_only_later_is_refused_too() -> None:
    encoding, _, _ = find(row(0, 1, 2))
    with pytest.raises(DataError, match="classes: 7") as caught:
        encoding.decode(row(0, 7), "masks/late.png")
    assert caught.value.where == "masks/late.png"


def test_classes_of_0_and_1_do_not_turn_255_into_ignore() -> None:
    with pytest.raises(DataError, match="255"):
        find(row(0, 255), classes="0=sea,1=sky")


def test_more_values_than_people_name_are_asked_about_with_the_flag_that_takes_them() -> None:
    pixels = np.arange(201, dtype=np.uint8)[None]
    with pytest.raises(AmbiguityError, match="201 different values") as caught:
        find_encoding([("a.png", pixels)])
    assert caught.value.advice.startswith("--encoding ids ")
    encoding, classes, _ = find_encoding([("a.png", pixels)], encoding="ids")
    assert (len(classes), encoding.decode(pixels).mask.dtype) == (201, np.uint8)


def test_more_than_255_classes_are_16_bit_ids_whose_ignore_is_65535() -> None:
    pixels = (np.arange(300, dtype=np.uint16) * 200)[None]
    encoding, classes, _ = find_encoding([("a.png", pixels)], encoding="ids", ignore=parse_ignore("400"))
    mask = encoding_from_json(encoding.to_json()).decode(pixels).mask
    assert (len(classes), mask.dtype) == (299, np.uint16)
    assert mask[0].tolist() == [0, 1, 65535, *range(2, 299)]
    np.testing.assert_array_equal(classes.as_source(mask), pixels)


def test_more_classes_than_16_bits_can_tell_from_ignore_are_refused() -> None:
    pixels = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    with pytest.raises(DataError, match="65,536 different values"):
        find_encoding([("a.png", pixels)], encoding="ids")


def test_known_tables_keep_their_ids_their_count_and_their_ignore() -> None:
    encoding, classes, _ = find(row(0, 3, 11), classes="camvid")
    assert encoding.decode(row(0, 3, 11)).mask.tolist() == [[0, 3, 255]]
    assert (len(classes), classes.names[3], classes.name) == (12, "road", "camvid")


def test_what_a_table_ignores_counts_where_nothing_is_to_be_ignored() -> None:
    encoding, classes, _ = find(row(0, 11), classes="camvid", ignore="none")
    assert encoding.decode(row(0, 11)).mask.tolist() == [[0, 11]]
    assert classes.ignore == ()


def test_cityscapes_label_ids_become_train_ids() -> None:
    encoding, classes, notes = find(row(0, 7, 8, 11, 23, 33), "x_gtFine_labelIds.png", classes="cityscapes")
    assert encoding.decode(row(0, 7, 8, 11, 23, 33, 10)).mask.tolist() == [[255, 0, 1, 2, 10, 18, 255]]
    assert classes.source_values()[:3].tolist() == [7, 8, 11]
    assert "label ids" in notes


def test_cityscapes_train_ids_stay() -> None:
    encoding, classes, notes = find(row(0, 2, 18, 255), "x_gtFine_labelTrainIds.png", classes="cityscapes")
    assert encoding.decode(row(0, 2, 18, 255)).mask.tolist() == [[0, 2, 18, 255]]
    assert classes.source_values()[:3].tolist() == [0, 1, 2]
    assert "train ids" in notes


def test_cityscapes_categories_join_labels() -> None:
    encoding, _, _ = find(row(4, 7, 8, 26, 33), "x_labelIds.png", classes="cityscapes-8")
    assert encoding.decode(row(4, 7, 8, 26, 33)).mask.tolist() == [[255, 1, 1, 7, 7]]


def test_classes_keep_the_colours_of_a_palette() -> None:
    palette = np.array([(9, 9, 9), (200, 0, 0), (0, 200, 0)], np.uint8)
    _, classes, _ = find_encoding([Sample("a.png", row(0, 1, 2), palette)])
    assert classes.colours.tolist() == palette.tolist()


def test_255_under_pascal_vocs_palette_is_ignored_and_few_ids_are_not_its_classes() -> None:
    palette = np.array([voc_colour(index) for index in range(256)], np.uint8)
    _, classes, notes = find_encoding([Sample("a.png", row(0, 9, 15, 18, 255), palette)])
    assert (classes.sources, classes.ignore, classes.name) == ((0, 9, 15, 18), (255,), "")
    assert "--classes pascal-voc" in notes[0]


def test_pascal_voc_is_recognised_by_its_palette_and_most_of_its_ids() -> None:
    palette = np.array([voc_colour(index) for index in range(256)], np.uint8)
    _, classes, _ = find_encoding([Sample("a.png", row(*range(21), 255), palette)])
    assert (classes.name, classes.names[15]) == ("pascal-voc", "person")


def test_an_index_with_two_colours_is_a_question() -> None:
    samples = [Sample(f"{red}.png", row(0, 1), np.array([(0, 0, 0), (red, 0, 0)], np.uint8)) for red in (100, 200)]
    with pytest.raises(AmbiguityError, match="different colours") as caught:
        find_encoding(samples)
    assert caught.value.where == "100.png and 200.png"
    assert caught.value.advice.startswith("--encoding colours")


def test_an_unknown_encoding_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="colors") as caught:
        find(row(0, 1), encoding="colors")
    assert "did you mean 'colours'" in caught.value.advice
