"""The cache: every pair decoded once, ahead of need, in memory or on disk."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from data.written_pairs import PLENTY, Written, same, write_pairs
from unetkit.data.arrays import Image, Mask
from unetkit.data.cache import Cache, Keep, places, user_folder
from unetkit.data.contents import Contents
from unetkit.data.pair import Pair
from unetkit.data.parallel import limited_to
from unetkit.errors import DataError
from unetkit.files import sha256_file

PAIRS = [Pair(f"{index}.png", f"m{index}.png") for index in range(6)]


def read(pair: Pair) -> tuple[Image, Mask]:
    value = int(pair.image[0])
    return np.full((8, 8, 3), value, np.uint8), np.full((8, 8), value, np.uint8)


def test_each_pair_is_decoded_once_however_often_it_is_asked_for() -> None:
    asked: list[str] = []

    def counting(pair: Pair) -> tuple[Image, Mask]:
        asked.append(pair.image)
        return read(pair)

    cache = Cache(PAIRS, counting)
    values = [int(cache.get(index)[1][0, 0]) for index in [5, 0, 3, 5, 1, 2, 4, 3]]
    assert values == [5, 0, 3, 5, 1, 2, 4, 3]
    assert sorted(asked) == [pair.image for pair in PAIRS]


def test_what_is_asked_for_early_does_not_wait_for_its_turn() -> None:
    gate = threading.Event()

    def slow(pair: Pair) -> tuple[Image, Mask]:
        if pair.image == "1.png":
            gate.wait(10)
        return read(pair)

    with limited_to(1):
        cache = Cache(PAIRS, slow)
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

    cache = Cache(PAIRS, failing)
    for _ in range(2):
        with pytest.raises(DataError) as caught:
            cache.get(2)
        assert caught.value.where == "2.png"
    assert cache.get(4)[1][0, 0] == 4


@pytest.mark.parametrize("failure", [MemoryError(), cv2.error("(-4:Insufficient memory) in function 'warpAffine'")])
def test_a_thread_without_memory_lets_nobody_wait_for_ever(failure: Exception) -> None:
    def short(pair: Pair) -> tuple[Image, Mask]:
        if pair.image == "2.png":
            raise failure
        return read(pair)

    with limited_to(1):
        cache = Cache(PAIRS, short)
    cache.start([2])
    with pytest.raises(type(failure)):
        cache.get(2)


def test_sixteen_bits_are_never_cut_to_the_eight_of_the_first_image() -> None:
    def mixed(pair: Pair) -> tuple[Image, Mask]:
        image, mask = read(pair)
        return (image.astype(np.uint16) * 1000 if pair.image == "4.png" else image), mask

    with pytest.raises(DataError, match="uint16, the first one 3 of uint8") as caught:
        Cache(PAIRS, mixed).get(4)
    assert caught.value.where == "4.png"


@pytest.fixture
def on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Temporary files lie on a disk, whatever this machine does with them."""

    def no(_: Path) -> bool:
        return False

    monkeypatch.setattr(places, "lies_in_memory", no)


@pytest.mark.usefixtures("on_disk")
def test_too_much_for_memory_goes_to_a_temporary_file_with_the_same_values() -> None:
    cache = Cache(PAIRS, read, share=0.0)
    assert cache.place == "disk"
    assert "temporary file" in cache.describe()
    assert [int(cache.get(index)[0][0, 0, 0]) for index in range(6)] == list(range(6))
    assert cache.bytes_to_come == 0


@pytest.mark.usefixtures("on_disk")
def test_too_much_for_the_disk_too_is_decoded_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "posix_fallocate", full)
    cache = Cache(PAIRS, read, share=0.0)
    assert cache.place == "nowhere"
    assert "each time" in cache.describe()
    assert cache.get(3)[1][0, 0] == 3


