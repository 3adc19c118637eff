"""How many processors there are is said in one place, and how many threads read files follows from it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from unetkit.data import parallel
from unetkit.data.arrays import Image, Mask
from unetkit.data.cache import Cache
from unetkit.data.pair import Pair
from unetkit.data.parallel import allowed_by_groups, limited_to, ordered, processors, reading_threads

Quota = Callable[[str], None]


def bind(monkeypatch: pytest.MonkeyPatch, processors: set[int]) -> None:
    """Let the system say that this process is bound to these."""

    def affinity(_: int) -> set[int]:
        return processors

    monkeypatch.setattr(os, "sched_getaffinity", affinity, raising=False)


@pytest.fixture
def quota(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Quota:
    """Sixteen processors, and a control group of version 2 with this quota."""
    bind(monkeypatch, set(range(16)))
    (tmp_path / "process").write_text("0::/\n")
    monkeypatch.setattr(parallel, "PROCESS", tmp_path / "process")
    monkeypatch.setattr(parallel, "MOUNT", tmp_path)

    def write(text: str) -> None:
        (tmp_path / "cpu.max").write_text(text + "\n")

    return write


@pytest.mark.parametrize(
    ("text", "expected"),
    [("max 100000", 16), ("400000 100000", 4), ("150000 100000", 2), ("50000 100000", 1), ("9900000 100000", 16)],
)
def test_a_container_may_use_as_many_as_its_quota_says(quota: Quota, text: str, expected: int) -> None:
    quota(text)
    assert processors() == expected


def test_a_service_inside_a_slice_keeps_to_both_quotas(tmp_path: Path) -> None:
    for folder, text in (("boat.slice", "150000 100000"), ("boat.slice/camera.service", "max 100000")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "cpu.max").write_text(text + "\n")
    assert list(allowed_by_groups("0::/boat.slice/camera.service\n", tmp_path)) == [1.5]
    assert list(allowed_by_groups("0::/another.slice\n", tmp_path)) == []


@pytest.mark.parametrize(("quota", "expected"), [("-1", []), ("300000", [3.0])])
def test_version_1_tells_likewise(quota: str, expected: list[float], tmp_path: Path) -> None:
    folder = tmp_path / "cpu" / "job"
    folder.mkdir(parents=True)
    (folder / "cpu.cfs_quota_us").write_text(quota + "\n")
    (folder / "cpu.cfs_period_us").write_text("100000\n")
    assert list(allowed_by_groups("4:memory:/job\n5:cpu,cpuacct:/job\n", tmp_path)) == expected


def test_a_process_uses_those_it_is_bound_to(quota: Quota, monkeypatch: pytest.MonkeyPatch) -> None:
    quota("max 100000")
    bind(monkeypatch, {3, 5, 6})
    assert processors() == reading_threads() == 3


@pytest.mark.parametrize("limit", [1, 3])
def test_a_limit_bounds_readers_decoders_and_opencv(limit: int) -> None:
    before, busy = cv2.getNumThreads(), threading.active_count()
    with limited_to(limit):
        assert cv2.getNumThreads() == limit
        assert max(ordered(lambda _: threading.active_count(), range(40))) <= busy + limit
        assert reading_threads() == limit
    assert cv2.getNumThreads() == before
    assert reading_threads() >= 2


def test_the_cache_decodes_with_no_more_threads_than_that() -> None:
    gate, decoders = threading.Event(), set[str]()

    def read(_: Pair) -> tuple[Image, Mask]:
        decoders.add(threading.current_thread().name)
        gate.wait(0.02)
        return np.zeros((8, 8, 3), np.uint8), np.zeros((8, 8), np.uint8)

    with limited_to(1):
        cache = Cache([Pair(str(n), "") for n in range(6)], read)
    cache.start()
    cache.get(5)
    assert len({name for name in decoders if name.startswith("decode-")}) == 1
