"""The image files of a listing, sorted into families of alike folders by what the folders' names say.

`train/images` and `val/images` are one family, `masks` and `masks_small` are two. Folders whose names say nothing
stay loose, and can be taken for a family in several ways.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from unetkit.data.layouts.listing import Listing, extension_of, folder_of, stem_of
from unetkit.data.layouts.reading import Request
from unetkit.data.layouts.specs import Spec, parse_spec
from unetkit.data.layouts.stems import File
from unetkit.data.layouts.words import Place, Role, parts_of, place_of, shared_parts, words_of

Scheme = Literal["keep", "last", "first"]
"""How a loose folder's path is read: all of it is a place, or its last or first part names the family."""

SCHEMES: tuple[Scheme, ...] = ("keep", "last", "first")


@dataclass(frozen=True, slots=True)
class Family:
    """Files of folders that are alike.

    Attributes:
        name: the words that the folders share; equal names are one family.
        spare: those of them that say nothing of images or masks.
        files: sorted by path.
    """

    name: tuple[str, ...]
    spare: tuple[str, ...]
    files: tuple[File, ...]


@dataclass(frozen=True, slots=True)
class Pools:
    """Every image file of a listing: of images, of masks, or loose (the folder says nothing)."""

    images: tuple[Family, ...]
    masks: tuple[Family, ...]
    loose: tuple[File, ...]

    def loose_families(self, scheme: Scheme) -> tuple[Family, ...]:
        """The loose files as families, by one way of reading their folders."""
        found: dict[tuple[str, ...], list[File]] = defaultdict(list)
        for file in self.loose:
            name, where = _cut(file.where, scheme)
            found[name].append(file if scheme == "keep" else file._replace(where=where))
        # Under "last" and "first" a file of the root has no folder that could name its family.
        return tuple(
            Family(name, (), tuple(files)) for name, files in sorted(found.items()) if name or scheme == "keep"
        )


def pools_of(listing: Listing, request: Request) -> Pools:
    """Sort the files of a listing; what the request says outweighs names."""
    said: dict[Role, dict[tuple[str, ...], tuple[tuple[str, ...], list[File]]]] = {"image": {}, "mask": {}, "other": {}}
    loose: list[File] = []
    for place, paths in _placed(listing, request):
        files = (File(path, place.split, place.where, stem_of(path)) for path in paths)
        if place.role is None:
            loose.extend(files)
        else:
            said[place.role].setdefault(place.family, (place.spare, []))[1].extend(files)
    return Pools(_families(said["image"]), _families(said["mask"]), tuple(loose))


def by_format(family: Family) -> tuple[Family, ...]:
    """The family, or one a file extension if most of its names stand there with two: neither is the real one."""
    different = len({(folder_of(file.path), file.stem) for file in family.files})
    if 3 * different > 2 * len(family.files):
        return (family,)
    return _parted(family, ((extension_of(file.path), file) for file in family.files))


def by_last_word(family: Family) -> tuple[Family, ...]:
    """The family parted by the last word of its names: `X_color.png` and `X_ids.png` are two kinds of mask."""
    return _parted(family, (((words_of(file.stem) or [""])[-1], file) for file in family.files))


def _parted(family: Family, keyed: Iterable[tuple[str, File]]) -> tuple[Family, ...]:
    parts: dict[str, list[File]] = defaultdict(list)
    for key, file in keyed:
        parts[key].append(file)
    return tuple(Family((*family.name, key), family.spare, tuple(files)) for key, files in sorted(parts.items()))


def _families(said: dict[tuple[str, ...], tuple[tuple[str, ...], list[File]]]) -> tuple[Family, ...]:
    return tuple(Family(name, spare, tuple(sorted(files))) for name, (spare, files) in sorted(said.items()))


def _cut(where: tuple[str, ...], scheme: Scheme) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if scheme == "keep":
        return (), where
    return (where[-1:], where[:-1]) if scheme == "last" else (where[:1], where[1:])


# --- folders, and what is said about them -----------------------------------------------------------------------


def _placed(listing: Listing, request: Request) -> Iterator[tuple[Place, list[str]]]:
    images, masks = (parse_spec(text, listing) if text else None for text in (request.images, request.masks))
    skip = _common_parts(listing)
    for folder, inside in listing.folders.items():
        claimed = _claimed(inside, images, masks)
        alone = len(claimed) == 1
        places = (_place(folder, role, images, masks, skip=skip, alone=alone) for role in claimed)
        yield from ((place, paths) for place, paths in zip(places, claimed.values(), strict=True) if place is not None)


def _claimed(inside: Iterable[str], images: Spec | None, masks: Spec | None) -> dict[Role | None, list[str]]:
    """The files of one folder by what the request makes of them; the more exact of two specs wins."""
    if images is None and masks is None:
        return {None: list(inside)}
    found: dict[Role | None, list[str]] = defaultdict(list)
    for path in inside:
        image = images.claims(path) if images else 0
        mask = masks.claims(path) if masks else 0
        found[None if not image and not mask else "mask" if mask >= image else "image"].append(path)
    return found


def _place(
    folder: str, role: Role | None, images: Spec | None, masks: Spec | None, *, skip: int, alone: bool
) -> Place | None:
    """The place of a folder's files that have this role by the request; None if they are out of account."""
    spec = images if role == "image" else masks
    if role is not None and spec is not None:
        return _forced(folder, role, spec, skip)
    return _unsaid(place_of(folder, skip=skip), images, masks, alone=alone)


def _forced(folder: str, role: Role, spec: Spec, skip: int) -> Place:
    """The place of a folder that the request names: its own name is a role, whatever it is."""
    anchor, split = spec.anchor(folder), place_of(folder).split
    if anchor is not None:
        folder = f"{folder_of(anchor)}/{role}{folder[len(anchor) :]}".removeprefix("/")
        skip = min(skip, folder_of(anchor).count("/") + bool(folder_of(anchor)))
    place = place_of(folder, skip=skip)
    return Place(role, split, place.where, (role,), ())


def _unsaid(place: Place, images: Spec | None, masks: Spec | None, *, alone: bool) -> Place | None:
    """What a folder's name says, as far as the request leaves it open; None if its files are out of account."""
    settled = {"image": images, "mask": masks}
    if place.role == "other" or (images is not None and masks is not None):
        return None
    if place.role is not None and settled[place.role] is not None:
        return None if alone else Place(None, place.split, place.where, (), ())
    return place


def _common_parts(listing: Listing) -> int:
    """How many leading parts all folders share, if a role is said below them; what is common tells nothing apart."""
    folders = list(listing.folders)
    if not folders:
        return 0
    shared = shared_parts([parts_of(folder) for folder in folders])
    return shared if any(place_of(folder, skip=shared).role for folder in folders) else 0