def test_says_what_it_takes_and_what_is_still_to_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "free_memory", lambda: 8_000_000_000)

    def large(_: Pair) -> tuple[Image, Mask]:
        return np.zeros((1000, 1000, 3), np.uint8), np.zeros((1000, 1000), np.uint8)

    cache = Cache(PAIRS, large)
    assert cache.describe() == "6 images at 1000×1000: 24 MB, kept in memory (8,000 MB free)"
    assert cache.bytes_to_come == 20_000_000


def test_knows_what_it_holds() -> None:
    cache = Cache(PAIRS, read)
    cache.get(3)
    cache.close()
    assert cache.holds(3)
    assert not Cache(PAIRS, read, keep="off").holds(3)


def test_closing_stops_decoding_ahead_and_leaves_what_is_there() -> None:
    cache = Cache(PAIRS, read)
    cache.start()
    cache.close()
    assert cache.get(5)[1][0, 0] == 5


# --- beyond the run ---------------------------------------------------------------------------------------------------


@pytest.fixture
def written(tmp_path: Path) -> Written:
    return write_pairs(tmp_path / "data", 6)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def test_what_one_run_kept_on_disk_the_next_one_does_not_decode(written: Written, folder: Path) -> None:
    assert written.differing(written.cache(folder, keep="disk")) == []
    written.decoded.clear()
    again = written.cache(folder, keep="disk")
    assert written.differing(again) == []
    assert written.decoded == ["0.image"]  # the first one tells the form of all
    assert "6 of them decoded by an earlier run" in again.describe()


