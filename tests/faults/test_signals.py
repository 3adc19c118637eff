"""A signal leads to a saved, exact, resumable stop within a step, a save and two seconds; other signals do no harm.

Real signals to real processes at moments drawn from a printed seed: 2 moments a signal here, 60 in `make test-slow`.
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from faults.children import Children
from faults.moments import CALL
from faults.test_kill_chains import BASE, bits
from unetkit.runs import RunFolder
from unetkit.scenes.folder import write_scenes

GRACE = 2.0 + 1.0  # seconds; a step and a save of this little network take a few hundredths
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
def whole(children: Children, source: Path) -> tuple[dict[str, str], float]:
    """The bits of the run that nobody disturbed, and its seconds."""
    root = source.parent / "whole"
    root.mkdir()
    started = time.monotonic()
    begin(children, root, source)
    assert children.finish().code == 0
    return bits(root / "run"), time.monotonic() - started


def begin(children: Children, root: Path, source: Path) -> None:
    run = root / "run"
    values = {"resume": str(run)} if RunFolder.is_run(run) else {**LONG, "out": str(run)}
    call = {"values": values, "source": None if "resume" in values else str(source), "die_at": 0, "without": ""}
    (root / CALL).write_text(json.dumps(call), encoding="utf-8")
    children.start("a training", root)


def leftovers(children: Children) -> set[str]:
    """What a child may leave behind outside of its run folder."""
    return {
        entry.name
        for place in (Path("/dev/shm"), children.said.parent)
        for entry in place.iterdir()
        if "unetkit" in entry.name
    }


def disturbed(
    children: Children, root: Path, source: Path, whole: tuple[dict[str, str], float], name: str, seed: int
) -> str:
    """Send the signal at a drawn moment, let the run go on to its end, and say what is wrong ("" for nothing)."""
    wanted, seconds = whole
    root.mkdir()
    before = leftovers(children)
    begin(children, root, source)
    time.sleep(random.Random(f"{name} {seed}").uniform(0, seconds * 0.9))
    SIGNALS[name](children.child)
    sent = time.monotonic()
    code = children.finish().code
    took = time.monotonic() - sent
    number = next((number for number in STOPS if signal.Signals(number).name == name.split(maxsplit=1)[0]), None)
    if number is not None and code not in (0, STOPS[number], -number):  # −n: it had nothing to save yet
        return f"exit code {code}"
    if number is not None and took > GRACE:
        return f"{took:.1f} s to stop"
    if number is None and code != 0:
        return f"exit code {code}"
    while not (root / "run" / "model.safetensors").exists():
        begin(children, root, source)
        if children.finish().code != 0:
            return "it does not go on"
    left = leftovers(children) - before
    if left:
        return f"left behind: {left}"
    return "" if bits(root / "run") == wanted else "other bits"


@pytest.mark.parametrize("name", SIGNALS)
def test_a_signal_at_any_moment_costs_no_bit(
    name: str, children: Children, tmp_path: Path, source: Path, whole: tuple[dict[str, str], float]
) -> None:
    assert [disturbed(children, tmp_path / str(seed), source, whole, name, seed) for seed in range(2)] == ["", ""]


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", SIGNALS)
def test_sixty_signals_at_any_moment_cost_no_bit(
    name: str, children: Children, tmp_path: Path, source: Path, whole: tuple[dict[str, str], float]
) -> None:
    wrong = {
        seed: fault
        for seed in range(100, 160)
        if (fault := disturbed(children, tmp_path / str(seed), source, whole, name, seed))
    }
    assert wrong == {}
