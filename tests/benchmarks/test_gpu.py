"""`benchmarks/gpu.py` runs unchanged where a GPU is; here it is tried on the CPU, small, and nothing known is lost."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import weakref
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from unetkit import console
from unetkit.training import step
from unetkit.training.compiled import Compiled
from unetkit.training.device import Compute

from house.source import REPOSITORY

SCRIPT = REPOSITORY / "benchmarks" / "gpu.py"
CLASSES = 12  # of CamVid's table, the unlabelled rest included


def ran(*words: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "NO_COLOR": "1"}
    line = [sys.executable, str(SCRIPT), *map(str, words)]
    return subprocess.run(line, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Six pictures in CamVid's folders."""
    drawn = np.random.default_rng(0)
    for split, count in (("train", 4), ("val", 2)):
        for kind in (split, f"{split}annot"):
            (tmp_path / "camvid" / kind).mkdir(parents=True)
        for number in range(count):
            name = f"{number}.png"
            picture = drawn.integers(0, 256, (36, 48, 3), np.uint8)
            mask = np.repeat(np.arange(CLASSES, dtype=np.uint8), 4)[None].repeat(36, 0)
            cv2.imwrite(str(tmp_path / "camvid" / split / name), picture)
            cv2.imwrite(str(tmp_path / "camvid" / f"{split}annot" / name), mask)
    return tmp_path


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is one")
def test_without_a_gpu_it_says_so_in_one_line_and_writes_nothing(tmp_path: Path) -> None:
    done = ran("--out", tmp_path / "results")
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1
    assert "no GPU" in done.stderr
    assert not (tmp_path / "results").exists()


def test_a_small_form_of_all_of_it_runs_on_the_cpu_and_a_second_call_measures_nothing_again(
    tmp_path: Path, data: Path
) -> None:
    out = tmp_path / "results"
    done = ran("--cpu", "--data", data, "--out", out)
    assert done.returncode == 0, done.stderr
    found = json.loads((out / "gpu.json").read_text(encoding="utf-8"))
    assert [row["network"] for row in found["speed"]["rows"]] == ["small", "base", "original"]
    for row in found["speed"]["rows"]:
        assert row["batch"] == 2
        for way in row["ways"].values():
            assert way["images_per_second"] > 0
            assert way["compute"]["device"] == "cpu"
            assert way["resident"] in (True, False)
    assert found["speed"]["matrix_flop_per_second"] > 0
    assert [scoring["minutes"] > 0 for scoring in found["camvid"][0]["scorings"]] == [True] * 3
    assert set(found["camvid"][0]["minutes_to"]) == {"0.60", "0.65"}
    assert (out / "gpu.md").read_text(encoding="utf-8") == done.stdout.removesuffix("\n")
    assert "no figure here means anything" in done.stdout
    assert ran("--cpu", "--data", data, "--out", out).stdout == done.stdout
    assert json.loads((out / "gpu.json").read_text(encoding="utf-8")) == found


# --- what goes wrong on the way ---------------------------------------------------------------------------------------

FOUND = {"images_per_second": 8.0, "waiting": 0.5, "memory": 2**30}
LATER = {**FOUND, "images_per_second": 9.0}
CPU = Compute("cpu", 1, "fp32", deterministic=False)

Outcome = dict[str, Any] | Exception


