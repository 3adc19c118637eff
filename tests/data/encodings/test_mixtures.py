"""Palettes that nobody listed: what was drawn is proposed, what smearing mixes of it is not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from data.encodings.drawn_masks import LABEL_TOOL, PRIMARY, Pixels, areas, as_jpeg, asked, blurred, drawn, proposed
from unetkit.data.classes import ClassTable
from unetkit.data.decode import decode_mask_pixels, read_image
from unetkit.data.encodings import find_encoding
from unetkit.data.encodings.mixtures import drawn_palette
from unetkit.data.encodings.survey import Survey
from unetkit.data.tables import KNOWN_TABLES, Colour

QUALITIES = [(60, "4:4:4"), (60, "4:2:0"), (75, "4:2:0"), (85, "4:2:0"), (95, "4:4:4"), (95, "4:2:0")]


def found(masks: Sequence[Pixels], suffix: str = "jpg") -> list[Colour]:
    """The colours that would be proposed."""
    return [colour for colour, _ in drawn_palette(Survey([(f"{i}.{suffix}", mask) for i, mask in enumerate(masks)]))]


def is_palette(colours: Sequence[Colour], palette: Sequence[Colour], *, spare: int = 0, off: float = 16) -> bool:
    """Whether these are the palette's colours, each once, up to what JPEG shifts; and so many others."""
    apart = np.linalg.norm(np.array(colours, float)[:, None] - np.array(palette, float), axis=2)
    return len(colours) == len(palette) + spare and bool((apart.min(axis=0) <= off).all())


@pytest.mark.parametrize("palette", [LABEL_TOOL, PRIMARY], ids=["label-tool", "primary"])
@pytest.mark.parametrize("classes", [2, 4, 8, 12])
def test_of_areas_smeared_by_jpeg_the_colours_drawn_are_found_and_no_mixture(
    classes: int, palette: Sequence[Colour]
) -> None:
    ids = [areas(classes, seed) for seed in range(4)]
    for quality, subsampling in QUALITIES:
        masks = [as_jpeg(drawn(palette, one), quality, subsampling) for one in ids]
        colours = found(masks)
        spare = len(colours) - classes if quality == 60 else 0  # at this quality a mixture more has been seen
        assert is_palette(colours, palette[:classes], spare=spare), (quality, subsampling)
        assert spare <= 1


@pytest.mark.parametrize("palette", [LABEL_TOOL, PRIMARY], ids=["label-tool", "primary"])
@pytest.mark.parametrize("classes", [2, 3, 5, 12])
def test_smooth_edges_propose_no_mixture(classes: int, palette: Sequence[Colour]) -> None:
    smooth = [drawn(palette, areas(classes, seed, fine=4), fine=4) for seed in range(4)]
    for masks, suffix in (
        (smooth, "png"),
        ([blurred(mask, 1) for mask in smooth], "png"),
        ([as_jpeg(mask) for mask in smooth], "jpg"),
    ):
        assert is_palette(found(masks, suffix), palette[:classes])


def lanes(width: int) -> Pixels:
    """A grey line on a black road under a white sky: grey lies between the other two, and not on their border."""
    ids = np.zeros((160, 200), np.uint8)
    ids[:60] = 1
    for x in (30, 90, 150):
        cv2.line(ids, (x, 159), (x + 12, 75), 2, width)
    return ids


def poles(width: int) -> Pixels:
    """Poles across sky and building, of a colour that these two do not mix to."""
    ids = np.zeros((160, 200), np.uint8)
    ids[80:] = 1
    for x in (20, 75, 140):
        ids[30:130, x : x + width] = 2
    return ids


THIN = {
    "lanes": (lanes, ((0, 0, 0), (255, 255, 255), (128, 128, 128))),
    "poles": (poles, ((70, 130, 180), (70, 70, 70), (220, 180, 40))),
}


@pytest.mark.parametrize("scene", THIN)
@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_thin_classes_survive(scene: str, width: int) -> None:
    ids, palette = THIN[scene][0](width), THIN[scene][1]
    masks = [np.roll(drawn(palette, ids), shift, axis=1) for shift in (0, 3, 5)]
    assert is_palette(found(masks, "png"), palette)
    assert is_palette(found([as_jpeg(mask, 95, "4:4:4") for mask in masks]), palette)


