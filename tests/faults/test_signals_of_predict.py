"""A signal during `predict` leaves whole pictures, nothing else, and an exit code that says so.

Real signals at moments drawn from a printed seed, while one thread reads, one computes and one writes: 2 moments a
signal here, 60 in `make test-slow`; and one process by the command line.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from faults import masks
from faults.children import Children
from faults.test_signals import SIGNALS, leftovers, stops, wrong_end
from predicting.brightness import CONTRACT, scene
from unetkit.modelfile import write_model
from unetkit.networks import build

IMAGES = 24
TRIES = 5
GRACE = 2.0 + 0.1  # seconds; an image and its pictures take a few hundredths
BUSY = 10.0

Count = Callable[[str], None]


@dataclass(frozen=True)
class Bench:
    """What every case needs: processes, images, and how long they take when nothing disturbs."""

    children: Children
    folder: Path
    seconds: float

    def disturbed(self, name: str, seed: int, grace: float, job: str = "predicting by threads") -> tuple[str, float]:
        """Send the signal at a drawn moment; one that came too late to be heard is no case, and drawn again.

        Returns:
            What is wrong ("" for nothing), and the seconds from the signal to the end of the process.
        """
        draw = random.Random(f"{name} {seed}")
        for _ in range(TRIES):
            root, before = self.folder / f"{name} {seed}", leftovers(self.children)
            root.mkdir()
            self.children.start(job, root)
            time.sleep(draw.uniform(0, self.seconds * 0.9))
            in_time = self.children.alive()
            SIGNALS[name](self.children.child)
            sent = time.monotonic()
            code = self.children.finish().code
            took = time.monotonic() - sent
            late = f"{took:.1f} s to stop" if stops(name) and took > grace else ""
            wrong = wrong_end(name, code, saved=False) or late or self._wrong_after(root, code, before)
            shutil.rmtree(root)
            if wrong or (in_time and not (stops(name) and code == 0)):
                return wrong, took
        return f"void: {TRIES} signals came too late", 0.0

    def _wrong_after(self, root: Path, code: int, before: set[str]) -> str:
        expected = masks.wanted(masks.inputs(root))
        if code < 0 and masks.output(root).exists():
            return "it was ended while it wrote"
        said = {"predicted": 0} if code == 0 else dict[str, int]()
        left = masks.leftovers(root) | (leftovers(self.children) - before)
        wrong = masks.fault(root, said, expected) or (f"left behind: {left}" if left else "")
        return wrong or masks.after_going_on(root, expected)


@pytest.fixture(scope="module")
def bench(children: Children, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = tmp_path_factory.mktemp("signals")
    masks.write_inputs(folder / "any", tuple(f"{number}.png" for number in range(IMAGES)))
    (folder / "whole").mkdir()
    started = time.monotonic()
    assert children.run("predicting by threads", folder / "whole").code == 0
    return Bench(children, folder, time.monotonic() - started)


@pytest.mark.parametrize("name", SIGNALS)
def test_a_signal_at_any_moment_leaves_whole_pictures_only(name: str, bench: Bench) -> None:
    assert [bench.disturbed(name, seed, BUSY)[0] for seed in range(2)] == ["", ""]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", SIGNALS)
def test_sixty_signals_at_any_moment_leave_whole_pictures_only(name: str, bench: Bench, count_cases: Count) -> None:
    cases = {seed: bench.disturbed(name, seed, GRACE) for seed in range(100, 160)}
    wrong = {seed: fault for seed, (fault, _) in cases.items() if fault}
    longest = f", at most {max(took for _, took in cases.values()):.2f} s to the end" if stops(name) else ""
    count_cases(f"{len(cases)} signals, {len(wrong)} bad{longest}")
    assert wrong == {}


def test_control_a_predict_that_hears_no_signal_is_caught(bench: Bench) -> None:
    found = (bench.disturbed("SIGTERM", seed, BUSY, "predicting by threads, deaf")[0] for seed in range(10))
    assert any(found)


@pytest.mark.parametrize(("signals", "waits"), [(1, True), (2, False)])
def test_a_second_signal_does_not_wait_for_the_image_in_work(
    signals: int, waits: bool, children: Children, tmp_path: Path
) -> None:
    masks.write_inputs(tmp_path / "any", ("1.png", "2.png"))
    (tmp_path / "disk").mkdir()
    children.start("predicting slowly", tmp_path / "disk")
    while not masks.output(tmp_path / "disk").exists():
        time.sleep(0.01)
    sent = time.monotonic()
    for _ in range(signals):
        os.kill(children.child, signal.SIGTERM)
        time.sleep(0.2)
    assert children.finish().code == 143
    assert (time.monotonic() - sent > 2) == waits
    assert masks.leftovers(tmp_path / "disk") == set()


# --- by the command line ----------------------------------------------------------------------------------------------


@pytest.fixture
def model(tmp_path: Path) -> Path:
    settings: dict[str, object] = {"depth": 1, "width": 2, "width_cap": 4, "stem_stride": 1}
    torch.manual_seed(0)
    network = build("unet", settings, 3, 2)
    weights: dict[str, np.ndarray] = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    write_model(tmp_path / "model.safetensors", weights, replace(CONTRACT, settings=settings))
    return tmp_path / "model.safetensors"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
@pytest.mark.usefixtures("signals_heard")
def test_a_stopped_predict_says_how_far_it_came_and_how_to_begin_again(
    number: int, code: int, model: Path, tmp_path: Path
) -> None:
    (tmp_path / "photos").mkdir()
    for place in range(200):
        assert cv2.imwrite(str(tmp_path / "photos" / f"{place}.png"), scene(240, 320, 50 + place % 80))
    words = [sys.executable, "-m", "unetkit", "predict", str(model), "photos", "--out", "out", "--threads", "1"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "COLUMNS": "200"}
    process = subprocess.Popen(words, cwd=tmp_path, stderr=subprocess.PIPE, text=True, env=environment)
    while not list((tmp_path / "out" / "overlays").glob("*.png")):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(number)
    told = process.communicate(timeout=30)[1]
    assert process.returncode == code, told
    assert f"stopped by {signal.Signals(number).name}" in told
    assert "of 200 images were done" in told
    assert f"unetkit predict {model} photos --threads 1 --out out --overwrite" in told
    written = {path.name for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert written
    assert {name for name in written if not name.endswith(".png")} == set()
