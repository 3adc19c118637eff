"""The layouts that look into a few pictures: class folders, and photo and mask side by side."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from unetkit.data.layouts import find_pairs
from unetkit.data.layouts.probing import common_colours, spread
from unetkit.errors import AmbiguityError, DataError

Plant = Callable[..., Path]
HalfMask = Callable[[str], bytes]


@pytest.fixture
def sea_and_sky(plant: Plant, half_mask: HalfMask) -> Path:
    plant("images/{n}.jpg")
    plant("masks/Sky/{n}.png", content=half_mask("upper"))
    return plant("masks/sea/{n}.png", content=half_mask("lower"))


def test_disjoint_and_covering_masks_name_the_classes_in_order(sea_and_sky: Path) -> None:
    reading = find_pairs(sea_and_sky)

    assert (reading.layout, reading.class_folders) == ("class-folders", ("Sky", "sea"))
    assert reading.pairs[0].masks == ("masks/Sky/1.png", "masks/sea/1.png")


@pytest.mark.parametrize("second", ["all", "middle"])
def test_overlapping_masks_are_a_question_with_their_measure(plant: Plant, half_mask: HalfMask, second: str) -> None:
    plant("images/{n}.jpg")
    plant("masks/boat/{n}.png", content=half_mask("upper"))
    root = plant("masks/hull/{n}.png", content=half_mask(second))

    with pytest.raises(AmbiguityError) as asked:
        find_pairs(root)
    assert "% of the pixels are of several classes" in asked.value.advice
    assert [text in asked.value.advice for text in ("--masks masks/boat\n", "--masks masks/hull\n")] == [True, True]


def test_an_image_that_lacks_the_mask_of_a_class_makes_it_a_question(sea_and_sky: Path) -> None:
    (sea_and_sky / "masks" / "sea" / "1.png").unlink()

    with pytest.raises(AmbiguityError):
        find_pairs(sea_and_sky)
    assert find_pairs(sea_and_sky, layout="class-folders").orphan_images == ("images/1.jpg",)


def test_masks_that_cannot_be_read_are_never_taken_for_classes(plant: Plant) -> None:
    root = plant("images/{n}.jpg", "masks/v1/{n}.png", "masks/v2/{n}.png")

    with pytest.raises(AmbiguityError, match="3 readings"):
        find_pairs(root)


def test_noise_in_the_mask_of_an_absent_class_claims_nothing(sea_and_sky: Path) -> None:
    for number in ("1", "2", "3", "21"):
        everything, noise = np.full((8, 8), 255, np.uint8), np.full((8, 8), 9, np.uint8)
        Image.fromarray(everything).save(sea_and_sky / "masks" / "sea" / f"{number}.png")
        Image.fromarray(noise).save(sea_and_sky / "masks" / "Sky" / f"{number}.png")

    assert find_pairs(sea_and_sky).layout == "class-folders"


def test_folders_that_divide_the_masks_are_no_classes(plant: Plant) -> None:
    root = plant(
        "images/1.png", "images/2.png", "images/3.png", "masks/day/1.png", "masks/day/2.png", "masks/night/3.png"
    )

    assert (find_pairs(root).layout, len(find_pairs(root).pairs)) == ("folders", 3)


def test_folders_of_masks_that_images_have_too_are_no_classes(plant: Plant) -> None:
    root = plant(*(f"{side}{place}/{{n}}.png" for side in ("images", "masks") for place in ("", "/day", "/night")))

    assert (find_pairs(root).layout, len(find_pairs(root).pairs)) == ("folders", 12)


def test_side_by_side_needs_a_look(plant: Plant, photo_and_mask: bytes) -> None:
    reading = find_pairs(plant("train/{n}.png", "test/{n}.png", content=photo_and_mask))

    assert (reading.layout, reading.side_by_side, len(reading.pairs)) == ("side-by-side", True, 8)
    assert {(pair.image == pair.mask, pair.split) for pair in reading.pairs} == {(True, "train"), (True, "test")}


def test_panoramas_are_not_side_by_side_unless_said(plant: Plant) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (32, 64, 3), dtype=np.uint8)
    root = plant("photos/{n}.png")
    for path in root.rglob("*.png"):
        Image.fromarray(noise).save(path)

    with pytest.raises(DataError, match="no masks"):
        find_pairs(root)
    assert len(find_pairs(root, layout="side-by-side").pairs) == 4


def test_side_by_side_halves_that_are_no_squares_are_asked_about(plant: Plant) -> None:
    picture = np.random.default_rng(3).integers(0, 256, (32, 80, 3), dtype=np.uint8)
    picture[:, 40:] = 7
    root = plant("pairs/{n}.png")
    for path in root.rglob("*.png"):
        Image.fromarray(picture).save(path)

    with pytest.raises(AmbiguityError) as asked:
        find_pairs(root)
    assert f"unetkit check {root} --layout side-by-side" in asked.value.advice
    assert len(find_pairs(root, layout="side-by-side").pairs) == 4


def test_unreadable_files_do_not_stop_the_look(plant: Plant, photo_and_mask: bytes) -> None:
    root = plant("pairs/{n}.png", content=photo_and_mask)
    (root / "pairs" / "1.png").write_bytes(b"no image")

    assert len(find_pairs(root).pairs) == 4


def test_common_colours_is_one_for_a_few_colours_and_small_for_noise() -> None:
    noise = np.random.default_rng(2).integers(0, 256, (64, 64, 3), dtype=np.uint8)

    assert common_colours([noise % 2]) == 1
    assert common_colours([noise]) == pytest.approx(24 / 64**2, rel=0.2)


def test_a_sample_is_spread_from_the_first_to_the_last() -> None:
    assert spread(range(100), 4) == [0, 33, 66, 99]
    assert spread(range(3), 4) == [0, 1, 2]


def test_a_city_is_a_group_and_other_annotations_are_left_alone(plant: Plant) -> None:
    root = plant(
        "leftImg8bit/train/ulm/ulm_{n}_leftImg8bit.png",
        "gtFine/train/ulm/ulm_{n}_gtFine_labelIds.png",
        "gtFine/train/ulm/ulm_{n}_gtFine_color.png",
        "leftImg8bit/test/bonn/bonn_1_leftImg8bit.png",
    )

    reading = find_pairs(root)

    assert {(pair.split, pair.group) for pair in reading.pairs} == {("train", "ulm")}
    assert reading.orphan_images == ("leftImg8bit/test/bonn/bonn_1_leftImg8bit.png",)


def test_other_annotations_of_cityscapes_can_be_named(plant: Plant) -> None:
    root = plant(*(f"leftImg8bit/val/ulm/{n}_leftImg8bit.png" for n in "abc"))
    plant(*(f"gtFine/val/ulm/{n}_gtFine_{kind}.png" for n in "abc" for kind in ("labelIds", "color")))

    reading = find_pairs(root, masks="*_color.png")

    assert reading.pairs[0].mask == "gtFine/val/ulm/a_gtFine_color.png"
