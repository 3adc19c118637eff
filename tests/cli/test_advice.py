"""The command that was typed, with the flag that was asked for."""

import pytest

from unetkit.cli.advice import advice_lines, with_flags


@pytest.mark.parametrize(
    ("advice", "line"),
    [
        ("--masks 'a b'  # land", "unetkit train d --masks 'a b'  # land"),
        ("--channels 3 turns them to colour", "unetkit train d --channels 3  # turns them to colour"),
        ("--skip-bad leaves them out", "unetkit train d --skip-bad  # leaves them out"),
        ("--overwrite", "unetkit train d --overwrite"),
        ("--groups '(a|b)_\\d'", "unetkit train d --groups '(a|b)_\\d'"),
        ("--val b4 --test c2  # both", "unetkit train d --val b4 --test c2  # both"),
        ("--channels 1 or --channels 3", "unetkit train d --channels 1  # or --channels 3"),
        (
            "--network forest --network.shared-norm=false  # own",
            "unetkit train d --network forest --network.shared-norm=false  # own",
        ),
        ("--no-such-flag x", "--no-such-flag x"),
        ("--val", "--val"),
        ("look at it", "look at it"),
        ("choices: --a, --skip-bad", "choices: --a, --skip-bad"),
    ],
)
def test_a_line_that_begins_with_a_flag_becomes_the_whole_command(advice: str, line: str) -> None:
    assert list(advice_lines(advice, ["train", "d"])) == [line]


def test_a_switch_that_is_mentioned_is_followed_by_the_whole_command() -> None:
    found = list(advice_lines("mend them, or use --skip-bad", ["train", "d"]))
    assert found == ["mend them, or use --skip-bad", "unetkit train d --skip-bad"]


def test_a_switch_of_another_command_is_left_alone() -> None:
    assert list(advice_lines("use --skip-bad", ["predict", "m"])) == ["use --skip-bad"]


def test_a_flag_is_added_and_all_is_quoted() -> None:
    assert with_flags(["train", "my photos"], [["--val", "b4 d3"]]) == "unetkit train 'my photos' --val 'b4 d3'"


def test_an_earlier_flag_of_the_same_name_is_replaced() -> None:
    assert with_flags(["train", "--val", "0.1", "d"], [["--val", "b4"]]) == "unetkit train d --val b4"
    assert with_flags(["train", "--val=0.1", "d"], [["--val", "b4"]]) == "unetkit train d --val b4"


def test_an_earlier_flag_of_the_same_setting_is_replaced() -> None:
    assert with_flags(["train", "--network.preset", "nano", "d"], [["--network", "base"]]) == (
        "unetkit train d --network base"
    )


def test_a_switch_is_not_doubled() -> None:
    assert with_flags(["train", "--overwrite", "d"], [["--overwrite"]]) == "unetkit train d --overwrite"
