"""`benchmarks/plain_loop.py`, what unetkit is measured against: it learns, its scores are true, its clock is fair."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.metrics import confusion_matrix

from unetkit.networks import PRESETS, build
from unetkit.scenes import write_scenes

from house.source import REPOSITORY

SCRIPT = REPOSITORY / "benchmarks" / "plain_loop.py"
HEIGHT, WIDTH = 32, 48
TRAIN, TEST = 6, 3

Pairs = Sequence[tuple[str, str]]


@pytest.fixture
def spec(tmp_path: Path) -> dict[str, Any]:
    """Nine frames at their native size, one channel, one epoch; of the first test mask a corner is ignored."""
    write_scenes(tmp_path / "scenes", TRAIN + TEST, kind="infrared", height=HEIGHT, width=WIDTH)
    pairs: list[tuple[str, str]] = []
    for number, image in enumerate(sorted((tmp_path / "scenes" / "images").iterdir())):
        ids = (np.asarray(Image.open(tmp_path / "scenes" / "masks" / image.name)) == 255).astype(np.uint8)
        if number == TRAIN:
            ids[-8:, :12] = 255
        Image.fromarray(ids).save(tmp_path / f"{number}.png")
        pairs.append((str(image), str(tmp_path / f"{number}.png")))
    return {
        "pairs": {"train": pairs[:TRAIN], "test": pairs[TRAIN:]},
        "classes": 2,
        "ignore": 255,
        "seed": 0,
        "threads": 1,
        "keep": False,
        "bf16": False,
        "batch": TRAIN,
        "channels_last": False,
        "preset": "nano",
        "learning_rate": 0.01,
        "channels": 1,
        "height": HEIGHT,
        "width": WIDTH,
        "epochs": 1,
    }


def command(spec: Mapping[str, Any], folder: Path) -> list[str]:
    """The script with this specification, begun now."""
    told = folder / "spec.json"
    told.write_text(json.dumps({**spec, "started": time.time()}))
    return [sys.executable, str(SCRIPT), str(told)]


def scorings(spec: Mapping[str, Any], folder: Path) -> list[dict[str, Any]]:
    """What a run to its end has printed."""
    done = subprocess.run(command(spec, folder), capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def images_of(pairs: Pairs) -> torch.Tensor:
    """float32 [N, 1, H, W] in 0..1."""
    return torch.stack([torch.from_numpy(np.array(Image.open(image)))[None].float() / 255 for image, _ in pairs])


def truth_of(pairs: Pairs) -> np.ndarray:
    """[N, H, W] of class ids at native size."""
    return np.stack([np.asarray(Image.open(mask)) for _, mask in pairs])


def test_its_last_confusion_is_that_of_its_network_over_the_test_part(spec: dict[str, Any], tmp_path: Path) -> None:
    """Without a learning rate one step over all of train leaves the weights, and moves the statistics of the norms."""
    (last,) = scorings({**spec, "learning_rate": 0.0}, tmp_path)
    torch.manual_seed(0)
    network = build("unet", PRESETS["nano"], 1, 1)
    with torch.no_grad():
        network.train()(images_of(spec["pairs"]["train"]))
        logits = network.eval()(images_of(spec["pairs"]["test"]))[:, 0].numpy()
    truth = truth_of(spec["pairs"]["test"])
    expected = confusion_matrix(truth[truth != 255], (logits > 0)[truth != 255].astype(np.uint8))
    assert expected.min() > 0, "a network that says both"
    assert np.abs(np.array(last["counts"]) - expected).sum() <= 4, "but for scores that are nearly even"
    assert last["precision"] == "fp32"


def test_rows_are_the_true_pixels_at_native_size(spec: dict[str, Any], tmp_path: Path) -> None:
    way = {"keep": True, "bf16": True, "channels_last": True}
    (last,) = scorings({**spec, **way, "batch": 4, "height": 16, "width": 32}, tmp_path)
    truth = truth_of(spec["pairs"]["test"])
    assert np.sum(last["counts"], axis=1).tolist() == [(truth == 0).sum(), (truth == 1).sum()]
    assert last["precision"] == "bf16"


def test_it_learns(spec: dict[str, Any], tmp_path: Path) -> None:
    (last,) = scorings({**spec, "epochs": 40}, tmp_path)
    counts = np.array(last["counts"])
    assert np.trace(counts) / counts.sum() > 0.9 > counts.sum(1).max() / counts.sum(), "more than one class for all"


def test_without_epochs_it_scores_after_each_five_per_cent_more_time_and_goes_on(
    spec: dict[str, Any], tmp_path: Path
) -> None:
    line, begun = command({**spec, "epochs": 0}, tmp_path), time.time()
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        told = [(json.loads(child.stdout.readline())["seconds"], time.time() - begun) for _ in range(4)]
        assert child.poll() is None
        child.kill()
    seconds = [counted for counted, _ in told]
    assert all(later >= 1.05 * sooner for sooner, later in pairwise(seconds))
    assert all(counted < passed + 0.01 for counted, passed in told), "it counts no more than has passed"


def test_time_to_quality_stops_it_at_its_goal(
    spec: dict[str, Any], tmp_path: Path, benchmark: Callable[[str], Any]
) -> None:
    script, begun = benchmark("time_to_quality"), time.time()
    entry = script.Entry("plain", "ir-horizon", 0, 0.0)  # which any two scorings reach
    document = script.timed(entry, {**spec, "epochs": 0}, tmp_path, SCRIPT, 100.0)
    assert (document["ended"], len(document["scorings"])) == ("goal", 2)
    assert document["scorings"][-1]["seconds"] < time.time() - begun


class Clock:
    """Stands still but for what is added."""

    now = 0.0

    def time(self) -> float:
        return self.now


def test_scoring_and_decoding_for_it_are_not_counted_and_all_else_is(
    spec: dict[str, Any], benchmark: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, clock = benchmark("plain_loop"), Clock()
    decode: Callable[[Any, int], Any] = loop.Pairs.decode

    def slowly(pairs: Any, number: int) -> Any:
        clock.now += 5
        return decode(pairs, number)

    class Slow(torch.nn.Module):
        def forward(self, image: torch.Tensor) -> torch.Tensor:
            assert not self.training, "norms as they have learnt to be"
            clock.now += 100
            return image

    monkeypatch.setattr(loop, "time", clock)
    monkeypatch.setattr(loop.Pairs, "decode", slowly)
    clock.now = 3.0
    judge = loop.Judge({**spec, "started": 0.0})
    assert (clock.now, judge.clock()) == (3 + TEST * 5, 3)
    clock.now += 7
    network = Slow()
    assert judge.score(network)["seconds"] == 10
    assert network.training, "it goes on learning"
    assert (clock.now, judge.clock()) == (10 + TEST * 105, 10)
    clock.now += 1
    assert judge.clock() == 11
