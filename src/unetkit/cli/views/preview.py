"""What is shown after `unetkit train DATA --preview FILE`."""

from typing import Any

from rich.console import Console


def preview_document(path: str | None) -> dict[str, Any]:
    """The document `unetkit.preview`, version 1."""
    return {"schema": "unetkit.preview", "version": 1, "preview": path}


def show_preview(document: Any, screen: Console) -> None:
    """Where the sheet is."""
    screen.print(f"augmented pairs to look at: {document['preview']}", soft_wrap=True, markup=False)