def test_it_says_where_and_how_much_it_keeps(written: Written, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    said = written.cache(tmp_path / "kept", keep="disk", limit=20_000_000).describe()
    assert said == "6 images at 6×4: 0.0 MB, kept in ~/kept (0.0 MB of 20 MB there are taken)"


def test_memory_takes_from_the_folder_what_an_earlier_run_has_left(written: Written, folder: Path) -> None:
    written.differing(written.cache(folder, keep="disk"))
    written.decoded.clear()
    cache = written.cache(folder)
    assert (cache.place, written.differing(cache)) == ("memory", [])
    assert written.decoded == ["0.image"]


def test_too_much_for_memory_goes_to_the_folder(written: Written, folder: Path) -> None:
    cache = written.cache(folder, share=0.0)
    assert (cache.place, written.differing(cache), cache.bytes_to_come) == ("folder", [], 0)


@pytest.mark.parametrize("keep", ["auto", "ram", "off"])
def test_nothing_is_written_where_nobody_needs_it(keep: Keep, written: Written, folder: Path) -> None:
    assert written.differing(written.cache(folder, keep=keep)) == []
    assert not folder.exists()


def test_ram_that_does_not_suffice_is_not_replaced_by_a_disk(written: Written, folder: Path) -> None:
    cache = written.cache(folder, keep="ram", share=0.0)
    assert "decoded each time (too much for memory: " in cache.describe()
    assert not folder.exists()


def test_off_decodes_each_time(written: Written, folder: Path) -> None:
    cache = written.cache(folder, keep="off")
    for _ in range(2):
        cache.get(1)
    assert written.decoded == ["0.image", "1.image", "1.image"]
    assert cache.describe().endswith("decoded each time (--cache off)")


def test_the_other_depth_is_refused_on_disk_too(written: Written, folder: Path) -> None:
    def mixed(pair: Pair) -> tuple[Image, Mask]:
        image, mask = written.fitted(*written.read(pair))
        return (image.astype(np.uint16) if pair.image == "4.image" else image), mask

    cache = Cache(written.pairs, mixed, keep="disk", shelf=written.shelf(folder))
    with pytest.raises(DataError, match="uint16, the first one 3 of uint8"):
        cache.get(4)


def test_pixels_from_the_disk_cannot_be_written_to(written: Written, folder: Path) -> None:
    image, mask = written.cache(folder, keep="disk").get(2)
    assert not image.flags.writeable
    assert not mask.flags.writeable


def test_the_users_folder_can_be_put_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("UNETKIT_CACHE", str(tmp_path))
    assert user_folder() == tmp_path / "decoded"
    monkeypatch.delenv("UNETKIT_CACHE")
    assert user_folder().parts[-2:] == ("unetkit", "decoded")


@pytest.mark.parametrize(
    ("keep", "share", "faster"),
    [
        ("off", 1.0, "--cache auto"),
        ("ram", 0.0, "--cache auto"),
        ("auto", 1.0, "--cache disk, from the next run on"),
        ("auto", 0.0, "the next run, which finds the images decoded"),
    ],
)
def test_it_knows_what_would_spare_the_waiting_for_images(
    keep: Keep, share: float, faster: str, written: Written, folder: Path
) -> None:
    assert written.cache(folder, keep=keep, share=share).faster == faster


@pytest.mark.parametrize(
    ("keep", "share", "faster"), [("disk", 1.0, "--cache auto"), ("disk", 0.0, "more memory"), ("auto", 1.0, "")]
)
def test_where_all_are_decoded_only_memory_is_faster(
    keep: Keep, share: float, faster: str, written: Written, folder: Path
) -> None:
    written.differing(written.cache(folder, keep="disk"))
    assert written.cache(folder, keep=keep, share=share).faster == faster


@pytest.mark.parametrize(("keep", "share"), [("auto", 0.0), ("disk", 0.0), ("disk", 1.0)])
def test_where_there_is_no_room_more_of_it_is_faster(keep: Keep, share: float, written: Written, folder: Path) -> None:
    faster = written.cache(folder, keep=keep, share=share, limit=0).faster
    assert faster == ("--cache auto" if share else "more memory, or a cache folder with more room")


# --- files that change ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("keep", "share"), [("off", 0.0), ("ram", 1.0), ("auto", 1.0), ("auto", 0.0), ("disk", 0.0)])
@pytest.mark.parametrize("limit", [0, PLENTY])
def test_a_file_that_changes_before_it_is_decoded_is_named_wherever_images_are_kept(
    keep: Keep, share: float, limit: int, written: Written, folder: Path
) -> None:
    contents = Contents(written.root)
    cache = written.cache(folder, keep=keep, share=share, limit=limit, contents=contents)
    contents.hash_masks(written.pairs)  # as a run does for its manifest
    (written.root / "3.mask").write_text("another", encoding="utf-8")
    with pytest.raises(DataError, match="has changed") as caught:
        cache.get(3)
    assert caught.value.where == str(written.root / "3.mask")
    assert [same(cache.get(index), written.expected(index)) for index in (2, 4)] == [True, True]


def test_a_file_that_changes_between_two_epochs_without_a_cache_is_named(written: Written, folder: Path) -> None:
    cache = written.cache(folder, keep="off")
    cache.get(3)
    (written.root / "3.image").write_text("another", encoding="utf-8")
    with pytest.raises(DataError, match="has changed"):
        cache.get(3)


def test_what_is_decoded_before_it_is_hashed_is_what_is_hashed(written: Written, folder: Path) -> None:
    contents, pair = Contents(written.root), written.pairs[3]
    true = {pair.image: sha256_file(written.root / pair.image)}
    cache = written.cache(folder, keep="ram", contents=contents)
    before = written.expected(3)
    assert same(cache.get(3), before)
    (written.root / pair.image).write_text("another", encoding="utf-8")
    assert contents.hash_images([pair]) == true
    assert same(cache.get(3), before)


def test_a_file_that_changed_is_not_kept_for_the_next_run(written: Written, folder: Path) -> None:
    cache = written.cache(folder, keep="disk")
    (written.root / "3.mask").write_text("another", encoding="utf-8")
    with pytest.raises(DataError, match="has changed"):
        cache.get(3)
    assert written.differing(written.cache(folder, keep="disk")) == []
