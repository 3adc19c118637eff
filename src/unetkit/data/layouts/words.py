"""What the name of a folder says: images, masks or something else; train, val or test; and what remains.

`CameraSeg`, ` Masks `, `trainannot`, `images_prepped_train` and `val/label` are all read here, word by word.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Role = Literal["image", "mask", "other"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


IMAGE_WORDS = _words(
    "image images img imgs frame frames photo photos photograph photographs picture pictures pic pics "
    "rgb input inputs sat raw original originals"
)
MASK_WORDS = _words(
    "mask masks label labels labelids lbl lbls annotation annotations annot annots ann anns anno annos "
    "gt gts gtfine truth groundtruth seg segs segm segmap segmaps segmask segmasks segmentation segmentations "
    "segmentationmask semantic semseg target targets matte mattes manual"
)
# Pictures that stand beside images and masks and are neither.
OTHER_WORDS = _words(
    "overlay overlays preview previews thumb thumbs thumbnail thumbnails prediction predictions pred preds "
    "depth disparity"
)
# With a mask word they say that the values are objects, not classes (Pascal VOC's SegmentationObject).
OBJECT_WORDS = _words("object objects instance instances instanceids panoptic polygon polygons")

SPLIT_WORDS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}
# Said only at the end, beside a role, as in imagesTr and labelsTs.
_SHORT_SPLITS = {"tr": "train", "va": "val", "ts": "test"}

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\dA-Za-z_]+")


@dataclass(frozen=True, slots=True)
class Place:
    """A folder, by what its path says.

    Attributes:
        role: what its files are, by the deepest part that says so; None when no part does.
        split: by the deepest part that says so.
        where: what remains of the path without parts that name a role or a split: images and masks of one `where`
            belong together.
        family: the words of the parts that name a role, without split words: folders of one family are alike.
        spare: the words of `family` that say nothing: `images_small` has ("small",).
    """

    role: Role | None
    split: str | None
    where: tuple[str, ...]
    family: tuple[str, ...]
    spare: tuple[str, ...]


def normalise_split(text: str) -> str | None:
    """The split that a usual spelling means ("Validation" is "val"); None for anything else."""
    return SPLIT_WORDS.get(text.strip().lower())


def words_of(name: str) -> list[str]:
    """The words of a name in lower case: cut at blanks, signs, digits and humps; `trainannot` is two words."""
    return [part for word in _WORD.findall(name) for part in _unglued(word.lower())]


def parts_of(folder: str) -> list[str]:
    """The parts of a relative path; none for the root, which is ""."""
    return folder.split("/") if folder else []


def place_of(folder: str, *, skip: int = 0) -> Place:
    """Read the path of a folder.

    Args:
        folder: relative, POSIX style; "" for the root.
        skip: so many leading parts are common to all files and say a split at most.
    """
    role: Role | None = None
    split: str | None = None
    where: list[str] = []
    family: list[str] = []
    spare: list[str] = []
    for number, part in enumerate(parts_of(folder)):
        words = words_of(part)
        said = role_of(words) if number >= skip else None
        found, rest = _take_split(words, said is not None)
        split = found or split
        if said is not None:
            role = said
            family += rest
            spare += [word for word in rest if not _names_role(word)]
        elif number >= skip and (rest or not words):
            where.append(" ".join(rest) if found else part.strip().casefold())
    return Place(role, split, tuple(where), tuple(family), tuple(spare))


def shared_parts(paths: Collection[list[str]]) -> int:
    """How many leading parts all paths share; each path is its parts."""
    # Of sorted paths the first and the last differ earliest.
    sides = (min(paths), max(paths))
    pairs = enumerate(zip(*sides, strict=False))
    return next((number for number, (one, other) in pairs if one != other), min(map(len, sides)))


def role_of(words: list[str]) -> Role | None:
    """What a name with these words holds; a mask word outweighs an image word (`image_masks`)."""
    said = set(words)
    if said & OTHER_WORDS or (said & MASK_WORDS and said & OBJECT_WORDS):
        return "other"
    if said & MASK_WORDS:
        return "mask"
    return "image" if said & IMAGE_WORDS else None


def _names_role(word: str) -> bool:
    return word in IMAGE_WORDS or word in MASK_WORDS or word in OTHER_WORDS


def _take_split(words: list[str], has_role: bool) -> tuple[str | None, list[str]]:
    rest = [word for word in words if word not in SPLIT_WORDS]
    found = {SPLIT_WORDS[word] for word in words if word in SPLIT_WORDS}
    if not found and has_role and words[-1] in _SHORT_SPLITS:
        return _SHORT_SPLITS[words[-1]], words[:-1]
    # `trainval` is no split, it is two.
    return (found.pop(), rest) if len(found) == 1 else (None, words)


@lru_cache(maxsize=4096)
def _unglued(word: str) -> tuple[str, ...]:
    for split in SPLIT_WORDS:
        rest = word.removeprefix(split)
        if rest != word and (rest in IMAGE_WORDS or rest in MASK_WORDS or rest in SPLIT_WORDS):
            return split, rest
        rest = word.removesuffix(split)
        if rest != word and (rest in IMAGE_WORDS or rest in MASK_WORDS):
            return rest, split
    return (word,)
