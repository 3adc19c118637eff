"""Known label tables, as their authors publish them."""

from __future__ import annotations

import pytest

from unetkit.data.classes import ClassTable
from unetkit.data.tables import KNOWN_TABLES, voc_colour

COUNTS = {
    "cityscapes": 19,
    "cityscapes-34": 34,
    "cityscapes-8": 8,
    "camvid": 12,
    "camvid-32": 32,
    "carla": 23,
    "carla-13": 13,
    "pascal-voc": 21,
}


def test_every_table_has_its_full_count() -> None:
    assert {name: len(table.classes) for name, table in KNOWN_TABLES.items()} == COUNTS


@pytest.mark.parametrize("name", COUNTS)
def test_names_are_unique_and_labels_point_at_classes(name: str) -> None:
    table = KNOWN_TABLES[name]
    assert len({row[0] for row in table.classes}) == len(table.classes)
    assert {label.id for label in table.labels} - {None} == set(range(len(table.classes)))


def test_cityscapes_labels_make_the_19_train_ids() -> None:
    ids = [label.value for label in KNOWN_TABLES["cityscapes"].labels if label.id is not None]
    assert ids == [7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33]
    assert ClassTable.known("cityscapes").names[10:14] == ("sky", "person", "rider", "car")


def test_cityscapes_has_29_colours_and_the_first_label_owns_a_shared_one() -> None:
    palette = KNOWN_TABLES["cityscapes-34"].palette
    assert len(palette) == 29
    assert palette[0, 0, 0].name == "unlabeled"
    assert palette[153, 153, 153].name == "pole"


def test_what_is_ignored_is_said_in_source_values() -> None:
    assert ClassTable.known("camvid").ignore == (11, 255)
    assert ClassTable.known("camvid-32").ignore == (30, 255)
    assert set(range(7)) < set(ClassTable.known("cityscapes").ignore)
    assert ClassTable.known("carla").ignore == (255,)


def test_carlas_two_tables_agree_on_names_up_to_12() -> None:
    assert ClassTable.known("carla").names[:13] == ClassTable.known("carla-13").names
    assert ClassTable.known("carla").names[13] == "sky"


def test_pascal_vocs_colours_follow_its_rule() -> None:
    published = {0: (0, 0, 0), 1: (128, 0, 0), 2: (0, 128, 0), 8: (64, 0, 0), 15: (192, 128, 128), 20: (0, 64, 128)}
    assert {index: voc_colour(index) for index in published} == published
    assert voc_colour(255) == (224, 224, 192)
