"""`benchmarks/gpu.py` runs unchanged where a GPU is; here it is tried on the CPU, small."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

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


def test_a_small_form_of_all_of_it_runs_on_the_cpu(tmp_path: Path, data: Path) -> None:
    out = tmp_path / "results"
    done = ran("--cpu", "--data", data, "--out", out)
    assert done.returncode == 0, done.stderr
    found = json.loads((out / "gpu.json").read_text(encoding="utf-8"))
    assert [row["network"] for row in found["speed"]["rows"]] == ["small", "base", "original"]
    for row in found["speed"]["rows"]:
        assert row["batch"] == 2
        assert all(way["images_per_second"] > 0 for way in row["ways"].values())
    assert found["speed"]["matrix_flop_per_second"] > 0
    assert [scoring["minutes"] > 0 for scoring in found["camvid"][0]["scorings"]] == [True] * 3
    assert set(found["camvid"][0]["minutes_to"]) == {"0.60", "0.65"}
    assert (out / "gpu.md").read_text(encoding="utf-8") == done.stdout.removesuffix("\n")
    assert "no figure here means anything" in done.stdout
