"""The commands that go on with a run, or begin another with its settings, as a shell takes them."""

from __future__ import annotations

import os
import shlex
from pathlib import Path


def resume_command(run: str | Path) -> str:
    """What goes on with a run or a series; by `torchrun`, where that has started this process.

    On several machines it is left open how torchrun is told of them: its own words are not known here.
    """
    return f"{_launcher()}unetkit train --resume {shlex.quote(str(run))}"


def anew_command(config: Path, *flags: str) -> str:
    """What trains with the settings of a run, its `config.yaml`, and with `flags`, in another folder."""
    return " ".join(["unetkit train DATA --config", shlex.quote(str(config)), *flags, "--out ANOTHER-FOLDER"])


def _launcher() -> str:
    processes = os.environ.get("WORLD_SIZE", "1")
    here = os.environ.get("LOCAL_WORLD_SIZE", processes)
    if processes == "1":
        return ""
    return f"torchrun {f'--nproc-per-node {here}' if here == processes else '...'} -m "