@pytest.mark.parametrize("scene", THIN)
def test_thin_classes_survive_colours_at_half_resolution_where_they_are_wide_enough_to_keep_theirs(scene: str) -> None:
    ids, palette = THIN[scene][0](6), THIN[scene][1]
    masks = [as_jpeg(np.roll(drawn(palette, ids), shift, axis=1), 90) for shift in (0, 3, 5)]
    assert is_palette(found(masks), palette)


def test_a_colour_half_way_between_two_others_survives_where_it_fills_areas() -> None:
    palette: list[Colour] = [(0, 0, 0), (128, 0, 0), (64, 0, 0)]
    masks = [as_jpeg(drawn(palette, areas(3, seed)), 75) for seed in range(4)]
    assert is_palette(found(masks), palette)


def test_a_class_that_one_mask_of_many_holds_survives() -> None:
    ids = [areas(2, seed) for seed in range(60)]
    ids[29][10:150, 20:120] = 2
    assert is_palette(found([as_jpeg(drawn(LABEL_TOOL, one)) for one in ids]), LABEL_TOOL[:3])


def test_the_question_proposes_what_was_drawn_and_its_line_reads_the_masks() -> None:
    ids = [areas(4, seed) for seed in range(4)]
    masks = [as_jpeg(drawn(LABEL_TOOL, one)) for one in ids]
    line = proposed(asked(masks, "jpg"))
    encoding, classes, _ = find_encoding(
        [(f"{i}.jpg", mask) for i, mask in enumerate(masks)], classes=ClassTable.from_text(line)
    )
    order = sorted(range(4), key=lambda index: LABEL_TOOL[index])
    right = [
        (encoding.decode(mask).mask == np.argsort(order)[one]).mean() for mask, one in zip(masks, ids, strict=True)
    ]
    assert (encoding.name, len(classes)) == ("smeared-colours", 4)
    assert min(right) > 0.96


def test_two_colours_in_a_jpeg_of_few_colours_are_a_question_and_not_a_class_for_each() -> None:
    ids = np.zeros((64, 64), np.uint8)
    ids[28:] = 1
    masks = [as_jpeg(drawn([(68, 1, 84), (253, 231, 36)], ids), 85)]
    assert 2 < len(np.unique(masks[0].reshape(-1, 3), axis=0)) <= 16
    assert "crowd around 2" in asked(masks, "jpg").what


def test_two_colours_with_smooth_edges_in_a_png_are_a_question_and_not_a_class_for_each() -> None:
    masks = [blurred(drawn(LABEL_TOOL, (np.indices((64, 64))[0] > 30 + shift).astype(np.uint8)), 1) for shift in (0, 4)]
    assert 2 < len(np.unique(masks[0].reshape(-1, 3), axis=0)) <= 16
    assert "crowd around 2" in asked(masks, "png").what


def test_exact_colours_stay_exact_where_two_of_them_mix_to_a_third() -> None:
    pixels = drawn([(0, 0, 0), (255, 255, 255), (128, 128, 128), (200, 30, 30)], lanes(1))
    pixels[80:120, 180:] = (200, 30, 30)
    encoding, classes, _ = find_encoding([("a.png", pixels)])
    assert (encoding.name, len(classes)) == ("colours", 4)


@pytest.mark.parametrize(("quality", "subsampling"), [(75, "4:4:4"), (75, "4:2:0"), (90, "4:4:4")])
def test_camvid_drawn_in_other_colours_is_proposed_as_drawn(
    real_data: Callable[[str], Path], quality: int, subsampling: str
) -> None:
    paths = sorted(real_data("camvid").glob("trainannot/*.png"))[::8]
    ids = [np.asarray(decode_mask_pixels(path.read_bytes()), np.uint8) for path in paths]
    palette = [colour for _, colour in KNOWN_TABLES["camvid"].classes]
    assert is_palette(found([as_jpeg(drawn(palette, one), quality, subsampling) for one in ids]), palette)


def test_cityscapes_pairs_are_proposed_in_colours_of_their_palette_but_for_their_dark_frame(
    real_data: Callable[[str], Path],
) -> None:
    paths = sorted(real_data("cityscapes-pairs").glob("train/*.jpg"))[::10]
    colours = found([np.asarray(read_image(path)[:, 256:], np.uint8) for path in paths])
    palette = np.array(list(KNOWN_TABLES["cityscapes"].palette), float)
    apart = np.linalg.norm(np.array(colours, float)[:, None] - palette, axis=2)
    odd = np.array(colours)[apart.min(axis=1) > 16]
    assert np.unique(apart.argmin(axis=1)).size >= 17
    assert (odd.max(axis=1) < 64).all()  # a line of one pixel, mixed with black
