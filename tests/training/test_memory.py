"""The memory told before the first step is the memory that is taken."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from unetkit import console
from unetkit.config.jobs import TrainSettings
from unetkit.data.cache import Cache, places
from unetkit.recipes.settings import settings
from unetkit.training import scoring
from unetkit.training.clock import Clock
from unetkit.training.device import Compute
from unetkit.training.distributed import Group
from unetkit.training.memory import GIB, Memory, measure_memory, tell_memory
from unetkit.training.prepare import prepare_data
from unetkit.training.scoring import Scorer
from unetkit.training.session import Session, assemble, make_batches


@pytest.fixture
def session(scenes: Path) -> Session:
    values = {"data.size": "16", "data.val": "8", "data.split_by": "random", "network.preset": "nano"}
    wanted = settings("train", {**values, "network.depth": 1, "training.batch": 2})
    assert isinstance(wanted, TrainSettings)
    material = prepare_data(wanted.data, str(scenes), 0)
    return assemble(wanted, material, Compute("cpu", 1, "fp32"), Clock(time.time()))


def test_validation_images_are_counted_before_they_are_decoded(session: Session) -> None:
    scorer = Scorer(session)
    decoded = sum(image.nbytes + mask.nbytes for image, mask in map(session.material.read, session.material.val))
    assert scorer.bytes_to_come == decoded == 8 * 24 * 32 * 4


def test_once_scored_nothing_is_to_come(session: Session) -> None:
    scorer = Scorer(session)
    scorer()
    assert scorer.bytes_to_come == 0


def test_no_more_is_counted_than_will_be_kept(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "KEEP_BYTES", 10_000)
    assert Scorer(session).bytes_to_come == 10_000


@pytest.mark.parametrize(("beside", "place"), [(1, "memory"), (3, "nowhere")])
def test_processes_on_one_machine_share_its_memory(
    session: Session, beside: int, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    material = session.material
    train = len(material.train) * material.fit.height * material.fit.width * (material.channels + 1)
    monkeypatch.setattr(places, "free_memory", lambda: 3 * train)  # two fifths may be taken
    training = session.settings.training.model_copy(update={"cache": "ram"})
    wanted = session.settings.model_copy(update={"training": training})
    maker = make_batches(wanted, material, session.compute, Group(0, 3, beside), lambda: True)
    assert maker.cache.place == place


def test_what_is_to_come_is_told_with_what_was_measured(session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    cache = session.maker.cache
    memory = measure_memory(cache, Scorer(session), "cpu")
    assert memory.measured > 50_000_000
    assert memory.to_come == memory.train + memory.val
    assert "validation" not in said(Memory(GIB, 0, 0, 0, GIB), cache, capsys)
    told = said(Memory(GIB, GIB, GIB, 0, 2 * GIB), cache, capsys)
    assert "3.0 GiB at the peak, 1.0 GiB of it for validation images" in told
    assert "warning" not in told


def test_less_free_memory_than_is_to_come_is_warned_of(session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    told = said(Memory(GIB, GIB // 2, GIB, 0, GIB), session.maker.cache, capsys)
    assert "only 1.0 GiB of memory are free, and 1.5 GiB more will be taken" in told


def said(memory: Memory, cache: Cache, capsys: pytest.CaptureFixture[str]) -> str:
    """What is told of it."""
    console.switch_on()
    tell_memory(memory, cache)
    console.switch_off()
    return capsys.readouterr().err
