"""The cache: every pair decoded once, ahead of need, in memory or on disk."""

from __future__ import annotations

import errno
import os
import threading

import numpy as np
import pytest

from unetkit.data import cache as cache_module
from unetkit.data.arrays import Image, Mask
from unetkit.data.cache import Cache, free_memory
from unetkit.data.pair import Pair
from unetkit.data.resize import Fit
from unetkit.errors import DataError

PAIRS = [Pair(f"{index}.png", f"m{index}.png") for index in range(6)]
FIT = Fit(4, 6)


def read(pair: Pair) -> tuple[Image, Mask]:
    value = int(pair.image[0])
    return np.full((8, 8, 3), value, np.uint8), np.full((8, 8), value, np.uint8)


def test_gives_image_and_mask_at_working_size_padded_with_fill_and_ignore() -> None:
    image, mask = Cache(PAIRS, read, FIT, (9, 8, 7)).get(3)
    assert image.shape == (4, 6, 3)
    assert (image[:, :4] == 3).all()
    assert (image[:, 4:] == (9, 8, 7)).all()
    assert mask.shape == (4, 6)
    assert (mask[:, :4] == 3).all()
    assert (mask[:, 4:] == 255).all()


def test_each_pair_is_decoded_once_however_often_it_is_asked_for() -> None:
    asked: list[str] = []

    def counting(pair: Pair) -> tuple[Image, Mask]:
        asked.append(pair.image)
        return read(pair)

    cache = Cache(PAIRS, counting, FIT, (0, 0, 0))
    values = [int(cache.get(index)[1][0, 0]) for index in [5, 0, 3, 5, 1, 2, 4, 3]]
    assert values == [5, 0, 3, 5, 1, 2, 4, 3]
    assert sorted(asked) == [pair.image for pair in PAIRS]


def test_what_is_asked_for_early_does_not_wait_for_its_turn() -> None:
    gate = threading.Event()

    def slow(pair: Pair) -> tuple[Image, Mask]:
        if pair.image == "1.png":
            gate.wait(10)
        return read(pair)

    cache = Cache(PAIRS, slow, FIT, (0, 0, 0), threads=1)
    cache.start([1])
    assert cache.get(5)[1][0, 0] == 5  # the only thread is still busy with image 1
    gate.set()
    assert cache.get(1)[1][0, 0] == 1
    assert cache.waited > 0


def test_a_failing_file_raises_its_error_for_whoever_asks_and_stops_no_other() -> None:
    def failing(pair: Pair) -> tuple[Image, Mask]:
        if pair.image == "2.png":
            raise DataError("the file is truncated", where=pair.image)
        return read(pair)

    cache = Cache(PAIRS, failing, FIT, (0, 0, 0))
    for _ in range(2):
        with pytest.raises(DataError) as caught:
            cache.get(2)
        assert caught.value.where == "2.png"
    assert cache.get(4)[1][0, 0] == 4


def test_a_thread_without_memory_lets_nobody_wait_for_ever() -> None:
    def short(pair: Pair) -> tuple[Image, Mask]:
        if pair.image == "2.png":
            raise MemoryError
        return read(pair)

    cache = Cache(PAIRS, short, FIT, (0, 0, 0), threads=1)
    cache.start([2])
    with pytest.raises(MemoryError):
        cache.get(2)


def test_sixteen_bits_are_never_cut_to_the_eight_of_the_first_image() -> None:
    def mixed(pair: Pair) -> tuple[Image, Mask]:
        image, mask = read(pair)
        return (image.astype(np.uint16) * 1000 if pair.image == "4.png" else image), mask

    with pytest.raises(DataError, match="uint16, the first one 3 of uint8") as caught:
        Cache(PAIRS, mixed, FIT, (0, 0, 0)).get(4)
    assert caught.value.where == "4.png"


def test_too_much_for_memory_goes_to_a_temporary_file_with_the_same_values() -> None:
    cache = Cache(PAIRS, read, FIT, (0, 0, 0), share=0.0)
    assert cache.place == "disk"
    assert "temporary file" in cache.describe()
    assert [int(cache.get(index)[0][0, 0, 0]) for index in range(6)] == list(range(6))
    assert cache.bytes_to_come == 0


def test_too_much_for_the_disk_too_is_decoded_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "posix_fallocate", full)
    cache = Cache(PAIRS, read, FIT, (0, 0, 0), share=0.0)
    assert cache.place == "nowhere"
    assert "each time" in cache.describe()
    assert cache.get(3)[1][0, 0] == 3


def test_says_what_it_takes_and_what_is_still_to_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "free_memory", lambda: 8_000_000_000)
    cache = Cache(PAIRS, read, Fit(1000, 1000), (0, 0, 0))
    assert cache.describe() == "6 images at 1000×1000: 24 MB, kept in memory (8,000 MB free)"
    assert cache.bytes_to_come == 20_000_000


def test_closing_stops_decoding_ahead_and_leaves_what_is_there() -> None:
    cache = Cache(PAIRS, read, FIT, (0, 0, 0))
    cache.start()
    cache.close()
    assert cache.get(5)[1][0, 0] == 5


def test_free_memory_is_positive_and_not_more_than_the_machine_has() -> None:
    assert 0 < free_memory() <= os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
