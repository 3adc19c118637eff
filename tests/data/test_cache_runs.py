"""Runs with each cache: the same model to the byte, and nobody is in the way of another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from training.conftest import TINY
from unetkit.config.jobs import TrainSettings
from unetkit.data.cache import user_folder
from unetkit.errors import ConfigError
from unetkit.recipes.settings import settings
from unetkit.scenes.folder import write_scenes
from unetkit.training.opening import begin
from unetkit.training.train import train

Train = Callable[..., Path]


@pytest.fixture
def trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Train:
    """A run of two steps over eight scenes; the folder it left."""
    monkeypatch.setenv("UNETKIT_CACHE", str(tmp_path / "cache"))
    write_scenes(tmp_path / "scenes", 8, seed=1, height=24, width=32)

    def run(name: str, **values: object) -> Path:
        wanted = settings("train", {**TINY, "out": str(tmp_path / name), **values})
        assert isinstance(wanted, TrainSettings)
        assert train(wanted, str(tmp_path / "scenes")) is not None
        return tmp_path / name

    return run


def test_the_model_is_the_same_to_the_byte_wherever_its_images_were_kept(trained: Train) -> None:
    runs = [trained(f"run {keep}", **{"training.cache": keep}) for keep in ("off", "ram", "disk", "auto")]
    assert len({(run / "model.safetensors").read_bytes() for run in runs}) == 1


def test_only_disk_leaves_images_behind(trained: Train) -> None:
    for keep in ("off", "ram", "auto"):
        trained(f"run {keep}", **{"training.cache": keep})
    assert not user_folder().exists()
    trained("run disk", **{"training.cache": "disk"})
    assert len(list(user_folder().glob("*/pixels"))) == 1


def test_runs_with_other_seeds_share_what_is_decoded(trained: Train) -> None:
    for seed in range(3):
        trained(f"run {seed}", **{"training.cache": "disk", "training.seed": seed, "data.split_by": "random"})
    (index,) = user_folder().glob("*/index")
    assert index.stat().st_size <= 64 * 8


def test_a_run_may_go_on_with_another_cache_but_not_with_an_unknown_one(trained: Train) -> None:
    run = trained("run", **{"training.cache": "ram"})
    again = settings("train", {"resume": str(run), "training.cache": "disk", "training.cache_limit": 1})
    assert isinstance(again, TrainSettings)
    training = begin(again, None).settings.training
    assert (training.cache, training.cache_limit) == ("disk", 1)
    with pytest.raises(ConfigError, match="cache"):
        settings("train", {"training.cache": "tape"})
