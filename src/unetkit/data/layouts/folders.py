"""Images in some folders, masks in others: `images/` and `masks/`, `train/` and `trainannot/`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from unetkit.data.layouts.combining import Link, combine, read_links
from unetkit.data.layouts.listing import Listing, folder_of
from unetkit.data.layouts.pools import SCHEMES, Family, Pools, by_last_word, pools_of
from unetkit.data.layouts.reading import Reading, Request, Standing
from unetkit.data.pair import Pair

# What no name says must at least hold for half of the smaller side.
_ELIMINATION = 0.5
# A word at the end of so many mask names is a kind of mask.
_KIND = 0.2
_MOST_QUESTIONS = 6


@dataclass(frozen=True, slots=True)
class Folders:
    """Which side a folder is on is said by its name; one side may be found by elimination, never both."""

    covers: tuple[str, ...] = ()
    last_resort: bool = False

    def propose(self, listing: Listing, request: Request) -> list[Reading]:
        """The readings by names; else by elimination; else, as questions, every two folders with the same names."""
        pools = pools_of(listing, request)
        for links in (_named(pools), _by_elimination(pools)):
            if readings := _read(listing, links, "named"):
                return readings
        return _read(listing, _unnamed(pools), "question")


def _read(listing: Listing, links: list[Link], standing: Standing) -> list[Reading]:
    return read_links("folders", listing, links, standing, say=_apart)


def _apart(pair: Pair) -> bool:
    return folder_of(pair.image) != folder_of(pair.mask)


def _named(pools: Pools) -> list[Link]:
    return combine(pools.images, pools.masks) or combine(pools.images, _kinds(pools.masks))


def _kinds(families: Iterable[Family]) -> list[Family]:
    parts = [(family, part) for family in families for part in by_last_word(family)]
    return [part for family, part in parts if _KIND * len(family.files) <= len(part.files) < len(family.files)]


def _by_elimination(pools: Pools) -> list[Link]:
    """Where one side is named, the other is the loose folder whose files have the same names."""
    for scheme in SCHEMES:
        loose = pools.loose_families(scheme)
        stay = scheme == "keep"
        if pools.masks:
            links = combine(loose, pools.masks, share=_ELIMINATION, same_place=stay)
        else:
            links = combine(pools.images, loose, share=_ELIMINATION, same_place=stay)
        if links:
            return links
    return []


def _unnamed(pools: Pools) -> list[Link]:
    for scheme in SCHEMES[1:]:
        loose = pools.loose_families(scheme)[: _MOST_QUESTIONS + 1]
        links = [
            link
            for first in loose
            for second in loose
            if first is not second
            for link in combine([first], [second], share=_ELIMINATION)
        ]
        if links:
            return links[:_MOST_QUESTIONS]
    return []
