"""What a layout finds in a folder: a reading; and what it may be told: a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from unetkit.data.layouts.listing import Listing
from unetkit.data.pair import Pair
from unetkit.data.soundness import Defect

Standing = Literal["confirmed", "named", "question"]


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a folder as pairs; all paths are relative to `root`, POSIX style.

    Attributes:
        layout: a name of `LAYOUTS`.
        root: the data folder.
        pairs: sorted by image; split and group where the layout knows them.
        orphan_images, orphan_masks: files that should have a partner and have none.
        duplicates: files that another file makes superfluous: `X(1).png` beside `X.png`, `X.jpg` beside `X.png`.
        side_by_side: photo and mask are the two halves of one file.
        class_folders: the names of the mask folders, in class order, where there is one a class.
        evidence: one sentence: what in the folder says so.
        flags: the flags that say this reading.
        table: the known table of classes that such a tree comes with, unless others are said.
        columns: further columns of a table of pairs, a value a pair.
        standing: "confirmed" by a known tree or by pixels, "named" by the names of folders, files or columns, or a
            "question" that the names leave open: it is never taken without being asked for.
        defects: files that must not be opened, and why (`Listing.defects`).
        follow_links: links that lead out of `root` were followed.
    """

    layout: str
    root: Path
    pairs: tuple[Pair, ...]
    orphan_images: tuple[str, ...] = ()
    orphan_masks: tuple[str, ...] = ()
    duplicates: tuple[str, ...] = ()
    side_by_side: bool = False
    class_folders: tuple[str, ...] = ()
    evidence: str = ""
    flags: str = ""
    table: str = ""
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    standing: Standing = "named"
    defects: Mapping[str, Defect] = field(default_factory=dict[str, Defect])
    follow_links: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """What the user said about the reading.

    Attributes:
        images, masks: a folder, a pattern such as `*/images` or `*_mask.*`, or several of them with commas between.
        argument: what follows a layout's name after a colon (`table:lists/train.csv`).
        forced: the layout was named: what would need confirming is taken as said.
    """

    images: str | None = None
    masks: str | None = None
    argument: str = ""
    forced: bool = False


class Layout(Protocol):
    """A way in which people arrange images and masks.

    `covers` names layouts whose readings give way to a confirmed reading of this one; `last_resort` says that it is
    asked only when no other layout has a reading.
    """

    covers: tuple[str, ...]
    last_resort: bool

    def propose(self, listing: Listing, request: Request) -> list[Reading]:
        """Every reading of the listing in this layout; none, if it is not arranged so."""
        ...
