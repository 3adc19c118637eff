"""What is shown of `unetkit check`: what was read, the classes, then each finding with what to do."""

import shlex
import textwrap
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.text import Text

from unetkit.cli.advice import print_advice
from unetkit.cli.views.tables import command_line, facts, share, swatch, table
from unetkit.data.class_text import write_classes

STYLES = {"error": "bold red", "warning": "yellow", "info": "blue"}
EXAMPLES = 3
SIZES = 3
SOURCES = 6


def has_errors(document: Any) -> bool:
    """True when a finding is an error."""
    return any(finding["severity"] == "error" for finding in document["findings"])


def show_check(document: Any, screen: Console) -> None:
    """Facts, classes, findings, and the verdict last, where the eye is."""
    facts(screen, _facts(document))
    for note in _notes(document):
        print_advice(note, screen, "· ")
    screen.print()
    screen.print(table(("id", "", "class", "source", ">pixels", ">images"), _classes(document)))
    if all(row["name"] == f"class {row['id']}" for row in document["classes"]):
        screen.print(Text("to name them, put your words into this:", style="dim"))
        command_line(screen, f"unetkit check {shlex.quote(document['data'])} {_as_flag(document['classes'])}")
    for finding in document["findings"]:
        _show_finding(finding, screen)
    screen.print()
    screen.print(_verdict(document))
    if document["next"]:
        screen.print(Text.assemble("next  ", (document["next"], "cyan")), soft_wrap=True)


def _notes(document: Any) -> Iterator[str]:
    reading = document["reading"]
    if document["layout"] != "class-folders":  # there the first note says the same
        yield reading["evidence"]
    yield from reading["notes"]


def _as_flag(classes: Any) -> str:
    return write_classes((_source(row["source"]), row["name"]) for row in classes)


def _facts(document: Any) -> Iterator[tuple[str, str]]:
    yield "data", f"{document['data']}"
    yield "layout", f"{document['layout']}"
    yield "encoding", f"{document['encoding']}"
    yield "pairs", f"{document['pairs']:,}{_orphans(document['orphans'])}"
    yield "images", _sizes(document["sizes"], document["channels"])
    splits = document["splits"]
    yield "splits", ", ".join(f"{name} {count:,}" for name, count in splits.items() if isinstance(count, int) and count)
    groups = document["groups"]
    yield "groups", f"by {groups['rule']}" if groups["count"] else "none found"
    read = document["read"]
    yield (
        "read",
        f"{read['headers']:,} headers, {_part(read['masks'], read['masks_total'])}, {_some(read['images'], 'image')}",
    )
    ignored = document["ignore"]
    if ignored["values"]:
        covered = f"{share(ignored['pixels_share'])} of the pixels" if ignored["pixels_share"] else "no pixel"
        yield "ignored", f"{covered}: {_few([_source(value) for value in ignored['values']])}"


def _source(value: Any) -> str:
    """A value, a folder's name, or a colour as #rrggbb."""
    return str(value) if isinstance(value, int | str) else "#" + "".join(f"{level:02x}" for level in value)


def _few(texts: list[str]) -> str:
    more = f" and {len(texts) - SOURCES} more" if len(texts) > SOURCES else ""
    return ", ".join(texts[:SOURCES]) + more


def _orphans(orphans: Any) -> str:
    counts = [_some(count, kind.removesuffix("s")) for kind, count in orphans.items() if count]
    return f" ({' and '.join(counts)} without a partner)" if counts else ""


def _sizes(sizes: Any, channels: Any) -> str:
    shown = ", ".join(f"{row['width']}×{row['height']}" for row in sizes[:SIZES])
    more = f" and {len(sizes) - SIZES:,} more sizes" if len(sizes) > SIZES else ""
    return f"{shown}{more}; {' or '.join(channels)} channel{'' if list(channels) == ['1'] else 's'}"


def _part(some: int, of: int) -> str:
    if some == of:
        return f"all {of:,} masks" if of > 1 else "1 mask"
    return f"{some:,} of {of:,} masks (--all: every one that can be read)"


def _some(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _classes(document: Any) -> Iterator[tuple[object, ...]]:
    for row in document["classes"]:
        shares = (share(row[key] or None) for key in ("pixels_share", "images_share"))
        yield row["id"], swatch(row.get("colour")), row["name"], _source(row["source"]), *shares


def _show_finding(finding: Any, screen: Console) -> None:
    severity = finding["severity"]
    screen.print()
    margin = " " * (len(severity) + 2)
    message = f"\n{margin}".join(textwrap.wrap(finding["message"], max(screen.width, 40) - len(margin)))
    screen.print(Text.assemble((severity, STYLES[severity]), f"  {message}"))
    shown = finding["examples"][:EXAMPLES]
    for example in shown:
        screen.print(Text(f"    {example}", style="dim"), soft_wrap=True)
    if finding["count"] > len(shown) > 0:
        screen.print(Text(f"    and {finding['count'] - len(shown):,} more", style="dim"))
    for line in finding["advice"].splitlines():
        print_advice(line, screen, "  → ")


def _verdict(document: Any) -> Text:
    counts = {name: sum(f["severity"] == name for f in document["findings"]) for name in ("error", "warning")}
    if not any(counts.values()):
        return Text("nothing wrong was found", style="bold green")
    words = ", ".join(f"{count} {name}{'s' if count > 1 else ''}" for name, count in counts.items() if count)
    return Text(words, style="bold red" if counts["error"] else "bold yellow")
