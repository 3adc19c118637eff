"""Groups: which images are not independent (clip, tile, recording), found in the names or said by the user.

A false group is costly, so a rule that is found must be seen in nearly every name, must make several groups of several
images, and each group's name must look like an identifier. Of several levels (clip within video) the coarser is taken
while it leaves enough groups to choose from: images of two clips of one video are not independent either.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from unetkit.data.patterns import Candidate, folder_candidates, name_candidates
from unetkit.data.times import duration_text, find_times, time_text
from unetkit.errors import ConfigError

MATCHED = 0.95  # share of the names in which a rule must be seen
GROUPED = 0.8  # share of the images that must stand in groups of two or more
FEWEST = 3  # groups of two or more images: one each for train, val and test
ENOUGH = 8  # groups that a coarser level must leave,
LARGEST = 1 / 3  # the largest of them holding no more than this share of the images
PAUSE = 1800.0  # seconds without an image that end a recording

Groups = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class GroupRule:
    """How images are grouped.

    Attributes:
        by: where the rule is from; "none" when nothing groups; "time" for one recording in order of time.
        evidence: a sentence for people, with the number of groups and their sizes.
        pattern: the regex or column that says the same through `--groups`; empty where there is none.
        count: the number of groups.
    """

    by: Literal["names", "folders", "time", "regex", "column", "none"]
    evidence: str
    pattern: str = ""
    count: int = 0


NO_GROUPS = GroupRule("none", "nothing in the names groups the images")


def find_groups(
    images: Sequence[str],
    *,
    groups: str | None = None,
    columns: Mapping[str, Sequence[str]] | None = None,
    given: str = "column `group`",
) -> tuple[GroupRule, Groups]:
    """The rule, and the group of each image (None for an image on its own).

    Args:
        images: paths relative to the root, POSIX style.
        groups: what the user says: a column's name, or a regex searched in the path (first capture group, else the
            whole match). None finds a rule: a column `group`, folders, times, names, in this order.
        columns: further columns of a table of pairs, a value for each image.
        given: where the groups of a column `group` are from, in words.

    Raises:
        ConfigError: the regex is none, or is found in no path.
    """
    table = columns or {}
    if groups is not None and groups not in table:
        return _by_regex(images, groups)
    if groups is not None:
        return _by_column(groups, table[groups], f"column `{groups}`")
    if any(table.get("group", ())):
        return _by_column("group", table["group"], given)
    found = _best(images, folder_candidates(images), "folders")
    if found is None:
        found = _by_time(images)
    if found is None:
        found = _best(images, name_candidates(images), "names")
    return found or (NO_GROUPS, (None,) * len(images))


def natural_key(text: str) -> tuple[tuple[int, int, str], ...]:
    """Sorts numbers inside names by value: `a2` before `a10`; names that are all numbers sort as numbers."""
    parts = re.findall(r"\d+|\D+", text)
    return tuple((0, int(part), part) if part.isdecimal() else (1, 0, part) for part in parts)


def apply_pattern(images: Sequence[str], pattern: re.Pattern[str]) -> Groups:
    """The first capture group, else the whole match, of `pattern` in each path."""
    matches = (pattern.search(image) for image in images)
    return tuple(None if match is None else match[1 if pattern.groups else 0] or None for match in matches)


# --- said by the user -------------------------------------------------------------------------------------------


def _by_regex(images: Sequence[str], text: str) -> tuple[GroupRule, Groups]:
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise ConfigError(
            f"'{text}' is neither a column nor a regular expression: {error}",
            where="--groups",
            advice="--groups '([^/_]+)_'  # what stands in the first brackets names the group; or say a column",
        ) from error
    found = apply_pattern(images, pattern)
    if not any(found):
        raise ConfigError(
            f"the regex '{text}' is found in none of the {len(images):,} image paths",
            where="--groups",
            advice=f"it is searched in paths such as {images[0] if images else '(none)'}",
        )
    return _rule("regex", f"regex {text}", found, text), found


def _by_column(name: str, values: Sequence[str], words: str) -> tuple[GroupRule, Groups]:
    found = tuple(value.strip() or None for value in values)
    return _rule("column", words, found, name), found


# --- found in the names -----------------------------------------------------------------------------------------


def _best(
    images: Sequence[str], candidates: Sequence[Candidate], by: Literal["names", "folders"]
) -> tuple[GroupRule, Groups] | None:
    """The coarsest candidate that leaves enough groups; without one, the finest that passes at all."""
    passing = [(found, candidate) for candidate in candidates if _passes(found := candidate.groups(images))]
    if not passing:
        return None
    passing.sort(key=lambda item: len(set(item[0])))
    finest = max(passing, key=lambda item: len(set(item[0])))
    found, candidate = next((item for item in passing if _leaves_enough(item[0])), finest)
    return _rule(by, f"{candidate.kind} = {candidate.words}", found, candidate.pattern), found


def _passes(found: Groups) -> bool:
    sizes = Counter(name for name in found if name is not None)
    several = [size for size in sizes.values() if size > 1]
    return (
        sizes.total() >= MATCHED * len(found)
        and len(several) >= FEWEST
        and sum(several) >= GROUPED * len(found)
        and not all(re.fullmatch(r"(?:19|20)\d\d", name) for name in sizes)
    )


def _leaves_enough(found: Groups) -> bool:
    sizes = Counter(found)
    return len(sizes) >= ENOUGH and max(sizes.values()) <= LARGEST * len(found)


def _by_time(images: Sequence[str]) -> tuple[GroupRule, Groups] | None:
    times = find_times([PurePosixPath(image).name for image in images], MATCHED)
    if times is None or len(images) < FEWEST:
        return None
    recordings = _recordings(times)
    if _leaves_enough(recordings) and _passes(recordings):
        return _rule("time", f"recording = images less than {duration_text(PAUSE)} apart", recordings), recordings
    known = sorted(time for time in times if time is not None)
    pauses = sum(later - earlier > PAUSE for earlier, later in itertools.pairwise(known))
    what = (
        f"one recording of {len(images):,} images"
        if not pauses
        else f"{len(images):,} images in {pauses + 1} stretches"
    )
    evidence = f"times in the names, {time_text(known[0])} to {time_text(known[-1])}: {what}"
    return GroupRule("time", evidence, count=pauses + 1), (None,) * len(images)


def _recordings(times: Sequence[float | None]) -> Groups:
    """Each image's recording, named by the time of its first image."""
    names: dict[float, str] = {}
    last, start = float("-inf"), 0.0
    for time in sorted({time for time in times if time is not None}):
        start = time if time - last > PAUSE else start
        names[time] = time_text(start)
        last = time
    return tuple(None if time is None else names[time] for time in times)


def _rule(
    by: Literal["names", "folders", "time", "regex", "column"], words: str, found: Groups, pattern: str = ""
) -> GroupRule:
    sizes = Counter(name for name in found if name is not None)
    low, high = min(sizes.values(), default=0), max(sizes.values(), default=0)
    each = f"{low}–{high}" if low != high else f"{low}"
    alone = len(found) - sizes.total()
    evidence = f"{words}: {len(sizes):,} groups, {each} images each" + (f"; {alone:,} images in none" if alone else "")
    return GroupRule(by, evidence, pattern, len(sizes))
