"""Help pages that fit a narrow terminal: a title, flags on the left, their meaning on the right; no boxes."""

import textwrap
from collections.abc import Iterator
from typing import Any

from cyclopts.help import HelpEntry, HelpPanel
from rich.console import Console, ConsoleOptions
from rich.text import Text

WIDEST = 100
LEFT_SHARE = 0.36
GAP = 2


class HelpPage:
    """Draws the panels of a help page.

    Args:
        everything: list every flag, not only those that have a short name.
    """

    def __init__(self, everything: bool) -> None:
        self._everything = everything

    def __call__(self, console: Console, options: ConsoleOptions, panel: HelpPanel) -> None:
        """Print one panel."""
        rows = list(self._rows(panel))
        if not rows:
            return
        console.print(Text(str(panel.title), style="bold"))
        width = min(options.max_width, WIDEST)
        left = min(max(len(label) for label, _ in rows), int(width * LEFT_SHARE))
        for label, meaning in rows:
            console.print(_row(label, meaning, left, width))
        console.print()

    def render_usage(self, console: Console, options: ConsoleOptions, usage: Any) -> None:
        """Print the first line."""
        console.print(Text(f"{str(usage).rstrip()}\n", style="bold"), width=options.max_width)

    def render_description(self, console: Console, options: ConsoleOptions, description: Any) -> None:
        """Print what the command is for."""
        console.print(description, width=min(options.max_width, WIDEST))

    def _rows(self, panel: HelpPanel) -> Iterator[tuple[str, str]]:
        for entry in panel.entries:
            if panel.format == "command" or self._everything or not _is_path_only(entry):
                yield self._label(entry), _meaning(entry)

    def _label(self, entry: HelpEntry) -> str:
        names = sorted(entry.positive_names, key=lambda name: "." in name)[: None if self._everything else 1]
        parts = [entry.positional_label or ", ".join((*names, *entry.positive_shorts)), entry.metavar]
        return " ".join(part for part in parts if part and not (entry.positional_label and part == entry.metavar))


def _is_path_only(entry: HelpEntry) -> bool:
    return bool(entry.positive_names) and all("." in name for name in entry.positive_names)


def _meaning(entry: HelpEntry) -> str:
    text = " ".join(_words(entry.description).split())
    is_said = entry.positional_label and entry.default not in {None, "None", "()"}
    return f"{text} [default: {entry.default}]" if is_said else text


def _words(description: Any) -> str:
    """The words of a description, which cyclopts wraps into what rich can draw."""
    inner = getattr(description, "primary_renderable", description)
    return str(getattr(inner, "plain", inner) or "")


def _row(label: str, meaning: str, left: int, width: int) -> Text:
    margin = " " * (left + 2 * GAP)
    lines = textwrap.wrap(meaning, max(width - len(margin), 20), break_on_hyphens=False) or [""]
    row = Text("  ").append(label, style="cyan")
    if len(label) > left:
        row.append("\n" + margin)
    else:
        row.append(" " * (left - len(label) + GAP))
    return row.append(("\n" + margin).join(lines))
