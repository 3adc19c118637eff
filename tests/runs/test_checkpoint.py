"""A run goes on from the newest intact checkpoint, and says when that is not the last."""

import errno
import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from unetkit.errors import DiskFull, FormatError, MachineError, OtherFormat, TrainingDiverged
from unetkit.files import write_sealed_text
from unetkit.runs import RunFolder, load_best, load_newest_intact, save_best, save_last, settle_best
from unetkit.runs import checkpoint as written
from unetkit.runs.checkpoint import checkpoint


def save(run: RunFolder, step: int) -> None:
    save_last(run, {"weight": np.full(100, step, np.float32)}, {"step": step, "rate": 0.1}, step)


def damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-9] ^= 1
    path.write_bytes(data)


def step_of(run: RunFolder) -> int:
    tensors, metadata, _ = load_newest_intact(run)
    assert (tensors["weight"] == metadata["step"]).all()
    return metadata["step"]


def test_the_last_save_comes_back_with_its_metadata(run: RunFolder) -> None:
    save(run, 1)
    save(run, 2)
    _, metadata, said = load_newest_intact(run)
    assert metadata == {"step": 2, "rate": 0.1}
    assert said == ""


def test_the_one_before_is_kept_and_no_more(run: RunFolder) -> None:
    for step in range(1, 5):
        save(run, step)
    assert sorted(path.name for path in run.checkpoints.iterdir()) == ["last.safetensors", "previous.safetensors"]
    damage(checkpoint(run, "last"))
    assert step_of(run) == 3


def test_a_damaged_last_is_named_with_the_steps_lost(run: RunFolder) -> None:
    save(run, 100)
    save(run, 150)
    run.write_history([{"step": 100}, {"step": 150}])
    damage(checkpoint(run, "last"))

    said = load_newest_intact(run)[2]
    assert "last.safetensors" in said
    assert "previous.safetensors (step 100; 50 steps are lost)" in said


def test_a_damaged_last_does_not_push_out_a_sound_previous(run: RunFolder) -> None:
    save(run, 1)
    save(run, 2)
    damage(checkpoint(run, "last"))
    save(run, 3)
    damage(checkpoint(run, "last"))
    assert step_of(run) == 1


