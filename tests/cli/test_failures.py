"""The command that was typed, with the flag that was asked for."""

from unetkit.cli.failures import with_flag


def test_a_flag_is_added_and_all_is_quoted() -> None:
    assert with_flag(["train", "my photos"], ["--val", "b4 d3"]) == "unetkit train 'my photos' --val 'b4 d3'"


def test_an_earlier_flag_of_the_same_name_is_replaced() -> None:
    assert with_flag(["train", "--val", "0.1", "d"], ["--val", "b4"]) == "unetkit train d --val b4"
    assert with_flag(["train", "--val=0.1", "d"], ["--val", "b4"]) == "unetkit train d --val b4"


def test_a_switch_is_not_doubled() -> None:
    assert with_flag(["train", "--overwrite", "d"], ["--overwrite"]) == "unetkit train d --overwrite"
