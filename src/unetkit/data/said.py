"""What a user says about a data set, applied to it: what the masks mean, the groups, the split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypedDict

from unetkit.data.copies import Sets
from unetkit.data.groups import GroupRule, find_groups
from unetkit.data.layouts import Reading
from unetkit.data.pair import Pair
from unetkit.data.scan import MaskScan
from unetkit.data.splits import DEFAULT_TEST, DEFAULT_VAL, Split, SplitBy, split_pairs
from unetkit.data.truth import Truth, learn_truth


class Said(TypedDict, total=False):
    """What a user may say about how data are read; names and meanings as in `DataSettings`."""

    images: str | None
    masks: str | None
    layout: str | None
    encoding: str | None
    classes: str | None
    ignore: str | None
    val: str
    test: str
    split_by: SplitBy
    groups: str | None
    skip_bad: bool
    follow_links: bool


def relies(said: Said, masks_to_scan: int | None) -> bool:
    """Whether every file must be verified to its end: who reads every mask, or leaves bad ones out, relies on them."""
    return masks_to_scan is None or bool(said.get("skip_bad"))


def learn(reading: Reading, pairs: Sequence[Pair], said: Said) -> Truth:
    """What the masks of these pairs mean, as `learn_truth`; some trees come with classes, unless others are said."""
    classes = said.get("classes") or reading.table or None
    return learn_truth(reading, pairs, encoding=said.get("encoding"), classes=classes, ignore=said.get("ignore"))


def grouped(
    pairs: Sequence[Pair], asked: str | None, columns: Mapping[str, tuple[str, ...]], layout: str
) -> tuple[GroupRule, tuple[Pair, ...]]:
    """The rule, and the pairs with their groups; groups that the layout knows stand unless others are asked for."""
    table = dict(columns)
    if any(pair.group for pair in pairs):
        table["group"] = tuple(pair.group or "" for pair in pairs)
    given = "column `group`" if layout != "cityscapes" else "the folders of Cityscapes' tree"
    rule, groups = find_groups([pair.image for pair in pairs], groups=asked, columns=table, given=given)
    return rule, tuple(replace(pair, group=group) for pair, group in zip(pairs, groups, strict=True))


def split(
    pairs: Sequence[Pair],
    rule: GroupRule,
    seed: int,
    said: Said,
    *,
    masks: MaskScan | None = None,
    copies: Sets = (),
) -> Split:
    """Every pair with its split, as `split_pairs`."""
    return split_pairs(
        pairs,
        rule,
        val=said.get("val", DEFAULT_VAL),
        test=said.get("test", DEFAULT_TEST),
        split_by=said.get("split_by", "auto"),
        seed=seed,
        presence=masks.presence() if masks is not None else None,
        copies=copies,
    )


def uncut(pairs: Sequence[Pair], said: Said) -> Said:
    """The same, without the val part that would be cut where none is given and nobody asks for one."""
    given = said.get("split_by", "auto") == "auto" and any(pair.split == "val" for pair in pairs)
    if given or said.get("val", DEFAULT_VAL) != DEFAULT_VAL:
        return said
    kept = said.copy()
    kept["val"] = "0"
    return kept
