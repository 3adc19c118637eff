"""What the journeys share: commands in processes of their own, and how to read what they print."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

Unetkit = Callable[..., subprocess.CompletedProcess[str]]
TINY = (
    "--size",
    "48",
    "--network",
    "nano",
    "--network.depth",
    "2",
    "--batch",
    "4",
    "--threads",
    "1",
    "--device",
    "cpu",
)


def command(*words: object) -> list[str]:
    """The command line."""
    return [sys.executable, "-m", "unetkit", *map(str, words)]


def environment() -> dict[str, str]:
    """One thread, no colour."""
    return {**os.environ, "OMP_NUM_THREADS": "1", "NO_COLOR": "1", "COLUMNS": "100"}


def document(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The one JSON document of a command that ended well."""
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
