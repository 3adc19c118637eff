"""What is shown of recipes: a list, or one as a page."""

from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from unetkit.cli.views.tables import command_line, table
from unetkit.config.writing import scalar

WIDEST = 100


def show_recipes(document: Any, screen: Console) -> None:
    """Names and titles."""
    screen.print(table(("recipe", "for"), [(row["name"], row["title"]) for row in document["recipes"]]))
    screen.print("\nunetkit recipes NAME tells all about one; unetkit train DATA --recipe NAME uses it.", style="dim")


def show_recipe(document: Any, screen: Console) -> None:
    """A page: what for, data, commands, what the source reported and what that is, defects, settings."""
    source = document["source"]
    screen.print(Text(f"{document['name']}: {document['title']}", style="bold"))
    _paragraphs(screen, "", [document["about"]])
    _paragraphs(screen, "Classes", [", ".join(document["classes"])])
    _bullets(screen, "Where to get the data", document["data"])
    _heading(screen, "How to use it")
    for line in document["commands"]:
        command_line(screen, line)
    _heading(screen, "What the source reported, and what that is")
    rows = [(name, source[name]) for name in ("project", "reported", "truth", "target")]
    screen.print(Padding(table(("", ""), rows), (0, 0, 0, 2)), width=min(screen.width, WIDEST))
    _bullets(screen, "What we reach", document["reached"] or ["not measured yet"])
    _bullets(screen, "Defects of the source → what is done here", document["defects"])
    _heading(screen, "Settings: ours beside the source's (--variant source)")
    screen.print(table(("setting", "default", "source"), _settings(document["variants"])))


def _settings(variants: Any) -> list[tuple[str, str, str]]:
    flat = {name: _flat(tree) for name, tree in variants.items()}
    keys = dict.fromkeys([*flat["default"], *flat["source"]])
    sections = [*variants["source"], *variants["default"]]
    ordered = sorted(keys, key=lambda key: sections.index(key.partition(".")[0]))
    return [(key, flat["default"].get(key, "·"), flat["source"].get(key, "·")) for key in ordered]


def _flat(tree: Any) -> dict[str, str]:
    return {f"{section}.{key}": scalar(value) for section, values in tree.items() for key, value in values.items()}


def _heading(screen: Console, title: str) -> None:
    screen.print()
    screen.print(Text(title, style="bold"))


def _paragraphs(screen: Console, title: str, texts: list[str]) -> None:
    if title:
        _heading(screen, title)
    for text in texts:
        screen.print(Padding(Text(text), (0, 0, 0, 2)), width=min(screen.width, WIDEST))


def _bullets(screen: Console, title: str, texts: list[str]) -> None:
    _heading(screen, title)
    for text in texts:
        screen.print(Padding(table(("", ""), [("·", text)]), (0, 0, 0, 2)), width=min(screen.width, WIDEST))
