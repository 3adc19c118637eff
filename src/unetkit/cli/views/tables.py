"""Tables that fit: no boxes, numbers to the right, names that wrap."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """A plain table; columns whose heading begins with `>` are set to the right."""
    drawn = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", show_header=any(headings))
    for heading in headings:
        drawn.add_column(heading.lstrip(">"), justify="right" if heading.startswith(">") else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in row))
    return drawn


def facts(screen: Console, rows: Iterable[tuple[str, object]]) -> None:
    """Print lines of name and value; values keep to their column when they wrap."""
    drawn = Table.grid(padding=(0, 2, 0, 0))
    drawn.add_column(style="dim", no_wrap=True)
    drawn.add_column(overflow="fold")
    for name, value in rows:
        drawn.add_row(name, value if isinstance(value, Text) else Text(str(value)))
    screen.print(drawn)


def score(value: float | None) -> str:
    """A score with the digits that carry meaning; a dash where there is none."""
    return "–" if value is None or math.isnan(value) else f"{value:.4f}"


def share(value: float | None) -> str:
    """A share as per cent: "12.3 %", and "< 0.1 %" rather than a zero that is none."""
    if value is None:
        return "–"
    return "< 0.1 %" if 0 < value < 0.0005 else f"{value:.1%}".replace("%", " %")


def swatch(colour: Sequence[int] | None) -> Text:
    """Two cells of a class's colour."""
    return Text("  ", style=f"on rgb({colour[0]},{colour[1]},{colour[2]})") if colour else Text("")


def command_line(screen: Console, text: Any) -> None:
    """Print a command to paste: on one line, however long."""
    screen.print(Text(f"  {text}", style="cyan"), soft_wrap=True)
