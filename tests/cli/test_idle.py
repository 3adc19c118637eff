"""A flag that would do nothing is refused, with the command without it; files and the environment may say more."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from unetkit.cli.app import main
from unetkit.config.jobs import EvaluateSettings
from unetkit.config.keys import keys_of
from unetkit.evaluating.unused import OF_MODEL, OF_OTHER_DATA

Captured = pytest.CaptureFixture[str]

CASES = [
    (["evaluate", "r", "--classes", "0=a"], "--classes", "unetkit evaluate r"),
    (["evaluate", "r", "--data.classes=0=a", "--skip-bad"], "--classes", "unetkit evaluate r --skip-bad"),
    (["evaluate", "r", "d", "--size", "64"], "--size", "unetkit evaluate r d"),
    (["train", "d", "--variant", "source"], "--variant", "unetkit train d"),
    (["check", "d", "--size", "64", "--all"], "--size", "unetkit check d --all"),
]


@pytest.mark.parametrize(("words", "flags", "instead"), CASES)
def test_a_flag_without_effect_is_refused_with_the_command_without_it(
    words: Sequence[str], flags: str, instead: str, capsys: Captured
) -> None:
    assert main(words) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert f"error: {flags} would have no effect: " in told
    assert f"do {instead} " in f"{told} "


@pytest.mark.parametrize("name", OF_OTHER_DATA)
def test_every_flag_about_other_data_needs_them(name: str, capsys: Captured) -> None:
    key = keys_of(EvaluateSettings)["data", name]
    value = str(key.choices[0]) if key.choices else "1"
    assert main(["evaluate", "r", key.flag, value]) == 2
    assert f"{key.flags[0]} would have no effect" in capsys.readouterr().err
    assert main(["evaluate", "r", "d", key.flag, value, "--dry-run"]) == 0


def test_every_setting_about_data_has_its_place_in_an_evaluation() -> None:
    both = {"ignore", "skip_bad", "follow_links"}  # mean the same for a run's own data and for others
    named = {key.path[1] for key in keys_of(EvaluateSettings).values() if key.path[0] == "data"}
    assert named == {*OF_MODEL, *OF_OTHER_DATA, *both}


def test_a_file_and_the_environment_may_say_more_than_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    (tmp_path / "mine.yaml").write_text("data: {classes: camvid}\n")
    monkeypatch.setenv("UNETKIT_DATA__SIZE", "64")
    assert main(["evaluate", "r", "--config", str(tmp_path / "mine.yaml"), "--dry-run"]) == 0
