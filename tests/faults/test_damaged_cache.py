"""Whatever is damaged in the cache folder, no entry that comes back holds a wrong pixel.

For both files of a set: 2,000 flipped bits, 200 cuts, 200 zeroed pages of 4 KiB, 50 pages swapped with the same file of
another set, and edits of its first and last bytes. The control believes what it finds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from data.written_pairs import same
from faults.decoded import Believing
from faults.test_damaged_runs import PAGE, SWAPS, cuts, edges, flips, swapped, zeroed
from unetkit.data.arrays import Image, Mask
from unetkit.data.cache import CacheFolder
from unetkit.data.cache.entry import Form
from unetkit.data.cache.folder import INDEX, PIXELS
from unetkit.data.cache.kept import KeptSet

COUNT = 70
NAMES = "a" * 32, "b" * 32
PAIRS: list[tuple[Image, Mask]] = [
    (
        np.random.default_rng(number).integers(0, 256, (8, 8, 3), np.uint8),
        np.random.default_rng(number).integers(0, 4, (8, 8), np.uint8),
    )
    for number in range(COUNT)
]
FORM = Form.of(*PAIRS[0])
KEYS = [hashlib.sha256(b"%d" % number).digest() for number in range(COUNT)]


def opened(folder: Path, kind: type[KeptSet] = KeptSet) -> KeptSet:
    return kind(CacheFolder(folder, 10**8), NAMES[0], FORM, KEYS, claim=False)


@pytest.fixture
def folder(shelf: Path) -> Path:
    """Two sets of the same pairs, which differ in every digest, and in the order of their places."""
    for name, step in zip(NAMES, (1, -1), strict=True):
        kept = KeptSet(CacheFolder(shelf, 10**8), name, FORM, KEYS[::step], claim=True)
        for number, decoded in enumerate(PAIRS[::step]):
            kept.put(number, decoded)
    return shelf


def wrong(kept: KeptSet) -> list[int]:
    """The entries that came back otherwise than they went."""
    found = ((number, kept.get(number)) for number in range(COUNT))
    return [number for number, entry in found if entry is not None and not same(entry, PAIRS[number])]


def believed(folder: Path, part: str, mutants: Iterator[bytes], kind: type[KeptSet] = KeptSet) -> tuple[int, int]:
    """How many mutants there were, and after how many a wrong pixel came back."""
    path = folder / NAMES[0] / part
    count = seen = 0
    for mutant in mutants:
        path.write_bytes(mutant)
        count += 1
        seen += bool(wrong(opened(folder, kind)))
    return count, seen


@pytest.mark.parametrize("part", [INDEX, PIXELS])
def test_no_damage_of_a_set_is_believed(part: str, folder: Path, count_cases: Callable[[str], None]) -> None:
    data, another = ((folder / name / part).read_bytes() for name in NAMES)
    assert wrong(opened(folder)) == []
    assert len(data) > PAGE
    kinds = {
        "flips": flips(data),
        "cuts": cuts(data),
        "zeroed pages": zeroed(data),
        "swapped pages": swapped(data, another),
        "edits": edges(data),
    }
    figures = {kind: believed(folder, part, mutants) for kind, mutants in kinds.items()}
    count_cases(", ".join(f"{count} {kind}" for kind, (count, _) in figures.items()) + ", 0 believed")
    assert {kind: seen for kind, (_, seen) in figures.items() if seen} == {}
    assert figures["swapped pages"][0] > SWAPS // 2


def test_control_a_set_without_digests_believes_most_flipped_bits(
    folder: Path, count_cases: Callable[[str], None]
) -> None:
    data = (folder / NAMES[0] / PIXELS).read_bytes()
    count, seen = believed(folder, PIXELS, flips(data), Believing)
    count_cases(f"{seen} of {count} flips believed")
    assert seen > 0.9 * count
