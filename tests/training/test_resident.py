"""Pairs that stay on the device give the batches that moving them each time gives; tried on a CPU, as on any device."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from unetkit.augmentation import DEFAULTS
from unetkit.data.arrays import Image, Mask
from unetkit.data.normalise import Normalisation
from unetkit.training import resident
from unetkit.training.batches import Batch, BatchMaker
from unetkit.training.resident import Feed

COUNT, BATCH, SIDE = 10, 4, 24
CPU = torch.device("cpu")


class Shelf:
    """Stands for the cache: smooth images that differ, and how often each was asked for."""

    waited = 0.0

    def __init__(self, channels: int = 3, kind: type[np.uint8 | np.uint16] = np.uint8) -> None:
        drawn, top = np.random.default_rng(1), np.iinfo(kind).max
        coarse = drawn.random((COUNT, SIDE // 6, SIDE // 6, channels))
        self.images = (top * coarse.repeat(6, 1).repeat(6, 2)).astype(kind)
        self.masks = drawn.integers(0, 3, (COUNT, SIDE, SIDE)).astype(kind)
        self.asked = [0] * COUNT

    def __len__(self) -> int:
        return COUNT

    def get(self, index: int) -> tuple[Image, Mask]:
        self.asked[index] += 1
        return self.images[index], self.masks[index]


def feed(shelf: Shelf, *, settled: bool = True, free: int = 10**9) -> Feed:
    return Feed(shelf, CPU, lambda: settled, lambda _: free)  # type: ignore[arg-type]


def maker(shelf: Shelf, source: Feed | None, strength: float = 1.0) -> BatchMaker:
    channels, top = shelf.images.shape[3], float(np.iinfo(shelf.images.dtype).max)
    scaling = Normalisation("unit", (0.0,) * channels, (top,) * channels)
    ranges = DEFAULTS["aerial"].scaled(strength)
    return BatchMaker(shelf, scaling, ranges, seed=3, batch=BATCH, feed=source)  # type: ignore[arg-type]


def same(one: Batch, other: Batch) -> bool:
    pixels = torch.equal(one.images, other.images) and torch.equal(one.masks, other.masks)
    return pixels and one.images.stride() == other.images.stride() and one.samples == other.samples


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3])
def test_what_is_gathered_on_the_device_is_what_is_moved_there_to_the_bit(
    channels: int, kind: type[np.uint8 | np.uint16]
) -> None:
    shelf = Shelf(channels, kind)
    staying, moved = maker(shelf, feed(shelf)), maker(shelf, feed(shelf, settled=False))
    assert all(same(staying.make(number), moved.make(number)) for number in range(8))  # epochs end within a batch


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_nothing_is_lost_on_the_way_to_the_device(kind: type[np.uint8 | np.uint16]) -> None:
    shelf = Shelf(3, kind)
    for source in (feed(shelf), feed(shelf, settled=False)):
        images, masks = source.get([7, 2, 7])
        assert (images.numpy().transpose(0, 2, 3, 1) == shelf.images[[7, 2, 7]]).all()
        assert (masks.numpy() == shelf.masks[[7, 2, 7]]).all()
        assert (images.dtype, masks.dtype) == (torch.float32, torch.int64)


class Operations(TorchDispatchMode):
    """Remembers the names of PyTorch's operations."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # type: ignore[override]
        self.names.add(str(func))
        return func(*args, **(kwargs or {}))


def test_a_batch_on_the_cpu_starts_no_second_team_of_pytorch_s_threads() -> None:
    shelf = Shelf()
    plain, moved = maker(shelf, None), maker(shelf, feed(shelf))
    with Operations() as ours:
        plain.make(0)
    with Operations() as control:
        moved.make(0)
    assert ours.names <= {"aten.lift_fresh.default", "aten.detach.default", "aten.permute.default"}  # views
    assert "aten.div_.Tensor" in control.names


def test_where_nothing_is_augmented_the_batch_is_that_of_the_cpu_to_the_bit() -> None:
    shelf = Shelf()
    ours, theirs = maker(shelf, feed(shelf), 0.0), maker(shelf, None, 0.0)
    assert all(same(ours.make(number), theirs.make(number)) for number in range(4))


def test_augmented_it_is_that_of_the_cpu_within_the_rounding_of_integers() -> None:
    shelf = Shelf()
    ours, theirs = maker(shelf, feed(shelf)), maker(shelf, None)
    for number in range(4):
        one, other = ours.make(number), theirs.make(number)
        off = 255 * (one.images - other.images).abs()
        assert off.mean() < 0.6
        # These images have hard edges: a 1/32 of a pixel, OpenCV's step, is up to 8 of 255 there.
        assert off.quantile(0.999) < 9
        assert (one.masks != other.masks).float().mean() < 0.01


@pytest.mark.parametrize("strength", [0.0, 1.0])
@pytest.mark.parametrize("channels", [1, 3])
def test_batches_lie_in_memory_with_their_channels_last_whatever_was_done_to_them(
    channels: int, strength: float
) -> None:
    shelf = Shelf(channels)
    size = SIDE * SIDE * channels
    for source in (feed(shelf), None):
        made = maker(shelf, source, strength).make(0)
        assert made.images.stride() == (size, 1, SIDE * channels, channels)


def test_each_pair_is_moved_once() -> None:
    shelf = Shelf()
    source = feed(shelf)
    shelf.asked = [0] * COUNT
    made = maker(shelf, source)
    for number in range(12):
        made.make(number)
    assert shelf.asked == [1] * COUNT


def test_before_the_first_step_nothing_stays_and_after_it_all_does() -> None:
    shelf, steps = Shelf(), list[int]()
    source = Feed(shelf, CPU, lambda: bool(steps), lambda _: 10**9)  # type: ignore[arg-type]
    source.get([0, 1])
    assert source.resident is None
    steps.append(1)
    source.get([0, 1])
    assert source.resident is not None


@pytest.mark.parametrize(("free", "stays"), [(2, True), (1.99, False)])
def test_half_of_the_free_memory_is_left_alone(said: io.StringIO, free: float, stays: bool) -> None:
    shelf = Shelf()
    source = feed(shelf, free=int(free * (shelf.images.nbytes + shelf.masks.nbytes)))
    for _ in range(3):
        source.get([0, 1])
    assert (source.resident is not None) == stays
    assert said.getvalue().count("decoded images") == 1


def test_memory_that_is_not_there_after_all_stops_nothing_and_is_said_once(
    said: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("out of memory")

    shelf = Shelf()
    source = feed(shelf)
    monkeypatch.setattr(resident, "Resident", full)
    for _ in range(3):
        images, _ = source.get([4])
        assert (images.numpy().transpose(0, 2, 3, 1) == shelf.images[[4]]).all()
    assert said.getvalue().count("warning") == 1
    assert source.resident is None
