"""Whenever the power goes: no picture is half there, none that was reported is lost, and no cache gives a wrong pixel.

The same model and the same traces as for a run's own files, in `test_crash_states.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from faults import decoded, masks
from faults.children import Children
from faults.explore import Judge, explore
from faults.subjects import with_an_output, with_half_a_set
from faults.trace import need_strace

Count = Callable[[str], None]

ENOUGH = 600  # states for a control


@pytest.fixture(autouse=True)
def strace() -> None:
    need_strace()


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    (tmp_path / "disk").mkdir()
    return tmp_path / "disk"


# --- predictions ----------------------------------------------------------------------------------------------------


def predicted(root: Path) -> Judge:
    expected = masks.wanted(masks.inputs(root))
    return lambda folder, said: masks.fault(folder, said, expected)


def test_no_crash_state_holds_half_a_picture_or_lacks_a_reported_one(
    children: Children, disk: Path, shelf: Path, count_cases: Count
) -> None:
    masks.write_inputs(disk)
    found = explore(children, "predicting", disk, shelf, predicted(disk))
    count_cases(f"{found}")
    assert found.bad == []
    assert found.states > 60
    assert found.said == {"predicted": 0}


def test_no_crash_state_of_an_output_in_the_place_of_another_is_half_of_each(
    children: Children, disk: Path, shelf: Path, count_cases: Count
) -> None:
    with_an_output(disk)
    found = explore(children, "predicting", disk, shelf, predicted(disk))
    count_cases(f"{found}")
    assert found.bad == []
    assert found.states > 150


@pytest.mark.parametrize("job", masks.BROKEN)
def test_control_predictions_with_a_part_left_out_are_found(
    job: str, children: Children, disk: Path, shelf: Path, count_cases: Count
) -> None:
    masks.write_inputs(disk)
    found = explore(children, job, disk, shelf, predicted(disk), most=ENOUGH)
    count_cases(f"{found}")
    assert found.bad


# --- the cache ------------------------------------------------------------------------------------------------------


def filled(root: Path) -> Judge:
    written = decoded.pairs(root)
    return lambda folder, said: decoded.fault(folder, said, written)


SETS: dict[str, Callable[[Path], object]] = {"a new set": decoded.pairs, "a set made longer": with_half_a_set}


@pytest.mark.parametrize("name", SETS)
def test_no_crash_state_of_the_cache_gives_a_wrong_pixel(
    name: str, children: Children, disk: Path, shelf: Path, count_cases: Count
) -> None:
    SETS[name](disk)
    found = explore(children, "filling", disk, shelf, filled(disk))
    count_cases(f"{found}")
    assert found.bad == []
    assert found.states > 100
    assert found.said == {"filled": decoded.COUNT}


def test_control_a_cache_that_believes_what_it_finds_gives_wrong_pixels(
    children: Children, disk: Path, shelf: Path, count_cases: Count
) -> None:
    def believing(folder: Path, said: Mapping[str, int]) -> str:
        with decoded.believed():
            return filled(disk)(folder, said)

    with_half_a_set(disk)
    found = explore(children, "filling", disk, shelf, believing, most=ENOUGH)
    count_cases(f"{found}")
    assert found.bad
