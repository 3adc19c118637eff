"""What is shown at the end of the demo: the scores, where everything is, and what to try next."""

from typing import Any

from rich.console import Console

from unetkit.cli.views.scores import show_scores
from unetkit.cli.views.tables import command_line, facts


def show_demo(document: Any, screen: Console) -> None:
    """Scores, places, next commands."""
    folder = document["folder"]
    show_scores(document["scores"], screen)
    screen.print()
    rows = [("pictures", f"{folder}/scenes"), ("run", document["run"]["run"]), ("model", document["run"]["model"])]
    facts(screen, [*rows, ("predictions", f"{folder}/predictions/overlays"), ("report", document["report"])])
    screen.print("\nnext, with your own pictures", style="bold")
    command_line(screen, "unetkit check YOUR-FOLDER")
    command_line(screen, "unetkit train YOUR-FOLDER --minutes 10")
