"""What memory is free: no more than any control group of the process leaves, and no less than it would give away."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from unetkit.data.cache import free_memory
from unetkit.data.cache.free import left_by_groups, lies_in_memory

GIB = 2**30


def group(folder: Path, limit: int | str, used: int, idle: int = 0) -> None:
    """A control group of version 2."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "memory.max").write_text(f"{limit}\n")
    (folder / "memory.current").write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 7\nfile 9\ninactive_file {idle}\n")


def test_it_is_positive_and_not_more_than_the_machine_has() -> None:
    assert 0 < free_memory() <= os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def test_files_that_were_read_and_are_not_used_do_not_fill_a_container(tmp_path: Path) -> None:
    group(tmp_path, 8 * GIB, used=7 * GIB, idle=6 * GIB)
    assert list(left_by_groups("0::/\n", tmp_path)) == [7 * GIB]


@pytest.mark.parametrize(("job", "step", "left"), [(8, "max", [6]), ("max", 4, [3]), (8, 4, [3, 6])])
def test_the_groups_of_a_job_inside_a_job_count_all(
    job: int | str, step: int | str, left: list[int], tmp_path: Path
) -> None:
    for folder, limit, used in (("slurm/job_7", job, 2), ("slurm/job_7/step_0/task_0", step, 1)):
        group(tmp_path / folder, limit if limit == "max" else int(limit) * GIB, used * GIB)
    found = left_by_groups("0::/slurm/job_7/step_0/task_0\n", tmp_path)
    assert [each // GIB for each in found] == left


def test_groups_of_others_do_not_count(tmp_path: Path) -> None:
    group(tmp_path / "mine", 8 * GIB, used=0)
    group(tmp_path / "other", 1 * GIB, used=0)
    group(tmp_path / "mine" / "below", 1 * GIB, used=0)
    assert list(left_by_groups("0::/mine\n", tmp_path)) == [8 * GIB]


@pytest.mark.parametrize("path", ["/", "/docker/abc", "/../outside"])
def test_a_container_that_sees_only_its_own_group_counts_that(path: str, tmp_path: Path) -> None:
    group(tmp_path, 8 * GIB, used=GIB)
    assert list(left_by_groups(f"0::{path}\n", tmp_path)) == [7 * GIB]


def test_version_1_counts_likewise(tmp_path: Path) -> None:
    folder = tmp_path / "memory" / "job"
    folder.mkdir(parents=True)
    for name, number in (("limit_in_bytes", 8 * GIB), ("usage_in_bytes", 6 * GIB)):
        (folder / f"memory.{name}").write_text(f"{number}\n")
    (folder / "memory.stat").write_text(f"inactive_file 1\ntotal_inactive_file {5 * GIB}\n")
    assert list(left_by_groups("5:cpu,cpuacct:/job\n4:memory:/job\n0::/\n", tmp_path)) == [7 * GIB]


def test_where_there_are_no_groups_none_leaves_less(tmp_path: Path) -> None:
    assert list(left_by_groups("", tmp_path)) == []
    assert list(left_by_groups("0::/job\n", tmp_path)) == []


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="not run: a folder in memory")
def test_a_folder_in_memory_is_known() -> None:
    assert lies_in_memory(Path("/dev/shm"))
    assert not lies_in_memory(Path("/proc"))
