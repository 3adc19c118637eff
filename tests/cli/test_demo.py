"""The demo calls the jobs in order and says each as the command that a user would type."""

import json
from pathlib import Path
from typing import Any

import pytest

import unetkit
from unetkit.cli.app import main

Captured = pytest.CaptureFixture[str]
JOBS = ("check", "train", "evaluate", "predict", "report")


class _Result:
    def to_json(self) -> dict[str, Any]:
        return {}


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, tuple[Any, ...]]]:
    made: list[tuple[str, tuple[Any, ...]]] = []

    def stand_in(name: str) -> Any:
        def job(*words: Any) -> _Result:
            made.append((name, words))
            return _Result()

        return job

    def scenes(folder: Path, count: int, **how: Any) -> None:
        (folder / "images").mkdir(parents=True)
        made.append(("scenes", (folder.name, count, how["kind"])))
        for _ in range(count):
            how["on_each"]("")

    monkeypatch.setattr("unetkit.scenes.folder.write_scenes", scenes)
    for name in JOBS:
        monkeypatch.setitem(vars(unetkit), name, stand_in(name))
    return made


def test_the_jobs_run_in_order(calls: list[Any], tmp_path: Path, capsys: Captured) -> None:
    out = str(tmp_path / "demo")
    assert main(["demo", out, "--json", "--quiet", "--kind", "infrared", "--seed", "3"]) == 0
    assert [name for name, _ in calls] == ["scenes", "scenes", *JOBS]
    training = calls[3][1][0]
    assert (training.training.seed, training.recipe, training.out) == (3, "infrared", f"{out}/run")
    assert json.loads(capsys.readouterr().out)["schema"] == "unetkit.demo"


def test_each_step_is_a_command_to_paste(calls: list[Any], tmp_path: Path, capsys: Captured) -> None:
    main(["demo", str(tmp_path / "my demo"), "--json"])
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("$ unetkit ")]
    assert [line.split()[2] for line in said] == list(JOBS)
    assert f"$ unetkit predict '{tmp_path}/my demo/run' '{tmp_path}/my demo/new/images'" in said[3]
    assert len(calls) == 7


def test_what_is_there_is_not_overwritten(calls: list[Any], tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "mine.txt").write_text("dear to me")
    assert main(["demo", str(tmp_path)]) == 2
    assert main(["demo", str(tmp_path), "--overwrite"]) == 2
    assert (tmp_path / "mine.txt").read_text() == "dear to me"
    assert calls == []
    said = capsys.readouterr().err
    assert said.count("never replaced") == said.count("unetkit demo OUT") == 2


def test_a_demo_of_ours_is_replaced_when_asked(calls: list[Any], tmp_path: Path) -> None:
    out = str(tmp_path / "demo")
    assert main(["demo", out, "--json"]) == 0
    assert main(["demo", out, "--json", "--overwrite"]) == 0
    assert len(calls) == 14
