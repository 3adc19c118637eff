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
    """The right halves of the files share a few colours, as masks do; halves that are no squares are asked about."""

    covers: tuple[str, ...] = ()
    last_resort: bool = True

    def propose(self, listing: Listing, request: Request) -> list[Reading]:
        """The reading if a look at a few files confirms it, or if it is asked for."""
        files = _files(listing, request)
        paths = [file.path for file in files]
        squares = _are_squares(listing, listing.sound(paths))
        if squares is None or not (request.forced or right_half_is_mask(listing.root, listing.sound(paths))):
            return []
        return [
            Reading(
                "side-by-side",
                listing.root,
                tuple(Pair(file.path, file.path, split=file.split) for file in files),
                duplicates=copies(paths),
                side_by_side=True,
                evidence="the right halves of the files share a few colours, as masks do, and the left halves do not",
                flags=join_flags("side-by-side", images=request.images),
                standing="confirmed" if squares or request.forced else "question",
            )
        ]


def _files(listing: Listing, request: Request) -> list[File]:
    pools = pools_of(listing, request)
    named = [file for family in pools.images for file in family.files]
    if request.images:
        return sorted(named)
    return sorted([*named, *pools.loose, *(file for family in pools.masks for file in family.files)])


def _are_squares(listing: Listing, paths: list[str]) -> bool | None:
    """Whether all halves are squares; None where a file has no halves, or none can be read."""
    sizes = [(header.width, header.height) for header in headers(listing.root, paths)]
    if not sizes or any(width % 2 for width, _ in sizes):
        return None
    return all(width == 2 * height for width, height in sizes)
