"""A run has one writer."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import pytest
from filelock import FileLock

from unetkit import console
from unetkit.errors import ConfigError, DiskFull, MachineError, OutOfMemory, UnetkitError, UsageError
from unetkit.runs import RunFolder, idle, sole_writer

HOLDING = """
import sys, time
from pathlib import Path
from unetkit.runs import RunFolder, sole_writer
with sole_writer(RunFolder(Path(sys.argv[1]))):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_writer_is_refused_until_the_first_is_dead(run: RunFolder) -> None:
    leftover = run.checkpoints / ".last.safetensors.0badc0de.tmp"
    with subprocess.Popen([sys.executable, "-c", HOLDING, str(run.path)], stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        leftover.touch()
        with pytest.raises(UsageError, match="another process"), sole_writer(run):
            pass
        assert leftover.exists()
        os.kill(first.pid, signal.SIGKILL)
    with sole_writer(run):
        assert not leftover.exists()


def test_a_run_that_is_trained_is_replaced_by_nobody(run: RunFolder, tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDING, str(run.path)], stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        with pytest.raises(UsageError, match="another process"), idle(tmp_path / "nothing", run.path):
            pass
        os.kill(first.pid, signal.SIGKILL)
    with idle(tmp_path / "nothing", run.path), pytest.raises(UsageError), sole_writer(run):
        pass


def test_after_a_writer_has_ended_the_next_may_begin(run: RunFolder) -> None:
    for _ in range(2):
        with sole_writer(run):
            pass


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: can't allocate memory"),
        cv2.error("error: (-4:Insufficient memory) Failed to allocate 9437184 bytes in function 'OutOfMemoryError'"),
        OutOfMemory("too large"),
    ],
)
def test_who_runs_out_of_memory_hears_what_a_run_that_goes_on_may_change(run: RunFolder, error: Exception) -> None:
    with pytest.raises(OutOfMemory) as told, sole_writer(run):
        raise error
    commands = [line for line in told.value.advice.splitlines() if line.startswith("unetkit ")]
    assert commands[0].startswith(f"unetkit train --resume {run.path} ")
    assert f"--config {run.config} --batch" in commands[1]
    assert "--batch" not in commands[0]


@pytest.mark.parametrize(
    "error",
    [FileNotFoundError(2, "No such file or directory", "a.png"), PermissionError(13, "Permission denied", "a.png")],
)
def test_a_file_of_the_data_that_cannot_be_read_any_more_is_named_with_how_to_go_on(
    run: RunFolder, error: OSError
) -> None:
    with pytest.raises(UnetkitError) as told, sole_writer(run):
        raise error
    assert told.value.where == "a.png"
    assert told.value.advice.endswith(f"unetkit train --resume {run.path}  # goes on then")


def test_the_way_on_says_again_what_the_run_does_not_know_yet(run: RunFolder) -> None:
    """Else who meets a full disk while a run is made longer trains its old budget to the end, and cannot go on."""
    with pytest.raises(DiskFull) as told, sole_writer(run, lambda: "--extend --minutes 20"):
        raise OSError(errno.ENOSPC, "full", "last")
    assert f"unetkit train --resume {run.path} --extend --minutes 20  #" in told.value.advice
    with pytest.raises(DiskFull) as told, sole_writer(run, lambda: ""):
        raise OSError(errno.ENOSPC, "full", "last")
    assert f"unetkit train --resume {run.path}  #" in told.value.advice


def test_a_transcript_that_finds_no_room_is_named(run: RunFolder) -> None:
    full = Path("/dev/full")
    with pytest.raises(DiskFull) as told, sole_writer(run), console.transcript(full):
        console.say("a word")
    assert told.value.where == str(full)


@pytest.mark.parametrize("error", [RuntimeError("a bug"), ConfigError("wrong")])
def test_what_is_no_refusal_stays_what_it_is(run: RunFolder, error: Exception) -> None:
    with pytest.raises(type(error)) as told, sole_writer(run):
        raise error
    assert told.value is error


@pytest.mark.parametrize("number", [errno.EROFS, errno.ENOSPC, errno.EIO])
def test_a_disk_that_says_no_before_anything_is_done_is_said_with_how_to_go_on(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refused(*_words: object, **_named: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(FileLock, "acquire", refused)
    with pytest.raises(MachineError) as told, sole_writer(run):
        pass
    assert f"unetkit train --resume {run.path}  # goes on then" in told.value.advice
