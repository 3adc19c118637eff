"""The cache folder keeps its bounds: the longest unused sets go, those in use stay, nothing else is touched."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.written_pairs import Written, write_pairs
from unetkit import console
from unetkit.data.cache import places
from unetkit.data.cache.entry import Form
from unetkit.data.cache.folder import PIXELS, CacheFolder
from unetkit.data.cache.kept import KeptSet, cost
from unetkit.errors import DiskFull

BYTES = np.dtype(np.uint8)
FORM = Form((8, 8, 3), BYTES, (8, 8), BYTES)
ONE = cost(FORM)
OPENED = st.lists(st.tuples(st.integers(0, 4), st.integers(1, 12)), max_size=12)


def name(number: int) -> str:
    return hashlib.md5(bytes([number])).hexdigest()


def keys(count: int, first: int = 0) -> list[bytes]:
    return [number.to_bytes(32, "big") for number in range(first + 1, first + count + 1)]


def open_set(folder: CacheFolder, number: int, count: int, first: int = 0) -> KeptSet:
    return KeptSet(folder, name(number), FORM, keys(count, first), claim=True)


def names(folder: CacheFolder) -> list[str]:
    return [stored.name for stored in folder.sets()]


@pytest.fixture
def folder(tmp_path: Path) -> CacheFolder:
    return CacheFolder(tmp_path / "decoded", 10 * ONE)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(opened=OPENED)
def test_whatever_is_opened_the_bound_is_kept_and_the_last_used_stay(
    opened: list[tuple[int, int]], folder: CacheFolder
) -> None:
    shutil.rmtree(folder.path, ignore_errors=True)
    model: dict[str, int] = {}  # name → pairs, the last used at the end
    for number, count in opened:
        if count > 10:
            with pytest.raises(DiskFull):
                open_set(folder, number, count)
            continue
        open_set(folder, number, count)
        model[name(number)] = max(count, model.pop(name(number), 0))
        while sum(model.values()) > 10:
            del model[next(iter(model))]
        assert folder.taken() == ONE * sum(model.values()) <= folder.limit
        assert names(folder) == list(model)


def test_a_set_that_a_run_uses_is_left_alone(folder: CacheFolder) -> None:
    used = open_set(folder, 0, 6)
    with pytest.raises(DiskFull, match="with what other runs use"):
        open_set(folder, 1, 6)
    assert names(folder) == [name(0)]
    del used
    open_set(folder, 1, 6)
    assert names(folder) == [name(1)]


def test_a_set_begins_anew_when_old_pairs_make_it_too_large(folder: CacheFolder) -> None:
    open_set(folder, 0, 6)
    open_set(folder, 0, 6, first=100)
    assert folder.taken() == 6 * ONE


def test_a_lower_limit_counts_at_once(folder: CacheFolder) -> None:
    for number in range(3):
        open_set(folder, number, 3)
    open_set(CacheFolder(folder.path, 6 * ONE), 2, 3)
    assert names(folder) == [name(1), name(2)]


def test_a_nearly_full_disk_bounds_it_further(folder: CacheFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def nearly_full(_: Path) -> SimpleNamespace:
        return SimpleNamespace(free=12 * ONE)

    monkeypatch.setattr(shutil, "disk_usage", nearly_full)
    assert folder.bound() == 6 * ONE
    with pytest.raises(DiskFull, match="may take") as caught:
        folder.refuse_too_large(7 * ONE)
    assert caught.value.advice == "free some disk space"


def test_too_large_a_set_is_refused_with_the_flag_that_admits_it(folder: CacheFolder) -> None:
    with pytest.raises(DiskFull) as caught:
        CacheFolder(folder.path, 10**9).refuse_too_large(3 * 10**9)
    assert caught.value.advice == "--training.cache-limit 3"


def test_what_is_not_ours_is_left_alone(folder: CacheFolder) -> None:
    mine = folder.path / "photos"
    mine.mkdir(parents=True)
    (mine / PIXELS).write_bytes(bytes(9 * ONE))
    open_set(folder, 0, 6)
    assert names(folder) == [name(0)]
    assert (mine / PIXELS).stat().st_size == 9 * ONE
    strange = folder.path / name(7) / "notes.txt"
    strange.parent.mkdir()
    strange.write_text("keep", encoding="utf-8")
    with folder.locked():
        assert folder.remove(name(7))
    assert strange.exists()


def test_a_set_that_somebody_was_killed_over_is_removed_like_any_other(folder: CacheFolder) -> None:
    open_set(folder, 0, 6)
    (folder.path / name(0) / PIXELS).unlink()
    open_set(folder, 1, 6)
    os.utime(folder.path / name(1) / "index", (1, 1))
    open_set(folder, 2, 6)
    assert name(1) not in names(folder)


@pytest.fixture
def written(tmp_path: Path) -> Written:
    return write_pairs(tmp_path / "data", 6)


def test_pairs_beyond_the_limit_are_decoded_each_time_and_it_is_said_once(
    written: Written, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    console.switch_on(quiet=True)
    cache = written.cache(tmp_path / "cache", keep="disk", limit=100)
    assert written.differing(cache) == written.differing(cache) == []
    console.switch_off()
    told = capsys.readouterr().err
    assert told.count("warning") == 1
    assert "the cache may take 0.0 MB" in told
    assert "the cache may take 0.0 MB" in cache.describe()


def test_auto_beyond_the_limit_decodes_each_time_and_says_why(written: Written, tmp_path: Path) -> None:
    cache = written.cache(tmp_path / "cache", limit=100, share=0.0)
    assert (cache.place, written.differing(cache)) == ("nowhere", [])
    assert "the cache may take 0.0 MB" in cache.describe()


def yes(_: Path) -> bool:
    return True


def no(_: Path) -> bool:
    return False


@pytest.fixture
def in_the_way(tmp_path: Path) -> Path:
    """Where no folder can be made."""
    path = tmp_path / "cache"
    path.write_text("a file", encoding="utf-8")
    return path


def test_auto_without_a_folder_is_a_temporary_file_within_the_same_limit(
    written: Written, in_the_way: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "lies_in_memory", no)
    cache = written.cache(in_the_way, share=0.0)
    assert (cache.place, written.differing(cache)) == ("disk", [])
    assert written.cache(in_the_way, share=0.0, limit=100).place == "nowhere"


def test_a_temporary_file_that_would_lie_in_memory_is_none(
    written: Written, in_the_way: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "lies_in_memory", yes)
    assert written.cache(in_the_way, share=0.0).place == "nowhere"


def test_a_temporary_file_leaves_half_of_a_nearly_full_disk(
    written: Written, in_the_way: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nearly_full(_: Path) -> SimpleNamespace:
        return SimpleNamespace(free=6 * 96 + 100)  # of 6 pairs of 96 bytes

    monkeypatch.setattr(places, "lies_in_memory", no)
    monkeypatch.setattr(shutil, "disk_usage", nearly_full)
    assert written.cache(in_the_way, share=0.0).place == "nowhere"
