"""Cityscapes' own tree: `leftImg8bit/SPLIT/CITY/*_leftImg8bit.png` with `gtFine/SPLIT/CITY/*_gtFine_labelIds.png`."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from unetkit.data.layouts.combining import join_flags, leftovers
from unetkit.data.layouts.listing import Listing
from unetkit.data.layouts.reading import Reading, Request
from unetkit.data.layouts.words import normalise_split
from unetkit.data.pair import Pair

_IMAGE = re.compile(r"(?:.+/)?leftImg8bit/(?P<split>[^/]+)/(?P<city>[^/]+)/(?P<frame>[^/]+)_leftImg8bit\.[^./]+")
_MASK = re.compile(r"(?:.+/)?gtFine/(?P<split>[^/]+)/(?P<city>[^/]+)/(?P<frame>[^/]+)_gtFine_labelIds\.[^./]+")


@dataclass(frozen=True, slots=True)
class Cityscapes:
    """The names are exact, so that nothing else can be meant; a city's images are one group.

    The fine annotations are read, as label ids; their other files (colours, instances, polygons) say the same.
    """

    covers: tuple[str, ...] = ("folders", "one-folder", "class-folders")
    last_resort: bool = False

    def propose(self, listing: Listing, request: Request) -> list[Reading]:
        """The reading, if the tree is there; none, if the request names folders of its own."""
        if request.images or request.masks:
            return []
        images = _frames(listing, _IMAGE)
        masks = _frames(listing, _MASK)
        pairs = [
            Pair(path, masks[frame], split=normalise_split(frame[0]), group=frame[1])
            for frame, path in images.items()
            if frame in masks
        ]
        if not pairs:
            return []
        pairs.sort(key=lambda pair: pair.image)
        return [replace(_reading(listing, pairs), **_rest(pairs, images, masks))]


Frames = dict[tuple[str, str, str], str]


def _frames(listing: Listing, pattern: re.Pattern[str]) -> Frames:
    found = (pattern.fullmatch(path) for path in listing.images)
    return {(match["split"], match["city"], match["frame"]): match[0] for match in found if match}


def _reading(listing: Listing, pairs: list[Pair]) -> Reading:
    return Reading(
        "cityscapes",
        listing.root,
        tuple(pairs),
        evidence="the tree of Cityscapes: leftImg8bit with gtFine, label ids",
        flags=join_flags("cityscapes"),
        table="cityscapes",
        standing="confirmed",
    )


def _rest(pairs: list[Pair], images: Frames, masks: Frames) -> dict[str, tuple[str, ...]]:
    return {
        "orphan_images": leftovers(images.values(), (pair.image for pair in pairs), ()),
        "orphan_masks": leftovers(masks.values(), (pair.mask for pair in pairs), ()),
    }
