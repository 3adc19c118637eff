"""What `--images` and `--masks` take, read and written."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unetkit.data.layouts.listing import Listing
from unetkit.data.layouts.specs import parse_spec, write_spec

TREE = Listing.of(
    Path("data"),
    ["1.png", "a/images/1.png", "a/masks/1.png", "a/masks/x/2.png", "b/masks/1_L.png", "b,c/1.png", "[b]/1.png"],
)


@pytest.mark.parametrize(
    ("spec", "files"),
    [
        ("a/masks", ["a/masks/1.png", "a/masks/x/2.png"]),
        ("./a/masks/", ["a/masks/1.png", "a/masks/x/2.png"]),
        ("*/masks", ["a/masks/1.png", "a/masks/x/2.png", "b/masks/1_L.png"]),
        ("a/images,b", ["a/images/1.png", "b/masks/1_L.png"]),
        ("*_L.*", ["b/masks/1_L.png"]),
        ("b,c", ["b,c/1.png"]),
        ("[b]", ["[b]/1.png"]),
        (".", list(TREE.images)),
        ("none", []),
    ],
)
def test_a_spec_means_folders_patterns_and_lists(spec: str, files: list[str]) -> None:
    parsed = parse_spec(spec, TREE)

    assert [path for path in TREE.images if parsed.claims(path)] == sorted(files)


def test_the_longer_spec_claims_more() -> None:
    path = "a/masks/1.png"

    assert (
        parse_spec("a/masks", TREE).claims(path)
        > parse_spec("a", TREE).claims(path)
        > parse_spec(".", TREE).claims(path)
    )


def test_many_folders_are_written_as_one_pattern() -> None:
    listing = Listing.of(Path("data"), [f"{clip}/{kind}/1.png" for clip in "abcdef" for kind in ("images", "masks")])

    assert write_spec([path for path in listing.images if "masks" in path], listing) == "*/masks"


def test_files_among_others_are_written_by_their_word_or_format() -> None:
    listing = Listing.of(Path("data"), ["1.jpg", "2.jpg", "1_L.png", "2_L.png"])

    assert write_spec(["1_L.png", "2_L.png"], listing, ["l"]) == "*_L.*"
    assert write_spec(["1.jpg", "2.jpg"], listing) == "*.jpg"


@settings(max_examples=100, deadline=None)
@given(st.sets(st.sampled_from(TREE.images), min_size=1))
def test_a_written_spec_means_just_the_files_it_was_written_for(chosen: set[str]) -> None:
    spec = write_spec(chosen, TREE)

    assert spec is None or {path for path in TREE.images if parse_spec(spec, TREE).claims(path)} == chosen
