"""Groups: found in names, folders and times, or said by the user."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from unetkit.data.groups import GroupRule, find_groups, natural_key
from unetkit.data.times import find_time
from unetkit.errors import ConfigError

CLIPS = [f"images/{clip}_{frame:05d}.png" for clip in ("0001TP", "0006R0", "0016E5") for frame in range(30, 300, 30)]
VIDEOS = [
    f"images/{letter}{number}-converted.mp4-00.0{clip}.37.277-00.04.54.650_{frame}.jpg"
    for letter in "abc"
    for number in (2, 10, 11)
    for clip in (1, 2)
    for frame in (0, 10, 20)
]
TILES = [f"a b/images/{tile}_sat_{crop:02d}.jpg" for tile in (855, 3170, 98150) for crop in (1, 13, 25)]


def groups_of(images: list[str], **asked: object) -> set[str | None]:
    return set(find_groups(images, **asked)[1])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "pairs", "count", "evidence"),
    [
        ("camvid", "train val", 3, "clip = the text before the first `_`: 3 groups, 62–305 images each"),
        ("horizon-uav", "images", 19, "video = the text before `-converted`: 19 groups, 6–33 images each"),
        ("forest", "Forest?Segmented/*/images", 74, "the number before `_sat_`: 74 groups, 1–6 images each"),
        ("cityscapes-pairs", "train val", 0, "nothing in the names"),
        ("ir-horizon", "images", 1, "2021-08-29 20:39:19 to 2021-08-29 21:04:56: one recording of 110 images"),
        ("carla", "coursera/data/CameraRGB", 0, "nothing in the names"),
    ],
)
def test_the_real_sets_are_grouped_as_their_notes_say(
    real_data: Callable[[str], Path], name: str, pairs: str, count: int, evidence: str
) -> None:
    root = real_data(name)
    images = [file.relative_to(root).as_posix() for folder in pairs.split() for file in root.glob(f"{folder}/*")]
    rule, _ = find_groups(images)
    assert rule.count == count
    assert evidence in rule.evidence


def test_a_clip_is_the_text_before_the_frame_number() -> None:
    assert groups_of(CLIPS) == {"0001TP", "0006R0", "0016E5"}


def test_the_video_is_preferred_to_the_clip_inside_it() -> None:
    rule, found = find_groups(VIDEOS)
    assert set(found) == {f"{letter}{number}" for letter in "abc" for number in (2, 10, 11)}
    assert rule.evidence == "video = the text before `-converted`: 9 groups, 6 images each"


def test_a_level_with_too_few_groups_leaves_the_finer_one() -> None:
    images = [
        f"{place}_{clip:02d}_{frame:03d}.png" for place in ("k1", "k2", "k3") for clip in range(4) for frame in range(5)
    ]
    assert len(groups_of(images)) == 12


def test_a_tile_is_the_number_before_a_constant_word() -> None:
    rule, found = find_groups(TILES)
    assert set(found) == {"855", "3170", "98150"}
    assert rule.evidence == "tile = the number before `_sat_`: 3 groups, 3 images each"


@pytest.mark.parametrize("images", [CLIPS, VIDEOS, TILES])
def test_the_rule_found_can_be_pasted_as_a_flag(images: list[str]) -> None:
    rule, found = find_groups(images)
    assert find_groups(images, groups=rule.pattern)[1] == found


@pytest.mark.parametrize(
    "images",
    [
        [f"{number}.png" for number in range(1, 300, 10)],
        [f"{number:06d}.png" for number in range(50)],
        [f"IMG_{number:04d}.jpg" for number in range(50)],
        [f"{animal}_{number}.jpg" for animal in ("cat", "dog", "bird") for number in range(20)],
        [f"{year}_{number:06d}.jpg" for year in range(2007, 2012) for number in range(20)],
        [f"{number * 7919:08x}-{number * 104729:08x}.jpg" for number in range(50)],
        [f"0{number}_a.jpg" for number in range(50)],
        ["only.png"],
        [],
    ],
    ids=["numbers", "padded", "camera", "kinds of things", "years", "hashes", "one each", "one image", "none"],
)
def test_names_without_a_stable_pattern_are_not_grouped(images: list[str]) -> None:
    assert find_groups(images)[0].by == "none"


def test_a_pattern_in_most_names_only_is_not_believed() -> None:
    strays = [f"beach_{letter}.png" for letter in "abcdef"]
    assert find_groups(CLIPS + strays)[0].by == "none"


def test_folders_of_images_are_groups_and_folders_of_splits_are_not() -> None:
    cities = [
        f"{split}/{city}/{n}.png"
        for split, city in (("train", "aachen"), ("train", "ulm"), ("val", "kiel"))
        for n in range(4)
    ]
    assert groups_of(cities) == {"aachen", "ulm", "kiel"}
    assert groups_of([f"{split}_frames/{split}/{n}.png" for split in ("train", "val", "test") for n in range(4)]) == {
        None
    }


def test_days_of_recording_are_groups() -> None:
    images = [f"2021-08-{day:02d}-20-{minute:02d}-00.png" for day in range(1, 10) for minute in range(0, 50, 10)]
    rule, found = find_groups(images)
    assert rule.by == "time"
    assert Counter(found)["2021-08-03 20:00:00"] == 5


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("2021-08-29-20-39-19", 1630269559.0),
        ("DJI_20210829_203919_0042", 1630269559.0),
        ("cam 2021-08-29T20:39:19.250", 1630269559.25),
        ("1630269559250", 1630269559.25),
        ("0000000042", None),
        ("a2-converted.mp4-00.04.37.277-00.04.54.650_0", None),
        ("2021-13-29-20-39-19", None),
    ],
)
def test_times_in_names(name: str, seconds: float | None) -> None:
    assert find_time(name) == seconds


def test_a_regex_takes_its_first_group_or_the_whole_match() -> None:
    assert groups_of(TILES, groups=r"/(\d)\d*_sat") == {"8", "3", "9"}
    assert groups_of(TILES, groups=r"\d+(?=_sat)") == {"855", "3170", "98150"}


def test_a_column_groups_and_one_called_group_does_so_unasked() -> None:
    images, table = ["a.png", "b.png", "c.png"], {"flight": ["f1", "f1", ""], "group": ["x", "y", "y"]}
    assert find_groups(images, groups="flight", columns=table)[1] == ("f1", "f1", None)
    rule, found = find_groups(images, columns=table)
    assert found == ("x", "y", "y")
    assert rule == GroupRule("column", "column `group`: 2 groups, 1–2 images each", "group", 2)


@pytest.mark.parametrize(
    ("text", "says"), [("(", "nor a regular expression"), ("nowhere", "none of the 3 image paths")]
)
def test_a_rule_that_cannot_be_used_is_refused(text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        find_groups(["a.png", "b.png", "c.png"], groups=text)


def test_numbers_in_names_sort_by_value() -> None:
    assert sorted(["98150", "855", "3170"], key=natural_key) == ["855", "3170", "98150"]
    assert sorted(["a10", "a2", "b1"], key=natural_key) == ["a2", "a10", "b1"]
