"""Runs that cannot go on, or not begin as another did: what is told, and that nothing was touched."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from journeys.inside import STEP, Call, an_image, contents, refused
from unetkit.files import read_tensors, write_tensors
from unetkit.runs.checkpoint import FORMAT, KEY

pytest.importorskip("torch")


@pytest.fixture
def stopped(call: Call, few: Path, tmp_path: Path) -> Path:
    """A run on `few` that has not written its model yet."""
    run = tmp_path / "run"
    assert call("train", few, *STEP, "--out", run, "--skip-bad").code == 0
    (run / "model.safetensors").unlink()
    return run


def test_a_checkpoint_of_a_newer_unetkit_is_refused_with_both_formats(call: Call, stopped: Path):
    last = stopped / "checkpoints" / "last.safetensors"
    tensors, metadata = read_tensors(last)
    write_tensors(last, tensors, {KEY: json.dumps({**json.loads(metadata[KEY]), "format": FORMAT + 1})})
    before = contents(stopped / "checkpoints")
    told = refused(call("train", "--resume", stopped))
    assert f"format {FORMAT + 1}" in told.err
    assert f"reads {FORMAT}" in told.err
    assert str(last) in told.err
    assert contents(stopped / "checkpoints") == before


def test_an_image_that_is_gone_is_named_and_leaving_out_bad_files_does_not_excuse_it(
    call: Call, few: Path, stopped: Path
):
    an_image(few).rename(few / "kept")
    told = refused(call("train", "--resume", stopped))
    assert "1 of 16 files have changed since this run began" in told.err
    assert "(gone)" in told.err
    assert ["train", "FOLDER", "--resume", str(stopped)] in list(told.commands())


def test_data_that_were_moved_are_named_as_the_advice_says(call: Call, few: Path, stopped: Path, tmp_path: Path):
    shutil.move(few, tmp_path / "moved")
    (command,) = refused(call("train", "--resume", stopped)).commands()
    told = call(*(str(tmp_path / "moved") if word == "FOLDER" else word for word in command))
    assert told.code == 0, told.err
    assert call("evaluate", stopped, "--quiet").code == 0


def test_a_run_is_not_replaced_for_a_plan_that_is_none(call: Call, few: Path, stopped: Path):
    before = contents(stopped)
    for plan in ("plan.json", "scores.json", "typo.json"):
        flags = [*STEP[2:], "--plan", stopped / plan, "--out", stopped, "--overwrite"]
        refused(call("train", few, *flags))
    assert contents(stopped) == before
