"""The cache folder under kills, several runs at once, full and failing disks: never a wrong pixel, never an end."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from data.written_pairs import Written, write_pairs
from faults import test_full_disk
from unetkit import console
from unetkit.data.cache.folder import INDEX, PIXELS
from unetkit.data.resize import Fit

tiny_disk, limited_size = test_full_disk.tiny_disk, test_full_disk.limited_size

COUNT = 60
Count = Callable[[str], None]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    return write_pairs(tmp_path / "data", COUNT, side=64)


def start(job: str, written: Written, folder: Path, count: int = COUNT) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "faults.cache_child", job, str(written.root), str(folder), str(count)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OMP_NUM_THREADS": "1"}
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, bufsize=1, env=environment)


def let_go(child: subprocess.Popen[str]) -> None:
    assert child.stdin is not None
    child.stdin.write("go\n")


def next_line(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


def truth(written: Written) -> str:
    whole = hashlib.sha256()
    for index in range(len(written.pairs)):
        for array in written.expected(index):
            whole.update(array.tobytes())
    return whole.hexdigest()


def assert_whole(written: Written, folder: Path) -> None:
    """One set, as large as it must be, of which nothing needs to be decoded any more."""
    (index,) = folder.glob(f"*/{INDEX}")
    assert index.stat().st_size == 64 * COUNT
    written.decoded.clear()
    assert written.differing(written.cache(folder, keep="disk")) == []
    assert written.decoded == ["0.image"]


# --- several at once, and kills ---------------------------------------------------------------------------------------


def test_runs_that_fill_one_set_at_once_all_see_the_truth(written: Written, tmp_path: Path) -> None:
    children = [start("fill", written, tmp_path / "cache") for _ in range(3)]
    assert [next_line(child) for child in children] == ["ready"] * 3
    for child in children:
        let_go(child)
    said = [child.communicate(timeout=60)[0].split()[-1] for child in children]
    assert said == [truth(written)] * 3
    assert_whole(written, tmp_path / "cache")


def test_a_run_killed_while_it_writes_leaves_what_it_wrote_and_nothing_else(written: Written, tmp_path: Path) -> None:
    for seconds in (0, 0.01, 0.03):
        child = start("fill", written, tmp_path / "cache")
        assert next_line(child) == "ready"
        let_go(child)
        while next_line(child) != "got 2":
            pass
        time.sleep(seconds)
        child.kill()
        child.communicate(timeout=20)
    written.decoded.clear()
    cache = written.cache(tmp_path / "cache", keep="disk")
    assert written.differing(cache) == []
    assert len(written.decoded) <= COUNT + 1 - 3
    assert_whole(written, tmp_path / "cache")


def test_a_run_killed_at_any_call_harms_no_later_one(tmp_path: Path, count_cases: Count) -> None:
    few = write_pairs(tmp_path / "few", 5)
    child = start("sweep", few, tmp_path / "cache", 5)
    cases = [json.loads(line) for line in child.communicate(timeout=100)[0].splitlines()]
    assert child.returncode == 0
    count_cases(f"{len(cases)} kills, {sum(bool(case['wrong']) for case in cases)} bad")
    assert [case for case in cases if case["wrong"]] == []
    assert len(cases) >= 12


# --- disks ------------------------------------------------------------------------------------------------------------


def told(capsys: pytest.CaptureFixture[str], written: Written, folder: Path) -> list[str]:
    """The warnings of a run that reads every pair twice, each of them right."""
    console.switch_on(quiet=True)
    cache = written.cache(folder, keep="disk")
    assert written.differing(cache) == written.differing(cache) == []
    console.switch_off()
    return [line for line in capsys.readouterr().err.splitlines() if "warning" in line]


def test_a_disk_that_is_too_small_is_said_once_and_left_empty(
    tiny_disk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unetkit.data.cache.folder.FREE_SHARE", 100)  # another program takes what seemed to be free
    many = write_pairs(tmp_path / "data", 100, side=64, fit=Fit(64, 64))
    console.switch_on(quiet=True)
    cache = many.cache(tiny_disk / "cache", keep="disk")
    console.switch_off()
    assert many.differing(cache) == []
    (warning,) = [line for line in capsys.readouterr().err.splitlines() if "warning" in line]
    assert "No space left on device" in warning
    assert list((tiny_disk / "cache").glob("*/*")) == []


@pytest.mark.usefixtures("limited_size")
def test_a_size_limit_is_said_once_and_leaves_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    many = write_pairs(tmp_path / "data", 100, side=64, fit=Fit(64, 64))
    (warning,) = told(capsys, many, tmp_path / "cache")
    assert "File too large" in warning
    assert list((tmp_path / "cache").glob("*/*")) == []


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
def test_a_disk_that_fails_half_way_is_said_once(
    code: int, written: Written, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write, calls = os.pwrite, iter(range(10**6))

    def failing(descriptor: int, data: bytes, begin: int) -> int:
        if next(calls) > 20:
            raise OSError(code, os.strerror(code))
        return write(descriptor, data, begin)

    monkeypatch.setattr(os, "pwrite", failing)
    (warning,) = told(capsys, written, tmp_path / "cache")
    assert os.strerror(code) in warning
    monkeypatch.undo()
    assert written.differing(written.cache(tmp_path / "cache", keep="disk")) == []


def test_a_write_that_only_begins_is_not_believed(
    written: Written, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write, calls = os.pwrite, iter(range(10**6))

    def short(descriptor: int, data: bytes, begin: int) -> int:
        return write(descriptor, data if next(calls) < 20 else data[: len(data) // 2], begin)

    monkeypatch.setattr(os, "pwrite", short)
    assert len(told(capsys, written, tmp_path / "cache")) == 1


def test_a_disk_that_cannot_be_read_any_more_is_decoded_around(
    written: Written, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = written.cache(tmp_path / "cache", keep="disk")
    assert written.differing(cache) == []

    def failing(*_: object) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "pread", failing)
    assert written.differing(cache) == []


def test_a_damaged_entry_is_decoded_again_and_mended(written: Written, tmp_path: Path) -> None:
    cache = written.cache(tmp_path / "cache", keep="disk")
    assert written.differing(cache) == []
    (pixels,) = (tmp_path / "cache").glob(f"*/{PIXELS}")
    with pixels.open("r+b") as file:
        file.seek(pixels.stat().st_size // 2)
        file.write(b"lightning")
    written.decoded.clear()
    assert written.differing(cache) == written.differing(cache) == []
    assert len(written.decoded) == 1
    assert_whole(written, tmp_path / "cache")


def test_a_folder_that_may_not_be_written_to_is_decoded_around(tmp_path: Path) -> None:
    in_the_way = tmp_path / "cache"
    in_the_way.write_text("a file", encoding="utf-8")
    few = write_pairs(tmp_path / "data", 3)
    cache = few.cache(in_the_way, keep="disk")
    assert (cache.place, few.differing(cache)) == ("nowhere", [])
    assert few.differing(few.cache(in_the_way)) == []


def test_a_run_that_stands_still_with_the_lock_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unetkit.data.cache.folder.PATIENCE", 0.1)
    few = write_pairs(tmp_path / "data", 3)
    shelf = few.shelf(tmp_path / "cache")
    with shelf.folder.locked():
        cache = few.cache(tmp_path / "cache", keep="disk")
    assert (cache.place, few.differing(cache)) == ("nowhere", [])
    assert "could not be acquired" in cache.describe()
