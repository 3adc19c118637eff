"""Which column of a table names the images, which the masks, and what the others are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from unetkit.data.layouts.listing import IMAGE_EXTENSIONS, extension_of, folder_of
from unetkit.data.layouts.probing import spread
from unetkit.data.layouts.rows import Rows
from unetkit.data.layouts.words import (
    IMAGE_WORDS,
    MASK_WORDS,
    Role,
    normalise_split,
    parts_of,
    place_of,
    shared_parts,
    words_of,
)

_LOOKED_AT = 200
_ENOUGH = 0.5


@dataclass(frozen=True, slots=True)
class Roles:
    """Numbers of columns; `extra` are those that are kept as they are."""

    image: int
    mask: int
    split: int | None
    group: int | None
    extra: tuple[int, ...]


def column_roles(rows: Rows) -> Roles | None:
    """The roles of the columns; None unless just one column can name the images and another one the masks.

    A column names files if at least half of its values end like an image. Which is which is said by the headers,
    else by the folders in the values, else by their order: image first.
    """
    files = [number for number in range(len(rows.columns)) if _names_files(rows.column(number))]
    if len(files) < 2:
        return None
    said = {number: _by_header(rows.columns[number]) for number in files}
    if not any(said.values()):
        said = _by_folders({number: _folders(rows.column(number)) for number in files})
    masks = [number for number in files if said[number] == "mask"]
    images = [number for number in files if said[number] == "image"]
    others = [number for number in files if said[number] is None]
    if len(masks) > 1 or len(images) > 1:
        return None
    image, mask = _two(images, masks, others)
    return None if image is None or mask is None else _complete(rows, image, mask)


def _two(images: list[int], masks: list[int], others: list[int]) -> tuple[int | None, int | None]:
    rest = list(others)
    image = images[0] if images else rest.pop(0) if rest else None
    mask = masks[0] if masks else rest.pop(0) if rest else None
    return image, mask


def _complete(rows: Rows, image: int, mask: int) -> Roles:
    split = next((n for n, name in enumerate(rows.columns) if name.lower() == "split"), None)
    if split is not None and any(value and normalise_split(value) is None for value in rows.column(split)):
        split = None
    group = next((n for n, name in enumerate(rows.columns) if name.lower() == "group"), None)
    taken = {image, mask, split, group}
    extra = tuple(n for n, name in enumerate(rows.columns) if n not in taken and name)
    return Roles(image, mask, split, group, extra)


def _names_files(values: list[str]) -> bool:
    some = [value for value in spread(values, _LOOKED_AT) if value]
    return bool(some) and sum(extension_of(value) in IMAGE_EXTENSIONS for value in some) >= _ENOUGH * len(some)


def _by_header(name: str) -> Role | None:
    words = set(words_of(name))
    if words & MASK_WORDS:
        return "mask"
    return "image" if words & IMAGE_WORDS else None


def _folders(values: list[str]) -> list[str]:
    return [folder_of(value.replace("\\", "/")) for value in spread(values, _LOOKED_AT)]


def _by_folders(folders: dict[int, list[str]]) -> dict[int, Role | None]:
    """What most values of a column say, without the leading parts that all columns share."""
    skip = shared_parts([parts_of(folder) for column in folders.values() for folder in column])
    return {
        number: _commonest([place_of(folder, skip=skip).role for folder in each]) for number, each in folders.items()
    }


def _commonest(roles: list[Role | None]) -> Role | None:
    return Counter(roles).most_common(1)[0][0]
