"""The commands that are advised can be pasted, and start what was started."""

import shlex
from pathlib import Path

import pytest

from unetkit.runs import anew_command, resume_command


def test_names_are_quoted() -> None:
    assert shlex.split(resume_command("my runs/it's"))[2:] == ["--resume", "my runs/it's"]
    assert "my runs/config.yaml" in shlex.split(anew_command(Path("my runs/config.yaml"), "--batch 4"))


@pytest.mark.parametrize(
    ("variables", "launcher"),
    [
        ({"WORLD_SIZE": "1", "LOCAL_WORLD_SIZE": "1"}, ""),
        ({"WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"}, "torchrun --nproc-per-node 2 -m "),
        ({"WORLD_SIZE": "4", "LOCAL_WORLD_SIZE": "2"}, "torchrun ... -m "),
    ],
)
def test_several_processes_go_on_as_several(
    variables: dict[str, str], launcher: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert resume_command("runs/a") == f"{launcher}unetkit train --resume runs/a"
