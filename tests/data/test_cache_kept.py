"""A set on disk: what comes out is what went in, to the bit, or nothing."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from data.written_pairs import PLENTY, same
from unetkit.data.arrays import Image, Mask
from unetkit.data.cache.entry import Form
from unetkit.data.cache.folder import INDEX, PIXELS, CacheFolder
from unetkit.data.cache.kept import RECORD, KeptSet

NAME = "0123456789abcdef" * 2
COUNT = 4
ANY_FOLDER = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

KINDS = st.sampled_from([np.uint8, np.uint16])
PAIRS = st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 5), KINDS, KINDS).flatmap(
    lambda form: st.tuples(arrays(form[3], form[:3]), arrays(form[4], form[:2]))
)


def key(number: int) -> bytes:
    return hashlib.sha256(bytes([number])).digest()


KEYS = [key(number) for number in range(COUNT)]


def pair(number: int) -> tuple[Image, Mask]:
    generator = np.random.default_rng(number)
    return generator.integers(0, 256, (5, 7, 3), np.uint8), generator.integers(0, 9, (5, 7), np.uint8)


FORM = Form.of(*pair(0))


def open_set(folder: Path, keys: list[bytes] = KEYS, *, name: str = NAME, claim: bool = True) -> KeptSet:
    return KeptSet(CacheFolder(folder, PLENTY), name, FORM, keys, claim=claim)


def filled(folder: Path, count: int = COUNT) -> KeptSet:
    kept = open_set(folder, [key(number) for number in range(count)])
    for number in range(count):
        kept.put(number, pair(number))
    return kept


def believed(kept: KeptSet) -> list[int]:
    """The pairs that come back; each must be right."""
    found = {number: kept.get(number) for number in range(COUNT)}
    assert all(entry is None or same(entry, pair(number)) for number, entry in found.items())
    return [number for number, entry in found.items() if entry is not None]


@ANY_FOLDER
@given(decoded=PAIRS)
def test_pairs_of_all_forms_come_back(decoded: tuple[Image, Mask], tmp_path: Path) -> None:
    form = Form.of(*decoded)
    kept = KeptSet(CacheFolder(tmp_path, PLENTY), hashlib.md5(repr(form).encode()).hexdigest(), form, KEYS, claim=True)
    kept.put(2, decoded)
    found = kept.get(2)
    assert found is not None
    assert same(found, decoded)


def test_what_was_never_written_is_not_there(tmp_path: Path) -> None:
    kept = open_set(tmp_path)
    assert believed(kept) == []
    assert not any(map(kept.has, range(COUNT)))
    assert kept.found == 0


def test_another_process_finds_what_was_written(tmp_path: Path) -> None:
    filled(tmp_path)
    kept = open_set(tmp_path, claim=False)
    assert (kept.found, believed(kept)) == (COUNT, [0, 1, 2, 3])


def test_more_pairs_are_added_and_the_others_stay(tmp_path: Path) -> None:
    filled(tmp_path, count=2)
    kept = open_set(tmp_path, KEYS[::-1])
    assert kept.found == 2
    assert kept.get(0) is None
    kept.put(0, pair(3))
    assert same(kept.get(3) or pair(9), pair(0))
    assert believed(open_set(tmp_path)) == [0, 1, 3]


def test_who_only_reads_takes_no_place(tmp_path: Path) -> None:
    filled(tmp_path, count=2)
    size = (tmp_path / NAME / PIXELS).stat().st_size
    kept = open_set(tmp_path, claim=False)
    kept.put(3, pair(3))
    assert believed(kept) == [0, 1]
    assert (tmp_path / NAME / PIXELS).stat().st_size == size == 2 * FORM.size


def test_equal_pairs_share_a_place(tmp_path: Path) -> None:
    kept = open_set(tmp_path, [KEYS[0]] * COUNT)
    kept.put(3, pair(0))
    assert all(same(kept.get(number) or pair(9), pair(0)) for number in range(COUNT))
    assert (tmp_path / NAME / PIXELS).stat().st_size == FORM.size


@ANY_FOLDER
@given(part=st.sampled_from([INDEX, PIXELS]), at=st.integers(0, 10**6), flip=st.integers(1, 255))
def test_a_byte_that_is_another_costs_one_entry_and_is_never_believed(
    part: str, at: int, flip: int, tmp_path: Path
) -> None:
    shutil.rmtree(tmp_path / NAME, ignore_errors=True)
    filled(tmp_path)
    path = tmp_path / NAME / part
    damaged = bytearray(path.read_bytes())
    damaged[at % len(damaged)] ^= flip
    path.write_bytes(damaged)
    assert len(believed(open_set(tmp_path))) == COUNT - 1


@ANY_FOLDER
@given(part=st.sampled_from([INDEX, PIXELS]), size=st.integers(0, 10**6))
def test_what_lies_behind_a_cut_is_not_there(part: str, size: int, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / NAME, ignore_errors=True)
    filled(tmp_path)
    path = tmp_path / NAME / part
    length = size % path.stat().st_size
    os.truncate(path, length)
    whole = length // (RECORD if part == INDEX else FORM.size)
    kept = open_set(tmp_path)
    # A cut through the zeros at the end of an entry takes nothing away.
    assert believed(kept) in (list(range(whole)), list(range(whole + 1)))
    for number in range(COUNT):
        kept.put(number, pair(number))
    assert believed(open_set(tmp_path)) == [0, 1, 2, 3]


def test_a_damaged_entry_is_written_anew(tmp_path: Path) -> None:
    kept = filled(tmp_path)
    with (tmp_path / NAME / PIXELS).open("r+b") as file:
        file.write(b"nonsense")
    assert believed(kept) == [1, 2, 3]
    kept.put(0, pair(0))
    assert believed(open_set(tmp_path)) == [0, 1, 2, 3]


def test_an_entry_of_another_pair_or_set_is_not_believed(tmp_path: Path) -> None:
    filled(tmp_path)
    other = "f" * 32
    shutil.copytree(tmp_path / NAME, tmp_path / other)
    assert believed(open_set(tmp_path, name=other)) == []
    index, pixels = ((tmp_path / NAME / part).read_bytes() for part in (INDEX, PIXELS))
    (tmp_path / NAME / PIXELS).write_bytes(pixels[FORM.size :] + pixels[: FORM.size])
    assert believed(open_set(tmp_path)) == []
    digests = [index[begin + len(KEYS[0]) :][:32] for begin in range(0, len(index), RECORD)]
    moved = (own + digest for own, digest in zip(KEYS, digests[1:] + digests[:1], strict=True))
    (tmp_path / NAME / INDEX).write_bytes(b"".join(moved))
    assert believed(open_set(tmp_path)) == []


def test_space_that_was_only_half_reserved_is_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(tmp_path, count=2)

    def half(descriptor: int, begin: int, size: int) -> None:
        os.ftruncate(descriptor, begin + size // 2)
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "posix_fallocate", half)
    with pytest.raises(OSError, match="full"):
        open_set(tmp_path)
    assert (tmp_path / NAME / PIXELS).stat().st_size == 2 * FORM.size
    assert believed(open_set(tmp_path, claim=False)) == [0, 1]


def test_nothing_is_flushed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        pytest.fail("a hundred thousand of these take minutes")

    for call in ("fsync", "fdatasync", "sync"):
        monkeypatch.setattr(os, call, never)
    assert believed(filled(tmp_path)) == [0, 1, 2, 3]
