"""A pair: one image and the mask that belongs to it."""

from __future__ import annotations

from dataclasses import dataclass

SPLITS = ("train", "val", "test")


@dataclass(frozen=True, slots=True)
class Pair:
    """Paths are relative to the root of the data set, POSIX style.

    Attributes:
        image: the image file.
        mask: the mask file; with one mask folder per class, the files in class order joined by `|`; where photo and
            mask stand side by side in one file, the same as `image`.
        split: "train", "val", "test", or None before the split is made.
        group: images of one group are not independent (clip, tile, recording) and never part; None before grouping.
    """

    image: str
    mask: str
    split: str | None = None
    group: str | None = None

    @property
    def masks(self) -> tuple[str, ...]:
        """The mask files, one or one per class."""
        return tuple(self.mask.split("|"))
