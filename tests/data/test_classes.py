"""Classes: numbered by their sources, coloured, and written back as the source would."""

from __future__ import annotations

import json

import numpy as np
import pytest

from unetkit.data.classes import ClassTable
from unetkit.data.tables import KNOWN_TABLES
from unetkit.errors import ConfigError


def test_ids_follow_the_order_of_values() -> None:
    table = ClassTable.from_text("255=sky, 0=sea")
    assert [(row.id, row.name, row.source) for row in table.classes] == [(0, "sea", 0), (1, "sky", 255)]


def test_ids_follow_colours_by_red_then_green_then_blue_and_keep_them() -> None:
    table = ClassTable.from_text("#804080=road,#0000ff=car,#800000=house")
    assert table.names == ("car", "house", "road")
    assert table.colours.tolist() == [[0, 0, 255], [128, 0, 0], [128, 64, 128]]


def test_ids_follow_folder_names() -> None:
    assert ClassTable.from_text("sky=sky,land=land").names == ("land", "sky")


def test_without_names_a_class_is_called_by_its_id() -> None:
    assert ClassTable.of_sources([9, 0, 255]).names == ("class 0", "class 1", "class 2")


def test_a_name_finds_its_id_and_a_wrong_one_lists_the_right_ones() -> None:
    table = ClassTable.from_text("0=sea,255=sky")
    assert table.id_of("sky") == 1
    with pytest.raises(ConfigError, match="'land'") as caught:
        table.id_of("land")
    assert "sea, sky" in caught.value.advice


def test_masks_go_back_to_source_values() -> None:
    table = ClassTable.from_text("10=sea,255=sky,7=ignore")
    assert table.source_values().tolist() == [10, 255]
    assert table.as_source(np.array([[0, 1, 255]], np.uint8)).tolist() == [[10, 255, 7]]


def test_masks_go_back_to_sixteen_bit_values_and_to_colours() -> None:
    deep = ClassTable.from_text("10=sea,1000=sky").as_source(np.array([[1, 255]], np.uint8))
    assert (deep.dtype, deep.tolist()) == (np.uint16, [[1000, 255]])
    colours = ClassTable.from_text("#0000ff=sea,#ff0000=sky").as_source(np.array([[1, 0, 255]], np.uint8))
    assert colours.tolist() == [[[255, 0, 0], [0, 0, 255], [0, 0, 0]]]


def test_classes_of_folders_go_back_to_ids() -> None:
    assert ClassTable.from_text("land=land,sky=sky").source_values().tolist() == [0, 1]


def test_the_palette_has_256_rows_with_the_classes_first() -> None:
    table = ClassTable.known("camvid")
    assert table.palette().shape == (256, 3)
    assert table.palette()[3].tolist() == [128, 64, 128]
    assert not table.palette()[12:].any()


@pytest.mark.parametrize("text", ["0=sea,255=sky,9=ignore", "#804080=road,#0000ff=car", "a=land,b=sky", *KNOWN_TABLES])
def test_written_as_json_it_is_the_same_table(text: str) -> None:
    table = ClassTable.from_text(text)
    assert ClassTable.from_json(json.loads(json.dumps(table.to_json()))) == table


def test_sea_and_sky_look_as_expected() -> None:
    sea, sky = ClassTable.from_text("0=sea,255=sky").colours.astype(int)
    assert sea[2] > sea[0]
    assert sky.sum() > sea.sum()
