"""Whatever goes wrong under a training (disk, memory, a file of the data) ends it with a clear message and its state.

When the cause is gone, the run goes on to the bits of one that nothing disturbed.
"""

from __future__ import annotations

import errno
import itertools
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from faults.chains import Bench, Chain
from faults.children import Children, Ended
from faults.cuts import FILE_SYSTEMS, Disk, cut, new_disk, why_not
from faults.test_power_cuts import seeds
from unetkit.data.manifest import load_manifest
from unetkit.errors import MachineError, UnetkitError, UsageError
from unetkit.runs import RunFolder, has_state, load_newest_intact
from unetkit.scenes.folder import write_scenes

MACHINE, USAGE = MachineError.exit_code, UsageError.exit_code
LOADER = 127  # of the C library, where it cannot go on
TRIES = 5
KIND = "adamw, one-cycle"
CODES = [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS]

Count = Callable[[str], None]


@pytest.fixture(scope="module")
def bench(children: Children, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = tmp_path_factory.mktemp("training")
    write_scenes(folder / "scenes", 20, seed=1, height=24, width=32)
    return Bench(children, folder, folder / "scenes")


def chain(bench: Bench, folder: Path, **values: object) -> Chain:
    return Chain(bench.children, folder, dict(values), bench.source)


def fault_after(bench: Bench, begun: Chain, ended: Ended, *codes: int) -> str:
    return begun.fault_after(ended, codes, bench.whole(KIND)[0])


# --- a call that fails ----------------------------------------------------------------------------------------------


def failing(bench: Bench, folder: Path, at: int, code: int, *codes: int) -> str:
    """What is wrong when the call number `at` fails."""
    begun = chain(bench, folder)
    begun.begin(at, error=code)
    wrong = fault_after(bench, begun, bench.children.finish(), *codes)
    shutil.rmtree(folder)
    return wrong


@pytest.mark.parametrize(("at", "code"), [(9, errno.EROFS), (40, errno.EIO), (75, errno.EDQUOT), (110, errno.ENOSPC)])
def test_a_failing_call_ends_a_training_that_can_go_on(at: int, code: int, bench: Bench, tmp_path: Path) -> None:
    assert failing(bench, tmp_path / "run", at, code, MACHINE) == ""


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_any_failing_call_ends_a_training_that_can_go_on(bench: Bench, tmp_path: Path, count_cases: Count) -> None:
    counting = chain(bench, tmp_path / "counting")
    counting.begin(error=0)
    calls = bench.children.finish().said["moments"]
    # 0: what failed was of no matter (the folder of the cache cannot be made), and the run is whole.
    cases = {
        at: failing(bench, tmp_path / str(at), at, CODES[at % len(CODES)], MACHINE, 0) for at in range(1, calls + 1)
    }
    count_cases(f"{len(cases)} errors, {sum(map(bool, cases.values()))} bad")
    assert {at: wrong for at, wrong in cases.items() if wrong} == {}
    assert len(cases) > 100


# --- disks ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """`small_disk(n)` is a file system of n bytes; called again, it is larger. Needs root and mount."""
    disk = tmp_path / "disk"
    disk.mkdir()

    def sized(size: int) -> Path:
        again = "remount," if disk.is_mount() else ""
        command = ["mount", "-t", "tmpfs", "-o", f"{again}size={size}", "tmpfs", str(disk)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("not run: mounting a tmpfs needs root")
        return disk

    yield sized
    if disk.is_mount():
        subprocess.run(["umount", disk], check=True)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_full_disk_ends_a_training_that_goes_on_when_there_is_room(
    share: float, bench: Bench, small_disk: Callable[[int], Path]
) -> None:
    bench.whole(KIND)
    needed = sum(path.stat().st_size for path in (bench.folder / f"whole {KIND}").rglob("*"))
    begun = chain(bench, small_disk(int(share * needed)) / "chain")
    begun.begin()
    ended = bench.children.finish()
    assert "no space" in ended.told
    small_disk(10 * needed)
    assert fault_after(bench, begun, ended, MACHINE) == ""


@pytest.fixture
def ext4() -> Iterator[Disk]:
    if why_not("ext4"):
        pytest.skip(f"not run: {why_not('ext4')}")
    with new_disk("ext4") as disk:
        yield disk


@pytest.mark.parametrize("what", ["fails", "turns read-only"])
def test_a_disk_that_breaks_ends_a_training_that_goes_on_when_it_is_mended(what: str, bench: Bench, ext4: Disk) -> None:
    begun = chain(bench, ext4.point / "chain")
    begun.begin()
    _wait_for_state(begun)
    if what == "fails":
        ext4.go_down()
    elif not ext4.turn_read_only():
        bench.children.kill()
        pytest.skip("not run: this kernel cannot be told that an ext4 has an error")
    ended = bench.children.finish()
    ext4.unmount()
    ext4.mount()
    assert str(begun.out) in ended.told
    assert f"unetkit train --resume {begun.out}" in ended.told
    assert fault_after(bench, begun, ended, MACHINE) == ""


def _wait_for_state(begun: Chain) -> None:
    while not has_state(RunFolder(begun.out)):
        assert begun.children.alive(), "it ended before it had saved anything"


@pytest.fixture(scope="module")
def seconds(bench: Bench) -> float:
    """What a training takes that nothing disturbs."""
    started = time.monotonic()
    assert chain(bench, bench.folder / "timed").part()
    return time.monotonic() - started


@dataclass(frozen=True)
class Mains:
    """A disk whose power goes under trainings."""

    bench: Bench
    disk: Disk
    folder: Path
    seconds: float

    def cut_off(self, seed: int, without: str = "") -> str:
        """What is wrong when the power goes at a drawn moment of a training, and the run then goes on."""
        draw = np.random.default_rng(seed)
        for attempt in range(TRIES):
            begun = chain(self.bench, self.folder / f"{seed} {attempt}")
            begun.out = self.disk.point / str(seed)
            begun.begin(without=without)
            time.sleep(draw.uniform(0, self.seconds * 0.9))
            ended = cut(self.bench.children, self.disk, draw)
            saved = ended.said.get("saved", -1)
            wrong = lost(begun.out, saved) or fault_after(self.bench, begun, ended, -signal.SIGKILL, 0)
            shutil.rmtree(begun.out, ignore_errors=True)
            if wrong or ended.code:
                return wrong
        return f"void: {TRIES} cuts came after the end"


@pytest.fixture(params=FILE_SYSTEMS)
def mains(request: pytest.FixtureRequest, bench: Bench, seconds: float, tmp_path: Path) -> Iterator[Mains]:
    if why_not(request.param):
        pytest.skip(f"not run: {why_not(request.param)}")
    with new_disk(request.param) as disk:
        yield Mains(bench, disk, tmp_path, seconds)


def lost(run: Path, saved: int) -> str:
    """What is wrong with the newest state where step `saved` was acknowledged (−1: none was)."""
    if saved < 0:
        return ""
    try:
        step = load_newest_intact(RunFolder(run))[1]["progress"]["step"]
    except UnetkitError as error:
        return f"{error.where}: {error.what}"
    return "" if step >= saved else f"{saved} was acknowledged, {step} came back"


def test_a_power_cut_costs_a_training_no_bit(mains: Mains, count_cases: Count) -> None:
    wrong = [fault for seed in seeds(1) if (fault := mains.cut_off(seed))]
    count_cases(f"1 cut of a training, {len(wrong)} bad")
    assert wrong == []


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_30_power_cuts_cost_a_training_no_bit(mains: Mains, count_cases: Count) -> None:
    cases = {seed: mains.cut_off(seed) for seed in seeds(30)}
    wrong = {seed: fault for seed, fault in cases.items() if fault}
    count_cases(f"{len(cases)} cuts of a training, {len(wrong)} bad")
    assert wrong == {}


def test_control_a_training_without_any_fsync_loses_what_it_acknowledged(mains: Mains, count_cases: Count) -> None:
    found = (mains.cut_off(seed, "fsync") for seed in seeds(10))
    caught = next(((number, wrong) for number, wrong in enumerate(found, start=1) if wrong), None)
    assert caught
    count_cases(f"cut {caught[0]}: {caught[1]}")


# --- memory ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [45, 70, 120, 200])
def test_no_memory_in_the_middle_ends_a_training_that_can_go_on(at: int, bench: Bench, tmp_path: Path) -> None:
    begun = chain(bench, tmp_path / "run")
    begun.begin(at, short=True)
    ended = bench.children.finish()
    assert "not enough memory" in ended.told
    assert f"unetkit train --resume {begun.out}" in ended.told
    assert fault_after(bench, begun, ended, MACHINE) == ""


@pytest.mark.parametrize("megabytes", [5, 15, 25])
def test_a_limit_of_memory_is_said_as_such(megabytes: int, bench: Bench, tmp_path: Path) -> None:
    begun = chain(bench, tmp_path / "run", **{"data.size": 160, "training.batch": 16})
    begun.begin(1, memory=megabytes * 10**6)
    ended = bench.children.finish()
    if ended.code == LOADER:  # a thread's first words found no room: the C library says so and ends the process itself
        assert "cannot allocate memory" in ended.told
        return
    assert ended.code == MACHINE, ended.told
    assert any(words in ended.told for words in ("not enough memory", "does not fit into memory", "no more threads"))


# --- files of the data and of the run -------------------------------------------------------------------------------


def test_an_image_that_vanishes_ends_a_training_that_goes_on_when_it_is_back(
    children: Children, tmp_path: Path
) -> None:
    write_scenes(tmp_path / "scenes", 20, seed=1, height=24, width=32)
    own = Bench(children, tmp_path, tmp_path / "scenes")
    own.whole(KIND)
    used = load_manifest(RunFolder(own.folder / f"whole {KIND}" / "run").manifest)
    image = tmp_path / "scenes" / next(pair.image for pair in used.pairs if pair.split == "train")
    kept = image.read_bytes()
    begun = chain(own, tmp_path / "run", **{"training.cache": "off"})
    begun.begin(110, vanish=str(image))
    ended = children.finish()
    assert ended.code == USAGE
    assert image.name in ended.told
    assert f"unetkit train --resume {begun.out}" in ended.told
    assert load_newest_intact(RunFolder(begun.out))[2] == ""
    image.write_bytes(kept)
    assert fault_after(own, begun, ended, USAGE) == ""


@pytest.mark.parametrize("name", ["checkpoints/last.safetensors", "history.jsonl", "plan.json"])
def test_a_damaged_record_costs_a_run_that_goes_on_no_bit(name: str, bench: Bench, tmp_path: Path) -> None:
    begun = half_way(bench, tmp_path / "run")
    flip(begun.out / name)
    assert fault_after(bench, begun, Ended(0, {}), 0) == ""


@pytest.mark.parametrize("name", ["config.yaml", "manifest.csv", "data.yaml", "environment.json"])
def test_what_a_run_is_of_is_refused_when_damaged(name: str, bench: Bench, tmp_path: Path) -> None:
    begun = half_way(bench, tmp_path / "run")
    flip(begun.out / name)
    begun.begin()
    ended = bench.children.finish()
    assert ended.code == USAGE
    assert name in ended.told


def half_way(bench: Bench, folder: Path) -> Chain:
    """A run that was killed after some states, and not between the two renames of a save."""
    for at in itertools.count(bench.whole(KIND)[1] * 2 // 3):
        begun = chain(bench, folder / str(at))
        assert not begun.part(die_at=at)
        if (begun.out / "checkpoints" / "last.safetensors").exists():
            return begun
    raise AssertionError


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
