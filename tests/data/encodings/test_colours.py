"""Colours: exact palettes, known tables, smeared ones, and palettes that nobody listed."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow
from scipy import ndimage
from scipy.spatial import KDTree

from unetkit.data.class_text import parse_ignore
from unetkit.data.classes import ClassTable
from unetkit.data.decode import decode_mask_pixels, read_image
from unetkit.data.encodings import Encoding, find_encoding
from unetkit.data.encodings.colours import Colours, SmearedColours
from unetkit.data.encodings.known import table_of_colours
from unetkit.data.encodings.survey import Survey
from unetkit.data.tables import KNOWN_TABLES, Colour
from unetkit.errors import AmbiguityError, ConfigError, DataError

Pixels = npt.NDArray[np.uint8]
RED, GREEN, BLUE = (200, 0, 0), (0, 200, 0), (0, 0, 200)


def row(*colours: Colour) -> Pixels:
    """A mask one pixel high."""
    return np.array([colours], np.uint8)


def find(pixels: Pixels, where: str = "a.png", classes: str = "", ignore: str = "") -> tuple[Encoding, ClassTable, str]:
    table = ClassTable.from_text(classes) if classes else None
    encoding, read, notes = find_encoding([(where, pixels)], classes=table, ignore=parse_ignore(ignore))
    return encoding, read, "; ".join(notes)


def as_jpeg(pixels: Pixels, quality: int = 75) -> Pixels:
    """Smeared as JPEG smears (colours at half resolution)."""
    buffer = io.BytesIO()
    Pillow.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return np.asarray(Pillow.open(buffer))


def blocks(colours: list[Colour], size: int = 24) -> Pixels:
    """Stripes of each colour, `size` pixels wide."""
    return np.repeat(np.repeat(row(*colours), size, axis=1), 3 * size, axis=0)


def test_a_small_palette_is_taken_as_it_is_in_the_order_of_red_green_blue() -> None:
    encoding, classes, notes = find(row(RED, BLUE, GREEN, RED))
    assert encoding.decode(row(RED, BLUE, GREEN)).mask.tolist() == [[2, 0, 1]]
    assert classes.sources == (BLUE, GREEN, RED)
    assert classes.colours.tolist() == [list(BLUE), list(GREEN), list(RED)]
    assert "#0000c8, #00c800, #c80000" in notes


def test_a_mask_that_is_all_black_belongs_to_the_colours_of_the_others() -> None:
    grey = np.zeros((1, 2), np.uint8)
    encoding, _, _ = find_encoding([("a.png", row(RED, GREEN)), ("b.png", grey)])
    assert encoding.decode(grey).mask.tolist() == [[0, 0]]
    assert encoding.decode(row(RED)).mask.tolist() == [[2]]


def test_colours_can_be_named_and_ignored() -> None:
    encoding, classes, _ = find(row(RED, GREEN, BLUE), classes="#c80000=land,#0000c8=sea,#00c800=ignore")
    assert classes.names == ("sea", "land")
    assert encoding.decode(row(RED, GREEN, BLUE)).mask.tolist() == [[1, 255, 0]]


def test_an_ignored_colour_is_no_class() -> None:
    encoding, classes, _ = find(row(RED, GREEN), ignore="#00c800")
    assert classes.sources == (RED,)
    assert encoding.decode(row(GREEN)).mask.tolist() == [[255]]


def test_an_unknown_colour_in_an_exact_palette_names_file_and_colour() -> None:
    encoding, _, _ = find(row(RED, GREEN))
    with pytest.raises(DataError, match="#0000c8") as caught:
        encoding.decode(row(RED, BLUE), "masks/odd.png")
    assert caught.value.where == "masks/odd.png"


def test_values_said_for_masks_of_colours_are_a_clear_error() -> None:
    with pytest.raises(ConfigError, match="said by values") as caught:
        find(row(RED, GREEN), classes="0=sea,1=sky")
    assert "#rrggbb" in caught.value.advice


@pytest.mark.parametrize("name", ["cityscapes", "camvid", "camvid-32", "carla", "carla-13", "pascal-voc"])
def test_known_palettes_are_recognised_exact_and_smeared(name: str) -> None:
    table = KNOWN_TABLES[name]
    ids = [index for index in range(len(table.classes)) if index not in table.ignored]
    pixels = blocks([table.classes[index][1] for index in ids])
    for where, seen in (("a.png", pixels), ("a.jpg", as_jpeg(pixels, 95))):
        encoding, classes, notes = find(seen, where)
        assert classes.name == name
        assert encoding.decode(seen).mask[36, 12::24].tolist() == ids
        assert f"classes of {name}" in notes


PALETTES = ("cityscapes", "camvid", "camvid-32", "carla", "carla-13", "pascal-voc")


def scored(name: str) -> list[Colour]:
    """The colours of the classes that a table scores."""
    table = KNOWN_TABLES[name]
    return [colour for index, (_, colour) in enumerate(table.classes) if index not in table.ignored]


def shifted(pixels: Pixels, most: int, seed: int = 0) -> Pixels:
    """Each colour a few levels off in each channel, the same everywhere, as JPEG draws an area."""
    colours, place = np.unique(pixels.reshape(-1, 3), axis=0, return_inverse=True)
    off = np.random.default_rng(seed).integers(-most, most + 1, colours.shape)
    return np.clip(colours + off, 0, 255).astype(np.uint8)[place].reshape(pixels.shape)


@pytest.mark.parametrize("name", PALETTES)
@pytest.mark.parametrize("seed", range(3))
def test_a_known_palette_a_few_levels_off_is_recognised(name: str, seed: int) -> None:
    pixels = shifted(blocks(scored(name)), 3, seed)
    encoding, classes, _ = find(pixels, "a.jpg")
    assert classes.name == name
    assert (
        encoding.decode(pixels).mask[0, ::24].tolist() == encoding.decode(blocks(scored(name))).mask[0, ::24].tolist()
    )


@pytest.mark.parametrize("other", PALETTES)
@pytest.mark.parametrize("name", PALETTES)
def test_a_palette_never_takes_the_masks_of_another(name: str, other: str) -> None:
    black = {(0, 0, 0)}
    both = set(KNOWN_TABLES[name].palette) & set(KNOWN_TABLES[other].palette) - black
    own = sorted(set(scored(name)) - both - black)
    for some in {1, len(own)} if own and other != name else ():
        pixels = blocks([*own[:some], *sorted(both)])
        for seen in (pixels, shifted(pixels, 3), as_jpeg(pixels, 92)):
            table = table_of_colours(Survey([("a.jpg", seen)]))
            assert table is None or table.name != other


@settings(deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 255)] * 3), min_size=2, max_size=20, unique=True), st.booleans())
def test_a_table_of_other_colours_is_never_taken_for_a_known_one(colours: list[Colour], smeared: bool) -> None:
    pixels = blocks(colours, size=16)
    assert table_of_colours(Survey([("a.jpg", as_jpeg(pixels, 90) if smeared else pixels)])) is None


@pytest.mark.parametrize("name", PALETTES)
@pytest.mark.parametrize("share", [0.0005, 0.02, 0.3])
def test_a_colour_more_than_a_table_has_is_not_that_table(name: str, share: float) -> None:
    pixels = blocks(scored(name))
    pixels.reshape(-1, 3)[: round(share * pixels[:, :, 0].size)] = (255, 0, 200)
    assert table_of_colours(Survey([("a.png", pixels)])) is None


def test_colours_that_a_table_does_not_score_are_ignore() -> None:
    colours: list[Colour] = [(128, 64, 128), (0, 0, 0), (81, 0, 81), (250, 170, 160), (70, 130, 180)]
    pixels = blocks(colours)
    mask = find(pixels, classes="cityscapes")[0].decode(pixels).mask
    assert mask[0, ::24].tolist() == [0, 255, 255, 255, 10]


def test_a_pixel_gets_the_nearest_colour_of_the_whole_palette() -> None:
    palette = np.array(list(KNOWN_TABLES["cityscapes"].palette))
    pixels = np.random.default_rng(0).integers(0, 256, (40, 50, 3)).astype(np.uint8)
    meaning = tuple(((int(r), int(g), int(b)), index) for index, (r, g, b) in enumerate(palette))
    decoded = SmearedColours(meaning, len(palette)).decode(pixels)
    distance, _ = KDTree(palette).query(pixels.reshape(-1, 3).astype(float))
    chosen = np.linalg.norm(pixels.reshape(-1, 3) - palette[decoded.mask.ravel()], axis=1)
    np.testing.assert_allclose(chosen, distance)
    assert decoded.unmatched == (distance > 60).sum()


def test_pixels_beyond_60_are_ignored_where_the_palette_may_be_incomplete() -> None:
    encoding = SmearedColours(((RED, 0), (GREEN, 1)), 2, far="ignore")
    decoded = encoding.decode(row(RED, (200, 59, 0), (200, 61, 0), BLUE))
    assert decoded.mask.tolist() == [[0, 0, 255, 255]]
    assert decoded.unmatched == 2


def test_in_a_known_palette_they_count_as_their_nearest() -> None:
    encoding = SmearedColours(((RED, 0), (GREEN, 1)), 2)
    decoded = encoding.decode(row((200, 61, 0)))
    assert (decoded.mask.tolist(), decoded.unmatched) == ([[0]], 1)


def test_more_than_5_percent_unmatched_is_refused_with_the_palette_to_paste() -> None:
    pixels = blocks([RED, RED, RED, BLUE])
    with pytest.raises(DataError, match=r"25\.0 % of the mask pixels") as caught:
        find_encoding([("a.png", pixels)], encoding="smeared-colours", classes=ClassTable.from_text("#c80000=land"))
    assert caught.value.advice == "--classes '#0000c8=class 0,#c80000=class 1'"


def test_masks_smeared_beyond_use_are_refused_with_the_way_out() -> None:
    noise = np.random.default_rng(5).integers(0, 256, (60, 60, 3)).astype(np.uint8)
    pixels = np.concatenate([blocks([RED], 60)[:, :60], noise])
    with pytest.raises(DataError, match="farther than 60") as caught:
        find(pixels, "a.jpg", classes="#c80000=land")
    assert "PNG" in caught.value.advice


def test_the_share_of_unmatched_pixels_is_said() -> None:
    pixels = np.concatenate([blocks([RED] * 10, 10), np.full((1, 100, 3), BLUE, np.uint8)])
    _, _, notes = find_encoding(
        [("a.png", pixels)], encoding="smeared-colours", classes=ClassTable.from_text("#c80000=land")
    )
    assert "3.2 %" in notes[-1]
    assert "ignored" in notes[-1]


def patches(colours: list[Colour]) -> Pixels:
    """Rounded patches of each colour, as masks have them."""
    noise = np.random.default_rng(4).random((len(colours), 160, 160))
    return row(*colours)[0][ndimage.gaussian_filter(noise, (0, 20, 20)).argmax(axis=0)]


def test_an_unknown_smeared_palette_is_discovered_and_proposed_as_swatches_and_a_line_to_paste() -> None:
    colours: list[Colour] = [(40, 90, 200), (220, 120, 30), (60, 160, 70)]
    with pytest.raises(AmbiguityError, match="crowd around 3") as caught:
        find(as_jpeg(patches(colours)), "a.jpg")
    proposed = ClassTable.from_text(caught.value.advice.removeprefix("--classes '").removesuffix("'"))
    drawn = np.array(sorted(colours))
    assert np.abs(np.array(proposed.sources) - drawn).max() <= 3
    assert "■ #" in caught.value.what


def test_the_proposed_line_reads_the_masks() -> None:
    colours: list[Colour] = [(40, 90, 200), (220, 120, 30), (60, 160, 70)]
    pixels = as_jpeg(patches(colours))
    with pytest.raises(AmbiguityError) as caught:
        find(pixels, "a.jpg")
    encoding, _, _ = find(pixels, "a.jpg", classes=caught.value.advice.removeprefix("--classes '").removesuffix("'"))
    assert encoding.name == "smeared-colours"
    truth = np.argmax((patches(colours)[:, :, None] == row(*sorted(colours))).all(axis=3), axis=2)
    inside = ndimage.maximum_filter(truth, 9) == ndimage.minimum_filter(truth, 9)
    np.testing.assert_array_equal(encoding.decode(pixels).mask[inside], truth[inside])


def test_photographs_are_no_masks() -> None:
    photo = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    with pytest.raises(AmbiguityError, match="look like photographs"):
        find(photo, "a.jpg")


def test_palette_files_read_as_colours_show_their_colours() -> None:
    picture = Pillow.fromarray(np.array([[0, 1, 1]], np.uint8), "P")
    picture.putpalette([9, 9, 9, 200, 0, 0])
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    assert Colours.reads_palette
    assert decode_mask_pixels(buffer.getvalue(), colours=True).tolist() == [[[9, 9, 9], [200, 0, 0], [200, 0, 0]]]


def test_cityscapes_pairs_have_the_measured_share_beyond_60(real_data: Callable[[str], Path]) -> None:
    paths = sorted(real_data("cityscapes-pairs").glob("train/*.jpg"))[::20]
    samples = [(str(path), np.ascontiguousarray(read_image(path)[:, 256:])) for path in paths]
    encoding, classes, _ = find_encoding(samples)
    masks = [encoding.decode(pixels) for _, pixels in samples]
    pixels = sum(decoded.mask.size for decoded in masks)
    assert (encoding.name, classes.name, len(classes)) == ("smeared-colours", "cityscapes", 19)
    assert 0.008 < sum(decoded.unmatched for decoded in masks) / pixels < 0.014  # data set's notes: 1.1 %
    road = sum(int((decoded.mask == 0).sum()) for decoded in masks) / pixels
    assert 0.29 < road < 0.37  # 33 %
