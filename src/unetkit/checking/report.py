"""The result of `unetkit check`: what is in a data set, and the findings about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from unetkit.checking.finding import Finding, Severity
from unetkit.data.class_text import Source


@dataclass(frozen=True, slots=True)
class ClassLine:
    """A class, and how much of the masks that were read it covers.

    Attributes:
        id, name, source, colour: as in the class table; `source` is a value, a colour or a folder's name.
        pixels_share: of all pixels that are not ignored, 0..1.
        images_share: of the masks read, 0..1, in which the class occurs.
    """

    id: int
    name: str
    source: Source
    colour: tuple[int, int, int]
    pixels_share: float
    images_share: float


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What `check` saw.

    Attributes:
        data: the source as it was given.
        layout, evidence, flags: the reading, why it was chosen, and the flags that say it.
        encoding: how a mask's pixels say the class.
        pairs: images with masks.
        orphans: images and masks without a partner.
        channels: how many images have how many channels, as stored.
        sizes: (width, height) as seen after an EXIF turn, and how many images have it; most frequent first.
        classes: the class table with the classes' shares.
        ignore_values: source values that are ignored; `ignore_share` of all mask pixels are.
        group_rule, group_count: how images are grouped.
        splits: images in train, val and test; `split_notes` says how they were chosen.
        headers_read, masks_read, masks_total, images_decoded: how much of the data stands behind all this.
        notes: what was concluded about the masks while they were read.
        findings: errors first.
        next: the command that trains on these data.
    """

    data: str
    layout: str
    evidence: str
    flags: str
    encoding: str
    pairs: int
    orphans: tuple[int, int]
    channels: Mapping[int, int]
    sizes: Mapping[tuple[int, int], int]
    classes: tuple[ClassLine, ...]
    ignore_values: tuple[Source, ...]
    ignore_share: float
    group_rule: str
    group_count: int
    splits: Mapping[str, int]
    split_notes: tuple[str, ...]
    headers_read: int
    masks_read: int
    masks_total: int
    images_decoded: int
    notes: tuple[str, ...]
    findings: tuple[Finding, ...]
    next: str = ""

    def count(self, severity: Severity) -> int:
        """How many findings have this severity."""
        return Counter(found.severity for found in self.findings)[severity]

    def to_json(self) -> dict[str, object]:
        """The document of `unetkit check --json`, schema `unetkit.check` version 1."""
        return {
            "schema": "unetkit.check",
            "version": 1,
            "data": self.data,
            "layout": self.layout,
            "encoding": self.encoding,
            "pairs": self.pairs,
            "orphans": {"images": self.orphans[0], "masks": self.orphans[1]},
            "channels": {str(channels): count for channels, count in self.channels.items()},
            "sizes": [{"width": w, "height": h, "count": count} for (w, h), count in self.sizes.items()],
            "classes": [_class_json(line) for line in self.classes],
            "ignore": {"values": [_plain(value) for value in self.ignore_values], "pixels_share": self.ignore_share},
            "groups": {"rule": self.group_rule, "count": self.group_count},
            "splits": {name: self.splits.get(name, 0) for name in ("train", "val", "test")},
            "findings": [found.to_json() for found in self.findings],
            "reading": {"evidence": self.evidence, "flags": self.flags, "notes": [*self.notes, *self.split_notes]},
            "read": {
                "headers": self.headers_read,
                "masks": self.masks_read,
                "masks_total": self.masks_total,
                "images": self.images_decoded,
            },
            "next": None if self.count("error") else self.next,
        }


def _class_json(line: ClassLine) -> dict[str, object]:
    return {
        "id": line.id,
        "name": line.name,
        "source": _plain(line.source),
        "colour": list(line.colour),
        "pixels_share": round(line.pixels_share, 6),
        "images_share": round(line.images_share, 6),
    }


def _plain(value: Source) -> int | str | list[int]:
    return list(value) if isinstance(value, tuple) else value
