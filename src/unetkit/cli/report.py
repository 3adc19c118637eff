"""`unetkit report`: write the page of a run again."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

import unetkit
from unetkit.cli.command import Document, Outcome, command


@command
def report(run: Annotated[str, Parameter(name="RUN", help="run folder")], /) -> Outcome:
    """Write `report.html` from the files of a run."""
    page = unetkit.report(Path(run))
    return Outcome({"schema": "unetkit.report", "version": 1, "run": run, "report": str(page)}, _show)


def _show(document: Document, screen: Console) -> None:
    screen.print(document["report"], soft_wrap=True, markup=False)
