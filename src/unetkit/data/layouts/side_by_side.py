"""Photo and mask side by side in one file, the mask on the right (the pix2pix form)."""

from __future__ import annotations

from dataclasses import dataclass

from unetkit.data.layouts.combining import join_flags
from unetkit.data.layouts.listing import Listing
from unetkit.data.layouts.pools import pools_of
from unetkit.data.layouts.probing import headers, right_half_is_mask
from unetkit.data.layouts.reading import Reading, Request
from unetkit.data.layouts.stems import File, copies
from unetkit.data.pair import Pair


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Every file is twice as wide as high, and the right halves share a few colours, as masks do."""

    covers: tuple[str, ...] = ()
    last_resort: bool = True

    def propose(self, listing: Listing, request: Request) -> list[Reading]:
        """The reading if a look at a few files confirms it, or if it is asked for."""
        files = _files(listing, request)
        paths = [file.path for file in files]
        if not paths or not (request.forced or _looks_so(listing, listing.sound(paths))):
            return []
        return [
            Reading(
                "side-by-side",
                listing.root,
                tuple(Pair(file.path, file.path, split=file.split) for file in files),
                duplicates=copies(paths),
                side_by_side=True,
                evidence="each file is twice as wide as high, and the right halves share a few colours, as masks do",
                flags=join_flags("side-by-side", images=request.images),
                standing="confirmed",
            )
        ]


def _files(listing: Listing, request: Request) -> list[File]:
    pools = pools_of(listing, request)
    named = [file for family in pools.images for file in family.files]
    if request.images:
        return sorted(named)
    return sorted([*named, *pools.loose, *(file for family in pools.masks for file in family.files)])


def _looks_so(listing: Listing, paths: list[str]) -> bool:
    sizes = [(header.width, header.height) for header in headers(listing.root, paths)]
    if not sizes or any(width != 2 * height for width, height in sizes):
        return False
    return right_half_is_mask(listing.root, paths)
