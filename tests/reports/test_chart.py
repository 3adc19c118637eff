"""Line charts as inline SVG."""

import math
import re
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from unetkit.reports.chart import HEIGHT, WIDTH, line_chart
from unetkit.reports.marks import Curve

values = st.floats(-1e6, 1e6, allow_nan=False)


@given(st.lists(st.tuples(values, values), min_size=1, max_size=20))
def test_every_point_lies_inside_the_drawing(points: list[tuple[float, float]]):
    figure = ET.fromstring(line_chart("loss", "epoch", [Curve("loss", sorted(points))]))
    places = [tuple(map(float, re.findall(r"-?[\d.]+", dot.attrib["transform"]))) for dot in figure.iter("path")]
    assert len(places) == len(points)
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in places)


def test_names_are_text_and_never_markup():
    page = line_chart("<script>", "a & b", [Curve("<b>", [(0, 1)]), Curve("x", [(0, 2)])])
    assert "<script>" not in page
    assert "<b>" not in page


def test_points_that_are_no_numbers_are_left_out():
    page = line_chart("loss", "epoch", [Curve("loss", [(0, 1.0), (1, math.nan), (2, math.inf)])])
    assert page.count("<path") == 1


def test_thirty_curves_are_told_apart_without_colour():
    page = line_chart("scores", "epoch", [Curve(str(number), [(0, number), (1, 0)]) for number in range(30)])
    lines = re.findall(r"<polyline [^>]*stroke-dasharray: ([^\"]*)\"/><path[^>]* d=\"([^\"]*)\"", page)
    assert len(lines) == len(set(lines)) == 30


def test_every_curve_stands_in_the_legend():
    figure = ET.fromstring(line_chart("scores", "epoch", [Curve("IoU", [(0, 1)]), Curve("Dice", [(0, 2)])]))
    keys = [span for span in figure.iter("span") if span.attrib["class"] == "key"]
    assert ["".join(key.itertext()).strip() for key in keys] == ["IoU", "Dice"]


def test_nothing_to_draw_is_said_in_words():
    assert "nothing was recorded" in line_chart("loss", "epoch", [Curve("loss", [])])
