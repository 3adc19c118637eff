"""One folder of masks for each class: `images/` with `masks/land/` and `masks/sky/`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

from unetkit.data.layouts.combining import join_flags, leftovers, pair_of
from unetkit.data.layouts.listing import Listing, folder_of
from unetkit.data.layouts.pools import Family, pools_of
from unetkit.data.layouts.probing import MASKS, is_partition, overlap_and_gap
from unetkit.data.layouts.reading import Reading, Request
from unetkit.data.layouts.specs import write_spec
from unetkit.data.layouts.stems import File, copies, match
from unetkit.data.pair import Pair

# Of the images or of a class's masks, so many must have a partner for the folder to be one of the classes.
_ENOUGH = 0.5


@dataclass(frozen=True, slots=True)
class Classes:
    """The mask folders of one family of images: class name to its (image, mask) links.

    `named` says that a folder for masks stands above those of the classes.
    """

    images: Family
    masks: tuple[File, ...]
    named: bool
    links: dict[str, tuple[tuple[File, File], ...]]


@dataclass(frozen=True, slots=True)
class ClassFolders:
    """Masks that are disjoint and cover the image are one reading, whose classes are named by the folders.

    Masks that overlap or leave gaps might as well be separate tasks: then each folder is offered alone, too.
    """

    covers: tuple[str, ...] = ("folders",)
    last_resort: bool = False

    def propose(self, listing: Listing, request: Request) -> list[Reading]:
        """The reading by class folders; unless pixels confirm it or it is asked for, each folder alone beside it."""
        found = next(_found(listing, request), None)
        if found is None:
            return []
        reading = _whole(listing, found)
        if request.forced:
            return [replace(reading, standing="confirmed")] if reading.pairs else []
        if reading.pairs and not reading.orphan_images and not reading.orphan_masks:
            sound = [pair.masks for pair in reading.pairs if listing.sound(pair.masks) == list(pair.masks)]
            shares = overlap_and_gap(listing.root, sound)
            if is_partition(shares):
                return [replace(reading, standing="confirmed")]
            reading = replace(reading, evidence=f"{reading.evidence}; {_defect(shares)}")
        return ([reading] if reading.pairs else []) + [_alone(listing, found, name) for name in found.links]


def _defect(shares: tuple[float, float] | None) -> str:
    if shares is None:
        return "the masks looked at could not be laid over each other"
    overlap, gap = shares
    return f"among {MASKS} images or fewer, up to {overlap:.1%} of the pixels are of several classes, {gap:.1%} of none"


def _found(listing: Listing, request: Request) -> Iterator[Classes]:
    pools = pools_of(listing, request)
    loose = pools.loose_families("keep")
    for images, masks in product(pools.images or loose, pools.masks or loose):
        for files_of in _partings(masks, {file.where for file in images.files}):
            found = {name: _links(images, files) for name, files in sorted(files_of.items())}
            links = {name: some for name, some in found.items() if some}
            if len(links) > 1 and _shared(links):
                of_classes = tuple(file for name in links for file in files_of[name])
                yield Classes(images, of_classes, bool(pools.masks), links)


def _partings(masks: Family, places: set[tuple[str, ...]]) -> Iterator[dict[str, list[File]]]:
    """The masks by class, the class being the first part of the place or the last; the rest is a place of images."""
    for cut in (0, -1):
        files_of: dict[str, list[File]] = defaultdict(list)
        for file in masks.files:
            if not file.where:
                continue
            rest = file.where[1:] if cut == 0 else file.where[:-1]
            if rest in places and file.where not in places:
                files_of[_class_name(file, cut)].append(file._replace(where=rest))
        if len(files_of) > 1:
            yield files_of


def _class_name(file: File, cut: int) -> str:
    """The folder's own spelling of a part of the place."""
    parts = folder_of(file.path).split("/")
    return next((part.strip() for part in parts if part.strip().casefold() == file.where[cut]), file.where[cut])


def _links(images: Family, masks: Sequence[File]) -> tuple[tuple[File, File], ...]:
    links = match(images.files, masks, same_place=True).links
    return links if len(links) >= _ENOUGH * min(len(masks), len(images.files)) else ()


def _shared(links: dict[str, tuple[tuple[File, File], ...]]) -> bool:
    """Whether images have masks in several folders; else the folders merely divide the masks among them."""
    number = sum(len(found) for found in links.values())
    return len({image for found in links.values() for image, _ in found}) * 1.5 <= number


def _whole(listing: Listing, found: Classes) -> Reading:
    names = tuple(found.links)
    masks_of: dict[File, dict[str, File]] = defaultdict(dict)
    for name, links in found.links.items():
        for image, mask in links:
            masks_of[image][name] = mask
    complete = {image: masks for image, masks in masks_of.items() if len(masks) == len(names)}
    pairs = [
        replace(pair_of(image, masks[names[0]]), mask="|".join(masks[name].path for name in names))
        for image, masks in sorted(complete.items())
    ]
    return _reading(listing, found, "class-folders", pairs, names)


def _alone(listing: Listing, found: Classes, name: str) -> Reading:
    pairs = [pair_of(image, mask) for image, mask in found.links[name]]
    reading = _reading(listing, found, "folders", pairs, ())
    folder = {folder_of(pair.mask) for pair in pairs}
    own = {file.path for file in found.masks if folder_of(file.path) in folder}
    return replace(
        reading,
        orphan_masks=leftovers(own, (pair.mask for pair in pairs), ()),
        evidence=f"the masks of '{name}' alone: {name} and the rest",
        flags=join_flags("folders", masks=write_spec(own, listing)),
    )


def _reading(listing: Listing, found: Classes, layout: str, pairs: list[Pair], names: tuple[str, ...]) -> Reading:
    images = [file.path for file in found.images.files]
    masks = [file.path for file in found.masks]
    duplicates = tuple(sorted(copies(images)))
    used = [path for pair in pairs for path in pair.masks]
    spoken = write_spec(masks, listing) if found.named else None
    return Reading(
        layout,
        listing.root,
        tuple(pairs),
        orphan_images=leftovers(images, (pair.image for pair in pairs), duplicates),
        orphan_masks=leftovers(masks, used, copies(masks)),
        duplicates=duplicates,
        class_folders=names,
        evidence=f"a folder of masks for each class: {', '.join(names)}",
        flags=join_flags(layout, images=write_spec(images, listing), masks=spoken),
    )
