"""What is shown of imported weights: the model, what it takes and gives, and what was done on the way."""

from collections.abc import Iterator
from typing import Any

from rich.console import Console

from unetkit.cli.views.tables import command_line, facts

CLASSES_SHOWN = 8


def show_imported(document: Any, screen: Console) -> None:
    """The model first, then what to type next."""
    facts(screen, _facts(document))
    screen.print("\nnext", style="bold")
    command_line(screen, f"unetkit predict {document['model']} YOUR-IMAGES")


def _facts(document: Any) -> Iterator[tuple[str, str]]:
    size, channels = document["size"], document["channels"]
    names = [row["name"] for row in document["classes"]]
    more = f" and {len(names) - CLASSES_SHOWN:,} more" if len(names) > CLASSES_SHOWN else ""
    yield "model", document["model"]
    yield "weights", f"{document['parameters']:,} parameters from {document['source']}, {document['file']}"
    yield "input", f"{size['height']}×{size['width']}, {channels} channels, {document['normalisation']['method']}"
    yield "classes", ", ".join(names[:CLASSES_SHOWN]) + more
    for note in document["notes"]:
        yield "note", note
