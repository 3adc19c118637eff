"""Line charts as inline SVG: a few curves over one axis, with a grid, labels and the values on hover.

Curves differ in colour, in their dashes and in the shape of their points, so that no reader needs the colour.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 460, 240
LEFT, RIGHT, TOP, BOTTOM = 48, 12, 14, 34
DASHES = ("none", "7 3", "2 3", "9 3 2 3", "1 5")  # the colours are the page's: --curve-1, --curve-2, ...
SHAPES = (
    "M-2.6 0a2.6 2.6 0 1 0 5.2 0a2.6 2.6 0 1 0 -5.2 0z",  # disc
    "M-2.6 -2.6h5.2v5.2h-5.2z",  # square
    "M0 -3.4l3.3 5.8h-6.6z",  # triangle
    "M0 -3.6l3.6 3.6l-3.6 3.6l-3.6 -3.6z",  # diamond
    "M-1 -3.6h2v7.2h-2z",  # bar
)
TICKS = 5


@dataclass(frozen=True, slots=True)
class Curve:
    """A named sequence of points (x, y), x ascending."""

    name: str
    points: Sequence[tuple[float, float]]


def line_chart(title: str, axis: str, curves: Sequence[Curve]) -> str:
    """An SVG element with its legend; a sentence where there is nothing to draw.

    Args:
        title: says what the chart shows, also to a screen reader.
        axis: name and unit of the horizontal axis.
        curves: at most five; points that are not finite are left out.
    """
    shown = [Curve(curve.name, _finite(curve.points)) for curve in curves]
    shown = [curve for curve in shown if curve.points]
    if not shown:
        return f"<p>{escape(title)}: nothing was recorded.</p>"
    scale = _Scale.around(shown)
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title, quote=True)}">',
        f"<title>{escape(title)}</title>",
        *_grid(scale),
        *(_line(curve, number, scale) for number, curve in enumerate(shown)),
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 4}" text-anchor="middle">{escape(axis)}</text>',
        "</svg>",
    ]
    return f"<figure><figcaption>{escape(title)}{_legend(shown)}</figcaption>{''.join(parts)}</figure>"


@dataclass(frozen=True, slots=True)
class _Scale:
    """From values to places in the drawing."""

    left: float
    right: float
    low: float
    high: float

    @classmethod
    def around(cls, curves: Sequence[Curve]) -> _Scale:
        xs = [x for curve in curves for x, _ in curve.points]
        ys = [y for curve in curves for _, y in curve.points]
        margin = (max(ys) - min(ys)) * 0.06 or max(abs(max(ys)) * 0.05, 1e-3)
        return cls(min(xs), max(*xs, min(xs) + 1e-9), min(ys) - margin, max(ys) + margin)

    def x(self, value: float) -> float:
        return LEFT + (value - self.left) / (self.right - self.left) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        return TOP + (self.high - value) / (self.high - self.low) * (HEIGHT - TOP - BOTTOM)


def _grid(scale: _Scale) -> list[str]:
    lines: list[str] = []
    for value in ticks(scale.low, scale.high):
        y = scale.y(value)
        lines.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        lines.append(f'<text class="tick" x="{LEFT - 6}" y="{y + 3.5:.1f}" text-anchor="end">{value:g}</text>')
    for value in ticks(scale.left, scale.right):
        x = scale.x(value)
        lines.append(f'<text class="tick" x="{x:.1f}" y="{HEIGHT - BOTTOM + 15}" text-anchor="middle">{value:g}</text>')
    return lines


def _line(curve: Curve, number: int, scale: _Scale) -> str:
    path = " ".join(f"{scale.x(x):.1f},{scale.y(y):.1f}" for x, y in curve.points)
    points = "".join(
        _point(scale.x(x), scale.y(y), number, f"<title>{escape(curve.name)} {y:.4g} at {x:g}</title>")
        for x, y in curve.points
    )
    return f'<polyline points="{path}" style="{_stroke(number)}"/>{points}'


def _stroke(number: int) -> str:
    return f"fill: none; stroke: var(--curve-{number + 1}); stroke-width: 2; stroke-dasharray: {DASHES[number]}"


def _point(x: float, y: float, number: int, title: str = "") -> str:
    place, style = f"translate({x:.1f} {y:.1f})", f"fill: var(--curve-{number + 1})"
    return f'<path transform="{place}" d="{SHAPES[number]}" style="{style}">{title}</path>'


def _legend(curves: Sequence[Curve]) -> str:
    if len(curves) < 2:
        return ""
    keys = (
        f'<span class="key"><svg viewBox="0 0 30 10" aria-hidden="true">'
        f'<line x1="0" x2="30" y1="5" y2="5" style="{_stroke(number)}"/>{_point(15, 5, number)}</svg> '
        f"{escape(curve.name)}</span>"
        for number, curve in enumerate(curves)
    )
    return f'<span class="keys">{"".join(keys)}</span>'


def ticks(low: float, high: float) -> list[float]:
    """About five round numbers (1, 2 or 5 times a power of ten apart) within low..high."""
    raw = (high - low) / TICKS
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= 0.8 * raw)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def _finite(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(x, y) for x, y in points if math.isfinite(x) and math.isfinite(y)]
