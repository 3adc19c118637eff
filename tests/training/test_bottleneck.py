"""Where the time went adds up, and the advice is about what would save most."""

import io
import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from unetkit.config.jobs import TrainSettings
from unetkit.config.sections import DataSettings
from unetkit.data.arrays import Image, Mask
from unetkit.data.pair import Pair
from unetkit.data.resize import Fit
from unetkit.errors import Interrupted
from unetkit.runs import RunFolder, load_newest_intact
from unetkit.training import batches, bottleneck, recording, running
from unetkit.training.bottleneck import WORDS, Spent, advice, smaller, tell_time
from unetkit.training.observers import Scoring
from unetkit.training.prepare import Material, prepare_data
from unetkit.training.recording import History
from unetkit.training.result import TrainResult
from unetkit.training.share import ScoringShare
from unetkit.training.train import train

Run = Callable[..., TrainResult]

COMPUTE = {"compute": 0.94, "decode": 0.01, "augment": 0.01, "score": 0.02, "write": 0.01, "record": 0.01}


def test_time_inside_a_block_is_not_counted_twice(monkeypatch: pytest.MonkeyPatch):
    now = 0.0
    monkeypatch.setattr(bottleneck.time, "perf_counter", lambda: now)
    spent = Spent()
    with spent.on("score"):
        now += 2
        with spent.on("write"):
            now += 3
    assert spent.seconds == {"score": 2, "write": 3}


def test_waiting_is_split_by_what_was_waited_for():
    total = Spent({"compute": 6.0, "wait": 2.0, "score": 1.0, "write": 1.0}).total(decoding=0.75)
    assert total == {"compute": 6.0, "decode": 1.5, "augment": 0.5, "score": 1.0, "write": 1.0, "record": 0.0}


def test_the_parts_of_a_run_add_up():
    first = Spent({"compute": 6.0, "wait": 2.0, "record": 1.0}).total(decoding=1.0)
    total = Spent({"compute": 1.0, "wait": 2.0}, earlier=first).total(decoding=0.0)
    assert total == {"compute": 7.0, "decode": 2.0, "augment": 2.0, "score": 0.0, "write": 0.0, "record": 1.0}


def advised(shares: dict[str, float], decoded: str = "--cache auto", *, given: bool = False, images: int = 10) -> str:
    return advice(shares, Fit(240, 320), Fit(120, 160), decoded, ScoringShare(None, images, given))


@pytest.mark.parametrize(
    ("shares", "says"),
    [
        (COMPUTE, "at --size 160 it would be about 3.4 times as fast, and blind to finer things"),
        ({**COMPUTE, "compute": 0.46, "decode": 0.5}, "up to 2.0 times as fast: --cache auto"),
        ({**COMPUTE, "compute": 0.57, "score": 0.4}, "up to 1.2 times as fast: score fewer (--val 5)"),
        ({**COMPUTE, "compute": 0.45, "augment": 0.5}, "up to 2.0 times as fast: more CPU cores, or less --augment"),
        ({**COMPUTE, "compute": 0.42, "decode": 0.1, "score": 0.45}, "up to 1.3 times as fast: score fewer (--val 5)"),
        ({**COMPUTE, "compute": 0.27, "decode": 0.24, "score": 0.45}, "up to 1.3 times as fast: --cache auto"),
    ],
)
def test_the_advice_is_about_what_saves_most_and_says_what_to_expect(shares: dict[str, float], says: str):
    assert advised(shares) == says


def test_a_split_that_came_with_the_data_is_not_cut_by_a_flag():
    assert advised({**COMPUTE, "score": 0.4}, given=True).endswith("name fewer images as validation split")


@pytest.mark.parametrize("what", ["write", "record"])
def test_no_flag_is_promised_to_help_against_writing(what: str):
    assert advised({**COMPUTE, "compute": 0.5, what: 0.45}).startswith("at --size 160 it would be about 1.6 times")


def test_where_nothing_would_spare_the_decoding_or_the_scoring_neither_is_advised():
    assert "--size" in advised({**COMPUTE, "decode": 0.5}, decoded="")
    assert "--size" in advised({**COMPUTE, "score": 0.5}, images=1)


