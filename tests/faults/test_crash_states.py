"""Whenever the power goes, what was acknowledged is there and whole, on any file system that keeps to POSIX.

A child saves, strace records it, the model replays every beginning of the trace with every loss that may follow, and
the product's own readers judge each state. The same model must find the faults of writers that are known to be broken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from faults.children import Children
from faults.crash_model import UnmodelledError
from faults.explore import explore
from faults.saves import BEFORE, BROKEN_PRODUCT, BROKEN_PROTOCOLS, SAVES, place
from faults.trace import need_strace
from faults.verdict import fault, mixed, older
from unetkit.files import Array

Count = Callable[[str], None]

ENOUGH = 400  # states of a broken product: without any fsync there are millions


@pytest.fixture(autouse=True)
def strace() -> None:
    need_strace()


def test_no_crash_state_of_a_run_with_five_saves_is_bad(
    children: Children, tmp_path: Path, shelf: Path, count_cases: Count
) -> None:
    found = explore(children, "training", tmp_path, shelf, fault)
    count_cases(f"{found}")
    assert found.bad == []
    assert found.states > 250
    assert found.said == {"created": 1, "history": 5, "best": 4, "last": SAVES, "plan": 5, "scores": 1}
    assert (
        found.disk.seen["fsync"] >= 2 * 21 + SAVES
    )  # 21 files, each with its folder; and the folder after each `last`


def test_no_crash_state_of_a_run_that_replaces_another_is_half_of_each(
    children: Children, root: Path, shelf: Path, count_cases: Count
) -> None:
    def whole(folder: Path, said: Mapping[str, int]) -> str:
        # Between two renames neither is at its place: the old one has stepped aside, and was to go anyway.
        return fault(folder, said) if said or place(folder).exists() else ""

    found = explore(children, "replacing", root, shelf, whole)
    count_cases(f"{found}")
    assert found.bad == []
    assert found.said == {"created": 2}
    assert found.states > 50


def test_control_write_fsync_rename_fsync_is_found_sound(
    children: Children, root: Path, shelf: Path, count_cases: Count
) -> None:
    found = explore(children, "sound", root, shelf, fault)
    count_cases(f"{found}")
    assert found.bad == []
    assert found.disk.seen["fsync"] == 2 * SAVES


@pytest.mark.parametrize("job", BROKEN_PROTOCOLS)
def test_control_a_broken_protocol_is_found(
    job: str, children: Children, root: Path, shelf: Path, count_cases: Count
) -> None:
    found = explore(children, job, root, shelf, fault)
    count_cases(f"{found}")
    assert found.bad
    assert found.said == {"last": SAVES}


def with_two_saves(folder: Path, said: Mapping[str, int]) -> str:
    return fault(folder, {**BEFORE, **said})


def test_control_the_product_whole_is_found_sound_by_the_same_judge(
    children: Children, saved: Path, shelf: Path, count_cases: Count
) -> None:
    found = explore(children, "going on", saved, shelf, with_two_saves)
    count_cases(f"{found}")
    assert found.bad == []
    assert found.said == {"history": 4, "best": 4, "last": 4, "plan": 4}


@pytest.mark.parametrize("job", BROKEN_PRODUCT)
def test_control_the_product_with_a_part_left_out_is_found(
    job: str, children: Children, saved: Path, shelf: Path, count_cases: Count
) -> None:
    found = explore(children, job, saved, shelf, with_two_saves, most=ENOUGH)
    count_cases(f"{found}")
    assert found.bad


def by_torch(folder: Path) -> dict[str, Array]:
    import torch

    return {name: tensor.numpy() for name, tensor in torch.load(folder / "last.pt").items()}


def by_safetensors(folder: Path) -> dict[str, Array]:
    return load_file(folder / "last.plain")


@pytest.mark.parametrize(("job", "load"), [("torch.save", by_torch), ("safetensors save_file", by_safetensors)])
def test_control_another_librarys_save_is_found(
    job: str,
    load: Callable[[Path], dict[str, Array]],
    children: Children,
    root: Path,
    shelf: Path,
    count_cases: Count,
) -> None:
    def judge(folder: Path, said: Mapping[str, int]) -> str:
        try:
            arrays = load(place(folder))
        except Exception as error:  # noqa: BLE001 - their errors are many
            return str(error) if said else ""
        return older("last", int(arrays["weight"][0]), said) or mixed(arrays, int(arrays["weight"][0]))

    found = explore(children, job, root, shelf, judge)
    count_cases(f"{found}")
    assert found.bad


def test_a_call_that_the_model_does_not_know_is_an_error(children: Children, root: Path, shelf: Path) -> None:
    with pytest.raises(UnmodelledError, match="link"):
        explore(children, "linking", root, shelf, fault)
