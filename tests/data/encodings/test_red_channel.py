"""Ids in one channel: the masks that look black."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from unetkit.data.classes import ClassTable
from unetkit.data.decode import decode_mask_pixels
from unetkit.data.encodings import find_encoding
from unetkit.errors import DataError


def in_channel(channel: int, *values: int) -> npt.NDArray[np.uint8]:
    pixels = np.zeros((1, len(values), 3), np.uint8)
    pixels[0, :, channel] = values
    return pixels


def test_few_ids_in_red_are_counted_in_order() -> None:
    encoding, classes, notes = find_encoding([("a.png", in_channel(0, 0, 4, 7))])
    assert encoding.decode(in_channel(0, 7, 0, 4)).mask.tolist() == [[2, 0, 1]]
    assert (classes.sources, notes[0]) == ((0, 4, 7), "ids stand in the red channel")


def test_ids_in_blue_are_found_where_somebody_swapped_the_channels() -> None:
    encoding, _, notes = find_encoding([("a.png", in_channel(2, 0, 1, 2))])
    assert encoding.decode(in_channel(2, 2, 1)).mask.tolist() == [[2, 1]]
    assert "blue" in notes[0]


@pytest.mark.parametrize(("highest", "name", "classes"), [(12, "carla-13", 13), (22, "carla", 23)])
def test_many_ids_in_red_are_the_simulators_and_keep_their_count(highest: int, name: str, classes: int) -> None:
    encoding, table, notes = find_encoding([("a.png", in_channel(0, *range(1, 10), highest))])
    assert (table.name, len(table)) == (name, classes)
    assert encoding.decode(in_channel(0, 10, highest)).mask.tolist() == [[10, highest]]
    assert "CARLA" in notes[1]


def test_folders_of_the_simulator_are_enough() -> None:
    assert find_encoding([("CameraSeg/1.png", in_channel(0, 0, 7))])[1].name == "carla-13"


def test_other_names_can_be_given() -> None:
    named = ClassTable.from_text("0=rest,7=road")
    encoding, table, _ = find_encoding([("CameraSeg/1.png", in_channel(0, 0, 7))], classes=named)
    assert table.names == ("rest", "road")
    assert encoding.decode(in_channel(0, 7)).mask.tolist() == [[1]]


def test_black_and_red_are_two_colours() -> None:
    encoding, table, _ = find_encoding([("a.png", in_channel(0, 0, 255))])
    assert (encoding.name, table.sources) == ("colours", ((0, 0, 0), (255, 0, 0)))


def test_a_mask_with_another_channel_in_use_is_refused() -> None:
    encoding, _, _ = find_encoding([("a.png", in_channel(0, 0, 1, 2))])
    with pytest.raises(DataError, match="red alone"):
        encoding.decode(in_channel(1, 1, 2), "b.png")


@pytest.mark.parametrize(
    ("masks", "classes", "present"),
    [("coursera/data/CameraMask", 23, 20), ("lyft/data/*/CameraSeg", 13, 13)],
)
def test_both_carla_sets(real_data: Callable[[str], Path], masks: str, classes: int, present: int) -> None:
    paths = sorted(real_data("carla").glob(f"{masks}/*.png"))
    samples = [(str(path), decode_mask_pixels(path.read_bytes())) for path in paths]
    encoding, table, _ = find_encoding(samples)
    met = set[int]().union(*(np.unique(encoding.decode(pixels).mask).tolist() for _, pixels in samples))
    assert (len(table), len(met)) == (classes, present)
    assert table.names[7] == "road"
