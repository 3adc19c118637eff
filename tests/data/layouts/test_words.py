"""What the name of a folder says."""

from __future__ import annotations

import pytest

from unetkit.data.layouts.words import place_of, role_of, shared_parts, words_of


@pytest.mark.parametrize(
    ("folder", "role", "split", "where"),
    [
        ("images", "image", None, ()),
        (" MASKS ", "mask", None, ()),
        ("data/CameraSeg", "mask", None, ("data",)),
        ("train/images/clip 1", "image", "train", ("clip 1",)),
        ("images/Validation/Clip1", "image", "val", ("clip1",)),
        ("trainannot", "mask", "train", ()),
        ("masksTEST", "mask", "test", ()),
        ("train_frames/train", "image", "train", ()),
        ("labelsTr", "mask", "train", ()),
        ("MaSTr1325_images", "image", None, ()),
        ("test_sea", None, "test", ("sea",)),
        ("trainval/images", "image", None, ("trainval",)),
        ("image_masks", "mask", None, ()),
        ("overlays", "other", None, ()),
        ("SegmentationObject", "other", None, ()),
        ("objects", None, None, ("objects",)),
        ("Segmentation/images", "image", None, ()),
        ("", None, None, ()),
    ],
)
def test_a_folder_is_read_word_by_word(
    folder: str, role: str | None, split: str | None, where: tuple[str, ...]
) -> None:
    place = place_of(folder)

    assert (place.role, place.split, place.where) == (role, split, where)


def test_spare_words_are_those_that_say_nothing() -> None:
    assert place_of("train/left_images_small").spare == ("left", "small")


def test_parts_common_to_all_folders_say_a_split_at_most() -> None:
    place = place_of("train_masks/thermal", skip=1)

    assert (place.role, place.split, place.where) == (None, "train", ("thermal",))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("JPEGImages", ["jpeg", "images"]),
        ("leftImg8bit", ["left", "img", "8", "bit"]),
        ("valid-labels.v2", ["valid", "labels", "v", "2"]),
        ("海の画像", ["海の画像"]),
    ],
)
def test_names_fall_into_words(name: str, words: list[str]) -> None:
    assert words_of(name) == words


def test_a_word_inside_a_word_says_nothing() -> None:
    assert role_of(words_of("imagery")) is role_of(words_of("unmasked")) is role_of(words_of("Kraftgtx")) is None


def test_shared_parts_are_whole_parts() -> None:
    assert shared_parts([["a", "b"], ["a", "bc"], ["a"]]) == 1
    assert shared_parts([["a"], ["a b"], ["a", "x"]]) == 0
