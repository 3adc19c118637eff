"""A disk without room is said as such, leaves nothing half done, and a run goes on when there is room."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
from collections.abc import Generator
from pathlib import Path

import pytest
from PIL import Image as Pillow

from journeys.inside import STEP, Call, leftovers, refused

pytest.importorskip("torch")


@contextlib.contextmanager
def _small_disk(place: Path) -> Generator[Path]:
    """A file system of one megabyte."""
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place], check=False).returncode:
        pytest.skip("not run: no file system may be mounted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


@contextlib.contextmanager
def _small_files(place: Path) -> Generator[Path]:
    """No file may grow beyond 300 kB, as under a quota."""
    place.mkdir()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
    try:
        yield place
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture(params=["disk", "quota"])
def little_room(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Path]:
    """A folder that does not hold what shall be written."""
    if request.param == "disk" and os.geteuid() != 0:
        pytest.skip("not run: a small file system needs root")
    with _small_disk(tmp_path / "room") if request.param == "disk" else _small_files(tmp_path / "room") as place:
        yield place


def test_train_on_a_full_disk(call: Call, few: Path, little_room: Path) -> None:
    told = refused(call("train", few, *STEP, "--out", little_room / "run"), 3)
    assert "no space left" in told.err
    assert leftovers(little_room) == []
    assert not (little_room / "run" / "model.safetensors").exists()


@pytest.fixture
def noise(tmp_path: Path) -> list[Path]:
    """Two photos whose overlays are large."""
    paths = [tmp_path / "a.jpg", tmp_path / "b.jpg"]
    for path in paths:
        Pillow.effect_noise((1200, 1000), 90).convert("RGB").save(path, quality=60)
    return paths


def test_predict_on_a_full_disk(call: Call, model: Path, noise: list[Path], little_room: Path) -> None:
    told = refused(call("predict", model, *noise, "--out", little_room / "p"), 3)
    assert "no space left" in told.err
    assert leftovers(little_room) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="not run: a small file system needs root")
def test_evaluate_on_a_full_disk_leaves_nothing(call: Call, model: Path, tmp_path: Path) -> None:
    with _small_disk(tmp_path / "room") as room:
        with contextlib.suppress(OSError), (room / "mine").open("wb", buffering=0) as file:
            while file.write(bytes(4096)):
                pass
        refused(call("evaluate", model, "--out", room / "scores", "--quiet"), 3)
        assert [path.name for path in room.iterdir()] == ["mine"]


@pytest.mark.skipif(os.geteuid() != 0, reason="not run: a small file system needs root")
def test_a_run_that_met_a_full_disk_goes_on_when_there_is_room(call: Call, few: Path, tmp_path: Path) -> None:
    with _small_disk(tmp_path / "room") as room:
        refused(call("train", few, *STEP, "--out", room / "run"), 3)
        subprocess.run(["mount", "-o", "remount,size=50m", room], check=True)
        assert call("train", "--resume", room / "run", "--quiet").code == 0
        assert (room / "run" / "model.safetensors").is_file()
