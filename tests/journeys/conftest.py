"""Rendered scenes, and the command line to walk through them."""

from __future__ import annotations

import contextlib
import io
import shutil
import subprocess
from pathlib import Path

import pytest

from journeys.inside import STEP, Call, Told
from journeys.travel import Unetkit, command, environment
from unetkit.cli.app import main
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


@pytest.fixture
def call(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run `unetkit WORDS...` in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")

    def run(*words: object) -> Told:
        capsys.readouterr()
        code = main([str(word) for word in words])
        said = capsys.readouterr()
        return Told(code, said.out, said.err)

    return run


@pytest.fixture
def few(scenes: Path, tmp_path: Path) -> Path:
    """A folder of its own with eight of the scenes, to be spoilt."""
    for part in ("images", "masks"):
        (tmp_path / "few" / part).mkdir(parents=True)
        for path in sorted((scenes / part).iterdir())[::5]:
            shutil.copy(path, tmp_path / "few" / part)
    return tmp_path / "few"


@pytest.fixture(scope="session")
def model(scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of one step."""
    run = tmp_path_factory.mktemp("runs") / "tiny"
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        assert main(["train", str(scenes), *STEP, "--out", str(run)]) == 0
    return run
