"""The words of names, and those that tell two sides apart."""

from __future__ import annotations

import pytest

from unetkit.data.layouts.telling import pieces_of, telling_words, tokens_of, without_words


@pytest.mark.parametrize(
    ("stem", "tokens"),
    [("img001_a", ["img", "001", "a"]), ("leftImg8bit", ["leftImg8bit"]), ("0001TP_06", ["0001", "TP", "06"])],
)
def test_stems_fall_into_tokens(stem: str, tokens: list[str]) -> None:
    assert tokens_of(stem) == tokens


def test_pieces_are_cut_at_signs_only() -> None:
    assert pieces_of("Image_01L-2ndHO (3)") == ["Image", "01L", "2ndHO", "3"]


def test_a_word_that_one_side_has_throughout_and_the_other_never_tells() -> None:
    assert telling_words(["a_1_sea", "b_2_sea", "c_3_sea"], ["a_1", "b_2", "c_3"], pieces_of) == ({"sea"}, set())


def test_a_word_of_both_sides_tells_nothing() -> None:
    assert telling_words(["sea_1", "sea_2", "sea_3"], ["sea_1", "sea_4", "sea_5"], pieces_of) == (set(), set())


def test_numbers_tell_at_the_ends_only() -> None:
    images, masks = telling_words(["0_7_a", "0_7_b", "0_7_c"], ["a_7_1", "b_7_1", "c_7_1"], pieces_of)

    assert (images, masks) == ({"^0"}, {"1$"})


def test_a_word_is_taken_out_once() -> None:
    assert without_words("mask_of_a_mask_1", frozenset({"mask"}), pieces_of) == "mask_of_a_1"
