"""Which image belongs to which mask, from their names alone: equal stems, or stems that differ by a constant word.

Names are compared whole, so that `image2` never meets `image21`; no order of files is ever used.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from unetkit.data.layouts.listing import extension_of, folder_of, stem_of
from unetkit.data.layouts.telling import Cut, pieces_of, plain, telling_words, tokens_of, without_words

_COPY = re.compile(r"^copy of (.+)$|^(.+?)(?: ?\(\d+\)| ?-? ?copy(?: ?\(?\d+\)?)?|_copy\d*)$", re.IGNORECASE)


class File(NamedTuple):
    """An image file with what its folder says (see `words.Place`)."""

    path: str
    split: str | None
    where: tuple[str, ...]
    stem: str


@dataclass(frozen=True, slots=True)
class Match:
    """Images and masks that belong together.

    Attributes:
        links: (image, mask), sorted by the image's path.
        rivals: files left out because another file of their side has the same name (with another extension).
        words: what the image's stem has and the mask's has not, and the other way round; ("", "") for equal stems.
    """

    links: tuple[tuple[File, File], ...]
    rivals: tuple[str, ...] = ()
    words: tuple[str, str] = ("", "")


def match(images: Sequence[File], masks: Sequence[File], *, same_place: bool = False) -> Match:
    """Pair files by name: by equal stems, or else by stems without the words that tell the two sides apart.

    Files of one split and one place meet; where no place is common to both sides (`images/` flat, `masks/clip1/`),
    the place is left out of account and a name must be unique.

    Args:
        images, masks: the two sides.
        same_place: never leave the place out of account.
    """
    equal = _link(images, masks, _stem, _stem, same_place)
    if 2 * len(equal.links) >= min(len(images), len(masks)):
        return equal
    cuts = (_link_cut(images, masks, cut, same_place) for cut in (pieces_of, tokens_of))
    return max((equal, *cuts), key=lambda found: len(found.links))


def copies(paths: Iterable[str]) -> tuple[str, ...]:
    """Files whose name says that they are copies (`X(1).png`, `X copy.png`) of another file of the same folder."""
    paths = list(paths)
    suspects = [(path, original) for path in paths if (original := _original(stem_of(path)))]
    if not suspects:
        return ()
    present = {(folder_of(path), stem_of(path)) for path in paths}
    return tuple(path for path, original in suspects if (folder_of(path), original) in present)


def _original(stem: str) -> str | None:
    found = _COPY.match(stem) if stem[-1:] in ")yY0123456789" or stem[:4].lower() == "copy" else None
    return (found[1] or found[2]) if found else None


# --- keys -------------------------------------------------------------------------------------------------------

Key = Callable[[File], str]


def _stem(file: File) -> str:
    return file.stem


def _without(words: frozenset[str], cut: Cut) -> Key:
    return lambda file: without_words(file.stem, words, cut)


def _folded(key: Key) -> Key:
    return lambda file: unicodedata.normalize("NFC", key(file)).casefold().strip()


# --- linking ----------------------------------------------------------------------------------------------------


def _link(images: Sequence[File], masks: Sequence[File], image_key: Key, mask_key: Key, same_place: bool) -> Match:
    room = _common_room(images, masks, same_place)
    if room is None:
        return Match(())
    found = _join(images, masks, image_key, mask_key, room)
    left = {file.path for pair in found.links for file in pair} | set(found.rivals)
    rest = [[file for file in side if file.path not in left] for side in (images, masks)]
    if not all(rest):
        return found
    # What is left may differ by capitals, by blanks at the ends, or by how an accent is stored (macOS).
    more = _join(rest[0], rest[1], _folded(image_key), _folded(mask_key), room)
    return Match(tuple(sorted(found.links + more.links)), found.rivals)


Room = Callable[[File], Hashable]


def _link_cut(images: Sequence[File], masks: Sequence[File], cut: Cut, same_place: bool) -> Match:
    of_images, of_masks = telling_words([file.stem for file in images], [file.stem for file in masks], cut)
    if not of_images and not of_masks:
        return Match(())
    found = _link(images, masks, _without(of_images, cut), _without(of_masks, cut), same_place)
    return Match(found.links, found.rivals, (plain(of_images), plain(of_masks)))


def _common_room(images: Sequence[File], masks: Sequence[File], same_place: bool) -> Room | None:
    """The narrowest room that some image and some mask share."""
    rooms: list[Room] = [lambda file: (file.split, file.where)]
    if not same_place:
        rooms.append(lambda file: file.split)
    for room in rooms:
        if {room(file) for file in images} & {room(file) for file in masks}:
            return room
    unsplit = any(all(file.split is None for file in side) for side in (images, masks))
    return (lambda file: file.where if same_place else None) if unsplit else None


def _join(images: Sequence[File], masks: Sequence[File], image_key: Key, mask_key: Key, room: Room) -> Match:
    first, rivals = _by_key(images, image_key, room)
    second, more_rivals = _by_key(masks, mask_key, room)
    links = sorted((image, second[key]) for key, image in first.items() if key in second)
    return Match(tuple(links), tuple(sorted((*rivals, *more_rivals))))


def _by_key(files: Sequence[File], key: Key, room: Room) -> tuple[dict[Hashable, File], list[str]]:
    """Key to its file; files of one key that are not the same picture in two formats are left out altogether."""
    found: dict[Hashable, File] = {}
    rivals: dict[Hashable, list[File]] = defaultdict(list)
    for file in files:
        name = (room(file), key(file))
        if name in found:
            rivals[name].append(file)
        else:
            found[name] = file
    usual = Counter(extension_of(file.path) for file in files) if rivals else Counter[str]()
    left_out: list[str] = []
    for name, others in rivals.items():
        crowd = sorted((found.pop(name), *others), key=lambda file: (-usual[extension_of(file.path)], file.path))
        if len({(folder_of(file.path), file.stem) for file in crowd}) == 1:
            found[name] = crowd[0]
            left_out += [file.path for file in crowd[1:]]
    return found, left_out
