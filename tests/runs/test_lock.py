"""A run has one writer."""

import os
import signal
import subprocess
import sys

import pytest

from unetkit.errors import UsageError
from unetkit.runs import RunFolder, sole_writer

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


def test_after_a_writer_has_ended_the_next_may_begin(run: RunFolder) -> None:
    for _ in range(2):
        with sole_writer(run):
            pass
