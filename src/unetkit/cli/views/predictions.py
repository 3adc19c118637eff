"""What is shown of predictions: a line an image, what failed and why, and where the files are."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from unetkit.cli.advice import advice_lines, print_advice
from unetkit.cli.call import current_call
from unetkit.cli.views.tables import facts, score, share, table

MOST_ROWS = 20
EXAMPLES = 3
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
        screen.print(table(("image", ">confidence", "classes"), _rows(done[:MOST_ROWS], max(screen.width - 40, 16))))
    if len(done) > MOST_ROWS:
        screen.print(f"and {len(done) - MOST_ROWS:,} more", style="dim")
    _show_failed(failed, screen)
    screen.print()
    facts(screen, _facts(done, len(failed), document["seconds"]))


def _rows(outputs: list[Any], widest: int) -> Iterator[tuple[str, str, str]]:
    for row in outputs:
        shares = sorted(row["class_shares"].items(), key=lambda item: -item[1])[:CLASSES_SHOWN]
        classes = ", ".join(f"{name} {share(value)}" for name, value in shares if value > 0)
        yield _shortened(Path(row["input"]).name, widest), score(row["confidence"]), classes


def _shortened(name: str, widest: int) -> str:
    """A long name without its middle: both ends tell files apart."""
    return name if len(name) <= widest else f"{name[: widest // 2 - 1]}…{name[-(widest - widest // 2) :]}"


def _show_failed(failed: list[Any], screen: Console) -> None:
    """One block a reason."""
    reasons: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in failed:
        reasons[row["error"]["what"], row["error"]["advice"]].append(row["input"])
    for (what, advice), inputs in reasons.items():
        count = "1 input" if len(inputs) == 1 else f"{len(inputs):,} inputs"
        screen.print()
        screen.print(Text.assemble(("failed  ", "bold red"), f"{count}: {what}"))
        for name in inputs[:EXAMPLES]:
            screen.print(Text(f"    {name}", style="dim"), soft_wrap=True)
        if len(inputs) > EXAMPLES:
            screen.print(Text(f"    and {len(inputs) - EXAMPLES:,} more", style="dim"))
        for line in advice_lines(advice, _words_again()):
            print_advice(line, screen, "  → ")


def _words_again() -> Sequence[str]:
    """What was typed, so that it can be typed again: the output folder named in it is there by now."""
    call = current_call.get(None)
    words = call.words if call else ()
    named = any(word.partition("=")[0] == "--out" for word in words)
    return (*words, "--overwrite") if named and "--overwrite" not in words else words


def _facts(done: list[Any], failed: int, seconds: float) -> Iterator[tuple[str, str]]:
    yield "images", f"{len(done):,} in {seconds:.1f} s" + (f"; {failed:,} failed" if failed else "")
    for kind in ("mask", "colour", "overlay"):
        first = next((row[kind] for row in done if row[kind]), None)
        if first:
            yield f"{kind}s" if kind != "colour" else "in colour", str(Path(first).parent)
