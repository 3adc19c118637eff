"""What is shown of predictions: a line an image, and where the files are."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from unetkit.cli.views.tables import facts, score, share, table

MOST_ROWS = 20
CLASSES_SHOWN = 3


def exit_code(document: Any) -> int:
    """0: all inputs are done; 1: some failed; 2: all failed."""
    failed = sum(row["error"] is not None for row in document["outputs"])
    return 0 if not failed else 2 if failed == len(document["outputs"]) else 1


def show_predictions(document: Any, screen: Console) -> None:
    """The first images, what failed, and the folders."""
    done = [row for row in document["outputs"] if row["error"] is None]
    failed = [row for row in document["outputs"] if row["error"] is not None]
    if done:
        screen.print(table(("image", ">confidence", "classes"), _rows(done[:MOST_ROWS])))
    if len(done) > MOST_ROWS:
        screen.print(f"and {len(done) - MOST_ROWS:,} more", style="dim")
    for row in failed[:MOST_ROWS]:
        screen.print(Text.assemble(("failed  ", "bold red"), f"{row['input']}: {row['error']['what']}"), soft_wrap=True)
    screen.print()
    facts(screen, _folders(done, len(failed), document["seconds"]))


def _rows(outputs: list[Any]) -> Iterator[tuple[str, str, str]]:
    for row in outputs:
        shares = sorted(row["class_shares"].items(), key=lambda item: -item[1])[:CLASSES_SHOWN]
        classes = ", ".join(f"{name} {share(value)}" for name, value in shares if value > 0)
        yield Path(row["input"]).name, score(row["confidence"]), classes


def _folders(done: list[Any], failed: int, seconds: float) -> Iterator[tuple[str, str]]:
    yield "images", f"{len(done):,} in {seconds:.1f} s" + (f"; {failed:,} failed" if failed else "")
    for kind in ("mask", "colour", "overlay"):
        first = next((row[kind] for row in done if row[kind]), None)
        if first:
            yield f"{kind}s" if kind != "colour" else "in colour", str(Path(first).parent)
