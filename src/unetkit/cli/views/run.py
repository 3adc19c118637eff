"""What is shown of a finished training: where things are, how good, and what to type next."""

import shlex
from typing import Any

from rich.console import Console

from unetkit.cli.views.scores import show_scores
from unetkit.cli.views.tables import command_line, facts, score


def show_run(document: Any, screen: Console) -> None:
    """Scores first, then the run."""
    if document["scores"]:
        show_scores(document["scores"], screen)
        screen.print()
    facts(screen, _facts(document))
    screen.print("\nnext", style="bold")
    command_line(screen, f"unetkit predict {shlex.quote(document['run'])} YOUR-IMAGES")


def _facts(document: Any) -> list[tuple[str, str]]:
    rows = [("run", document["run"]), ("model", document["model"])]
    rows += [(name, _landmark(document[name])) for name in ("best", "last") if document[name]]
    return [*rows, ("steps", f"{document['steps']:,} in {document['seconds']:.0f} s")]


def _landmark(landmark: Any) -> str:
    return f"{landmark['metric']} {score(landmark['value'])} at step {landmark['step']:,}"
