"""Reading through a whole set: every header, and the pixels a class in the masks. One bad file stops nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from unetkit.data.arrays import Counts, Mask, ignore_value
from unetkit.data.header import Header
from unetkit.data.pair import Pair
from unetkit.data.parallel import each
from unetkit.data.soundness import BadFile, Defect, fault_of, inspect
from unetkit.errors import DataError

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, eq=False)
class FileScan:
    """The headers of all sound files, by path, and the files and pairs that cannot be used."""

    headers: Mapping[str, Header]
    bad: tuple[BadFile, ...]


@dataclass(frozen=True, slots=True, eq=False)
class MaskScan:
    """What the masks hold.

    Attributes:
        images: the images whose masks were read, in the order of the rows below.
        counts: int64, a row for each of them, a column for each class: pixels.
        ignored: int64, a value for each of them: pixels that are ignored, the unmatched among them.
        unmatched: int64, a value for each of them: pixels whose value or colour is no class.
        bad: masks that could not be decoded.
    """

    images: tuple[str, ...]
    counts: Counts
    ignored: Counts
    unmatched: Counts
    bad: tuple[BadFile, ...] = ()

    def of(self, images: Iterable[str]) -> MaskScan:
        """The part about these images."""
        wanted = set(images)
        rows = np.array([image in wanted for image in self.images], np.bool_)
        kept = tuple(image for image in self.images if image in wanted)
        return MaskScan(kept, self.counts[rows], self.ignored[rows], self.unmatched[rows])

    def pixels(self) -> Counts:
        """Pixels of each class over all masks read, [classes]."""
        return self.counts.sum(axis=0)

    def pixels_where_present(self) -> Counts:
        """For each class, all pixels that are not ignored of the masks in which it occurs, [classes]."""
        return ((self.counts > 0) * self.counts.sum(axis=1, keepdims=True)).sum(axis=0)

    def presence(self) -> dict[str, frozenset[int]]:
        """The classes with truth in each image."""
        present = self.counts > 0
        return {image: frozenset(np.flatnonzero(row).tolist()) for image, row in zip(self.images, present, strict=True)}


def scan_files(
    root: Path, pairs: Sequence[Pair], *, whole: bool = False, known: Mapping[str, Defect] | None = None
) -> FileScan:
    """Read the header of every image and mask file, look whether it ends as it should, and compare sizes.

    Args:
        root: the folder that the paths are relative to.
        pairs: whose files are looked at.
        whole: read every file to its end, so that none of them stops a decoder later.
        known: files with a defect already; they are not opened.
    """
    defects = dict(known or {})
    paths = list(dict.fromkeys(path for pair in pairs for path in (pair.image, *pair.masks)))
    looks = each(
        lambda path: defects.get(path) or inspect(root / path, whole=whole),
        paths,
        "reading files" if whole else "reading headers",
    )
    found = dict(zip(paths, looks, strict=True))
    headers = {path: header for path, header in found.items() if isinstance(header, Header)}
    bad: dict[str, BadFile] = {}
    for pair in pairs:
        for path in (pair.image, *pair.masks):
            defect = found[path]
            if not isinstance(defect, Header):
                bad.setdefault(path, BadFile(path, *defect, pair.image))
        for path in pair.masks:
            reason = _mismatch(headers.get(pair.image), headers.get(path))
            if reason:
                bad.setdefault(path, BadFile(path, "size-mismatch", reason, pair.image))
    return FileScan(headers, tuple(bad.values()))


def scan_masks(
    pairs: Sequence[Pair], read: Callable[[Pair], tuple[Mask, int]], classes: int, description: str = "reading masks"
) -> MaskScan:
    """Count the pixels of each class in the masks of `pairs`.

    Args:
        read: a pair's mask as class ids, and its unmatched pixels; DataError for a mask that cannot be decoded.
        classes: the number of classes.
    """
    rows = list(each(lambda pair: _count(pair, read, classes), pairs, description))
    sound = [(pair, row) for pair, row in zip(pairs, rows, strict=True) if not isinstance(row, BadFile)]
    table = np.array([row for _, row in sound], np.int64).reshape(len(sound), classes + 2)
    bad = tuple(row for row in rows if isinstance(row, BadFile))
    return MaskScan(
        tuple(pair.image for pair, _ in sound), table[:, :classes], table[:, classes], table[:, classes + 1], bad
    )


def evenly(items: Sequence[Item], count: int | None) -> list[Item]:
    """`count` of the items, evenly spread over them and always the same; all of them for None."""
    if count is None or count >= len(items):
        return list(items)
    return [items[i * len(items) // count] for i in range(count)]


def _count(pair: Pair, read: Callable[[Pair], tuple[Mask, int]], classes: int) -> list[int] | BadFile:
    try:
        mask, unmatched = read(pair)
    except DataError as error:
        return BadFile(pair.masks[0], fault_of(error), error.what, pair.image)
    ignore = ignore_value(mask)
    values = np.bincount(mask.ravel(), minlength=max(classes, ignore + 1))
    return [*values[:classes].tolist(), int(values[ignore]) if ignore >= classes else 0, unmatched]


def _mismatch(image: Header | None, mask: Header | None) -> str:
    if image is None or mask is None or (image.width, image.height) == (mask.width, mask.height):
        return ""
    return f"the image is {image.width}×{image.height}, its mask {mask.width}×{mask.height}"
