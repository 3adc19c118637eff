"""Which images `predict INPUT...` means, and how each output is called."""

from __future__ import annotations

import glob
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from unetkit.data.layouts.listing import IMAGE_EXTENSIONS, extension_of, list_folder
from unetkit.data.layouts.walking import name_defect, text_of
from unetkit.data.soundness import FOLLOW, Defect
from unetkit.errors import DataError

_MAGIC = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Input:
    """One image file.

    Attributes:
        path: where it is.
        name: of its outputs, relative, POSIX, with ".png"; no two inputs of one call share it, in any case of letters.
        error: why it must not be opened; None for all others.
    """

    path: Path
    name: str
    error: DataError | None = None


def find_inputs(texts: Sequence[str], *, follow_links: bool = False) -> list[Input]:
    """Files as they are, folders with everything below them, globs (`**` goes down); the same file counts once.

    Args:
        follow_links: links in a folder that lead out of it are followed; else such a file comes with a defect.

    Raises:
        DataError: an input does not exist, there is no image at all, or a folder in a folder is a link that leads out
            and is not followed.
    """
    found: dict[Path, tuple[Input, str]] = {}
    for text in texts:
        home = _home(text)
        for path, defect in _files(text, follow_links=follow_links):
            one = Input(path, _relative(path, home), _error(path, defect))
            found.setdefault(path if defect else path.resolve(), (one, text_of(home.name)))
    if not found:
        raise DataError(
            "there is no image here", where=", ".join(texts), advice="name images, or a folder or glob that holds some"
        )
    return _distinct([one for one, _ in found.values()], [home for _, home in found.values()])


def name_of_inputs(texts: Sequence[str]) -> str:
    """A name for the output folder: of the first input, without its ending."""
    home = _home(texts[0])
    named = home if Path(texts[0]).is_dir() or _is_glob(texts[0]) else Path(texts[0])
    return PurePosixPath(named.resolve().name).stem or "images"


def _files(text: str, *, follow_links: bool) -> list[tuple[Path, Defect | None]]:
    path = Path(text)
    if path.is_dir():
        listing = list_folder(path, follow_links=follow_links)
        return [(path / name, listing.defects.get(name)) for name in listing.images]
    return [(Path(text_of(str(one))), name_defect(str(one))) for one in _named(path, text)]


def _named(path: Path, text: str) -> list[Path]:
    """The file, or those that a glob means; who names a link means what it leads to."""
    if path.exists():
        return [path]
    if _is_glob(text):
        # Path.glob takes no absolute patterns.
        matches = (Path(match) for match in sorted(glob.glob(text, recursive=True)))  # noqa: PTH207
        return [match for match in matches if match.is_file() and extension_of(match.name) in IMAGE_EXTENSIONS]
    raise DataError("there is no such file, folder or glob", where=text, advice="check the spelling of the path")


def _error(path: Path, defect: Defect | None) -> DataError | None:
    if defect is None:
        return None
    fault, reason = defect
    advice = FOLLOW if fault == "outside-link" else "rename the file; the others are done"
    return DataError(reason, where=str(path), advice=advice)


def _is_glob(text: str) -> bool:
    return not Path(text).exists() and _MAGIC.search(text) is not None


def _home(text: str) -> Path:
    """The folder that names are relative to: the folder itself, or a glob's part before its first wildcard."""
    path = Path(text)
    if path.is_dir():
        return path
    if not _is_glob(text):
        return path.parent
    fixed = [part for part in path.parts if part]
    first = next(number for number, part in enumerate(fixed) if _MAGIC.search(part))
    return Path(*fixed[:first])


def _relative(path: Path, home: Path) -> str:
    return path.relative_to(home).as_posix() if path.is_relative_to(home) else path.name


def _distinct(inputs: list[Input], homes: list[str]) -> list[Input]:
    """Names that stay apart: `a/x.jpg` becomes `a/x.png`, or `a/x.jpg.png`, or `home/a/x.jpg.png`, or gets a number."""
    choices = [
        [str(PurePosixPath(one.name).with_suffix(".png")) for one in inputs],
        [f"{one.name}.png" for one in inputs],
        [f"{home}/{one.name}.png" if home else f"{one.name}.png" for one, home in zip(inputs, homes, strict=True)],
        [f"{number}/{one.name}.png" for number, one in enumerate(inputs, start=1)],
    ]
    names, taken = [""] * len(inputs), set[str]()
    open_ = list(range(len(inputs)))
    for choice in choices:
        often = Counter(choice[index].casefold() for index in open_)
        settled = [i for i in open_ if often[choice[i].casefold()] == 1 and choice[i].casefold() not in taken]
        for index in settled:
            names[index] = choice[index]
            taken.add(choice[index].casefold())
        open_ = [index for index in open_ if not names[index]]
    return [replace(one, name=name) for one, name in zip(inputs, names, strict=True)]
