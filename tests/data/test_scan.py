"""Scanning a set: counts that add up, defects that are named, and nothing stopped by one bad file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from unetkit.data.arrays import Mask
from unetkit.data.pair import Pair
from unetkit.data.parallel import each
from unetkit.data.scan import evenly, scan_files, scan_masks
from unetkit.data.soundness import inspect
from unetkit.errors import DataError

PAIRS = tuple(Pair(f"{number}.png", f"m{number}.png") for number in range(5))


def read(pair: Pair) -> tuple[Mask, int]:
    number = int(pair.image[0])
    if number == 3:
        raise DataError("the file is truncated or damaged")
    mask = np.full((4, 5), 255, np.uint8)
    mask[:2] = number % 2
    return mask, number


def test_pixels_are_counted_for_each_mask_and_class() -> None:
    scan = scan_masks(PAIRS, read, 2)
    assert scan.images == ("0.png", "1.png", "2.png", "4.png")
    assert scan.counts.tolist() == [[10, 0], [0, 10], [10, 0], [10, 0]]
    assert scan.ignored.tolist() == [10] * 4
    assert scan.unmatched.tolist() == [0, 1, 2, 4]


def test_a_mask_that_cannot_be_read_is_reported_and_left_out() -> None:
    (bad,) = scan_masks(PAIRS, read, 2).bad
    assert (bad.path, bad.image, bad.fault) == ("m3.png", "3.png", "damaged-file")


def test_a_part_of_a_scan_is_about_its_images_only() -> None:
    scan = scan_masks(PAIRS, read, 2)
    assert scan.of(["1.png", "2.png"]).pixels().tolist() == [10, 10]
    assert scan.pixels().tolist() == [30, 10]
    assert scan.presence()["1.png"] == {1}


def test_pixels_where_a_class_is_present() -> None:
    counts = scan_masks(PAIRS, read, 2)
    assert counts.pixels_where_present().tolist() == [30, 10]


def test_a_sixteen_bit_mask_ignores_65535_and_keeps_255() -> None:
    mask = np.array([[0, 255, 299, 65535]], np.uint16)
    scan = scan_masks(PAIRS[:1], lambda _: (mask, 0), 300)
    assert scan.counts[0, [0, 255, 299]].tolist() == [1, 1, 1]
    assert scan.ignored.tolist() == [1]


def save(path: Path, size: tuple[int, int] = (40, 30)) -> bytes:
    Pillow.effect_noise(size, 90).convert("RGB").save(path)
    return path.read_bytes()


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.gif", "a.bmp", "a.tif", "a.webp", "a.tga"])
def test_a_whole_file_of_any_format_is_sound(tmp_path: Path, name: str) -> None:
    save(tmp_path / name)
    header = inspect(tmp_path / name)
    assert not isinstance(header, tuple)
    assert (header.width, header.height) == (40, 30)


DAMAGE: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("empty-file", lambda data: b""),
    ("not-an-image", lambda data: b"<html>404</html>"),
    ("not-an-image", lambda data: bytes(100)),
    ("truncated-file", lambda data: data[:-30]),
    ("truncated-file", lambda data: data[: len(data) // 2]),
]


@pytest.mark.parametrize(("fault", "damage"), DAMAGE)
@pytest.mark.parametrize("name", ["a.png", "a.jpg"])
def test_defects_are_seen_without_decoding(
    tmp_path: Path, name: str, damage: Callable[[bytes], bytes], fault: str
) -> None:
    data = save(tmp_path / name, (400, 300))
    (tmp_path / name).write_bytes(damage(data))
    found = inspect(tmp_path / name)
    assert isinstance(found, tuple)
    assert found[0] == fault


def spoil(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes(byte ^ 255 for byte in data[middle : middle + 40]) + data[middle + 40 :]


@pytest.mark.parametrize("name", ["a.png", "a.gif"])
def test_damage_in_the_middle_is_seen_where_the_whole_file_is_asked_for(tmp_path: Path, name: str) -> None:
    data = save(tmp_path / name, (400, 300))
    assert inspect(tmp_path / name, whole=True) == inspect(tmp_path / name)
    (tmp_path / name).write_bytes(spoil(data))
    assert inspect(tmp_path / name, whole=True) == ("damaged-file", "the file is truncated or damaged")


@pytest.mark.parametrize("name", ["a.gif", "a.bmp", "a.tif", "a.tga"])
def test_a_file_without_an_end_marker_is_known_to_be_cut_when_read_whole(tmp_path: Path, name: str) -> None:
    data = save(tmp_path / name, (400, 300))
    (tmp_path / name).write_bytes(data[: len(data) // 2])
    found = inspect(tmp_path / name, whole=True)
    assert isinstance(found, tuple)
    assert found[0] == "damaged-file"


def test_sizes_that_differ_and_files_that_are_gone_are_found(tmp_path: Path) -> None:
    for name in ("0.png", "m0.png", "1.png"):
        save(tmp_path / name)
    save(tmp_path / "m1.png", (41, 30))
    save(tmp_path / "2.png")
    scan = scan_files(tmp_path, PAIRS[:3])
    assert [(bad.path, bad.fault) for bad in scan.bad] == [("m1.png", "size-mismatch"), ("m2.png", "missing-file")]
    assert set(scan.headers) == {"0.png", "m0.png", "1.png", "m1.png", "2.png"}


@pytest.mark.parametrize("count", [0, 1, 2, 7, 1000])
def test_results_of_threads_keep_the_order(count: int) -> None:
    assert list(each(lambda value: value * value, range(count), "squares")) == [value * value for value in range(count)]


def test_an_even_sample_is_spread_and_always_the_same() -> None:
    assert evenly(list(range(100)), 4) == [0, 25, 50, 75]
    assert evenly([1, 2], 4) == evenly([1, 2], None) == [1, 2]
