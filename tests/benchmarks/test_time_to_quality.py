"""`benchmarks/time_to_quality.py`: which runs it makes, what it tells them, how it scores them."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import confusion_matrix, f1_score, jaccard_score

from unetkit import console
from unetkit.scenes import write_scenes
from unetkit.training.clock import Clock

from house.source import REPOSITORY

BENCHMARKS = REPOSITORY / "benchmarks"
WATCHED = """
import json, sys, time
from pathlib import Path
from judge import judged
from unetkit.training.batches import BatchMaker

made, looks, make = [], [], BatchMaker.make

def slowly(maker, number):
    time.sleep(0.05)
    made.append(number)
    return make(maker, number)

def look(session, scorer, step, seconds):
    before, at = len(made), time.time()
    time.sleep(0.2)
    looks.append({"step": step, "seconds": seconds, "at": at, "made": len(made) - before})

BatchMaker.make = slowly

due = {"each third step": lambda step, seconds: step % 3 == 0, "each scoring": None}[sys.argv[2]]
code = judged(json.loads(sys.argv[1]), started=time.time(), due=due, look=look)
print(json.dumps(looks))
sys.exit(code)
"""


@pytest.fixture
def scenes(tmp_path: Path) -> Path:
    write_scenes(tmp_path / "scenes", 12, seed=1, height=24, width=32)
    return tmp_path / "scenes"


def looks_of_a_run(due: str, scenes: Path, run: Path) -> list[dict[str, Any]]:
    words = ["train", str(scenes), "--steps", "10", "--size", "32", "--network", "nano", "--out", str(run)]
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, json.dumps(words), due],
        capture_output=True,
        text=True,
        cwd=BENCHMARKS,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
def test_what_a_judge_does_counts_for_no_run_and_no_batch_is_made_meanwhile(scenes: Path, tmp_path: Path) -> None:
    looks = looks_of_a_run("each third step", scenes, tmp_path / "run")
    assert [look["step"] for look in looks] == [3, 6, 9, 10], "each third step, and the end"
    assert [look["made"] for look in looks] == [0] * 4
    counted, passed = (looks[-1][clock] - looks[0][clock] for clock in ("seconds", "at"))
    assert counted < passed - 3 * 0.2 + 1e-3


@pytest.mark.slow
def test_a_judge_that_is_not_told_when_looks_at_each_scoring_of_trained_weights(scenes: Path, tmp_path: Path) -> None:
    looks = looks_of_a_run("each scoring", scenes, tmp_path / "run")
    rows = map(json.loads, (tmp_path / "run" / "history.jsonl").read_text(encoding="utf-8").splitlines())
    scored = [row["step"] for row in rows if row["step"]]
    assert [look["step"] for look in looks] == scored
    assert len(scored) > 1


@pytest.fixture
def script(benchmark: Callable[[str], Any]) -> Any:
    return benchmark("time_to_quality")


# --- which runs -------------------------------------------------------------------------------------------------------


@pytest.fixture
def made(script: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The runs asked for; none is made, and of the trials the one with batch 16 reaches its goal."""
    entries: list[Any] = []

    def run(entry: Any, data: Path, *, cap: float = 0.0) -> float | None:
        entries.append(entry)
        return 50.0 if entry.batch == 16 else None

    monkeypatch.setattr(script, "run", run)
    monkeypatch.setattr(script, "RUNS", tmp_path / "runs")
    return entries


@pytest.mark.parametrize("contestant", ["ours", "source", "plain", "plain-kept", "plain-bf16"])
def test_only_what_was_asked_for_is_run(contestant: str, script: Any, made: list[Any], tmp_path: Path) -> None:
    script.run_missing(tmp_path, contestant)
    assert {entry.contestant for entry in made if not entry.trial} == {contestant}
    assert any(entry.trial for entry in made) == contestant.startswith("plain")


def test_plain_loops_have_the_batch_of_the_soonest_trial_and_on_camvid_their_source_s(
    script: Any, made: list[Any], tmp_path: Path
) -> None:
    script.run_missing(tmp_path, None)
    batches = {(entry.field, entry.batch) for entry in made if entry.contestant in script.PLAIN and not entry.trial}
    assert batches == {("ir-horizon", 16), ("horizon-uav", 16), ("camvid", 8)}
    assert [entry.trial for entry in made].count(True) == 4


# --- what they are told -----------------------------------------------------------------------------------------------


