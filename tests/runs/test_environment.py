"""What is noted about the machine says nothing about its user."""

import getpass
import json
from pathlib import Path

from unetkit.runs import environment, versions


def test_it_names_versions_and_machine() -> None:
    noted = environment()
    assert noted["versions"]["numpy"] == versions()["numpy"]
    assert noted["cores"] >= 1


def test_it_is_plain_json_without_home_or_user() -> None:
    text = json.dumps({**environment(), "command": []})
    assert str(Path.home()) + "/" not in text
    assert f'"{getpass.getuser()}"' not in text
