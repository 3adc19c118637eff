"""Names that meet, and names that must not."""

from __future__ import annotations

import pytest

from unetkit.data.layouts.stems import File, Match, copies, match


def files(*paths: str, where: tuple[str, ...] = (), split: str | None = None) -> list[File]:
    return [File("/".join((*where, f"{path}.png")), split, where, path) for path in paths]


def linked(found: Match) -> list[tuple[str, str]]:
    return [(image.stem, mask.stem) for image, mask in found.links]


@pytest.mark.parametrize(
    ("image", "mask"),
    [
        ("{}", "{}"),
        ("855_sat_{}", "855_mask_{}"),
        ("{}", "{}_mask"),
        ("{}", "{}_L"),
        ("{}", "mask_{}"),
        ("img{}", "label{}"),
        ("sea_{}_leftImg8bit", "sea_{}_gtFine_labelIds"),
        ("{}_0", "{}_1"),
        ("0_{}", "1_{}"),
        ("IMG-{}", "{} (mask)"),
        ("Aufnahme {} rgb", "Aufnahme {} truth"),
        ("{}", "{}m"),
        ("Image_{}L", "Image_{}L_2ndHO"),
    ],
)
def test_names_that_differ_by_a_constant_word_pair(image: str, mask: str) -> None:
    numbers = ("2", "3", "21", "40")
    found = match(files(*map(image.format, numbers)), files(*map(mask.format, numbers)))

    assert linked(found) == sorted((image.format(number), mask.format(number)) for number in numbers)


def test_the_words_that_tell_the_sides_apart_are_said() -> None:
    found = match(files("1_sat_a", "2_sat_a", "3_sat_b"), files("1_mask_a", "2_mask_a", "3_mask_b"))

    assert found.words == ("sat", "mask")


def test_a_few_odd_files_do_not_hide_the_constant_word() -> None:
    images = files("1_sat", "2_sat", "3_sat", "map")
    assert len(match(images, files("1_mask", "2_mask", "3_mask", "3_mask copy")).links) == 3


def test_two_single_files_of_different_names_are_no_pair() -> None:
    assert match(files("shapes"), files("2011_000006")).links == ()


def test_a_name_that_two_files_share_without_being_one_picture_pairs_with_none() -> None:
    images = [*files("x", where=("a",)), *files("x", where=("b",)), *files("y", where=("b",))]

    assert linked(match(images, files("x", "y"))) == [("y", "y")]


def test_nested_images_meet_flat_masks_by_unique_names() -> None:
    images = [*files("1", where=("a",)), *files("2", where=("b",))]

    assert linked(match(images, files("1", "2"))) == [("1", "1"), ("2", "2")]
    assert match(images, files("1", "2"), same_place=True).links == ()


def test_train_never_meets_val() -> None:
    assert match(files("1", "2", split="train"), files("1", "2", split="val")).links == ()


def test_masks_without_a_split_take_the_images_of_any() -> None:
    images = [*files("1", split="train"), *files("2", split="val")]

    assert len(match(images, files("1", "2")).links) == 2


def test_copies_are_known_by_an_original_in_the_same_folder() -> None:
    paths = ["a/x.png", "a/x(1).png", "b/x(1).png", "a/y copy.jpg", "a/y.png", "a/z_copy.png"]

    assert copies(paths) == ("a/x(1).png", "a/y copy.jpg")
