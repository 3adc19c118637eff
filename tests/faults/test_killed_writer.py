"""A process killed at any moment of a save leaves a complete checkpoint, not older than the last acknowledged."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from unetkit import files
from unetkit.errors import FormatError
from unetkit.runs.checkpoint import load_newest_intact
from unetkit.runs.folder import RunFolder

KILLS = 10

SAVING = """
import sys
import numpy as np
from pathlib import Path
from unetkit.runs.checkpoint import load_newest_intact, save_last
from unetkit.runs.folder import RunFolder
run = RunFolder(Path(sys.argv[1]))
step = load_newest_intact(run)[1]["step"] if (run.checkpoints / "last.safetensors").exists() else 0
while True:
    step += 1
    save_last(run, {"weight": np.full(200_000, step, np.float32)}, {"step": step}, step)
    print(step, flush=True)
"""

OVERWRITING = """
import sys
import numpy as np
from pathlib import Path
path = Path(sys.argv[1])
for step in range(10**9):
    path.write_bytes(np.full(2_000_000, step % 256, np.uint8).tobytes())
    print(step, flush=True)
"""


def killed(code: str, argument: Path, seconds: float) -> int:
    """Run `code` in a child, kill it after it has worked for `seconds`; return the last number it acknowledged."""
    command = [sys.executable, "-c", code, str(argument)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        first = child.stdout.readline()
        time.sleep(seconds)
        child.kill()
        said = [first, *child.stdout.read().splitlines(keepends=True)]
    return int([line for line in said if line.endswith("\n")][-1])


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder.create(
        tmp_path / "run",
        config="a: 1\n",
        environment={},
        write_manifest=lambda folder: files.write_sealed_text(folder / "manifest.csv", "image,mask\n"),
    )


def test_kills_at_random_moments_lose_no_acknowledged_checkpoint(run: RunFolder) -> None:
    moments = np.random.default_rng(11).uniform(0, 0.05, KILLS)
    for moment in moments.tolist():
        acknowledged = killed(SAVING, run.path, moment)
        tensors, metadata, _ = load_newest_intact(run)
        assert metadata["step"] >= acknowledged
        assert (tensors["weight"] == metadata["step"]).all()


def test_what_a_killed_writer_leaves_is_removed_when_the_run_is_opened(run: RunFolder) -> None:
    (run.checkpoints / ".last.safetensors.0badc0de.tmp").write_bytes(b"half")
    RunFolder.open(run.path)
    assert list(run.checkpoints.iterdir()) == []


def test_control_a_writer_that_overwrites_is_caught_with_a_torn_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    torn = 0
    for moment in np.random.default_rng(12).uniform(0, 0.05, KILLS).tolist():
        killed(OVERWRITING, path, moment)
        data = np.frombuffer(path.read_bytes(), np.uint8)
        torn += len(data) != 2_000_000 or len(np.unique(data)) != 1
    assert torn


def test_no_checkpoint_at_all_is_said_with_both_names(run: RunFolder) -> None:
    with pytest.raises(FormatError, match="no intact checkpoint") as caught:
        load_newest_intact(run)
    assert "last.safetensors" in caught.value.where
    assert "previous.safetensors" in caught.value.where
