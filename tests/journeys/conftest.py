"""Rendered scenes, and the command line to walk through them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from journeys.travel import Unetkit, command, environment
from unetkit.scenes.folder import write_scenes


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
