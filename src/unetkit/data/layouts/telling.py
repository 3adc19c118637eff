"""The words in file names that tell images and masks apart: constant on one side, foreign to the other."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence

from unetkit.data.layouts.words import IMAGE_WORDS, MASK_WORDS

# A word is constant if so many names of one side have it, and is no word of the other side if at most so many have it.
_CONSTANT = 0.5
_FOREIGN = 0.05
# In fewer names than this every word is constant: then only those that say a role count.
_TELLING = 3

_SIGNS = re.compile(r"[\W_]+")
_LETTERS_AND_NUMBER = re.compile(r"([^\W\d_]+)(\d+)|(\d+)([^\W\d_]+)")

Cut = Callable[[str], list[str]]
"""How a stem is cut into words."""


def pieces_of(stem: str) -> list[str]:
    """The stem cut at signs: `Image_01L_2ndHO` is three pieces."""
    return [piece for piece in _SIGNS.split(stem) if piece]


def tokens_of(stem: str) -> list[str]:
    """The pieces, those of just letters and a number cut in two: `img001` and `0001m` are two tokens."""
    tokens: list[str] = []
    for piece in pieces_of(stem):
        two = _LETTERS_AND_NUMBER.fullmatch(piece)
        tokens += [part for part in two.groups() if part] if two else [piece]
    return tokens


def telling_words(images: Sequence[str], masks: Sequence[str], cut: Cut) -> tuple[frozenset[str], frozenset[str]]:
    """The words that most stems of one side have and next to none of the other, in lower case.

    Numbers count at either end of a stem only, and are marked by it: `^0` and `1$`.
    """
    first, second = _shares(images, cut), _shares(masks, cut)
    found = _constant(first, second), _constant(second, first)
    if min(len(images), len(masks)) >= _TELLING:
        return found
    roles = IMAGE_WORDS | MASK_WORDS
    return found[0] & roles, found[1] & roles


def without_words(stem: str, words: frozenset[str], cut: Cut) -> str:
    """The stem without these words, each taken out once, the last one first."""
    left = cut(stem)
    for word in words:
        _take_out(left, word)
    return "_".join(left)


def plain(words: Collection[str]) -> str:
    """The words for people, joined by plus signs."""
    return "+".join(sorted(word.strip("^$") for word in words))


def _shares(stems: Iterable[str], cut: Cut) -> dict[str, float]:
    counts: Counter[str] = Counter()
    number = 0
    for stem in stems:
        counts.update(_features(cut(stem)))
        number += 1
    return {feature: count / number for feature, count in counts.items() if count > _FOREIGN * number}


def _features(words: list[str]) -> set[str]:
    found = {word.lower() for word in words if not word.isdigit()}
    if words and words[0].isdigit():
        found.add("^" + words[0])
    if words and words[-1].isdigit():
        found.add(words[-1] + "$")
    return found


def _constant(side: dict[str, float], other: dict[str, float]) -> frozenset[str]:
    return frozenset(word for word, share in side.items() if share >= _CONSTANT and word not in other)


def _take_out(words: list[str], word: str) -> None:
    if word[0] == "^":
        del words[: int(words[:1] == [word[1:]])]
    elif word[-1] == "$":
        del words[len(words) - int(words[-1:] == [word[:-1]]) :]
    else:
        places = [place for place, each in enumerate(words) if each.lower() == word]
        if places:
            del words[places[-1]]
