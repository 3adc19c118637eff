"""Links: where they lead, and those out of the data folder, which are followed only if the user says so."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from unetkit.data.soundness import FOLLOW, Defect
from unetkit.errors import DataError


def outside(path: str | Path, home: str) -> str | None:
    """Where a path really is, if that is not below `home` (a real path); else None."""
    real = os.path.realpath(path)
    return None if os.path.commonpath((real, home)) == home else real


def outside_link(path: str | Path, home: str) -> Defect | None:
    """What is wrong with a file that is a link out of `home`; None for all others."""
    real = outside(path, home) if Path(path).is_symlink() else None
    if real is None:
        return None
    return "outside-link", f"a link out of the data folder, to {real}" + " (nothing is there)" * (
        not Path(real).exists()
    )


def outside_folders(found: Mapping[str, str]) -> DataError:
    """The error for folders that are links out of the data folder: the link's path and where it leads."""
    number = f"{len(found)} folder links lead" if len(found) > 1 else "a folder link leads"
    return DataError(
        f"{number} out of the data folder, and such links are followed only if you say so",
        where="\n".join(f"{link} -> {real}" for link, real in sorted(found.items())),
        advice=FOLLOW,
    )


def outside_links(root: Path, paths: Iterable[str]) -> dict[str, Defect]:
    """The files among these (relative to `root`) that are links out of it; for paths that come from a table.

    Raises:
        DataError: a folder in one of the paths is such a link.
    """
    home, wanted = os.path.realpath(root), list(paths)
    folders = {above for path in wanted for above in _above(path)}
    real = {folder: there for folder in folders if (there := _link_out(root / folder, home)) is not None}
    if real:
        topmost = [folder for folder in real if not real.keys() & set(_above(folder))]
        raise outside_folders({str(root / folder): real[folder] for folder in topmost})
    return {path: defect for path in wanted if (defect := outside_link(root / path, home)) is not None}


def _above(path: str) -> Iterator[str]:
    return (str(folder) for folder in list(PurePosixPath(path).parents)[:-1])


def _link_out(folder: Path, home: str) -> str | None:
    return outside(folder, home) if folder.is_symlink() else None
