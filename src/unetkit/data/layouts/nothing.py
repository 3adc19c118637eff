"""What to say when a folder holds no pairs: what is there instead, and which flags could help."""

from __future__ import annotations

from collections import Counter

from unetkit.data.layouts.combining import quote
from unetkit.data.layouts.listing import Listing, folder_of
from unetkit.data.layouts.pools import Pools, pools_of
from unetkit.data.layouts.reading import Request
from unetkit.data.layouts.specs import parse_spec
from unetkit.data.layouts.words import role_of, words_of
from unetkit.errors import DataError

_FOLDERS_SHOWN = 6


def nothing_found(listing: Listing, request: Request) -> DataError:
    """The error for a listing without a reading."""
    said = [("--images", request.images), ("--masks", request.masks)]
    empty = next((f"{flag} {text}" for flag, text in said if text and not _claims_any(listing, text)), None)
    if empty:
        return _error(f"{empty}: no image file is there", listing, f"folders here: {_folders(listing)}")
    if not listing.images:
        return _error(
            "the folder holds no image files", listing, "point at the folder that holds the images and the masks"
        )
    if len(listing.images) == 1:
        return _error("there is one image and no mask", listing, f"found: {listing.images[0]}; {_expected()}")
    return _error(f"no pairs of image and mask: {_state(listing, request)}", listing, _advice(listing, request))


def half_named(listing: Listing) -> bool:
    """Whether the folder itself is called `images` or `masks`: then the other half is beside it."""
    return role_of(words_of(listing.root.resolve().name)) is not None


def _error(what: str, listing: Listing, advice: str) -> DataError:
    return DataError(what, where=str(listing.root), advice=advice)


def _claims_any(listing: Listing, text: str) -> bool:
    spec = parse_spec(text, listing)
    return any(spec.claims(path) for path in listing.images)


def _state(listing: Listing, request: Request) -> str:
    pools = pools_of(listing, request)
    images, masks = (sum(len(family.files) for family in side) for side in (pools.images, pools.masks))
    if images and masks:
        return f"{images:,} images and {masks:,} masks, and no name of the one meets a name of the other"
    if masks and not pools.loose:
        return f"{masks:,} masks, and no images"
    return f"{images + len(pools.loose):,} images, and no masks" if not masks else _unmet(pools, masks)


def _unmet(pools: Pools, masks: int) -> str:
    return f"{masks:,} masks, and {len(pools.loose):,} other images with none of their names"


def _advice(listing: Listing, request: Request) -> str:
    if half_named(listing) and not request.images and not request.masks:
        return f"point at the folder above: unetkit check {quote(str(listing.root.resolve().parent))}"
    command = f"unetkit check {quote(str(listing.root))}{' --follow-links' * listing.follow_links}"
    return (
        f"found: {_folders(listing)}\n{_expected()}\n"
        f"or say what is what: {command} --images FOLDER --masks FOLDER"
        f"\nphoto and mask in one file: {command} --layout side-by-side"
    )


def _expected() -> str:
    return "expected: folders images and masks with the same file names, or a layout of docs/concepts/layouts.md"


def _folders(listing: Listing) -> str:
    counts = Counter(folder_of(path) for path in listing.images)
    shown = [f"{folder or '.'} ({number:,})" for folder, number in counts.most_common(_FOLDERS_SHOWN)]
    return ", ".join([*shown, f"and {len(counts) - len(shown)} more"] if len(counts) > len(shown) else shown) or "none"