@pytest.fixture
def tried(
    benchmark: Callable[[str], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Generator[Callable[..., int]]:
    """The speed part in this process, with these outcomes of its six measurements; its exit code."""

    def run(*outcomes: Outcome, batch: int = 2) -> int:
        left = iter(outcomes)

        def stretch(*_: Any) -> dict[str, Any]:
            outcome = next(left)
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        words = ["gpu.py", "--cpu", "--only", "speed", "--batch", str(batch), "--out", str(tmp_path)]
        monkeypatch.setattr(sys, "argv", words)
        monkeypatch.setattr(benchmark("gpu_speed"), "stretch", stretch)
        return benchmark("gpu").main()

    yield run
    console.switch_off()


def ways(folder: Path) -> dict[str, dict[str, Any]]:
    """Network → way → what the record says of it."""
    document = json.loads((folder / "gpu.json").read_text(encoding="utf-8"))
    return {row["network"]: row["ways"] for row in document["speed"]["rows"]}


def test_a_way_that_finds_no_memory_is_told_and_the_others_are_measured(
    tmp_path: Path, tried: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert tried(FOUND, FOUND, FOUND, torch.OutOfMemoryError(), FOUND, FOUND) == 0
    both, full = {"plain": FOUND, "deterministic": FOUND}, {"failed": "out of memory"}
    assert ways(tmp_path) == {"small": both, "base": {"plain": FOUND, "deterministic": full}, "original": both}
    assert "| `base` | 2 | deterministic | out of memory | – | – | – | – |" in capsys.readouterr().out


def test_what_was_measured_is_written_before_the_next_measurement_fails(
    tmp_path: Path, tried: Callable[..., int]
) -> None:
    with pytest.raises(RuntimeError, match="the driver is gone"):
        tried(FOUND, FOUND, FOUND, RuntimeError("the driver is gone"))
    assert ways(tmp_path) == {"small": {"plain": FOUND, "deterministic": FOUND}, "base": {"plain": FOUND}}
    assert "| `base` | 2 | plain | 8 |" in (tmp_path / "gpu.md").read_text(encoding="utf-8")


def test_a_call_that_was_cut_off_goes_on_at_the_next(tmp_path: Path, tried: Callable[..., int]) -> None:
    with pytest.raises(RuntimeError, match="the driver is gone"):
        tried(FOUND, FOUND, FOUND, RuntimeError("the driver is gone"))
    assert tried(LATER, LATER, LATER) == 0
    assert ways(tmp_path) == {
        "small": {"plain": FOUND, "deterministic": FOUND},
        "base": {"plain": FOUND, "deterministic": LATER},
        "original": {"plain": LATER, "deterministic": LATER},
    }


@pytest.mark.slow
def test_with_another_batch_all_is_measured_again(tmp_path: Path, tried: Callable[..., int]) -> None:
    assert tried(*[FOUND] * 6) == tried(*[LATER] * 6, batch=4) == 0
    both = {"plain": LATER, "deterministic": LATER}
    assert ways(tmp_path) == {"small": both, "base": both, "original": both}
    assert "| `base` | 4 | plain | 9 |" in (tmp_path / "gpu.md").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("term", "value"), [("gpu", {"name": "another"}), ("packages", {"torch": "1"}), ("source", "another")]
)
def test_nothing_stays_that_another_gpu_or_other_code_has_left(
    term: str, value: object, tmp_path: Path, tried: Callable[..., int]
) -> None:
    assert tried(*[FOUND] * 6) == 0
    record = tmp_path / "gpu.json"
    document = json.loads(record.read_text(encoding="utf-8"))
    document["terms"][term] = value
    record.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(RuntimeError, match="the driver is gone"):
        tried(LATER, RuntimeError("the driver is gone"))
    assert ways(tmp_path) == {"small": {"plain": LATER}}


def uncompilable(*_: Any) -> Any:
    raise RuntimeError("Failed to find C compiler")


class Failing(Compiled):
    """Finds that nothing can be compiled here."""

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__(network, uncompilable)


def test_the_plain_network_is_not_measured_as_a_compiled_one(
    benchmark: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step, "Compiled", Failing)
    compute = replace(CPU, compiled=True)
    found = benchmark("gpu_speed").measured("small", compute, benchmark("gpu").ON_CPU, 2, 1)
    assert found == {"failed": "not compiled"}
    row = {"network": "small", "batch": 2, "flop_an_image": 1.0, "ways": {"compiled": found}}
    cells = ("`small`", "2", "compiled", "not compiled", "–", "–", "–", "–")
    assert [*benchmark("gpu_table").ways_of(row, 1.0)] == [cells]


@pytest.fixture
def no_collection() -> Generator[None]:
    """What is reached by nobody stays until somebody collects it."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("fits", [True, False])
def test_what_a_way_took_is_free_before_the_next_begins(
    fits: bool, benchmark: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch, no_collection: None
) -> None:
    taken: list[weakref.ref[torch.Tensor]] = []

    def stretch(*_: Any) -> dict[str, Any]:
        tensor = torch.zeros(1)
        ring: list[Any] = [tensor]
        ring.append(ring)
        taken.append(weakref.ref(tensor))
        if not fits:
            raise torch.OutOfMemoryError
        return FOUND

    speed = benchmark("gpu_speed")
    monkeypatch.setattr(speed, "stretch", stretch)
    assert ("failed" in speed.measured("small", CPU, None, 2, 2)) == (not fits)
    assert [one() for one in taken] == [None]


def test_compiled_code_is_dropped_with_its_way(
    benchmark: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    speed, dropped = benchmark("gpu_speed"), list[bool]()

    def stretch(*_: Any) -> dict[str, Any]:
        return FOUND

    monkeypatch.setattr(speed, "stretch", stretch)
    monkeypatch.setattr(torch.compiler, "reset", lambda: dropped.append(True))
    speed.measured("small", CPU, None, 2, 2)
    assert not dropped, "it would import the compiler"
    speed.measured("small", replace(CPU, compiled=True), None, 2, 2)
    assert dropped == [True]
