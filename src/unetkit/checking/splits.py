"""Checks of the split: parts too small to say anything, and images that stand, or nearly stand, on both sides."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np

from unetkit.checking.finding import Finding, finding
from unetkit.checking.survey import Survey, adjoining, correlation
from unetkit.data.groups import natural_key
from unetkit.data.pair import SPLITS, Pair

SMALL = 3  # val images that are too few
ALIKE = 0.8  # median correlation of adjoining images' thumbnails, from which they are probably one recording,
APART = 0.2  # if it is so much above that of images far apart
FEWEST_COUPLES = 8
STEPS = 2  # neighbours: within so many of the clip's usual steps from frame to frame


def check_sizes(survey: Survey) -> list[Finding]:
    """No val part, or one of three images and fewer; a single image cannot be split, which is a finding of its own."""
    val = survey.dataset.split("val")
    if len(survey.pairs) == 1:
        return []
    advice = f"label more images, or hold more of them back:\n{survey.new_split('--val 0.3')}"
    if not val:
        return [Finding("no-val", "warning", 0, (), "there is no val image: the best model cannot be chosen", advice)]
    if len(val) > SMALL:
        return []
    return finding(
        "small-val",
        "warning",
        [pair.image for pair in val],
        "val holds only [1 image|{n} images]: its score is an anecdote",
        advice,
    )


def check_leak(survey: Survey) -> list[Finding]:
    """Groups that stand in more than one part of a split that came with the data."""
    parts: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for pair in survey.pairs:
        if pair.group and pair.split:
            parts[pair.group][pair.split] = parts[pair.group].get(pair.split, 0) + 1
    torn = [
        f"{group}: " + ", ".join(f"{name} {counts[name]:,}" for name in SPLITS if name in counts)
        for group, counts in sorted(parts.items(), key=lambda item: natural_key(item[0]))
        if len(counts) > 1
    ]
    message = f"{{n}} of {len(parts):,} groups [stands|stand] on both sides of the split: the score will be too good"
    return finding("leak", "warning", torn, message, survey.command("train", "--split-by group"))


def check_neighbours(survey: Survey) -> list[Finding]:
    """Held-out images within a few frames of a training image of the same clip."""
    trained: defaultdict[str, list[int]] = defaultdict(list)
    for pair in survey.dataset.split("train"):
        if pair.group and (number := _number(pair)) is not None:
            trained[pair.group].append(number)
    for numbers in trained.values():
        numbers.sort()
    near: list[str] = []
    for pair in (*survey.dataset.split("val"), *survey.dataset.split("test")):
        numbers, number = trained.get(pair.group or "", []), _number(pair)
        if (
            number is not None
            and len(numbers) > 2
            and _distance(numbers, number) <= STEPS * float(np.median(np.diff(numbers)))
        ):
            near.append(pair.image)
    message = (
        f"[1 held-out image lies|{{n}} held-out images lie] within {STEPS} frames of a training image of the same clip"
    )
    return finding("neighbours", "warning", near, message, survey.command("train", "--split-by group"))


def check_alike(survey: Survey) -> list[Finding]:
    """A random split of images that look like one recording: adjoining names, adjoining views."""
    if survey.dataset.split_by != "random":
        return []
    couples = adjoining(survey)
    if len(couples) < FEWEST_COUPLES:
        return []
    half = len(couples) // 2
    apart = [(couple[0], couples[(i + half) % len(couples)][1]) for i, couple in enumerate(couples)]
    near = float(np.median(correlation(survey.images, couples)))
    far = float(np.median(correlation(survey.images, apart)))
    if near < ALIKE or near - far < APART:
        return []
    message = f"split at random, but adjoining images look alike: correlation {near:.2f}, against {far:.2f} far apart"
    return finding(
        "neighbours-alike",
        "warning",
        [image for image, _ in couples],
        message,
        survey.command("train", "--split-by time"),
    )


def _number(pair: Pair) -> int | None:
    numbers = re.findall(r"\d+", PurePosixPath(pair.image).stem)
    return int(numbers[-1]) if numbers else None


def _distance(ordered: Sequence[int], number: int) -> int:
    place = bisect_left(ordered, number)
    return min(abs(ordered[i] - number) for i in (place - 1, place) if 0 <= i < len(ordered))
