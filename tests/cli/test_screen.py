"""The flags that say how to speak may stand anywhere."""

from pathlib import Path

from unetkit.cli.screen import Screen, take_screen_flags


def test_they_are_taken_out_wherever_they_stand() -> None:
    screen, rest = take_screen_flags(["--json", "train", "d", "--quiet", "--lr", "1"])
    assert screen == Screen(json=True, quiet=True)
    assert rest == ["train", "d", "--lr", "1"]


def test_what_follows_two_dashes_is_left_alone() -> None:
    assert take_screen_flags(["predict", "--", "--json"]) == (Screen(), ["predict", "--", "--json"])


def test_the_log_takes_a_file() -> None:
    assert take_screen_flags(["--log-json", "a.jsonl", "x"]) == (Screen(log=Path("a.jsonl")), ["x"])


def test_help_all_is_help_with_everything() -> None:
    assert take_screen_flags(["train", "--help-all"]) == (Screen(everything=True), ["train", "--help"])
