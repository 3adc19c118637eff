"""A handful of rendered scenes, and a run of a step or two over them in this process."""

from __future__ import annotations

import io
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from unetkit import console
from unetkit.config.jobs import TrainSettings
from unetkit.recipes.settings import settings
from unetkit.scenes.folder import write_scenes
from unetkit.training.result import TrainResult
from unetkit.training.train import train

TINY = {
    "training.steps": 2,
    "training.batch": 4,
    "training.threads": 1,
    "training.device": "cpu",
    "data.size": "32",
    "network.preset": "nano",
    "network.depth": 1,
}

Run = Callable[..., TrainResult]


@pytest.fixture(scope="session")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve scenes of 24×32 in three clips."""
    folder = tmp_path_factory.mktemp("data") / "scenes"
    write_scenes(folder, 12, seed=1, height=24, width=32)
    return folder


@pytest.fixture
def trained(tmp_path: Path) -> Run:
    """Train on a folder or a manifest, two steps unless told otherwise; the run lies in `tmp_path / "run"`."""

    def run(source: Path, **values: object) -> TrainResult:
        wanted = settings("train", {**TINY, "out": str(tmp_path / "run"), **values})
        assert isinstance(wanted, TrainSettings)
        result = train(wanted, str(source))
        assert result is not None
        return result

    return run


@pytest.fixture
def said() -> Generator[io.StringIO]:
    """What is said on the screen while the test runs."""
    stream = io.StringIO()
    console.switch_on(stream=stream)
    yield stream
    console.switch_off()
