"""What is left over, what is asked, and what is refused."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unetkit.data.layouts import LAYOUTS, Request, find_pairs
from unetkit.data.layouts.asking import request_of
from unetkit.data.layouts.find import decide, readings
from unetkit.data.layouts.listing import Listing
from unetkit.errors import AmbiguityError, ConfigError, DataError

Plant = Callable[..., Path]


def images_of(root: Path) -> list[str]:
    return [pair.image for pair in find_pairs(root).pairs]


# --- left over --------------------------------------------------------------------------------------------------


def test_images_and_masks_without_a_partner_are_listed(plant: Plant) -> None:
    reading = find_pairs(plant("images/{n}.jpg", "masks/{n}.png", "images/9.jpg", "masks/8.png"))

    assert (len(reading.pairs), reading.orphan_images, reading.orphan_masks) == (4, ("images/9.jpg",), ("masks/8.png",))


@pytest.mark.parametrize(
    "copy", ["1(1)", "1 (2)", "1 copy", "1 - Copy", "1 copy 2", "1 - Copy (3)", "1_copy", "Copy of 1"]
)
def test_a_copy_beside_its_original_is_a_duplicate_and_no_orphan(plant: Plant, copy: str) -> None:
    reading = find_pairs(plant("images/{n}.png", "masks/{n}.png", f"images/{copy}.png"))

    assert (len(reading.pairs), reading.orphan_images, reading.duplicates) == (4, (), (f"images/{copy}.png",))


def test_numbers_in_brackets_without_an_original_are_names(plant: Plant) -> None:
    reading = find_pairs(plant("images/sea ({n}).jpg", "masks/sea ({n}).png"))

    assert (len(reading.pairs), reading.duplicates) == (4, ())


def test_the_same_image_in_a_second_format_is_a_duplicate(plant: Plant) -> None:
    reading = find_pairs(plant("images/{n}.png", "masks/{n}.png", "images/1.jpg"))

    assert ("images/1.png" in images_of(reading.root), reading.duplicates) == (True, ("images/1.jpg",))


def test_all_images_in_two_formats_are_a_question(plant: Plant) -> None:
    root = plant("images/{n}.png", "images/{n}.tif", "masks/{n}.png")

    with pytest.raises(AmbiguityError, match="2 readings") as asked:
        find_pairs(root)
    assert "--images '*.tif'" in asked.value.advice


def test_image2_never_meets_image21(plant: Plant) -> None:
    reading = find_pairs(plant("images/image2.png", "images/image3.png", "masks/image21.png", "masks/image3.png"))

    assert [(pair.image, pair.mask) for pair in reading.pairs] == [("images/image3.png", "masks/image3.png")]


def test_images_of_the_same_name_in_train_and_val_keep_to_their_own_masks(plant: Plant) -> None:
    root = plant("train/images/1.png", "train/masks/1.png", "val/images/1.png", "val/masks/2.png", "val/images/3.png")

    reading = find_pairs(root)

    assert [(pair.image, pair.mask) for pair in reading.pairs] == [("train/images/1.png", "train/masks/1.png")]


# --- names ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "stem", ["a b", " a ", "a\nb", "a'b\"c", "a$b`c", "äöü", "海", "a,b", "[1]", "*", "a.b.c", "-a", "%s"]
)
def test_hostile_names_pair_and_can_be_said_by_flags(plant: Plant, stem: str) -> None:
    root = plant(f"x{stem}/images/{stem}{{n}}.jpg", f"x{stem}/masks/{stem}{{n}}.png")
    reading = find_pairs(root)

    request, layout = request_of(reading.flags)
    again = find_pairs(root, images=request.images, masks=request.masks, layout=layout)
    assert again.pairs == reading.pairs
    assert len(again.pairs) == 4


@pytest.mark.parametrize(
    ("one", "other"), [("IMG_{n}", "img_{n}"), ("cafe\u0301{n}", "caf\u00e9{n}"), ("a{n}", "a{n} ")]
)
def test_names_may_differ_in_capitals_blanks_and_accents(plant: Plant, one: str, other: str) -> None:
    assert len(find_pairs(plant(f"images/{one}.jpg", f"masks/{other}.png")).pairs) == 4


def test_what_systems_leave_behind_is_passed_over(plant: Plant) -> None:
    root = plant("images/{n}.jpg", "masks/{n}.png", "images/.9.jpg", "__MACOSX/images/{n}.jpg", ".cache/masks/{n}.png")
    (root / "images" / "Thumbs.db").touch()
    (root / ".DS_Store").touch()

    reading = find_pairs(root)

    assert (len(reading.pairs), reading.orphan_images) == (4, ())


def test_the_sign_between_class_masks_cannot_stand_in_a_mask_name(plant: Plant) -> None:
    with pytest.raises(DataError, match="cannot stand in the name"):
        find_pairs(plant("images/a|{n}.jpg", "masks/a|{n}.png"))


# --- questions --------------------------------------------------------------------------------------------------


def test_a_question_names_the_readings_with_counts_splits_and_commands(plant: Plant) -> None:
    root = plant("train/images/{n}.png", "train/masks/{n}.png", "train/labels/{n}.png", "train/images/7.png")
    with pytest.raises(AmbiguityError) as asked:
        find_pairs(root)

    assert (asked.value.exit_code, asked.value.what) == (2, "2 readings of this folder are possible")
    assert asked.value.advice.splitlines()[1:] == [
        f"  unetkit check {root} --masks train/labels",
        "      4 pairs (train 4): images in train/images, masks in train/labels: equal names",
        f"  unetkit check {root} --masks train/masks",
        "      4 pairs (train 4): images in train/images, masks in train/masks: equal names",
    ]


def test_a_table_that_leaves_pairs_out_is_another_reading(plant: Plant) -> None:
    root = plant("images/{n}.png", "masks/{n}.png")
    (root / "good.csv").write_text("image,mask\nimages/1.png,masks/1.png\n")

    with pytest.raises(AmbiguityError) as asked:
        find_pairs(root)
    assert "--layout table:good.csv\n      1 pair:" in asked.value.advice


def test_families_of_two_cameras_keep_to_themselves(plant: Plant) -> None:
    root = plant("left_images/{n}.png", "left_masks/{n}.png", "right_images/{n}.png", "right_masks/{n}.png")

    assert {(pair.image[:4], pair.mask[:4]) for pair in find_pairs(root).pairs} == {("left", "left"), ("righ", "righ")}


def test_a_word_for_masks_above_all_folders_says_nothing(plant: Plant) -> None:
    root = plant("segmentation_set/thermal/{n}.png", "segmentation_set/masks/{n}.png")

    assert images_of(root)[0] == "segmentation_set/thermal/1.png"


def test_a_folder_that_shares_a_few_names_with_the_images_holds_no_masks(plant: Plant) -> None:
    root = plant("images/{n}.png", "other/1.png", "other/a.png", "other/b.png", "other/c.png")

    assert "no masks" in refused(root).what


def test_nested_images_meet_flat_masks_of_their_own_split(plant: Plant) -> None:
    root = plant(*(f"{split}/{rest}/{{n}}.png" for split in ("train", "val") for rest in ("images/clip", "masks")))

    assert {(pair.image.split("/")[0], pair.mask.split("/")[0]) for pair in find_pairs(root).pairs} == {
        ("train", "train"),
        ("val", "val"),
    }


def test_two_folders_can_be_named_against_their_names(plant: Plant) -> None:
    root = plant("images/{n}.png", "masks/{n}.png")

    assert find_pairs(root, images="masks", masks="images").pairs[0].image == "masks/1.png"


def test_masks_of_two_annotators_in_one_folder_can_be_said_by_a_pattern(plant: Plant) -> None:
    root = plant("Image_{n}.jpg", "Image_{n}_1stHO.png", "Image_{n}_2ndHO.png")

    assert find_pairs(root, images="*.jpg", masks="*_2ndHO.png").pairs[0].mask == "Image_1_2ndHO.png"


# --- refused ----------------------------------------------------------------------------------------------------


def refused(root: Path, *, images: str | None = None, masks: str | None = None, layout: str | None = None) -> DataError:
    with pytest.raises(DataError) as error:
        find_pairs(root, images=images, masks=masks, layout=layout)
    assert error.value.exit_code == 2
    return error.value


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    assert refused(tmp_path / "gone").what == "there is no such folder"


def test_a_file_is_no_folder(plant: Plant) -> None:
    assert "a file, not a folder" in refused(plant("a.png") / "a.png").what


def test_an_empty_folder_is_said(plant: Plant) -> None:
    assert refused(plant()).what == "the folder holds no image files"


def test_one_image_only_is_said(plant: Plant) -> None:
    assert refused(plant("images/a.png")).what == "there is one image and no mask"


def test_images_only_are_counted_and_the_ways_out_are_commands(plant: Plant) -> None:
    error = refused(plant("sea/{n}.jpg"))

    assert error.what == "no pairs of image and mask: 4 images, and no masks"
    assert f"unetkit check {error.where} --layout side-by-side" in error.advice


def test_masks_only_are_said(plant: Plant) -> None:
    assert "4 masks, and no images" in refused(plant("labels/{n}.png")).what


def test_names_that_never_meet_are_said(plant: Plant) -> None:
    assert (
        "no name of the one meets" in refused(plant("images/a.png", "images/b.png", "masks/c.png", "masks/d.png")).what
    )


def test_half_of_a_data_set_points_at_the_folder_above(plant: Plant) -> None:
    root = plant("images/{n}.png", "masks/land/{n}.png", "masks/sky/{n}.png")

    assert refused(root / "images").advice == f"point at the folder above: unetkit check {root}"
    assert refused(root / "masks").advice == f"point at the folder above: unetkit check {root}"


def test_a_flag_that_means_no_file_is_said(plant: Plant) -> None:
    error = refused(plant("images/{n}.png", "masks/{n}.png"), masks="labels")

    assert (error.what, error.advice) == (
        "--masks labels: no image file is there",
        "folders here: images (4), masks (4)",
    )


def test_an_unknown_layout_names_the_nearest(plant: Plant) -> None:
    with pytest.raises(ConfigError) as error:
        find_pairs(plant("images/{n}.png"), layout="folder")
    assert "'folders'" in error.value.advice


# --- order ------------------------------------------------------------------------------------------------------

TREES = [
    ["images/{}.jpg", "masks/{}.png", "images/{}(1).jpg", "images/{}.bmp"],
    ["{}_sat.jpg", "{}_mask.png", "{}_mask copy.png"],
    ["a/{}.png", "b/{}.png", "masks/{}.png", "labels/{}.png"],
    ["train/{}.jpg", "trainannot/{}.png", "val/{}.jpg", "valannot/{}.png"],
]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(TREES), st.sets(st.integers(0, 30), min_size=1, max_size=12), st.data())
def test_the_order_of_files_never_changes_a_reading(tree: list[str], numbers: set[int], data: st.DataObject) -> None:
    paths = [pattern.format(number) for pattern in tree for number in sorted(numbers)]
    kept = data.draw(st.lists(st.sampled_from(paths), unique=True, min_size=1))
    shuffled = random.Random(data.draw(st.integers(0, 9))).sample(kept, len(kept))

    assert readings_of(shuffled) == readings_of(sorted(kept))


def readings_of(paths: list[str]) -> object:
    return readings(Listing.of(Path("data"), paths), Request(), LAYOUTS)


@settings(max_examples=60, deadline=None)
@given(st.sets(st.integers(0, 99), min_size=1), st.sets(st.integers(0, 99), min_size=1), st.sampled_from(["", "_mask"]))
def test_pairs_are_the_names_of_both_sides_and_orphans_the_rest(images: set[int], masks: set[int], word: str) -> None:
    files = [*(f"images/a{number}.jpg" for number in images), *(f"masks/a{number}{word}.png" for number in masks)]
    if not images & masks:
        return

    reading = decide(Listing.of(Path("data"), files), Request(), LAYOUTS)

    assert {pair.image for pair in reading.pairs} == {f"images/a{number}.jpg" for number in images & masks}
    assert set(reading.orphan_images) == {f"images/a{number}.jpg" for number in images - masks}
    assert set(reading.orphan_masks) == {f"masks/a{number}{word}.png" for number in masks - images}
