"""Runs with each cache: the same model to the byte, and nobody is in the way of another."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from training.conftest import TINY
from unetkit.config.jobs import TrainSettings
from unetkit.data.cache import user_folder
from unetkit.errors import ConfigError, DataError
from unetkit.recipes.settings import settings
from unetkit.scenes.folder import write_scenes
from unetkit.training.clock import Clock
from unetkit.training.device import Compute
from unetkit.training.opening import Beginning, begin, open_folder
from unetkit.training.prepare import prepare_data
from unetkit.training.scoring import Scorer
from unetkit.training.session import assemble
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


@pytest.mark.parametrize("part", ["train", "val"])
def test_a_file_replaced_after_the_manifest_was_written_ends_the_run_with_its_name(
    part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_scenes(tmp_path / "scenes", 8, seed=1, height=24, width=32)
    wanted = settings("train", {**TINY, "data.val": "4", "data.split_by": "random", "training.cache": "off"})
    assert isinstance(wanted, TrainSettings)
    material = prepare_data(wanted.data, "scenes", 0)
    session = assemble(wanted, material, Compute("cpu", 1, "fp32"), Clock(time.time()))
    open_folder(Beginning(wanted, "scenes", None), session)
    for pair in material.dataset.split(part):
        path = material.dataset.root / pair.image
        path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(DataError, match="has changed since this run began") as caught:
        session.maker.make(0) if part == "train" else Scorer(session)()
    assert "image" in caught.value.where


def test_a_file_replaced_after_a_run_that_goes_on_has_looked_at_all_is_not_trained_on(trained: Train) -> None:
    run = trained("run", **{"training.cache": "off"})
    (run / "model.safetensors").unlink()
    again = settings("train", {"resume": str(run)})
    assert isinstance(again, TrainSettings)
    beginning = begin(again, None)
    images = sorted((run.parent / "scenes" / "images").iterdir())
    for path in images:
        path.write_bytes(path.read_bytes() + b" ")
    material = prepare_data(beginning.settings.data, beginning.source, 0)
    session = assemble(beginning.settings, material, Compute("cpu", 1, "fp32"), Clock(time.time()))
    with pytest.raises(DataError, match="changed since this run began"):
        open_folder(beginning, session)
