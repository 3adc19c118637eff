"""`unetkit check`: what is in a folder, what is wrong with it, and what to do."""

from typing import Annotated

from cyclopts import Parameter

import unetkit
from unetkit.cli.command import Outcome, job_command
from unetkit.cli.views.findings import has_errors, show_check
from unetkit.config.jobs import CheckSettings


@job_command("check")
def check(
    settings: CheckSettings,
    data: Annotated[str, Parameter(name="DATA", help="folder, manifest or table of pairs")],
    /,
) -> Outcome:
    """Look at data."""
    document = unetkit.check(settings, data).to_json()
    return Outcome(document, show_check, exit_code=1 if has_errors(document) else 0)
