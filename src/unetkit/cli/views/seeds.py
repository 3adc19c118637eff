"""What is shown of several seeds: each run's scores, and how far they lie apart."""

import shlex
from collections.abc import Iterator
from typing import Any

from rich.console import Console

from unetkit.cli.views.scores import NAMES
from unetkit.cli.views.tables import command_line, facts, score, table

SPREAD = {"mean": "mean", "deviation": "standard deviation", "lowest": "lowest", "highest": "highest"}


def show_seeds(document: Any, screen: Console) -> None:
    """A line a seed; below, the mean and the spread."""
    names = {key: name for key, name in NAMES.items() if key in document["scores"]}
    screen.print(table(("seed", *(f">{name}" for name in names.values())), _rows(document, list(names))))
    screen.print()
    facts(screen, [("runs", document["folder"]), ("scored on", "the validation split, the best weights of each run")])
    screen.print("\nnext", style="bold")
    command_line(screen, f"unetkit predict {shlex.quote(document['runs'][0]['run'])} YOUR-IMAGES")


def _rows(document: Any, names: list[str]) -> Iterator[tuple[str, ...]]:
    for seed, run in zip(document["seeds"], document["runs"], strict=True):
        yield str(seed), *(score(run["scores"]["scores"][name]) if run["scores"] else "–" for name in names)
    for key, label in SPREAD.items():
        yield label, *(score(document["scores"][name][key]) for name in names)
