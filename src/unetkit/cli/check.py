"""`unetkit check`: what is in a folder, what is wrong with it, and what to do."""

from collections.abc import Iterator
from typing import Annotated

from cyclopts import Parameter

import unetkit
from unetkit.cli.command import Outcome, job_command
from unetkit.cli.idle import Idle
from unetkit.cli.views.findings import has_errors, show_check
from unetkit.config.jobs import CheckSettings
from unetkit.config.sections import PIXELS


def _idle(_settings: CheckSettings, _data: str) -> Iterator[Idle]:
    yield Idle.section("data", PIXELS, "the images are looked at as they are in their files")


@job_command("check", idle=_idle)
def check(
    settings: CheckSettings,
    data: Annotated[str, Parameter(name="DATA", help="folder, manifest or table of pairs")],
    /,
) -> Outcome:
    """Look at data."""
    document = unetkit.check(settings, data).to_json()
    return Outcome(document, show_check, exit_code=1 if has_errors(document) else 0)
