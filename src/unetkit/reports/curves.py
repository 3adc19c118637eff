"""The curves of several runs in one image: loss on the left, a score on the right, one legend below.

The image is one SVG file that needs nothing else: no font, no style sheet, no script. It is drawn on white, and without
the variables of a style sheet, which many programs that show or print SVG do not know.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from unetkit.reports.axes import BY_FACTORS, EVEN, TOWARDS_ONE, Division, Frame, Scale
from unetkit.reports.marks import Curve, grid, line, point, stroke, text

WIDTH = 980
TOP, BOTTOM = 54, 354
FRAMES = (Frame(54, TOP, 470, BOTTOM), Frame(550, TOP, WIDTH - 14, BOTTOM))
MARKS = 12  # shapes on a curve, about
ROW, SAMPLE, LETTER = 21, 40, 6.3  # of the legend: height of a row, place of the name, width of a letter
COLUMNS = 3
LONGEST = 64  # letters of a name
WIDE = 5.0  # largest loss as a multiple of the smallest from which on equal factors show more
NEAR_ONE = 0.9  # a score above it is drawn finer towards 1

# Each at least 3:1 against white, and apart for normal vision, protanopia and deuteranopia; a test computes both.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#5a32e0", "#6b2b00", "#1a1a2e")

STYLE = (
    "text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;font-size:12px;fill:#1c2430}"
    ".tick,.soft{font-size:11px;font-weight:400;fill:#5b6675}.title{font-size:13px;font-weight:600}"
    ".grid{stroke:#e3e7ec}"
)


@dataclass(frozen=True, slots=True)
class RunCurves:
    """What is drawn of a run.

    Attributes:
        name: in the legend.
        note: beside it, such as the best score.
        loss, score: points (x, value), x ascending; those that are not finite are left out.
        best: the point of the score that gets a ring.
    """

    name: str
    note: str
    loss: Sequence[tuple[float, float]]
    score: Sequence[tuple[float, float]]
    best: tuple[float, float] | None = None


def curves_svg(runs: Sequence[RunCurves], *, axis: str, score: str) -> str:
    """The image as text.

    Args:
        runs: in the order of the legend.
        axis: name and unit of the horizontal axis, which begins at 0 and is the same in both halves.
        score: what the score is called.
    """
    losses = [Curve(run.name, run.loss).finite() for run in runs]
    scores = [Curve(run.name, run.score).finite() for run in runs]
    end = max((x for curve in (*losses, *scores) for x, _ in curve.points), default=1.0)
    columns = _columns(runs)
    height = BOTTOM + 64 + ceil(len(runs) / columns) * ROW
    title = f"training loss and {score} of {', '.join(run.name for run in runs)}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" aria-label="{text(title)}">',
        f"<title>{text(title)}</title>",
        f"<style>{STYLE}</style>",
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        *_heading("training loss", FRAMES[0], _division_of_losses(losses), axis),
        *_plot(losses, FRAMES[0], _division_of_losses(losses), end),
        *_heading(f"{score} on the validation split", FRAMES[1], _division_of_scores(scores), axis),
        *_plot(scores, FRAMES[1], _division_of_scores(scores), end, rings=[run.best for run in runs]),
        *_legend(runs, columns),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _heading(title: str, frame: Frame, division: Division, axis: str) -> Iterator[str]:
    """What stands above and below a plot."""
    hint = {BY_FACTORS: "logarithmic", TOWARDS_ONE: "finer towards 1"}.get(division)
    aside = f"<tspan class='soft' dx='6'>({hint})</tspan>" if hint else ""
    yield f'<text class="title" x="{frame.left}" y="{frame.top - 22}">{text(title)}{aside}</text>'
    yield _words(axis, frame, frame.bottom + 34)


def _plot(
    curves: Sequence[Curve],
    frame: Frame,
    division: Division,
    end: float,
    *,
    rings: Sequence[tuple[float, float] | None] = (),
) -> Iterator[str]:
    """Grid and curves; each curve keeps its number where others have no points."""
    places = [place for curve in curves for place in curve.points]
    if not places:
        yield _words("nothing was recorded yet", frame, frame.top + 90)
        return
    scale = Scale.around(places, frame, division, (0.0, end))
    yield from grid(scale)
    drawn = [(number, curve) for number, curve in enumerate(curves) if curve.points]
    yield from (line(curve, number, scale, _ink, MARKS) for number, curve in drawn)
    for number, (place, curve) in enumerate(zip(rings, curves, strict=False)):
        if place is not None and place in curve.points:
            yield _ring(place, curve.name, number, scale)


def _words(words: str, frame: Frame, y: float) -> str:
    return f'<text class="soft" x="{(frame.left + frame.right) / 2}" y="{y}" text-anchor="middle">{text(words)}</text>'


def _ring(place: tuple[float, float], name: str, number: int, scale: Scale) -> str:
    """Around the score of the best weights."""
    x, y = place
    told = f"<title>best of {text(name)}: {y:.4g} at {x:g}</title>"
    style = f"fill: none; stroke: {_ink(number)}; stroke-width: 1.6"
    return f'<circle cx="{scale.x(x):.1f}" cy="{scale.y(y):.1f}" r="6.5" style="{style}">{told}</circle>'


def _legend(runs: Sequence[RunCurves], columns: int) -> Iterator[str]:
    """Samples with names, read along the rows."""
    width = (WIDTH - 2 * FRAMES[0].left) / columns
    for number, run in enumerate(runs):
        x, y = FRAMES[0].left + number % columns * width, BOTTOM + 64 + number // columns * ROW
        name = f"{text(shortened(run.name))}<tspan class='soft' dx='8'>{text(run.note)}</tspan>"
        yield (
            f'<g transform="translate({x:.1f} {y:.1f})"><title>{text(run.name)}</title>'
            f'<line x1="0" x2="32" y1="0" y2="0" style="{stroke(number, _ink)}"/>{point(16, 0, number, _ink)}'
            f'<text x="{SAMPLE}" y="4">{name}</text></g>'
        )


def _columns(runs: Sequence[RunCurves]) -> int:
    """As many as the longest entry leaves room for, and no more than fill the rows evenly."""
    letters = max(len(shortened(run.name)) + len(run.note) for run in runs)
    room = (WIDTH - 2 * FRAMES[0].left) / (SAMPLE + LETTER * letters + 32)
    most = max(1, min(COLUMNS, int(room)))
    return ceil(len(runs) / ceil(len(runs) / most))


def shortened(name: str) -> str:
    """A long name without its middle: both ends tell runs apart."""
    return name if len(name) <= LONGEST else f"{name[: LONGEST // 2 - 1]}…{name[-LONGEST // 2 :]}"


def _division_of_losses(curves: Sequence[Curve]) -> Division:
    values = [y for curve in curves for _, y in curve.points]
    return BY_FACTORS if values and min(values) > 0 and max(values) >= WIDE * min(values) else EVEN


def _division_of_scores(curves: Sequence[Curve]) -> Division:
    values = [y for curve in curves for _, y in curve.points]
    return TOWARDS_ONE if values and NEAR_ONE < max(values) <= 1 else EVEN


def _ink(number: int) -> str:
    return COLOURS[number % len(COLOURS)]
