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
from unetkit.data.layouts.words import IMAGE_WORDS, MASK_WORDS

# A word is constant if so many files of one side have it, and is no word of the other side if at most so many have it.
_CONSTANT = 0.5
_FOREIGN = 0.05
_TELLING = 3

_SIGNS = re.compile(r"[\W_]+")
_LETTERS_AND_NUMBER = re.compile(r"([^\W\d_]+)(\d+)|(\d+)([^\W\d_]+)")
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
    of_images, of_masks = telling_words(images, masks)
    if not of_images and not of_masks:
        return equal
    cut = _link(images, masks, _without(of_images), _without(of_masks), same_place)
    words = ("+".join(sorted(of_images)).strip("^$"), "+".join(sorted(of_masks)).strip("^$"))
    return Match(cut.links, cut.rivals, words) if len(cut.links) > len(equal.links) else equal


def telling_words(images: Sequence[File], masks: Sequence[File]) -> tuple[frozenset[str], frozenset[str]]:
    """The words that most stems of one side have and next to none of the other; numbers count at either end only."""
    first, second = _shares(images), _shares(masks)
    found = _constant(first, second), _constant(second, first)
    if min(len(images), len(masks)) >= _TELLING:
        return found
    # In a handful of names every word is constant: only what says a role counts.
    roles = IMAGE_WORDS | MASK_WORDS
    return found[0] & roles, found[1] & roles


def tokens_of(stem: str) -> list[str]:
    """The words and numbers of a stem: cut at signs, and between letters and digits where a word is just the two."""
    tokens: list[str] = []
    for piece in _SIGNS.split(stem):
        two = _LETTERS_AND_NUMBER.fullmatch(piece)
        tokens += [part for part in two.groups() if part] if two else [piece] if piece else []
    return tokens


def without_words(stem: str, words: frozenset[str]) -> str:
    """The stem without these words, each taken out once, the last one first."""
    tokens = tokens_of(stem)
    for word in words:
        _take_out(tokens, word)
    return "_".join(tokens)


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


def _without(words: frozenset[str]) -> Key:
    return lambda file: without_words(file.stem, words)


def _folded(key: Key) -> Key:
    return lambda file: unicodedata.normalize("NFC", key(file)).casefold().strip()


def _shares(files: Iterable[File]) -> dict[str, float]:
    counts: Counter[str] = Counter()
    number = 0
    for file in files:
        counts.update(_features(file.stem))
        number += 1
    return {feature: count / number for feature, count in counts.items() if count > _FOREIGN * number}


def _features(stem: str) -> set[str]:
    tokens = tokens_of(stem)
    found = {token.lower() for token in tokens if not token.isdigit()}
    if tokens and tokens[0].isdigit():
        found.add("^" + tokens[0])
    if tokens and tokens[-1].isdigit():
        found.add(tokens[-1] + "$")
    return found


def _constant(side: dict[str, float], other: dict[str, float]) -> frozenset[str]:
    return frozenset(word for word, share in side.items() if share >= _CONSTANT and word not in other)


def _take_out(tokens: list[str], word: str) -> None:
    if word[0] == "^":
        del tokens[: int(tokens[:1] == [word[1:]])]
    elif word[-1] == "$":
        del tokens[len(tokens) - int(tokens[-1:] == [word[:-1]]) :]
    else:
        places = [place for place, token in enumerate(tokens) if token.lower() == word]
        if places:
            del tokens[places[-1]]


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
