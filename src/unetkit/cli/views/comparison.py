"""What is shown of runs side by side: how far each has come, what they differ in, and where the curves are."""

from collections.abc import Callable, Iterator
from typing import Any

from rich.console import Console
from rich.text import Text

from unetkit.cli.views.scores import NAMES
from unetkit.cli.views.tables import facts, score, table
from unetkit.config.writing import scalar

# What differs → title, and how a value is written.
GROUPS: dict[str, tuple[str, Callable[[object], str]]] = {
    "settings": ("Settings that differ", scalar),
    "pairs": ("Pairs that differ", str),
    "machine": ("Machine and versions that differ", str),
}
HEADINGS = ("run", ">steps", ">minutes", ">loss", ">best", ">at step", ">last", ">learning rate")


def show_comparison(document: Any, screen: Console) -> None:
    """A line a run, then a line for each value that not all have."""
    metric = document["metric"]
    if metric is not None:
        name = NAMES.get(metric, metric.replace("_", " "))
        screen.print(Text(f"{name} on the validation split", style="bold"))
    screen.print(table(HEADINGS, map(_row, document["runs"])))
    _show_notes(document, screen)
    for group, (title, written) in GROUPS.items():
        _show_differences(title, document["differences"][group], screen, written)
    screen.print()
    facts(screen, [("curves", document["image"] or "none yet: no run was scored")])


def _row(run: Any) -> tuple[str, ...]:
    if not run["scorings"]:
        return (run["name"], *["–"] * (len(HEADINGS) - 2), _rate(run))
    best = run["best"]
    return (
        run["name"],
        _steps(run),
        f"{run['seconds'] / 60:.1f}",
        score(run["loss"]),
        score(best and best["value"]),
        f"{best['step']:,}" if best else "–",
        score(run["last"] and run["last"]["value"]),
        _rate(run),
    )


def _steps(run: Any) -> str:
    planned = run["planned_steps"]
    return f"{run['steps']:,}" if run["finished"] or planned is None else f"{run['steps']:,} of {planned:,}"


def _rate(run: Any) -> str:
    highest = run["learning_rate"]["highest"]
    return "–" if highest is None else f"{highest:g}"


def _show_notes(document: Any, screen: Console) -> None:
    for run in document["runs"]:
        if not run["scorings"]:
            screen.print(f"{run['name']} has no history yet: it was not scored", markup=False)
        elif not run["finished"]:
            screen.print(f"{run['name']} has not ended", markup=False)
    if not document["same_validation"]:
        warning = "the runs were not scored on the same validation pairs: their scores do not compare"
        screen.print(Text(warning, style="bold yellow"))
    if any(one["key"].startswith("loss.") for one in document["differences"]["settings"]):
        screen.print("the runs minimise different losses, which do not compare")


def _show_differences(title: str, differences: Any, screen: Console, written: Callable[[object], str]) -> None:
    if differences:
        screen.print()
        screen.print(Text(title, style="bold"))
        screen.print(table(("", "", ""), (row for one in differences for row in _values(one, written))))


def _values(difference: Any, written: Callable[[object], str]) -> Iterator[tuple[str, str, str]]:
    """A line a value with the runs that have it; the key stands in the first."""
    having: dict[str, list[str]] = {}
    for name, value in difference["values"].items():
        having.setdefault(written(value), []).append(name)
    for place, (value, names) in enumerate(having.items()):
        yield difference["key"] if place == 0 else "", value, ", ".join(names)
