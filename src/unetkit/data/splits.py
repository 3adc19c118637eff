"""Splits that do not leak: given ones are kept, else whole groups, stretches of time, or single images at random.

The result depends on the seed and on the set of pairs, never on the order in which they were listed.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Literal

from unetkit.data.groups import GroupRule, natural_key
from unetkit.data.pair import SPLITS, Pair
from unetkit.data.parts import Name, Part, Share, nothing_found, parse_part
from unetkit.data.stratify import Unit, choose_units
from unetkit.data.times import duration_text, find_times, time_text
from unetkit.errors import ConfigError, DataError

SplitBy = Literal["auto", "group", "time", "random"]
Presence = Mapping[str, AbstractSet[int]]
DEFAULT_VAL, DEFAULT_TEST = "0.2", "0"
_HELD_OUT: tuple[Name, ...] = ("test", "val")  # in the order in which they are cut


@dataclass(frozen=True, slots=True)
class Split:
    """The pairs, each with its split, in natural order of their paths, and what was done in words."""

    pairs: tuple[Pair, ...]
    by: Literal["given", "group", "time", "random"]
    notes: tuple[str, ...]


def split_pairs(
    pairs: Sequence[Pair],
    rule: GroupRule,
    *,
    val: str = DEFAULT_VAL,
    test: str = DEFAULT_TEST,
    split_by: SplitBy = "auto",
    seed: int = 0,
    presence: Presence | None = None,
    copies: Sequence[Sequence[str]] = (),
) -> Split:
    """Give every pair its split.

    Args:
        pairs: with their groups; those that already have a split keep it unless `split_by` asks for a new one.
        rule: how the groups were found.
        val, test: a share, a count, groups or a regex: see `parse_part`. By time, test is the last stretch and val the
            one before it.
        split_by: "auto" keeps a given split, else goes by group, by time, or at random, whichever the names allow.
        seed: decides which groups or images are taken.
        presence: the classes with truth in each image (by path), so that each class can stand in train and in val.
        copies: sets of images whose files are equal; they, and the groups that they stand in, are kept together.

    Raises:
        ConfigError: `val` and `test` overlap, fit nothing, leave no training images, or contradict a given split.
        DataError: the images cannot be split in the way asked.
    """
    ordered = sorted(pairs, key=lambda pair: (natural_key(pair.image), pair.image))
    given = any(pair.split for pair in ordered)
    draw = _Draw(seed, presence or {}, copies)
    if given and split_by == "auto":
        return _complete(ordered, rule, draw, val=val, test=test)
    fresh = [replace(pair, split=None) for pair in ordered]
    by = _way(fresh, rule, split_by)
    made, notes = _cut(fresh, by, {"test": test, "val": val}, draw)
    if given:
        notes = ("the split given by the folders was set aside, as --split-by asks", *notes)
    return Split(made, by, notes)


@dataclass(frozen=True, slots=True)
class _Draw:
    """What decides which groups or images are taken."""

    seed: int
    presence: Presence
    copies: Sequence[Sequence[str]]


# --- given splits -----------------------------------------------------------------------------------------------


def _complete(pairs: Sequence[Pair], rule: GroupRule, draw: _Draw, *, val: str, test: str) -> Split:
    """Keep the split given; cut a missing val (and a test that is asked for) from train."""
    has = {pair.split for pair in pairs}
    for name, text, default in (("val", val, DEFAULT_VAL), ("test", test, DEFAULT_TEST)):
        if name in has and text != default:
            raise ConfigError(
                f"the data come with their own {name} part, and --{name} {text} asks for another",
                where=f"--{name}",
                advice=f"leave --{name} out to keep the given one; --split-by group (time, random) splits anew",
            )
    kept = [pair for pair in pairs if pair.split not in (None, "train")]
    rest = [replace(pair, split=None) for pair in pairs if pair.split in (None, "train")]
    loose = sum(pair.split is None for pair in pairs)
    notes = [f"{loose:,} images outside the given parts are used for training"] if loose else []
    wanted: dict[Name, str] = {}
    if "test" not in has:
        wanted["test"] = test
    if "val" not in has:
        wanted["val"] = val
    by = _way(rest, rule, "auto") if wanted else "random"
    made, words = _cut(rest, by, wanted, draw)
    if "val" not in has and any(pair.split == "val" for pair in made):
        notes.append("no val part was given: it was cut from train")
        notes.extend(words)
    both = {pair.image: pair for pair in (*kept, *made)}
    result = tuple(both[pair.image] for pair in pairs)
    return Split(result, "given", (f"split as given: {_sizes(result)}", *notes))


# --- new splits -------------------------------------------------------------------------------------------------


def _way(pairs: Sequence[Pair], rule: GroupRule, asked: SplitBy) -> Literal["group", "time", "random"]:
    several = len({pair.group for pair in pairs if pair.group}) > 1
    if asked == "group" and not several:
        raise DataError(
            "a split by group needs two groups or more",
            where=rule.evidence,
            advice="say what groups the images: --groups REGEX or --groups COLUMN; or use --split-by time or random",
        )
    if asked != "auto":
        return asked
    if rule.by == "time" and not several:
        return "time"
    return "group" if several else "random"


def _cut(
    pairs: Sequence[Pair],
    by: Literal["group", "time", "random"],
    wanted: Mapping[Name, str],
    draw: _Draw,
) -> tuple[tuple[Pair, ...], tuple[str, ...]]:
    names = {pair.group for pair in pairs if pair.group}
    parts: dict[Name, Part] = {name: parse_part(name, text, names) for name, text in wanted.items()}
    chosen = _named_images(pairs, parts, wanted, names)
    sizes: dict[Name, int] = {name: part.images(len(pairs)) for name, part in parts.items() if isinstance(part, Share)}
    if pairs and len(chosen) + sum(sizes.values()) >= len(pairs):
        said = " and ".join(f"--{name} {text}" for name, text in wanted.items())
        raise ConfigError(f"{said} leave none of the {len(pairs):,} images for training", advice="ask for fewer")
    rest = [pair for pair in pairs if pair.image not in chosen]
    units = [] if by == "time" else _units(rest, by, draw)
    chosen.update(_last(rest, sizes, draw.copies) if by == "time" else _sampled(units, sizes, draw.seed))
    made = tuple(replace(pair, split=chosen.get(pair.image, "train")) for pair in pairs)
    more = (*_gap_words(made), *_torn_words(made, draw.copies)) if by == "time" else _joined_words(units, made)
    return made, (f"split {_HOW[by]}: {_sizes(made)}", *more)


_HOW = {"group": "by group, whole groups", "time": "by time, in the order train, val, test", "random": "at random"}


def _named_images(
    pairs: Sequence[Pair], parts: Mapping[Name, Part], wanted: Mapping[Name, str], groups: AbstractSet[str]
) -> dict[str, Name]:
    """The images of parts that are said by groups or by a regex."""
    chosen: dict[str, Name] = {}
    for name, part in parts.items():
        if isinstance(part, Share):
            continue
        found = [pair.image for pair in pairs if part.holds(pair)]
        if not found:
            raise nothing_found(name, wanted[name], groups)
        twice = [image for image in found if image in chosen]
        if twice:
            raise ConfigError(f"--val and --test both claim {len(twice):,} images", where=twice[0], advice="part them")
        chosen.update(dict.fromkeys(found, name))
    return chosen


def _sampled(units: Sequence[Unit], sizes: Mapping[Name, int], seed: int) -> dict[str, Name]:
    """Whole groups (or single images) for each part, test first, by seed and class presence."""
    taken: dict[str, Name] = {}
    for name in _HELD_OUT:
        free = [unit for unit in units if unit.images[0] not in taken]
        picked = choose_units(free, sizes.get(name, 0), f"{seed}/{name}")
        taken.update({image: name for unit in picked for image in unit.images})
    return taken


def _units(pairs: Sequence[Pair], by: Literal["group", "random"], draw: _Draw) -> list[Unit]:
    """Groups, or single images, in natural order; those that share copies are one."""
    keys = {pair.image: pair.group if by == "group" and pair.group else pair.image for pair in pairs}
    joined = _join([[keys[image] for image in same if image in keys] for same in draw.copies])
    images: defaultdict[str, list[str]] = defaultdict(list)
    for image, key in keys.items():
        images[joined.get(key, key)].append(image)
    units = [Unit(name, tuple(members), _classes(members, draw.presence)) for name, members in images.items()]
    return sorted(units, key=lambda unit: (natural_key(unit.name), unit.name))


def _join(sets: Sequence[Sequence[str]]) -> dict[str, str]:
    """A common name for all keys that stand in a set together, directly or through others."""
    names: dict[str, set[str]] = {}
    for keys in sets:
        members = set(keys).union(*(names.get(key, ()) for key in keys))
        names.update(dict.fromkeys(members, members))
    return {key: " + ".join(sorted(members, key=natural_key)) for key, members in names.items() if len(members) > 1}


def _joined_words(units: Sequence[Unit], pairs: Sequence[Pair]) -> tuple[str, ...]:
    groups = {pair.group for pair in pairs}
    joined = [unit.name for unit in units if unit.name not in groups and " + " in unit.name]
    together = [name for name in joined if set(name.split(" + ")) <= groups]
    if not joined:
        return ()
    names = f": {', '.join(together[:3])}{' …' if len(together) > 3 else ''}" if together else ""
    return (
        f"{len(joined):,} sets of {'groups' if together else 'images'} share identical files and stay together{names}",
    )


def _classes(images: Sequence[str], presence: Presence) -> frozenset[int]:
    return frozenset(kind for image in images for kind in presence.get(image, ()))


# --- by time ----------------------------------------------------------------------------------------------------


def _last(pairs: Sequence[Pair], sizes: Mapping[Name, int], copies: Sequence[Sequence[str]]) -> dict[str, Name]:
    """The last stretch is test, the one before it val; a border moves a little to keep copies on one side of it."""
    ordered = [image for _, image in sorted((key, pair.image) for pair, key in zip(pairs, _clock(pairs), strict=True))]
    place = {image: number for number, image in enumerate(ordered)}
    spans = [sorted(place[image] for image in same if image in place) for same in copies]
    torn = list(itertools.accumulate(_changes([(span[0], span[-1]) for span in spans if span], len(ordered))))
    end = len(ordered)
    taken: dict[str, Name] = {}
    for name in _HELD_OUT:
        begin = _border(end, sizes.get(name, 0), torn)
        taken.update(dict.fromkeys(ordered[begin:end], name))
        end = begin
    return taken


def _changes(spans: Sequence[tuple[int, int]], length: int) -> list[int]:
    """By how much the number of spans that a border cuts changes from place to place."""
    changes = [0] * (length + 1)
    for first, last in spans:
        changes[first + 1] += 1
        changes[last + 1] -= 1
    return changes


def _border(end: int, size: int, torn: Sequence[int]) -> int:
    """Where a stretch of about `size` images begins: the nearest place that has the fewest copies on both sides.

    A camera that stood still leaves identical images around a border; copies that lie far apart cannot be helped.
    """
    if not size:
        return end
    wished, reach = end - size, max(size // 5, 1)
    places = [place for place in range(wished - reach, wished + reach + 1) if 0 < place < end] or [wished]
    return min(places, key=lambda place: (torn[place], abs(place - wished)))


def _torn_words(pairs: Sequence[Pair], copies: Sequence[Sequence[str]]) -> tuple[str, ...]:
    part = {pair.image: pair.split for pair in pairs}
    torn = sum(len({part[image] for image in same if image in part}) > 1 for same in copies)
    if not torn:
        return ()
    return (
        f"{torn:,} {'images stand' if torn > 1 else 'image stands'} in several parts under several names: what is "
        "scored was learnt; delete the copies",
    )


def _clock(pairs: Sequence[Pair]) -> list[tuple[float, ...]]:
    """What orders the images in time: the time in each name, else the numbers in it."""
    names = [PurePosixPath(pair.image).stem for pair in pairs]
    times = find_times(names, 1.0)
    if times is not None:
        return [(time or 0.0,) for time in times]
    numbers = [tuple(float(number) for number in re.findall(r"\d+", name)) for name in names]
    if not all(numbers):
        without = next(pair.image for pair, found in zip(pairs, numbers, strict=True) if not found)
        raise DataError(
            "a split by time needs a time or a number in every image's name",
            where=without,
            advice="use --split-by group or --split-by random",
        )
    return numbers


def _gap_words(pairs: Sequence[Pair]) -> tuple[str, ...]:
    """How much time lies between the parts: `train ends 20:56:02, val begins 14 s later`."""
    times = find_times([PurePosixPath(pair.image).stem for pair in pairs], 1.0)
    if times is None:
        return ("order of time = order of the numbers in the names",)
    inside: defaultdict[str, list[float]] = defaultdict(list)
    for pair, time in zip(pairs, times, strict=True):
        inside[pair.split or "train"].append(time or 0.0)
    parts = [(name, inside[name]) for name in SPLITS if inside[name]]
    return tuple(
        f"{early} ends {time_text(max(before))}, {late} begins {duration_text(min(after) - max(before))} later"
        for (early, before), (late, after) in itertools.pairwise(parts)
    )


def _sizes(pairs: Sequence[Pair]) -> str:
    counts = Counter(pair.split for pair in pairs)
    return ", ".join(f"{name} {counts[name]:,}" for name in SPLITS if counts[name])
