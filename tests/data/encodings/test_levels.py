"""Levels of grey: what was drawn is proposed or taken, soft edges and JPEG noise are not classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from data.encodings.drawn_masks import Pixels, areas, as_jpeg, asked, blurred, drawn, proposed
from unetkit.data.classes import ClassTable
from unetkit.data.encodings import Encoding, find_encoding
from unetkit.data.encodings.levels import close_values
from unetkit.data.encodings.survey import Survey
from unetkit.errors import AmbiguityError, ConfigError, DataError

FOUR = (0, 85, 170, 255)


def find(
    masks: Sequence[Pixels], suffix: str = "png", classes: str = "", encoding: str | None = None
) -> tuple[Encoding, ClassTable, str]:
    table = ClassTable.from_text(classes) if classes else None
    samples = [(f"{index}.{suffix}", mask) for index, mask in enumerate(masks)]
    found = find_encoding(samples, encoding=encoding, classes=table)
    return found[0], found[1], "; ".join(found[2])


def jpegs(levels: Sequence[int], quality: int, count: int = 4) -> list[Pixels]:
    return [as_jpeg(drawn(levels, areas(len(levels), seed)), quality) for seed in range(count)]


def horizons(count: int = 6) -> list[Pixels]:
    """Sea 255 under sky 0, the horizon a little lower in each mask."""
    rows = np.indices((96, 128))[0]
    return [((rows > 30 + 4 * index) * 255).astype(np.uint8) for index in range(count)]


@pytest.mark.parametrize("quality", [60, 75, 95])
@pytest.mark.parametrize("levels", [FOUR, (0, 128, 255), (50, 100), tuple(range(0, 256, 36)), tuple(range(0, 240, 20))])
def test_levels_smeared_by_jpeg_are_a_question_that_proposes_them(levels: tuple[int, ...], quality: int) -> None:
    question = asked(jpegs(levels, quality), "jpg")
    assert f"crowd around {len(levels)}" in question.what
    assert "■ " in question.what
    table = ClassTable.from_text(proposed(question))
    np.testing.assert_allclose(table.source_values().astype(int), levels, atol=2)


def test_the_proposed_line_reads_the_masks() -> None:
    ids = [areas(4, seed) for seed in range(4)]
    masks = [as_jpeg(drawn(FOUR, one)) for one in ids]
    encoding, classes, notes = find(masks, "jpg", proposed(asked(masks, "jpg")))
    right = [(encoding.decode(mask).mask == one).mean() for mask, one in zip(masks, ids, strict=True)]
    assert (encoding.name, len(classes)) == ("grey-levels", 4)
    assert min(right) > 0.98
    assert "farther than 34" in notes


def test_a_grey_farther_than_34_from_every_level_is_unmatched_and_ignored() -> None:
    masks = [np.array([[0] * 40 + [128] * 40 + [255] * 40 + [34, 35]], np.uint8)]
    encoding, _, _ = find(masks, "jpg", "0=sea,128=boat,255=sky")
    decoded = encoding.decode(masks[0])
    assert decoded.mask[0, -2:].tolist() == [0, 255]
    assert decoded.unmatched == 1


def test_more_than_5_percent_unmatched_is_refused_with_the_levels_to_paste() -> None:
    with pytest.raises(DataError, match=r"% of the mask pixels are farther than 34") as caught:
        find(jpegs(FOUR, 75), "jpg", "0=sea,85=land,255=sky")
    assert caught.value.advice == "--classes '0=class 0,85=class 1,170=class 2,255=class 3'"


def test_levels_said_in_colours_are_a_clear_error() -> None:
    with pytest.raises(ConfigError, match="said by colours"):
        find(jpegs(FOUR, 75), "jpg", "#000000=sea,#555555=land", "grey-levels")


@pytest.mark.parametrize("quality", [60, 75, 95])
@pytest.mark.parametrize("values", [(0, 1, 2, 3), tuple(range(12)), (0, 1, 2, 3, 255)])
def test_ids_that_jpeg_cannot_keep_apart_are_refused_with_the_ways_out(values: tuple[int, ...], quality: int) -> None:
    with pytest.raises(DataError, match="cannot be read reliably") as caught:
        find(jpegs(values, quality), "jpg")
    assert "PNG" in caught.value.advice
    assert "--encoding ids" in caught.value.advice
    assert "--classes '0=class 0," in caught.value.advice


@pytest.mark.parametrize(("classes", "encoding"), [("0=a,1=b,2=c,3=d", None), ("0=a,1=b,2=c,3=d", "ids"), ("", "ids")])
def test_said_aloud_they_are_read_and_the_share_of_uncertain_pixels_is_told(classes: str, encoding: str | None) -> None:
    ids = [areas(4, seed) for seed in range(4)]
    masks = [as_jpeg(one, 95) for one in ids]
    assert max(int(mask.max()) for mask in masks) > 3
    found, table, notes = find(masks, "jpg", classes, encoding)
    right = [(found.decode(mask).mask == one).mean() for mask, one in zip(masks, ids, strict=True)]
    assert table.sources == (0, 1, 2, 3)
    assert min(right) > 0.98
    assert "% of the pixels lie elsewhere and are uncertain" in notes


def test_close_values_are_told_from_noise_by_the_areas_that_they_fill() -> None:
    def close(levels: Sequence[int], quality: int) -> tuple[int, ...]:
        return close_values(Survey([(f"{index}.jpg", mask) for index, mask in enumerate(jpegs(levels, quality))]))

    for quality in (50, 60, 75, 95):
        assert close(FOUR, quality) == ()
        assert len(close((0, 10, 20, 30), quality)) >= 4


def test_a_grey_photograph_is_no_mask() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (40, 40)).astype(np.uint8)
    photo = as_jpeg(np.kron(noise, np.ones((4, 4), np.uint8)))
    assert "look like photographs" in asked([photo], "jpg").what


def test_two_levels_in_a_jpeg_stay_two_classes_whatever_the_share_of_edges() -> None:
    grain = [blurred(np.random.default_rng(seed).integers(0, 256, (96, 128)).astype(np.uint8), 3) for seed in range(3)]
    masks = [as_jpeg(((one > np.median(one)) * 255).astype(np.uint8), 60) for one in grain]
    assert find(masks, "jpg")[:2][0].name == "binary"


@pytest.mark.parametrize("sigma", [0.7, 1.5, 3.0])
def test_soft_edges_are_no_classes_however_few_the_values_or_large_their_share(sigma: float) -> None:
    soft = [blurred(mask, sigma) for mask in horizons()]
    encoding, classes, notes = find(soft)
    assert (encoding.name, classes.sources) == ("binary", (0, 255))
    assert "% of the mask pixels are other greys, the soft edges of the two; cut at 127" in notes


def test_one_row_of_one_mask_half_way_between_black_and_white_is_a_soft_edge_and_said() -> None:
    masks = horizons()
    masks[2][38] = 128
    encoding, classes, notes = find(masks)
    assert (encoding.name, classes.sources) == ("binary", (0, 255))
    assert encoding.decode(masks[2]).mask[37:40, 0].tolist() == [0, 1, 1]
    assert "0.2 % of the mask pixels are other greys" in notes


def test_a_third_level_that_fills_an_area_however_small_stays_a_class() -> None:
    masks = horizons()
    masks[2][60:66, 50:56] = 128
    encoding, classes, _ = find(masks)
    assert (encoding.name, classes.sources) == ("ids", (0, 128, 255))


def test_a_rare_third_level_partly_along_the_border_is_a_question_with_both_commands() -> None:
    masks = horizons()
    masks[2][38, :80], masks[2][38:40, 80:110] = 128, 128
    with pytest.raises(AmbiguityError, match=r"0\.2 % of the mask pixels are 128") as caught:
        find(masks)
    assert [line.split("  #")[0] for line in caught.value.advice.splitlines()] == [
        "--encoding binary",
        "--encoding ids",
    ]
    assert find(masks, encoding="binary")[1].sources == (0, 255)
    assert find(masks, encoding="ids")[1].sources == (0, 128, 255)


@pytest.mark.parametrize("boats", [1, 6])
def test_a_third_level_among_soft_edges_is_a_question_with_every_command(boats: int) -> None:
    soft = [blurred(mask, 1.2) for mask in horizons()]
    for mask in soft[:boats]:
        mask[70:80, 50:60] = 128
    question = asked(soft, "png")
    assert question.advice.splitlines()[0] == "--classes '0=class 0,128=class 1,255=class 2'"
    assert "--encoding binary" in question.advice
    assert find(soft, classes=proposed(question))[0].decode(soft[0]).mask[75, 55] == 1
    assert find(soft, encoding="binary")[1].sources == (0, 255)


def test_a_third_level_in_a_jpeg_is_no_soft_edge() -> None:
    masks = horizons()
    for mask in masks:
        mask[70:80, 50:60] = 128
    assert proposed(asked([as_jpeg(mask, 85) for mask in masks], "jpg")) == "0=class 0,128=class 1,255=class 2"


def test_soft_edges_between_several_levels_are_a_question_too() -> None:
    masks = [blurred(drawn(FOUR, areas(4, seed)), 1) for seed in range(4)]
    question = asked(masks, "png")
    assert proposed(question) == "0=class 0,85=class 1,170=class 2,255=class 3"
    assert find(masks, classes=proposed(question))[0].name == "grey-levels"


def test_ids_are_read_as_they_are_where_thin_ones_lie_between_others() -> None:
    masks = [areas(12, seed) * np.uint8(20) for seed in range(3)]
    masks[0][100:103] = 50
    encoding, classes, _ = find(masks)
    assert (encoding.name, len(classes)) == ("ids", 13)