def test_between_the_two_renames_the_acknowledged_one_is_found(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    save(run, 1)
    renames: list[str] = []
    original = Path.replace

    def dying(self: Path, target: Path) -> Path:
        renames.append(target.name)
        if target.name == "last.safetensors":
            raise KeyboardInterrupt
        return original(self, target)

    monkeypatch.setattr(Path, "replace", dying)
    with pytest.raises(KeyboardInterrupt):
        save(run, 2)

    assert renames[-2:] == ["previous.safetensors", "last.safetensors"]
    assert step_of(run) == 1


def test_with_both_damaged_the_message_names_both(run: RunFolder) -> None:
    save(run, 1)
    save(run, 2)
    damage(checkpoint(run, "last"))
    damage(checkpoint(run, "previous"))
    with pytest.raises(FormatError, match="no intact checkpoint") as caught:
        load_newest_intact(run)
    assert "last.safetensors" in caught.value.where
    assert "previous.safetensors" in caught.value.where


@pytest.fixture
def other(tmp_path: Path) -> RunFolder:
    return RunFolder.create(
        tmp_path / "other",
        config="a: 1",
        environment={},
        write_manifest=lambda folder: write_sealed_text(folder / "manifest.csv", "image,mask\n"),
    )


def test_a_checkpoint_of_another_run_is_refused(run: RunFolder, other: RunFolder) -> None:
    save(other, 9)
    checkpoint(other, "last").replace(checkpoint(run, "last"))
    save_best(run, {"weight": np.zeros(1)}, {}, 1)
    with pytest.raises(FormatError) as caught:
        load_newest_intact(run)
    assert f"belongs to another run, {other.run_id}, and this one is {run.run_id}" in caught.value.where


def test_beside_a_last_of_another_run_the_previous_is_taken_and_both_runs_are_named(
    run: RunFolder, other: RunFolder
) -> None:
    save(other, 9)
    save(run, 1)
    save(run, 2)
    checkpoint(other, "last").replace(checkpoint(run, "last"))
    _, metadata, said = load_newest_intact(run)
    assert metadata["step"] == 1
    assert other.run_id in said
    assert run.run_id in said


def test_a_checkpoint_in_another_format_names_the_unetkit_that_wrote_it(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as later:
        later.setattr(written, "FORMAT", 9)
        later.setattr(written, "versions", lambda: {"unetkit": "7.5.1"})
        save(run, 1)
    with pytest.raises(OtherFormat, match="format 9") as caught:
        load_newest_intact(run)
    assert "pip install unetkit==7.5.1" in caught.value.advice
    with monkeypatch.context() as unknown:
        unknown.setattr(written, "FORMAT", 1)
        unknown.setattr(written, "versions", dict)
        save(run, 1)
    with pytest.raises(OtherFormat) as caught:
        load_newest_intact(run)
    assert str(run.environment) in caught.value.advice


def test_nan_is_never_saved_and_the_old_one_stays(run: RunFolder) -> None:
    save(run, 1)
    with pytest.raises(TrainingDiverged):
        save_last(run, {"weight": np.array([np.nan])}, {"step": 2}, 2)
    assert step_of(run) == 1


def test_best_is_replaced_and_comes_back(run: RunFolder) -> None:
    for step in (1, 2):
        save_best(run, {"weight": np.full(3, step)}, {"metric": "mean_iou"}, step)
    tensors, metadata = load_best(run)
    assert tensors["weight"].tolist() == [2, 2, 2]
    assert metadata == {"metric": "mean_iou"}


def test_a_full_disk_keeps_every_checkpoint(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    save(run, 1)
    save(run, 2)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFull):
        save(run, 3)
    monkeypatch.undo()
    assert step_of(run) == 2
    damage(checkpoint(run, "last"))
    assert step_of(run) == 1


def unreadable(monkeypatch: pytest.MonkeyPatch, path: Path, number: int) -> None:
    """Reading `path` fails as the system says it by `number`."""
    opened = Path.open

    class Bad(io.FileIO):
        def readinto(self, _buffer: object) -> int:
            raise OSError(number, os.strerror(number))

    def opening(self: Path, *words: Any, **named: Any) -> object:
        return Bad(self) if self == path else opened(self, *words, **named)

    monkeypatch.setattr(Path, "open", opening)


def test_a_last_that_the_disk_cannot_give_back_is_a_damaged_one(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(run, 1)
    save(run, 2)
    unreadable(monkeypatch, checkpoint(run, "last"), errno.EIO)
    _, metadata, said = load_newest_intact(run)
    assert metadata["step"] == 1
    assert "cannot give this file back" in said
    save(run, 3)
    monkeypatch.undo()
    assert step_of(run) == 3


def test_a_last_that_cannot_be_opened_now_is_not_given_up(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    save(run, 1)
    save(run, 2)
    unreadable(monkeypatch, checkpoint(run, "last"), errno.EMFILE)
    with pytest.raises(MachineError):
        load_newest_intact(run)


def best(run: RunFolder) -> int:
    tensors, metadata = load_best(run)
    assert (tensors["weight"] == metadata["step"]).all()
    return metadata["step"]


def save_as_best(run: RunFolder, step: int, *, keep: bool) -> None:
    save_best(run, {"weight": np.full(100, step, np.float32)}, {"step": step}, step, keep=keep)


def test_the_best_before_is_there_until_the_next_is_kept(run: RunFolder) -> None:
    save_as_best(run, 1, keep=True)
    save_as_best(run, 2, keep=True)
    save_as_best(run, 3, keep=False)
    settle_best(run, 9)
    assert best(run) == 3, "there is none of step 9"
    settle_best(run, 1)
    assert best(run) == 1


def test_a_kill_between_the_renames_or_a_damaged_best_leaves_the_one_before(run: RunFolder) -> None:
    save_as_best(run, 1, keep=True)
    save_as_best(run, 2, keep=True)
    damage(checkpoint(run, "best"))
    assert best(run) == 1
    checkpoint(run, "best").unlink()
    assert best(run) == 1
    damage(checkpoint(run, "best-before"))
    with pytest.raises(FormatError, match="no such file") as refused:
        load_best(run)
    assert refused.value.where == str(checkpoint(run, "best"))


def test_a_damaged_best_does_not_push_out_the_sound_one_before(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    save_as_best(run, 1, keep=True)
    save_as_best(run, 2, keep=True)
    damage(checkpoint(run, "best"))
    settle_best(run, 2)

    def full(*_: object) -> None:
        raise DiskFull("no space left")

    monkeypatch.setattr(written, "write_tensors", full)
    with pytest.raises(DiskFull):
        save_as_best(run, 3, keep=True)
    assert best(run) == 1


def test_a_best_that_cannot_be_written_leaves_the_one_that_is_there(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_as_best(run, 1, keep=True)

    def full(*_: object) -> None:
        raise DiskFull("no space left")

    monkeypatch.setattr(written, "write_tensors", full)
    with pytest.raises(DiskFull):
        save_as_best(run, 2, keep=True)
    assert checkpoint(run, "best").is_file()
    assert best(run) == 1
