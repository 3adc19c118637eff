"""Images and masks in the same folder, told apart by a word in the name (`X.jpg`, `X_mask.gif`) or by the format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from unetkit.data.layouts.combining import Link, read_links
from unetkit.data.layouts.listing import Listing, extension_of, folder_of
from unetkit.data.layouts.pools import Family, Pools, pools_of
from unetkit.data.layouts.reading import Reading, Request
from unetkit.data.layouts.stems import File, Match, match
from unetkit.data.layouts.telling import tokens_of
from unetkit.data.layouts.words import IMAGE_WORDS, MASK_WORDS, OTHER_WORDS, words_of
from unetkit.data.pair import Pair

_ENOUGH = 0.5
_JPEG = frozenset((".jpg", ".jpeg", ".jpe", ".jfif"))
_MOST_QUESTIONS = 4

Parts = tuple[list[File], list[File]]


@dataclass(frozen=True, slots=True)
class OneFolder:
    """Files of one folder pair with each other: the mask is the one whose name, or else whose format, says so."""

    covers: tuple[str, ...] = ()
    last_resort: bool = False

    def propose(self, listing: Listing, request: Request) -> list[Reading]:
        """The reading by a word of the names; else by formats; else, as questions, by any word that parts them."""
        pools = pools_of(listing, request)
        families = [*pools.images, *pools.masks, *pools.loose_families("keep")]
        links = _said(pools) if request.images or request.masks else [*_by_name(families)]
        if links:
            return read_links("one-folder", listing, links, "named", say=_together)
        questions = [link for family in families for link in _by_any_word(family)]
        return read_links("one-folder", listing, questions, "question", say=_together)


def _together(pair: Pair) -> bool:
    return folder_of(pair.image) == folder_of(pair.mask)


def _said(pools: Pools) -> list[Link]:
    images = pools.images or (*pools.loose_families("keep"), *pools.masks[1:])
    masks = pools.masks or pools.loose_families("keep")
    links = (_link(list(image.files), list(mask.files)) for image in images for mask in masks)
    return [link for link in links if link is not None]


def _by_name(families: list[Family]) -> Iterator[Link]:
    for family in families:
        ways = (_by_mask_word, _by_image_word, _by_format)
        link = next((link for way in ways if (link := _link(*way(family.files))) and link.share >= _ENOUGH), None)
        if link is not None:
            yield link


def _link(images: list[File], masks: list[File]) -> Link | None:
    if not images or not masks:
        return None
    found = match(images, masks, same_place=True)
    return Link(_family("image", images), _family("mask", masks), found) if found.links else None


def _family(role: str, files: list[File]) -> Family:
    return Family((role,), (), tuple(files))


def _by_mask_word(files: tuple[File, ...]) -> Parts:
    images, masks = _part(files, _says_mask)
    return [file for file in images if not set(words_of(file.stem)) & OTHER_WORDS], masks


def _by_image_word(files: tuple[File, ...]) -> Parts:
    masks, images = _part(files, lambda file: bool(set(words_of(file.stem)) & IMAGE_WORDS))
    return images, masks


def _by_format(files: tuple[File, ...]) -> Parts:
    """A JPEG beside a lossless file of the same name is the photo: masks are what must not be lossy.

    A few files in another format than the many are no second side.
    """
    masks, images = _part(files, lambda file: extension_of(file.path) in _JPEG)
    alike = min(len(masks), len(images)) >= _ENOUGH * max(len(masks), len(images))
    return (images, masks) if alike else ([], [])


def _says_mask(file: File) -> bool:
    words = words_of(file.stem)
    # CamVid's own masks end in a bare L.
    return bool(set(words) & MASK_WORDS) or (len(words) > 1 and tokens_of(file.stem)[-1:] == ["L"])


def _part(files: tuple[File, ...], test: Callable[[File], bool]) -> Parts:
    parts: Parts = ([], [])
    for file in files:
        parts[test(file)].append(file)
    return parts


def _by_any_word(family: Family) -> list[Link]:
    """Both ways round for the commonest word (or the format) that parts the files into two halves that match."""
    counts = Counter(word for file in family.files for word in _features(file))
    half = [word for word, number in sorted(counts.items()) if 0.3 <= number / len(family.files) <= 0.7]
    for word in half[:_MOST_QUESTIONS]:
        without, with_word = _part(family.files, lambda file, word=word: word in _features(file))
        link = _link(without, with_word)
        if link is not None and link.share >= _ENOUGH:
            return [link, _turned(link)]
    return []


def _features(file: File) -> set[str]:
    tokens = tokens_of(file.stem)
    words = {token.lower() for token in tokens if not token.isdigit()}
    return words | set(tokens[-1:]) | set(tokens[:1]) | {extension_of(file.path)}


def _turned(link: Link) -> Link:
    found: Match = replace(
        link.match,
        links=tuple((mask, image) for image, mask in link.match.links),
        words=(link.match.words[1], link.match.words[0]),
    )
    return Link(link.masks, link.images, found)
