"""Checks for the same image twice: in two parts of the split, or within one."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from unetkit.checking.finding import Finding, finding
from unetkit.checking.survey import Survey
from unetkit.data.pair import Pair
from unetkit.data.parallel import each
from unetkit.files import sha256_file

_END = 4096


def check_copies(survey: Survey) -> list[Finding]:
    """Images whose files are equal byte for byte."""
    sets = identical_images(survey)
    across = [same for same in sets if len({pair.split for pair in same}) > 1]
    within = [same for same in sets if len({pair.split for pair in same}) == 1]
    return [
        *finding(
            "identical-across-splits",
            "warning",
            [" = ".join(f"{pair.image} ({pair.split})" for pair in same[:3]) for same in across],
            "{n} images stand in more than one part of the split: what is scored was learnt",
            "delete the copies",
        ),
        *finding(
            "identical-images",
            "info",
            [" = ".join(pair.image for pair in same[:3]) for same in within],
            "{n} images occur more than once in the same part",
            "delete the copies: they count twice",
        ),
    ]


def identical_images(survey: Survey) -> list[list[Pair]]:
    """Sets of pairs whose image files are equal. A file is hashed whole only if another has its size and its ends."""
    by_ends = _alike(survey, [list(survey.pairs)], _ends, "comparing files")
    return _alike(survey, by_ends, lambda path: sha256_file(path).encode(), "comparing alike files")


def _alike(survey: Survey, sets: list[list[Pair]], key: Callable[[Path], bytes], description: str) -> list[list[Pair]]:
    root = survey.dataset.root
    bad = {defect.path for defect in survey.bad}
    members = [(number, pair) for number, same in enumerate(sets) for pair in same if pair.image not in bad]
    keys = each(lambda member: key(root / member[1].image), members, description)
    found: defaultdict[tuple[int, bytes], list[Pair]] = defaultdict(list)
    for (number, pair), value in zip(members, keys, strict=True):
        found[number, value].append(pair)
    return [same for same in found.values() if len(same) > 1]


def _ends(path: Path) -> bytes:
    """The size, and a checksum of the first and the last 4 KiB."""
    with path.open("rb") as file:
        size = path.stat().st_size
        first = zlib.crc32(file.read(_END))
        file.seek(max(size - _END, 0))
        return b"%d/%d/%d" % (size, first, zlib.crc32(file.read(_END)))
