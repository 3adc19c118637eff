"""A signal leads to a saved, exact, resumable stop within a step, a save and two seconds; other signals do no harm.

Real signals to real processes at moments drawn from a printed seed: 2 moments a signal here, 60 in `make test-slow`,
which also holds the time to the stop to its figure; here other tests compute beside it.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from faults.children import Children
from faults.moments import CALL
from faults.test_kill_chains import BASE, bits
from unetkit.runs import RunFolder, has_state
from unetkit.scenes.folder import write_scenes

Count = Callable[[str], None]

GRACE = 2.0 + 1.0  # seconds; a step and a save of this little network take a few hundredths
BUSY = 20.0
BEGUN = 0.05  # seconds; before that a child may not have read yet that its run goes on
TRIES = 8
LONG = {**BASE, "training.epochs": 40, "training.checkpoint_every": 60}
STOPS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGUSR1: 138}

Send = Callable[[int], None]


def stop(number: int) -> Send:
    return lambda child: os.kill(child, number)


def freeze_and_thaw(child: int) -> None:
    os.kill(child, signal.SIGSTOP)
    time.sleep(0.05)
    os.kill(child, signal.SIGCONT)


def twice(child: int) -> None:
    os.kill(child, signal.SIGTERM)
    time.sleep(0.01)  # two at once are one
    os.kill(child, signal.SIGTERM)


SIGNALS: dict[str, Send] = {
    **{signal.Signals(number).name: stop(number) for number in STOPS},
    "SIGPIPE": stop(signal.SIGPIPE),
    "SIGSTOP and SIGCONT": freeze_and_thaw,
    "SIGTERM twice": twice,
}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("signals") / "scenes"
    write_scenes(folder, 20, seed=1, height=24, width=32)
    return folder


@pytest.fixture(scope="module")
def bench(children: Children, source: Path) -> Bench:
    root = source.parent / "whole"
    root.mkdir()
    started = time.monotonic()
    begin(children, root, source)
    assert children.finish().code == 0
    return Bench(children, source, bits(root / "run"), time.monotonic() - started)


def begin(children: Children, root: Path, source: Path, without: str = "") -> None:
    run = root / "run"
    values = {"resume": str(run)} if RunFolder.is_run(run) else {**LONG, "out": str(run)}
    call = {"values": values, "source": None if "resume" in values else str(source), "die_at": 0, "without": without}
    (root / CALL).write_text(json.dumps(call), encoding="utf-8")
    children.start("a training", root)


def leftovers(children: Children) -> set[str]:
    """What a child may leave behind outside of its run folder: processes, shared memory, temporary files."""
    ours = "|".join(["unetkit", *(f"_{number}_" for number in children.begun)])  # PyTorch's names hold the process
    shared = {entry.name for entry in Path("/dev/shm").iterdir() if re.search(ours, entry.name)}
    return {f"process {number}" for number in children.processes()} | shared | children.files()


@dataclass(frozen=True)
class Bench:
    """What every case needs: processes, data, and the run that nobody disturbed."""

    children: Children
    source: Path
    wanted: dict[str, str]
    seconds: float

    def disturbed(self, root: Path, name: str, seed: int, grace: float, without: str = "") -> tuple[str, float]:
        """Send the signal at a drawn moment, again at one of the part that goes on if it stops, and let the run end.

        A signal that came too late to be heard is no case, and all is drawn again.

        Returns:
            What is wrong ("" for nothing), and the longest seconds from a signal to the end of the process.
        """
        draw = random.Random(f"{name} {seed}")
        for _ in range(TRIES):
            root.mkdir()
            before, longest, left = leftovers(self.children), 0.0, self.seconds * 0.9
            for earliest in (0, BEGUN) if stops(name) else (0,):
                moment = draw.uniform(earliest, max(left, earliest))
                left -= moment
                heard, wrong, took = self._signalled(root, name, moment, without)
                longest = max(longest, took)
                if wrong or (stops(name) and took > grace):
                    return wrong or f"{took:.1f} s to stop", took
                if not heard:
                    break
            else:
                return self._wrong_after(root, before), longest
            shutil.rmtree(root)
        return f"void: {TRIES} times the signal came too late", 0.0

    def _signalled(self, root: Path, name: str, moment: float, without: str) -> tuple[bool, str, float]:
        """Begin or go on, and send the signal: whether it was heard, what is wrong, seconds to the end."""
        saved = has_state(RunFolder(root / "run"))
        begin(self.children, root, self.source, without)
        time.sleep(moment)
        in_time = self.children.alive()
        SIGNALS[name](self.children.child)
        sent = time.monotonic()
        code = self.children.finish().code
        took = time.monotonic() - sent
        wrong = wrong_end(name, code, saved or has_state(RunFolder(root / "run")))
        return in_time and not (stops(name) and code == 0), wrong, took

    def _wrong_after(self, root: Path, before: set[str]) -> str:
        while not (root / "run" / "model.safetensors").exists():
            begin(self.children, root, self.source)
            if self.children.finish().code != 0:
                return "it does not go on"
        left = leftovers(self.children) - before
        if left:
            return f"left behind: {left}"
        return "" if bits(root / "run") == self.wanted else "other bits"


def stops(name: str) -> bool:
    return name.split(maxsplit=1)[0] in {signal.Signals(number).name for number in STOPS}


def wrong_end(name: str, code: int, saved: bool) -> str:
    number = signal.Signals[name.split(maxsplit=1)[0]]
    allowed = {0, STOPS[number]} if stops(name) else {0}
    if stops(name) and not saved:
        allowed.add(-number)  # there was nothing to go on with yet
    return "" if code in allowed else f"exit code {code}"


@pytest.mark.parametrize("name", SIGNALS)
def test_a_signal_at_any_moment_costs_no_bit(name: str, bench: Bench, tmp_path: Path, count_cases: Count) -> None:
    faults = [bench.disturbed(tmp_path / str(seed), name, seed, BUSY)[0] for seed in range(2)]
    count_cases(f"{len(faults)} signals, {len([*filter(None, faults)])} bad")
    assert faults == ["", ""]


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", SIGNALS)
def test_sixty_signals_at_any_moment_cost_no_bit(name: str, bench: Bench, tmp_path: Path, count_cases: Count) -> None:
    cases = {seed: bench.disturbed(tmp_path / str(seed), name, seed, GRACE) for seed in range(100, 160)}
    wrong = {seed: fault for seed, (fault, _) in cases.items() if fault}
    longest = f", at most {max(took for _, took in cases.values()):.2f} s to the end" if stops(name) else ""
    count_cases(f"{len(cases)} signals, {len(wrong)} bad{longest}")
    assert wrong == {}


@pytest.mark.parametrize("without", ["ears", "waiting"])
def test_control_a_training_that_hears_no_signal_or_saves_in_the_middle_of_a_step_is_caught(
    without: str, bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if deaf := without == "ears":  # it ends as if each signal had come too late
        monkeypatch.setattr(f"{__name__}.TRIES", 2)
    found = (bench.disturbed(tmp_path / str(seed), "SIGTERM", seed, BUSY, without)[0] for seed in range(10))
    assert any(fault and fault.startswith("void") == deaf for fault in found)


def test_control_what_is_left_behind_is_seen(children: Children) -> None:
    before = leftovers(children)
    children.start("orphans", children.said.parent)
    children.finish()
    left = leftovers(children) - before
    assert [name.split()[0] for name in sorted(left)] == ["left.tmp", "process"]
    for name in left:
        if name.startswith("process "):
            os.kill(int(name.split()[1]), signal.SIGKILL)
    (children.said.parent / "left.tmp").unlink()
