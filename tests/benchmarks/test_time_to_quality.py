"""The clock and the table of `benchmarks/time_to_quality.py`: what counts, and what is said of who never arrived."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from unetkit.scenes import write_scenes

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

code = judged(json.loads(sys.argv[1]), started=time.time(), due=lambda step, seconds: step % 3 == 0, look=look)
print(json.dumps(looks))
sys.exit(code)
"""


@pytest.fixture
def scenes(tmp_path: Path) -> Path:
    write_scenes(tmp_path / "scenes", 12, seed=1, height=24, width=32)
    return tmp_path / "scenes"


def test_what_a_judge_does_counts_for_no_run_and_no_batch_is_made_meanwhile(scenes: Path, tmp_path: Path) -> None:
    words = ["train", str(scenes), "--steps", "10", "--size", "32", "--network", "nano", "--out", str(tmp_path / "run")]
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, json.dumps(words)],
        capture_output=True,
        text=True,
        cwd=BENCHMARKS,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    looks = json.loads(done.stdout.splitlines()[-1])
    assert [look["step"] for look in looks] == [3, 6, 9, 10], "each third step, and the end"
    assert [look["made"] for look in looks] == [0] * 4
    counted, passed = (looks[-1][clock] - looks[0][clock] for clock in ("seconds", "at"))
    assert counted < passed - 3 * 0.2 + 1e-3


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("time_table")


def record(contestant: str, dice: Sequence[float], ended: str = "goal", **entry: Any) -> dict[str, Any]:
    """Scored every ten seconds."""
    said = {"contestant": contestant, "field": "ir-horizon", "seed": 0, "goal": 0.98, "trial": False, **entry}
    scorings = [
        {"seconds": 10.0 * place, "dice": value, "mean_iou": value, "precision": "fp32", "step": place, "imported": 2.5}
        for place, value in enumerate(dice, start=1)
    ]
    machine = {"cpu": "a processor", "cores": 2, "packages": {"torch": "2"}}
    key = {"entry": said, "specification": {"epochs": 0}, "source": "the same"}
    return {"key": key, "machine": machine, "cap": 1200.0, "ended": ended, "scorings": scorings}


def rows(text: str) -> dict[tuple[str, str], list[str]]:
    """(contestant, goal) → the last two cells of a table."""
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:4] == "| ir"]
    return {(cell[2], cell[1]): cell[-2:] for cell in cells}


def test_a_goal_is_reached_by_the_first_of_two_scorings_in_a_row(table: Any) -> None:
    scorings = record("ours", [0.99, 0.5, 0.98, 0.99, 0.5])["scorings"]
    assert table.first_reached(scorings, 0.98) == 30.0
    assert table.first_reached(scorings, 0.98, cap=29.0) is None
    assert table.first_reached(scorings, 0.985) is None


def test_trials_are_no_results_and_medians_are_of_the_seeds(table: Any) -> None:
    ours = [record("ours", [0.98, 0.98], seed=seed) for seed in range(3)]
    plain = [record("plain", [0.0] * late + [0.98, 0.98], seed=seed) for seed, late in enumerate((19, 29, 99))]
    trial = record("plain", [0.95, 0.95], goal=0.95, trial=True, batch=4, channels_last=True)
    text = table.table([trial, *ours, *plain], (0.95, 0.98))
    assert rows(text)["plain", "0.95"] == ["300.0 (1000.0)", "30.0"]
    assert "needs 1/30.0 of the plain loop's time; the bar is 1/16: met." in text
    assert "batch 4, channels last: 10 s" in text
    assert "Of the 10.0 s of ours to that goal (seed 0) 2.5 go into" in text


def test_who_was_stopped_took_longer_and_who_ended_never_arrived(table: Any) -> None:
    ours = [record("ours", [0.98, 0.98, 0.5], "itself", goal=0.99)]
    plain = [record("plain", [0.5] * 121, "cap", goal=0.99)]
    told = rows(table.table([*ours, *plain], (0.98, 0.99)))
    assert told["plain", "0.98"] == ["more than 1200", "more than 120"]
    assert told["ours", "0.99"] == ["not in its 30", "–"]
    assert told["plain", "0.99"] == ["more than 1200", "–"]


def test_records_of_different_code_make_no_table(table: Any) -> None:
    other = record("source", [0.98, 0.98])
    other["key"]["source"] = "another"
    with pytest.raises(ValueError, match="different code"):
        table.table([record("ours", [0.98, 0.98]), other], (0.98,))


def test_plain_loops_have_code_of_their_own(table: Any) -> None:
    other = record("plain", [0.98, 0.98])
    other["key"]["source"] = "another"
    assert rows(table.table([record("ours", [0.98, 0.98]), other], (0.98,)))["plain", "0.98"] == ["10.0", "1.0"]
