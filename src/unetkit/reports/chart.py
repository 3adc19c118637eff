"""Line charts as inline SVG of a page: a few curves over one axis, with a grid, labels and the values on hover."""

from __future__ import annotations

from collections.abc import Sequence

from unetkit.reports.axes import EVEN, Frame, Scale
from unetkit.reports.marks import Curve, grid, line, point, stroke, text

WIDTH, HEIGHT = 460, 240
FRAME = Frame(left=48, top=14, right=WIDTH - 12, bottom=HEIGHT - 34)
COLOURS = 5  # of the page: --curve-1, --curve-2, ...


def line_chart(title: str, axis: str, curves: Sequence[Curve]) -> str:
    """An SVG element with its legend; a sentence where there is nothing to draw.

    Args:
        title: says what the chart shows, also to a screen reader.
        axis: name and unit of the horizontal axis.
        curves: points that are not finite are left out.
    """
    shown = [finite for curve in curves if (finite := curve.finite()).points]
    if not shown:
        return f"<p>{text(title)}: nothing was recorded.</p>"
    scale = Scale.around((place for curve in shown for place in curve.points), FRAME, EVEN)
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{text(title)}">',
        f"<title>{text(title)}</title>",
        *grid(scale),
        *(line(curve, number, scale, _ink) for number, curve in enumerate(shown)),
        f'<text x="{(FRAME.left + FRAME.right) / 2}" y="{HEIGHT - 4}" text-anchor="middle">{text(axis)}</text>',
        "</svg>",
    ]
    return f"<figure><figcaption>{text(title)}{_legend(shown)}</figcaption>{''.join(parts)}</figure>"


def _legend(curves: Sequence[Curve]) -> str:
    if len(curves) < 2:
        return ""
    keys = (
        f'<span class="key"><svg viewBox="0 0 30 10" aria-hidden="true">'
        f'<line x1="0" x2="30" y1="5" y2="5" style="{stroke(number, _ink)}"/>{point(15, 5, number, _ink)}</svg> '
        f"{text(curve.name)}</span>"
        for number, curve in enumerate(curves)
    )
    return f'<span class="keys">{"".join(keys)}</span>'


def _ink(number: int) -> str:
    return f"var(--curve-{number % COLOURS + 1})"
