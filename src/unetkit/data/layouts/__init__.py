"""Finding the data without being told: from a folder as it is to pairs of image and mask.

Each layout proposes readings from one listing of the tree. Readings that give the same pairs are one; where two differ,
or where the names leave it open, the question is asked with the flags that decide, and nothing is guessed. The table
of trees and readings for people is `docs/concepts/layouts.md`.
"""

from __future__ import annotations

from pathlib import Path

from unetkit.data.layouts.find import find
from unetkit.data.layouts.reading import Layout, Reading, Request

__all__ = ["LAYOUTS", "Layout", "Reading", "Request", "find_pairs"]

LAYOUTS: dict[str, str] = {
    "folders": "unetkit.data.layouts.folders:Folders",
    "one-folder": "unetkit.data.layouts.one_folder:OneFolder",
    "class-folders": "unetkit.data.layouts.class_folders:ClassFolders",
    "cityscapes": "unetkit.data.layouts.cityscapes:Cityscapes",
    "table": "unetkit.data.layouts.table:Table",
    "side-by-side": "unetkit.data.layouts.side_by_side:SideBySide",
}


def find_pairs(
    root: Path,
    *,
    images: str | None = None,
    masks: str | None = None,
    layout: str | None = None,
    follow_links: bool = False,
) -> Reading:
    """Find the pairs of image and mask in a folder.

    Args:
        root: the folder, or a table of pairs in it (`.csv`, `.tsv`, `.jsonl`, `.txt`), read relative to its folder.
        images, masks: where they are, relative to `root`: a folder, a pattern (`*/masks`, `*_mask.*`), or several of
            them with commas between; found by name when None.
        layout: a name of `LAYOUTS`, `table:FILE` for one of several tables; found when None.
        follow_links: links that lead out of `root` are followed; else files that are such links are defects of the
            reading.

    Raises:
        DataError: no such folder, no pairs in it, a folder link or a table that leads out of it.
        AmbiguityError: several readings are possible; the advice lists each with the command that says it.
        ConfigError: there is no such layout.
    """
    return find(root, LAYOUTS, images=images, masks=masks, layout=layout, follow_links=follow_links)
