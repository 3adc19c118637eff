"""`make demo` and `make test` start from Python alone, and say what is missing when that is not enough."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
COPIED = ("scripts", "pyproject.toml", "constraints.txt", "README.md", "LICENSE")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A repository without an environment, and a folder `bin` that comes first on the PATH."""
    folder = tmp_path / "a clone"
    folder.mkdir()
    for name in COPIED:
        source = REPOSITORY / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    (folder / "bin").mkdir()
    return folder


def program(clone: Path, name: str, script: str) -> None:
    """Put a program of a few lines of shell on the PATH."""
    path = clone / "bin" / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def set_up(clone: Path, extras: str = "train", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the set-up as make does."""
    path = f"{clone / 'bin'}:{os.environ['PATH']}"
    return subprocess.run(
        [clone / "scripts" / "setup.sh", extras],
        env={**os.environ, "PATH": path, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def cksum(path: Path) -> str:
    """What the set-up's stamp holds for a file."""
    with path.open() as file:
        return subprocess.run(["cksum"], stdin=file, capture_output=True, text=True, check=True).stdout


def test_an_older_python_is_named_with_the_version_that_is_needed(clone: Path) -> None:
    program(clone, "python3", 'case "$*" in *-V*) echo Python 3.9.2 ;; *) exit 1 ;; esac')
    done = set_up(clone, PYTHON="python3")
    assert done.returncode == 3
    assert "needs Python 3.11 or newer" in done.stderr
    assert "python3 is Python 3.9.2" in done.stderr


def test_a_newer_python_beside_an_old_one_is_found(clone: Path) -> None:
    program(clone, "python3", "exit 1")
    program(clone, "python3.13", 'case "$*" in *-V*) echo Python 3.13.7 ;; *venv*) echo made >&2; exit 1 ;; esac')
    program(clone, "df", "echo; echo x 1 1 99999999 1 /")
    assert "with Python 3.13.7" in set_up(clone).stderr


def test_too_little_disk_is_said_before_anything_is_fetched(clone: Path) -> None:
    program(clone, "df", "echo; echo disk 1 1 204800 99% /")
    done = set_up(clone)
    assert done.returncode == 3
    assert "no disk space" in done.stderr
    assert "200 MB free, about 3000 MB needed" in done.stderr
    assert not (clone / ".venv").exists()


def test_no_network_is_said_as_such(clone: Path) -> None:
    # Nothing listens on the port of the discard service.
    done = set_up(
        clone, PIP_INDEX_URL="http://127.0.0.1:9/simple", PIP_RETRIES="1", PIP_FIND_LINKS="", PIP_CONFIG_FILE=os.devnull
    )
    assert done.returncode == 3
    assert "no network: the packages could not be fetched" in done.stderr
    assert "run the same command again" in done.stderr


def test_a_second_call_has_nothing_to_do(clone: Path) -> None:
    leave_stamp(clone, "train")
    started = time.monotonic()
    assert set_up(clone).returncode == 0
    assert time.monotonic() - started < 2


def test_what_the_tests_need_is_enough_for_the_demo(clone: Path) -> None:
    leave_stamp(clone, "train,dev")
    assert not set_up(clone).stderr


def test_what_the_demo_needs_is_not_enough_for_the_tests(clone: Path) -> None:
    leave_stamp(clone, "train")
    program(clone, "df", "echo; echo disk 1 1 204800 99% /")
    assert "no disk space" in set_up(clone, extras="train,dev").stderr


def test_a_changed_constraint_makes_it_anew(clone: Path) -> None:
    leave_stamp(clone, "train")
    (clone / "constraints.txt").write_text("numpy==1.0\n")
    program(clone, "df", "echo; echo disk 1 1 204800 99% /")
    assert "no disk space" in set_up(clone).stderr


def leave_stamp(clone: Path, extras: str) -> None:
    """What a finished set-up leaves."""
    (clone / ".venv").mkdir()
    sums = "".join(cksum(clone / name) for name in ("pyproject.toml", "constraints.txt"))
    (clone / ".venv" / f".made-for-{extras}").write_text(f"{clone.resolve()}\n{sums}")