def test_a_plain_loop_is_told_the_files_of_the_split_and_masks_of_class_ids(
    script: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "scenes"
    write_scenes(folder, 10, height=24, width=32)
    split = ("--split-by", "random", "--val", "2", "--test", "3", "--classes", "0=sea,255=sky")
    monkeypatch.setitem(script.FIELDS, "scenes", script.Field("scenes", "infrared", split))
    monkeypatch.setattr(script, "MASKS", tmp_path / "masks")
    told = script.parts("scenes", tmp_path)
    assert (told["classes"], told["ignore"]) == (2, 255)
    assert {role: len(pairs) for role, pairs in told["pairs"].items()} == {"train": 5, "test": 3}
    pairs = [pair for pairs in told["pairs"].values() for pair in pairs]
    assert len({image for image, _ in pairs}) == 8
    for image, mask in pairs:
        truth = np.asarray(Image.open(folder / "masks" / f"{Path(image).stem}.png")) == 255
        np.testing.assert_array_equal(np.asarray(Image.open(mask)), truth)


TELLS_ITS_CACHE = """
import json
from unetkit.data.cache import user_folder
folder = user_folder()
left = folder.exists() and any(folder.iterdir())
print(json.dumps({"seconds": 1.0, "counts": [[1, 0], [0, 1]], "cache": str(folder), "left": left}))
"""


def test_every_run_has_an_empty_cache_folder_of_its_own(
    script: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNETKIT_CACHE", str(tmp_path))
    (tmp_path / "decoded" / "left-by-another-run").mkdir(parents=True)
    child = tmp_path / "child.py"
    child.write_text(TELLS_ITS_CACHE)
    entry = script.Entry("ours", "ir-horizon", 0, 0.98)
    told = [script.timed(entry, {}, tmp_path, child, None)["scorings"][0] for _ in range(2)]
    assert not any(one["left"] for one in told)
    assert len({one["cache"] for one in told} | {str(tmp_path / "decoded")}) == 3


def test_a_run_that_fails_is_not_recorded(script: Any, tmp_path: Path) -> None:
    child = tmp_path / "child.py"
    child.write_text(f"{TELLS_ITS_CACHE}\nraise SystemExit(3)")
    with pytest.raises(SystemExit, match="ended with 3, and nothing is recorded"):
        script.timed(script.Entry("ours", "ir-horizon", 0, 0.98), {}, tmp_path, child, None)


# --- how they are scored ----------------------------------------------------------------------------------------------


@pytest.fixture
def labels() -> tuple[np.ndarray, np.ndarray]:
    """Truth of three classes, and predictions of four."""
    drawn = np.random.default_rng(0)
    truth = drawn.integers(0, 3, 1000)
    return truth, np.where(drawn.random(1000) < 0.6, truth, drawn.integers(0, 4, 1000))


def test_a_scoring_has_scores_in_place_of_its_counts(script: Any, labels: tuple[np.ndarray, np.ndarray]) -> None:
    counts = confusion_matrix(*labels)
    told = {"seconds": 2.5, "step": 7}
    line = json.dumps({**told, "counts": counts.tolist()})
    assert script.scoring(line, 2) == {**told, "dice": script.dice(counts, 2), "mean_iou": script.mean_iou(counts)}


def test_dice_is_that_of_the_class_that_counts_or_the_mean(script: Any, labels: tuple[np.ndarray, np.ndarray]) -> None:
    counts = confusion_matrix(*labels)
    assert script.dice(counts, 2) == pytest.approx(f1_score(*labels, labels=[2], average="macro"))
    assert script.dice(counts, None) == pytest.approx(f1_score(*labels, average="macro"))


def test_mean_iou_is_that_of_the_classes_with_true_pixels(script: Any, labels: tuple[np.ndarray, np.ndarray]) -> None:
    expected = jaccard_score(*labels, labels=[0, 1, 2], average="macro")
    assert script.mean_iou(confusion_matrix(*labels)) == pytest.approx(expected)


def test_what_a_run_has_done_when_is_read_from_its_log(benchmark: Callable[[str], Any], tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    console.switch_on(quiet=True, log=log, stream=io.StringIO())
    list(console.progress(range(3), "reading headers"))
    console.event("progress", text="reading headers", done=3, total=3)
    Clock(time.time()).tell("imports")
    Clock(time.time()).tell("state of step 1, written in 0.03 s")
    console.switch_off()
    (done,) = benchmark("timed_run").done(log).items()
    assert done[0] == "imports"
    assert 0 <= done[1] < 1
