"""The curves of several runs in one image."""

import re
from itertools import combinations
from xml.etree import ElementTree as ET

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unetkit.reports.curves import COLOURS, LONGEST, RunCurves, curves_svg, shortened

SVG = "{http://www.w3.org/2000/svg}"
EPOCHS = range(6)


def run(name: str, *, loss: float = 1.0, score: float = 0.9, note: str = "0.9000") -> RunCurves:
    """A loss that halves each epoch, and a score that goes half the way to `score`."""
    return RunCurves(
        name,
        note,
        [(epoch, loss / 2**epoch) for epoch in EPOCHS],
        [(epoch, score * (1 - 0.5 ** (epoch + 1))) for epoch in EPOCHS],
    )


def drawn(*runs: RunCurves) -> ET.Element:
    return ET.fromstring(curves_svg(runs, axis="epochs", score="mean IoU"))


def test_the_image_stands_alone():
    image = curves_svg([run("first"), run("second")], axis="epochs", score="mean IoU")
    assert ET.fromstring(image).tag == f"{SVG}svg"
    for outside in ("href", "url(", "@import", "<script", "var(", "<image"):
        assert outside not in image


@given(st.lists(st.sampled_from(["a", "run-12", "x" * 90, "three/seed-0"]), min_size=2, max_size=14))
def test_everything_lies_inside_the_drawing(names: list[str]):
    image = drawn(*(run(name, loss=1 + place) for place, name in enumerate(names)))
    width, height = float(image.attrib["width"]), float(image.attrib["height"])
    for mark in image.iter(f"{SVG}path"):
        places = [*map(float, re.findall(r"-?[\d.]+", mark.attrib["transform"]))]
        assert -1 <= places[0] <= width
        assert -1 <= places[1] <= height
    for entry in image.iter(f"{SVG}g"):
        x, y = map(float, re.findall(r"[\d.]+", entry.attrib["transform"]))
        assert (x < width, y < height) == (True, True)


def test_twelve_runs_are_told_apart_without_colour():
    image = drawn(*(run(f"run-{number}") for number in range(12)))
    samples = [
        (re.findall("stroke-dasharray: (.*)", line.attrib["style"])[0], mark.attrib["d"])
        for entry in image.iter(f"{SVG}g")
        for line, mark in zip(entry.iter(f"{SVG}line"), entry.iter(f"{SVG}path"), strict=True)
    ]
    assert len(samples) == len(set(samples)) == 12


def test_a_run_looks_the_same_in_both_halves_and_in_the_legend_though_it_lacks_one():
    unscored = RunCurves("first", "no such score", run("first").loss, [])
    image = drawn(unscored, run("second"))
    styles = [line.attrib["style"] for line in image.iter(f"{SVG}polyline")]
    second = [line.attrib["style"] for entry in [*image.iter(f"{SVG}g")][1:] for line in entry.iter(f"{SVG}line")]
    assert styles[1] == styles[2] == second[0]


def test_a_run_without_a_point_stands_in_the_legend_with_what_is_known():
    image = drawn(run("first"), RunCurves("second", "not scored yet", [], []))
    assert ["".join(entry.itertext()) for entry in image.iter(f"{SVG}g")][1].endswith("secondnot scored yet")
    assert len([*image.iter(f"{SVG}polyline")]) == 2


def test_nothing_to_draw_is_said_in_words():
    empty = [RunCurves(name, "", [], []) for name in ("first", "second")]
    assert curves_svg(empty, axis="epochs", score="mean IoU").count("nothing was recorded yet") == 2


def test_both_halves_have_the_same_horizontal_axis_from_0_on():
    image = drawn(run("first"), RunCurves("second", "", [], [(7, 0.5), (12, 0.6)]))
    ends = [
        list(map(float, line.attrib["points"].replace(" ", ",").split(","))) for line in image.iter(f"{SVG}polyline")
    ]
    loss, score = ends[0][::2], ends[1][::2]
    assert [x - loss[0] for x in loss] == pytest.approx([x - score[0] for x in score], abs=0.2)
    assert [text.text for text in image.iter(f"{SVG}text") if text.text in ("0", "10")] == ["0", "10"] * 2


def test_the_ring_is_around_the_score_of_the_best_weights():
    points = [(0.0, 0.1), (1.0, 0.8), (2.0, 0.7)]
    steady = [RunCurves(name, "", [], points, place) for name, place in (("a", points[2]), ("b", None))]
    (ring,) = [*drawn(*steady).iter(f"{SVG}circle")]
    assert ring[0].text == "best of a: 0.7 at 2"


@pytest.mark.parametrize(("loss", "score", "hints"), [(1.0, 0.99, ["logarithmic", "finer towards 1"]), (-1.0, 0.6, [])])
def test_an_axis_that_is_not_even_says_so(loss: float, score: float, hints: list[str]):
    image = curves_svg([run("a", loss=loss, score=score)] * 2, axis="steps", score="mean IoU")
    assert re.findall(r"\((logarithmic|finer towards 1)\)", image) == hints


def test_points_that_are_no_numbers_are_left_out():
    broken = RunCurves("broken", "", [(0, float("nan")), (1, 1.0)], [(0, float("inf")), (1, 0.5)])
    assert "nan" not in curves_svg([broken, broken], axis="epochs", score="mean IoU")


@pytest.mark.parametrize("name", ["<script>", "a & b", 'say "no"', "bell\a", "caf\udce9", "narrow\u202fspace"])
def test_any_name_is_text_and_the_image_well_formed(name: str):
    image = curves_svg([run(name), run("other")], axis="epochs", score="mean IoU")
    ET.fromstring(image.encode())
    assert "<script>" not in image


def test_a_long_name_keeps_both_ends():
    name = "a" * 60 + "z" * 60
    assert len(shortened(name)) <= LONGEST
    assert shortened(name).startswith("a" * 20)
    assert shortened(name).endswith("z" * 20)


def test_a_long_history_has_few_shapes_and_every_point():
    points = [(float(step), 1 / (step + 1)) for step in range(1000)]
    image = drawn(RunCurves("long", "", points, points), run("other"))
    lines = [line.attrib["points"].count(",") for line in image.iter(f"{SVG}polyline")]
    assert max(lines) == 1000
    assert len([*image.iter(f"{SVG}path")]) < 60


# --- colours, computed without the code under test ------------------------------------------------------------------

# Linear sRGB as seen without the long, or without the middle cones: Machado, Oliveira and Fernandes, "A
# physiologically-based model for simulation of color vision deficiency", 2009, severity 1.
PROTANOPIA = [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
DEUTERANOPIA = [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
XYZ = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
WHITE = np.array([0.95047, 1.0, 1.08883])
Floats = npt.NDArray[np.float64]


def linear(colour: str) -> Floats:
    encoded = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def lab(seen: Floats) -> Floats:
    """CIE 1976 L*a*b*."""
    ratio = np.array(XYZ) @ np.clip(seen, 0, 1) / WHITE
    root = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])])


@pytest.mark.parametrize("colour", COLOURS)
def test_a_colour_stands_out_from_white(colour: str):
    luminance = float(np.array(XYZ)[1] @ linear(colour))
    assert 1.05 / (luminance + 0.05) >= 3


@pytest.mark.parametrize("eye", [np.eye(3), PROTANOPIA, DEUTERANOPIA], ids=["normal", "protanopia", "deuteranopia"])
def test_colours_differ_for_every_colour_vision(eye: npt.ArrayLike):
    seen = [lab(np.asarray(eye) @ linear(colour)) for colour in COLOURS]
    assert min(float(np.linalg.norm(one - other)) for one, other in combinations(seen, 2)) > 10
