"""Splits: whole groups, stretches of time, given parts kept; reproducible and independent of the order of listing."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unetkit.data.groups import NO_GROUPS, GroupRule, find_groups, natural_key
from unetkit.data.pair import Pair
from unetkit.data.splits import Split, split_pairs
from unetkit.errors import ConfigError, DataError

RULE = GroupRule("names", "tile = the number before `_`", r"(\d+)_", 10)
TILES = [Pair(f"{tile}_{crop}.png", f"m/{tile}_{crop}.png", group=str(tile)) for tile in range(10) for crop in range(6)]
SINGLES = [Pair(f"{number}.png", f"m/{number}.png") for number in range(40)]


def timed(count: int = 110) -> tuple[list[Pair], GroupRule]:
    images = [f"2021-08-29-20-{second // 60:02d}-{second % 60:02d}.png" for second in range(0, count * 12, 12)]
    return [Pair(image, image) for image in images], find_groups(images)[0]


def sizes(split: Split) -> dict[str | None, int]:
    return dict(Counter(pair.split for pair in split.pairs))


def groups_in(split: Split, name: str) -> set[str | None]:
    return {pair.group for pair in split.pairs if pair.split == name}


@given(seed=st.integers(0, 2**32), val=st.floats(0.05, 0.5), test=st.floats(0, 0.3))
@settings(max_examples=25)
def test_a_group_is_never_parted(seed: int, val: float, test: float) -> None:
    split = split_pairs(TILES, RULE, val=f"{val:f}", test=f"{test:f}", seed=seed)
    assert not groups_in(split, "train") & groups_in(split, "val")
    assert not groups_in(split, "train") & groups_in(split, "test")
    assert not groups_in(split, "val") & groups_in(split, "test")


@given(order=st.permutations(range(len(SINGLES))), seed=st.integers(0, 100))
@settings(max_examples=25)
def test_the_order_of_listing_changes_nothing(order: list[int], seed: int) -> None:
    presence = {pair.image: frozenset({number % 5}) for number, pair in enumerate(SINGLES)}
    shuffled = [SINGLES[i] for i in order]
    assert split_pairs(shuffled, NO_GROUPS, seed=seed, presence=presence) == split_pairs(
        SINGLES, NO_GROUPS, seed=seed, presence=presence
    )


def test_another_seed_is_another_split() -> None:
    first, second = split_pairs(TILES, RULE, seed=0), split_pairs(TILES, RULE, seed=1)
    assert groups_in(first, "val") != groups_in(second, "val")


@pytest.mark.parametrize(("val", "test", "expected"), [("0.2", "0.1", (42, 12, 6)), ("12", "18", (30, 12, 18))])
def test_shares_and_counts_are_of_images(val: str, test: str, expected: tuple[int, int, int]) -> None:
    got = sizes(split_pairs(TILES, RULE, val=val, test=test))
    assert (got["train"], got["val"], got["test"]) == expected


def test_a_list_of_groups_means_those_groups() -> None:
    split = split_pairs(TILES, RULE, val="2,7", test="0, 5")
    assert groups_in(split, "val") == {"2", "7"}
    assert groups_in(split, "test") == {"0", "5"}


def test_a_single_group_whose_name_is_a_number_takes_a_comma() -> None:
    assert groups_in(split_pairs(TILES, RULE, val="7,"), "val") == {"7"}


def test_tiles_sorted_as_numbers_can_be_dealt_out_by_lists() -> None:
    names = sorted({pair.group or "" for pair in TILES}, key=natural_key)
    split = split_pairs(TILES, RULE, test=",".join(names[0::5]), val=",".join(names[2::5]))
    assert (groups_in(split, "test"), groups_in(split, "val")) == ({"0", "5"}, {"2", "7"})


def test_anything_else_is_a_regex_on_the_path() -> None:
    split = split_pairs(TILES, RULE, val=r"^[34]_", test="^8_[01]")
    assert groups_in(split, "val") == {"3", "4"}
    assert sizes(split) == {"train": 46, "val": 12, "test": 2}


def test_by_time_the_order_is_train_val_test() -> None:
    pairs, rule = timed()
    split = split_pairs(random.Random(0).sample(pairs, len(pairs)), rule, val="15", test="25")
    assert [pair.split for pair in split.pairs] == ["train"] * 70 + ["val"] * 15 + ["test"] * 25
    assert split.notes[1] == "train ends 2021-08-29 20:13:48, val begins 12 s later"


def test_a_border_in_time_moves_off_images_that_are_identical() -> None:
    pairs, rule = timed()
    images = [pair.image for pair in pairs]
    split = split_pairs(pairs, rule, copies=[images[86:90]])
    assert [pair.split for pair in split.pairs[84:92]] == ["train"] * 2 + ["val"] * 6
    assert not any("delete the copies" in note for note in split.notes)


def test_identical_images_far_apart_in_time_are_counted_with_the_cure() -> None:
    pairs, rule = timed()
    images = [pair.image for pair in pairs]
    split = split_pairs(pairs, rule, copies=[(images[3], images[100]), (images[4], images[5])])
    assert sizes(split) == {"train": 88, "val": 22}
    assert split.notes[-1].startswith("1 image stands in several parts")
    assert split.notes[-1].endswith("delete the copies")


@given(spans=st.lists(st.tuples(st.integers(0, 109), st.integers(0, 109)), max_size=6), val=st.integers(1, 60))
@settings(max_examples=40, deadline=None)
def test_a_moved_border_tears_no_more_copies_and_stays_near(spans: list[tuple[int, int]], val: int) -> None:
    pairs, rule = timed()
    images = [pair.image for pair in pairs]
    part = sizes(split_pairs(pairs, rule, val=str(val), copies=[(images[a], images[b]) for a, b in spans]))["val"] or 0
    torn = [sum(min(span) < 110 - size <= max(span) for span in spans) for size in (part, val)]
    assert torn[0] <= torn[1]
    assert abs(part - val) <= max(val // 5, 1)


def test_without_times_the_numbers_in_the_names_are_the_order() -> None:
    split = split_pairs(SINGLES, NO_GROUPS, val="4", split_by="time")
    assert [pair.image for pair in split.pairs if pair.split == "val"] == ["36.png", "37.png", "38.png", "39.png"]


def test_every_class_that_two_images_hold_is_in_train_and_in_val() -> None:
    presence = {pair.image: frozenset({0} | ({1 + i // 2} if i < 12 else set())) for i, pair in enumerate(SINGLES)}
    split = split_pairs(SINGLES, NO_GROUPS, val="0.2", presence=presence)
    held = {
        name: set().union(*(presence[p.image] for p in split.pairs if p.split == name)) for name in ("train", "val")
    }
    assert held["train"] == held["val"] == set(range(7))


def test_a_class_in_one_group_only_stays_in_train() -> None:
    presence = {pair.image: frozenset({0, 1} if pair.group == "4" else {0}) for pair in TILES}
    two = [pair for pair in TILES if pair.group in ("4", "5")]
    splits = (split_pairs(two, RULE, val="0.5", seed=seed, presence=presence) for seed in range(10))
    assert all(groups_in(split, "train") == {"4"} for split in splits)


def test_a_given_split_is_kept() -> None:
    pairs = [Pair(f"{name}/{n}.png", "m", name) for name in ("train", "val", "test") for n in range(3)]
    assert sizes(split_pairs(pairs, NO_GROUPS)) == {"train": 3, "val": 3, "test": 3}


def test_without_a_val_part_it_is_cut_from_train_by_group() -> None:
    pairs = [Pair(p.image, p.mask, "test" if p.group == "9" else "train", p.group) for p in TILES]
    split = split_pairs(pairs, RULE)
    assert split.by == "given"
    assert groups_in(split, "test") == {"9"}
    assert len(groups_in(split, "val")) == 2
    assert not groups_in(split, "val") & groups_in(split, "train")


def test_a_new_split_over_a_given_one_must_be_asked_for() -> None:
    pairs = [Pair(p.image, p.mask, "val" if p.group == "9" else "train", p.group) for p in TILES]
    with pytest.raises(ConfigError, match="own val part") as caught:
        split_pairs(pairs, RULE, val="1,2")
    assert "--split-by group" in caught.value.advice
    assert groups_in(split_pairs(pairs, RULE, val="1,2", split_by="group"), "val") == {"1", "2"}


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"val": "2.5"}, "neither a share nor a count"),
        ({"val": "-1"}, "neither a share nor a count"),
        ({"val": "60"}, "none of the 60 images for training"),
        ({"val": "0.6", "test": "0.5"}, "none of the 60 images for training"),
        ({"val": "nowhere"}, "no list of groups"),
        ({"val": "("}, "no regular expression"),
        ({"val": "1,2", "test": "2,3"}, "both claim 6 images"),
    ],
)
def test_what_cannot_be_meant_is_refused(asked: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        split_pairs(TILES, RULE, **asked)  # type: ignore[arg-type]


def test_by_group_without_groups_asks_for_the_rule() -> None:
    with pytest.raises(DataError, match="two groups") as caught:
        split_pairs(SINGLES, NO_GROUPS, split_by="group")
    assert "--groups REGEX" in caught.value.advice


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_the_smallest_sets_split_as_far_as_they_can(count: int) -> None:
    got = sizes(split_pairs(SINGLES[:count], NO_GROUPS))
    assert got == {0: {}, 1: {"train": 1}, 2: {"train": 1, "val": 1}, 3: {"train": 2, "val": 1}}[count]