@pytest.mark.parametrize(
    ("fit", "natives", "less"),
    [
        (Fit(192, 256), [(288, 384)], Fit(96, 128)),
        (Fit(128, 256), [(288, 384)], Fit(96, 128)),
        (Fit(128, 256), [(288, 384), (100, 900), (288, 384)], Fit(96, 128)),
        (Fit(128, 128), [(100, 400)], Fit(16, 64)),
        (Fit(256, 32), [(500, 500)], Fit(32, 32)),
        (Fit(1, 1), [(1, 1)], Fit(1, 1)),
    ],
)
def test_the_smaller_size_follows_the_commonest_shape_and_is_never_a_larger_one(
    fit: Fit, natives: list[tuple[int, int]], less: Fit
):
    assert smaller(fit, natives) == less


def test_the_gain_of_a_smaller_size_is_that_of_the_pixels_worked_at(scenes: Path, said: io.StringIO):
    material = prepare_data(DataSettings(size="fit:16x32"), str(scenes), 0)  # of images of 24×32
    tell_time(COMPUTE, material, material.cache("ram"), ScoringShare(None, 10))
    words = " ".join(said.getvalue().split())
    assert "at --size 16 it would be about 2.4 times as fast" in words, "16×32 pixels before, 12×16 then"


@pytest.mark.parametrize("slow", ["decoding", "augmentation"])
def test_waiting_is_told_as_what_was_waited_for(
    scenes: Path, trained: Run, monkeypatch: pytest.MonkeyPatch, said: io.StringIO, slow: str
):
    read, augment = Material.read, batches.apply_cpu

    def reading(self: Material, pair: Pair) -> tuple[Image, Mask]:
        time.sleep(0.05 * (slow == "decoding"))
        return read(self, pair)

    def augmenting(*given: Any) -> tuple[Image, Mask]:
        time.sleep(0.05 * (slow == "augmentation"))
        return augment(*given)

    monkeypatch.setattr(Material, "read", reading)
    monkeypatch.setattr(batches, "apply_cpu", augmenting)
    trained(scenes, **{"training.cache": "off", "training.steps": 6})
    shares = shares_of(said.getvalue())
    other = {"decoding": "augmentation", "augmentation": "decoding"}[slow]
    assert shares[f"waiting for {slow}"] > 3 * shares[f"waiting for {other}"]


# --- runs -------------------------------------------------------------------------------------------------------------


def shares_of(text: str) -> dict[str, int]:
    """The one line of a run that says where its time went: word → per cent."""
    (line,) = re.findall("time: (.*?);", " ".join(text.split()))
    return {word: int(share) for share, word in re.findall(r"(\d+)% ([a-z ]+)", line)}


def test_a_run_says_where_all_of_its_time_went(scenes: Path, trained: Run, said: io.StringIO):
    trained(scenes)
    shares = shares_of(said.getvalue())
    assert list(shares) == list(WORDS.values())
    assert sum(shares.values()) == pytest.approx(100, abs=len(shares) / 2)


def test_figures_drawn_on_the_way_are_counted(
    scenes: Path, trained: Run, said: io.StringIO, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(recording, "FIGURE_SECONDS", 0.0)
    trained(scenes)
    assert shares_of(said.getvalue())["recording"] > 20


def test_a_run_that_is_stopped_says_it_too_and_goes_on_counting(
    scenes: Path, tmp_path: Path, trained: Run, said: io.StringIO, monkeypatch: pytest.MonkeyPatch
):
    class Stopping(History):
        def scored(self, scoring: Scoring) -> None:
            super().scored(scoring)
            if scoring.epoch >= 5:
                os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(running, "History", Stopping)
    with pytest.raises(Interrupted):
        trained(scenes, **{"training.epochs": 6, "training.steps": None})
    monkeypatch.undo()
    shares_of(said.getvalue())
    run = RunFolder(tmp_path / "run")
    first = load_newest_intact(run)[1]["progress"]["spent"]
    assert min(first["compute"], first["score"], first["record"], first["write"]) > 0
    train(TrainSettings(resume=str(run.path)))
    last = load_newest_intact(run)[1]["progress"]["spent"]
    assert len(run.read_environment()["parts"]) == 2
    assert all(last[name] >= first[name] for name in WORDS)
    assert last["compute"] > first["compute"]
