"""The six real sets, as they lie on the disk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from unetkit.data.layouts import find_pairs
from unetkit.data.layouts.probing import right_half_is_mask

RealData = Callable[[str], Path]

SETS = [
    ("horizon-uav", "", "class-folders", {None: 410}),
    ("ir-horizon", "", "folders", {None: 110}),
    ("camvid", "", "folders", {"train": 367, "val": 101}),
    ("cityscapes-pairs", "", "side-by-side", {"train": 298, "val": 100}),
    ("forest", "", "folders", {None: 408}),
    ("forest", "Forest Segmented", "folders", {None: 408}),
    ("forest", "Forest Segmented/Forest Segmented", "folders", {None: 408}),
    ("carla", "coursera", "folders", {None: 9}),
    ("carla", "coursera/data", "folders", {None: 9}),
    ("carla", "lyft", "folders", {"train": 3, "val": 1}),
    ("carla", "lyft/data", "folders", {"train": 3, "val": 1}),
]


@pytest.mark.parametrize(("name", "below", "layout", "splits"), SETS, ids=str)
def test_a_real_set_is_read_whole(
    real_data: RealData, name: str, below: str, layout: str, splits: dict[str | None, int]
) -> None:
    reading = find_pairs(real_data(name) / below)

    assert reading.layout == layout
    assert Counter(pair.split for pair in reading.pairs) == splits
    assert reading.orphan_images == reading.orphan_masks == reading.duplicates == ()


def test_the_two_mask_folders_of_horizon_uav_name_the_classes(real_data: RealData) -> None:
    reading = find_pairs(real_data("horizon-uav"))

    assert reading.class_folders == ("land", "sky")
    assert all(Path(land).stem == Path(sky).stem for land, sky in (pair.masks for pair in reading.pairs))


def test_each_mask_folder_of_horizon_uav_can_be_asked_for_alone(real_data: RealData) -> None:
    reading = find_pairs(real_data("horizon-uav"), masks="masks/sky")

    assert len(reading.pairs) == 410
    assert all(pair.mask.startswith("masks/sky/") for pair in reading.pairs)


def test_the_lists_of_camvid_say_what_its_folders_say(real_data: RealData) -> None:
    root = real_data("camvid")

    assert find_pairs(root, layout="table:train.txt,val.txt").pairs == find_pairs(root).pairs


def test_the_names_of_forest_pair_without_their_middle_word(real_data: RealData) -> None:
    reading = find_pairs(real_data("forest"))

    assert all(pair.image.replace("images", "masks").replace("_sat_", "_mask_") == pair.mask for pair in reading.pairs)


def test_a_table_of_forest_can_stand_for_the_folder(real_data: RealData) -> None:
    inner = real_data("forest") / "Forest Segmented" / "Forest Segmented"

    assert find_pairs(inner / "meta_data.csv").pairs == find_pairs(inner).pairs


def test_photos_alone_are_not_taken_for_photo_and_mask_side_by_side(real_data: RealData) -> None:
    for name in ("camvid/train", "ir-horizon/images", "horizon-uav/images", "carla/coursera/data/CameraRGB"):
        folder = real_data(name)
        assert not right_half_is_mask(folder, sorted(path.name for path in folder.iterdir()))
