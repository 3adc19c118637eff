"""The pieces of a line chart as SVG: grid, curves, the shapes of their points, samples for the legend.

Curves differ in colour, in their dashes and in the shape of their points, so that no reader needs the colour. There are
five dashes and six shapes: thirty curves are told apart without it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from unetkit.reports.axes import Scale

DASHES = ("none", "7 3", "2 3", "9 3 2 3", "12 3 2 3 2 3")
SHAPES = (
    "M-2.6 0a2.6 2.6 0 1 0 5.2 0a2.6 2.6 0 1 0 -5.2 0z",  # disc
    "M-2.6 -2.6h5.2v5.2h-5.2z",  # square
    "M0 -3.4l3.3 5.8h-6.6z",  # triangle
    "M0 -3.6l3.6 3.6l-3.6 3.6l-3.6 -3.6z",  # diamond
    "M-1 -3.6h2v7.2h-2z",  # bar
    "M0 3.4l3.3 -5.8h-6.6z",  # triangle on its tip
)

NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Ink = Callable[[int], str]
"""Number of a curve → its colour, as SVG or the style of the page writes it."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A named sequence of points (x, y), x ascending."""

    name: str
    points: Sequence[tuple[float, float]]

    def finite(self) -> Curve:
        """The curve without the points that are no numbers."""
        return Curve(self.name, [(x, y) for x, y in self.points if math.isfinite(x) and math.isfinite(y)])


def text(words: str) -> str:
    """`words` as text of a page or a drawing: never markup, and without what XML cannot hold."""
    return escape(NOT_XML.sub("\ufffd", words))


def grid(scale: Scale) -> list[str]:
    """Horizontal lines with their values, and the values of the horizontal axis."""
    frame = scale.frame
    lines: list[str] = []
    for value in scale.rows():
        y = scale.y(value)
        lines.append(f'<line class="grid" x1="{frame.left}" x2="{frame.right}" y1="{y:.1f}" y2="{y:.1f}"/>')
        lines.append(f'<text class="tick" x="{frame.left - 6}" y="{y + 3.5:.1f}" text-anchor="end">{value:g}</text>')
    for value in scale.columns():
        x = scale.x(value)
        lines.append(f'<text class="tick" x="{x:.1f}" y="{frame.bottom + 15}" text-anchor="middle">{value:g}</text>')
    return lines


def line(curve: Curve, number: int, scale: Scale, ink: Ink, most: int | None = None) -> str:
    """A curve with shapes on its points, which tell their values on hover.

    Args:
        curve: its points are finite.
        number: which curve it is; says colour, dashes and shape.
        most: about so many points have a shape; all when not given.
    """
    path = " ".join(f"{scale.x(x):.1f},{scale.y(y):.1f}" for x, y in curve.points)
    shapes = "".join(
        point(scale.x(x), scale.y(y), number, ink, f"<title>{text(curve.name)} {y:.4g} at {x:g}</title>")
        for x, y in (curve.points[place] for place in marked(len(curve.points), number, most))
    )
    return f'<polyline points="{path}" style="{stroke(number, ink)}"/>{shapes}'


def marked(count: int, number: int, most: int | None) -> list[int]:
    """Which of `count` points have a shape: each curve begins elsewhere, so that curves on one another both show."""
    every = math.ceil(count / most) if most else 1
    return sorted({*range(number % every, count, every), count - 1})


def stroke(number: int, ink: Ink) -> str:
    """The style of a curve's line."""
    dashes = DASHES[number % len(DASHES)]
    return f"fill: none; stroke: {ink(number)}; stroke-width: 2; stroke-dasharray: {dashes}"


def point(x: float, y: float, number: int, ink: Ink, title: str = "") -> str:
    """The shape of a curve's points at a place of the drawing."""
    place, shape = f"translate({x:.1f} {y:.1f})", SHAPES[number % len(SHAPES)]
    return f'<path transform="{place}" d="{shape}" style="fill: {ink(number)}">{title}</path>'
