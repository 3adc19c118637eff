"""What is noted about the machine says nothing about its user."""

import getpass
import json
import sys
from pathlib import Path

import pytest

from unetkit.runs import RunFolder, all_parts, environment, versions
from unetkit.runs.environment import new_part


def test_it_names_versions_and_machine() -> None:
    noted = environment()
    assert noted["versions"]["numpy"] == versions()["numpy"]
    assert noted["cores"] >= 1


@pytest.mark.parametrize(
    ("word", "noted"),
    [
        ("{home}/photos", "~/photos"),
        ("{home}", "~"),
        ("--out={home}/runs/first", "--out=~/runs/first"),
        ("{home}-of-another/photos", "{home}-of-another/photos"),
        ("/mnt{home}/photos", "/mnt{home}/photos"),
    ],
)
def test_it_is_plain_json_without_user_and_with_a_sign_for_the_home_folder(
    word: str, noted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = str(Path.home())
    monkeypatch.setattr(sys, "argv", ["unetkit", "train", word.format(home=home)])
    document = environment()
    assert document["command"] == ["unetkit", "train", noted.format(home=home)]
    text = json.dumps({**document, "command": []})
    assert home + "/" not in text
    assert f'"{getpass.getuser()}"' not in text


def test_each_part_is_noted_with_what_computed_it_and_what_is_not_as_in_the_first(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.add_part({"threads": 1})
    identity = run.run_id
    monkeypatch.setattr(sys, "argv", ["unetkit", "train", "--resume", "elsewhere"])
    run.add_part({"threads": 2})
    document = run.read_environment()
    assert (document["python"], run.run_id) == ("3", identity)
    assert [part["compute"]["threads"] for part in document["parts"]] == [1, 2]
    assert document["parts"][1]["command"][-1] == "elsewhere"
    assert [part["python"] == "3" for part in all_parts(document)] == [False, False]


def test_a_part_that_is_as_the_first_says_only_when_and_how_it_was_called() -> None:
    first = environment()
    part = new_part(first, {"threads": 1})
    assert set(part) == {"started", "command", "compute"}
    assert all_parts({**first, "run_id": "1"}) == [first]
    assert all_parts({**first, "parts": [part]}) == [{**first, **part}]
