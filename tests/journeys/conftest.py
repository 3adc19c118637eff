"""Journeys: the real entry point, in processes of its own, on rendered scenes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from unetkit.scenes.folder import write_scenes

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


@pytest.fixture(scope="session")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty small scenes in four clips."""
    folder = tmp_path_factory.mktemp("data") / "scenes"
    write_scenes(folder, 40, seed=1, height=48, width=64)
    return folder


@pytest.fixture
def unetkit(tmp_path: Path) -> Unetkit:
    """Run `unetkit WORDS...` in an empty folder."""

    def run(*words: object, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(*words),
            capture_output=True,
            text=True,
            timeout=timeout,
            cwd=tmp_path,
            check=False,
            env=environment(),
        )

    return run


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
