"""The k-th sample and its augmentation depend on (seed, epoch, position) alone: wherever a run is cut, whoever helps.

Three epochs of 40 samples are logged once, and again from every cut, from every pair of cuts, and by several threads
that make batches in any order.
"""

from __future__ import annotations

import hashlib
import itertools
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from unetkit.augmentation import DEFAULTS
from unetkit.data.arrays import Image, Mask
from unetkit.data.normalise import Normalisation
from unetkit.training import batches
from unetkit.training.batches import Ahead, Batch, BatchMaker

IMAGES, BATCH, EPOCHS, SEED = 40, 4, 3, 7
BATCHES = EPOCHS * IMAGES // BATCH
Line = tuple[int, int, str]
Make = Callable[[int], Batch]


class Shelf:
    """Stands for the cache: forty small images that differ."""

    waited = 0.0

    def __init__(self) -> None:
        drawn = np.random.default_rng(1)
        self._images = drawn.integers(0, 255, (IMAGES, 6, 8, 1), np.uint8)
        self._masks = drawn.integers(0, 2, (IMAGES, 6, 8), np.uint8)

    def __len__(self) -> int:
        return IMAGES

    def get(self, index: int) -> tuple[Image, Mask]:
        return self._images[index], self._masks[index]


@pytest.fixture(scope="module")
def make() -> Make:
    normalisation = Normalisation("unit", (0.0,), (255.0,))
    ranges = DEFAULTS["aerial"]
    maker = BatchMaker(Shelf(), normalisation, ranges, seed=SEED, batch=BATCH)  # type: ignore[arg-type]
    return maker.make


@pytest.fixture(scope="module")
def log(make: Make) -> list[list[Line]]:
    return [lines(make(number)) for number in range(BATCHES)]


def lines(batch: Batch) -> list[Line]:
    """(epoch, index, digest of what the network sees) of each sample."""
    pairs = zip(batch.images, batch.masks, strict=True)
    digests = (hashlib.sha256(image.numpy().tobytes() + mask.numpy().tobytes()).hexdigest() for image, mask in pairs)
    return [(s.epoch, s.index, digest) for s, digest in zip(batch.samples, digests, strict=True)]


def taken(stream: Ahead, count: int) -> Iterator[list[Line]]:
    """So many batches of a stream, which is then cut: what it made ahead is lost."""
    yield from (lines(batch) for batch in itertools.islice(stream, count))
    stream.close()


def cut(make: Make, cuts: Iterable[int]) -> list[list[Line]]:
    """The log of a run that begins anew at each cut."""
    edges = [0, *cuts, BATCHES]
    parts = itertools.pairwise(edges)
    return [entry for first, last in parts for entry in taken(Ahead(make, first), last - first)]


def test_each_epoch_is_a_permutation(log: list[list[Line]]):
    samples = list(itertools.chain.from_iterable(log))
    for epoch in range(EPOCHS):
        assert sorted(index for e, index, _ in samples if e == epoch) == list(range(IMAGES))


@pytest.mark.parametrize("ahead", [0, 1, 2, 4])
def test_from_every_cut_a_run_goes_on_with_the_same_samples(
    make: Make, log: list[list[Line]], ahead: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(batches, "AHEAD", ahead)
    assert [n for n in range(BATCHES) if cut(make, [n]) != log] == []


@pytest.mark.slow
@pytest.mark.parametrize("ahead", [0, 1, 2, 4])
def test_from_every_pair_of_cuts_a_run_goes_on_with_the_same_samples(
    make: Make, log: list[list[Line]], ahead: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(batches, "AHEAD", ahead)
    pairs = list(itertools.combinations(range(BATCHES), 2))
    assert len(pairs) == 435
    assert [pair for pair in pairs if cut(make, pair) != log] == []


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_whoever_makes_a_batch_and_whenever_it_is_the_same(make: Make, log: list[list[Line]], workers: int):
    order = [int(number) for number in np.random.default_rng(workers).permutation(BATCHES)]
    with ThreadPoolExecutor(workers) as pool:
        made = dict(zip(order, map(lines, pool.map(make, order)), strict=True))
    assert [made[number] for number in range(BATCHES)] == log


def test_control_an_augmentation_from_a_saved_global_state_keeps_the_order_and_is_caught(log: list[list[Line]]):
    """What loaders with saved random states do: the order comes back, what was drawn ahead of the cut does not."""
    shelf, generator = Shelf(), np.random.default_rng(SEED)

    def make(number: int) -> Batch:
        drawn = DEFAULTS["aerial"].replaced({"noise": float(generator.uniform(0, 0.2))})
        maker = BatchMaker(
            shelf,  # type: ignore[arg-type]
            Normalisation("unit", (0.0,), (255.0,)),
            drawn,
            seed=SEED,
            batch=BATCH,
        )
        return maker.make(number)

    generator = np.random.default_rng(SEED)
    whole = [lines(make(number)) for number in range(BATCHES)]
    generator = np.random.default_rng(SEED)
    before = [lines(make(number)) for number in range(11 + batches.AHEAD)][:11]  # the last of them ahead, and lost
    parts = before + [lines(make(number)) for number in range(11, BATCHES)]
    order = [[(epoch, index) for epoch, index, _ in entry] for entry in parts]
    assert order == [[(epoch, index) for epoch, index, _ in entry] for entry in whole]
    assert parts != whole


def test_the_middle_of_ten_million_samples_is_found_at_once():
    code = (
        "import resource, time\n"
        "from unetkit.training.order import samples_of\n"
        "before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()\n"
        "assert len({s.index for s in samples_of(0, 3_437_500, 16, 10_000_000)}) == 16\n"
        "print(time.process_time() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )

    def measured() -> tuple[float, ...]:
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
        return tuple(map(float, done.stdout.split()))

    # The best of a few: what else the machine does costs memory bandwidth, and with it seconds of this process.
    seconds, kilobytes = map(min, zip(*(measured() for _ in range(3)), strict=True))
    assert seconds <= 1
    assert kilobytes * 1024 <= 200e6
