"""`unetkit compare`: the histories of several runs side by side, and their curves in one image."""

from typing import Annotated

from cyclopts import Parameter

import unetkit
from unetkit.cli.command import Outcome, job_command
from unetkit.cli.views.comparison import show_comparison
from unetkit.config.jobs import CompareSettings

RUN_HELP = "run folder, finished or not, or the folder of several seeds; two runs or more"


@job_command("compare")
def compare(
    settings: CompareSettings,
    /,
    *runs: Annotated[str, Parameter(name="RUN", help=RUN_HELP, required=True)],
) -> Outcome:
    """Compare runs."""
    return Outcome(unetkit.compare(settings, runs).to_json(), show_comparison)
