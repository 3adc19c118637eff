"""The entry point: what a call prints where, and how it ends."""

import errno
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import unetkit
from unetkit.cli.app import COMMANDS, main
from unetkit.config.jobs import TrainSettings
from unetkit.config.keys import keys_of
from unetkit.errors import AmbiguityError, DiskFull, OutputExists

Captured = pytest.CaptureFixture[str]


class _Run:
    """Stands for what `unetkit.train` returns."""

    def to_json(self) -> dict[str, Any]:
        return {
            "schema": "unetkit.run",
            "version": 1,
            "run": "runs/a-1",
            "model": "runs/a-1/model.safetensors",
            "seconds": float("nan"),
            "steps": 4,
            "best": None,
            "last": None,
            "scores": None,
        }


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Any], list[tuple[Any, ...]]]:
    """Put something else in the place of a job; returns the list of its calls."""

    def put(name: str, result: Any) -> list[tuple[Any, ...]]:
        calls: list[tuple[Any, ...]] = []

        def stand_in(*words: Any, **_: Any) -> Any:
            calls.append(words)
            if isinstance(result, BaseException):
                raise result
            return result

        monkeypatch.setitem(vars(unetkit), name, stand_in)  # without loading the job that it stands for
        return calls

    return put


def test_help_names_every_command_and_no_other(capsys: Captured) -> None:
    assert main(["--help"]) == 0
    shown = [
        line.split()[0] for line in capsys.readouterr().out.splitlines() if line.startswith("  ") and line[2] != " "
    ]
    assert shown == [*COMMANDS, "--help,", "--version"]


def test_no_words_show_the_help(capsys: Captured) -> None:
    assert main([]) == 0
    assert "Commands" in capsys.readouterr().out


def test_the_version_is_told(capsys: Captured) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == unetkit.__version__


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_help_page_that_fits_80_columns(
    command: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main([command, "--help-all"]) == 0
    page = capsys.readouterr().out
    assert page.startswith(f"unetkit {command} {COMMANDS[command].usage}")
    assert "Examples\n" in page
    assert max(len(line) for line in page.splitlines()) <= 80


def test_help_shows_the_common_flags_and_help_all_every_one(capsys: Captured) -> None:
    main(["train", "--help"])
    assert "--network.depth" not in capsys.readouterr().out
    main(["train", "--help-all"])
    assert "--network.depth N" in capsys.readouterr().out


def test_an_unknown_command_names_the_nearest(capsys: Captured) -> None:
    assert main(["trian"]) == 2
    assert "did you mean 'train'?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["train", "d", "--lerning-rate", "3"], "did you mean --training.learning-rate?"),
        (["train", "d", "--bach", "3"], "did you mean --batch?"),
        (["train", "a", "b"], "'b': more than this command takes"),
        (["train", "d", "--lr"], "--lr needs a value"),
        (["train", "d", "--lr", "1", "--lr", "2"], "--lr is given twice"),
        (["train", "d", "--network"], "--network needs a value"),
        (["train", "d", "--network", "nano", "--network.preset", "nano"], "--network.preset is given twice"),
        (["train", "d", "--training.optimiser", "admaw"], "did you mean 'adamw'?"),
        (["train", "d", "--epochs", "1", "--minutes", "2"], "flag --minutes; flag --epochs"),
        (["train", "d", "--recipe", "horzon"], "did you mean 'horizon'?"),
        (["train", "d", "--network", "smal"], "did you mean 'small'?"),
        (["predict"], "MODEL is missing"),
        (["predict", "m"], "INPUT is missing"),
        (["recipes", "--log-json"], "--log-json needs the name of a file"),
    ],
)
def test_wrong_usage_is_told_in_one_block(words: list[str], said: str, capsys: Captured) -> None:
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert said in " ".join(err.split())


def test_a_job_gets_its_settings_and_its_words(job: Any, capsys: Captured) -> None:
    calls = job("train", _Run())
    assert main(["train", "photos", "--lr", "1e-4", "--epochs", "3", "--skip-bad", "--data.val", "b4,d3"]) == 0
    ((settings, data),) = calls
    assert data == "photos"
    assert (settings.training.learning_rate, settings.training.epochs) == (1e-4, 3)
    assert (settings.data.skip_bad, settings.data.val) == (True, "b4,d3")
    assert "runs/a-1/model.safetensors" in capsys.readouterr().out


@pytest.mark.parametrize("flag", ["--network", "--network.preset", "--loss", "--loss.name", "--lr"])
def test_a_setting_is_set_by_its_short_flag_and_by_its_path(flag: str, capsys: Captured) -> None:
    key = next(key for key in keys_of(TrainSettings).values() if flag in key.flags)
    value = {"network.preset": "nano", "loss.name": "dice"}.get(key.name, "0.5")
    assert main(["train", "d", flag, value, "--dry-run"]) == 0
    said = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert f"{key.path[-1]}: {value} # flag {key.short}" in said


def test_results_go_to_stdout_and_everything_else_to_stderr(job: Any, capsys: Captured) -> None:
    job("train", _Run())
    main(["train", "photos"])
    out, err = capsys.readouterr()
    assert "no budget was given: --minutes 10" in err
    assert "minutes" not in out


def test_json_is_exactly_one_document(job: Any, capsys: Captured) -> None:
    job("train", _Run())
    assert main(["train", "photos", "--json", "--steps", "1"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["schema"], document["version"]) == ("unetkit.run", 1)
    assert document["seconds"] is None


def test_the_flags_of_the_screen_may_stand_anywhere(job: Any, capsys: Captured) -> None:
    job("train", _Run())
    assert main(["--json", "--quiet", "train", "photos"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["schema"] == "unetkit.run"
    assert err == ""


def test_what_happens_goes_to_the_log_for_machines(job: Any, tmp_path: Path, capsys: Captured) -> None:
    job("train", _Run())
    log = tmp_path / "events.jsonl"
    assert main(["train", "photos", "--quiet", f"--log-json={log}"]) == 0
    assert json.loads(log.read_text().splitlines()[0])["text"].startswith("no budget was given")
    assert capsys.readouterr().err == ""


# --- dry run ----------------------------------------------------------------------------------------------------------


def test_a_dry_run_prints_each_value_with_its_origin_and_stops(
    job: Any, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = job("train", _Run())
    mine = tmp_path / "mine.yaml"
    mine.write_text("training:\n  seed: 7\n")
    monkeypatch.setenv("UNETKIT_TRAINING__EMA", "0.5")
    words = ["train", "d", "--dry-run", "--config", str(mine), "--recipe", "forest", "--variant", "source", "--lr", "1"]
    assert main(words) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert calls == []
    assert {
        "learning_rate: 1.0 # flag --lr",
        f"seed: 7 # {mine}:2",
        "ema: 0.5 # environment UNETKIT_TRAINING__EMA",
        "batch: 64 # recipe forest, variant source",
        "width: 64 # preset forest",
        "precision: auto # default",
    } <= set(lines)


def test_a_dry_run_can_be_given_back_as_a_file(tmp_path: Path, capsys: Captured) -> None:
    words = ["train", "d", "--dry-run", "--recipe", "horizon", "--classes", "0=sea,255=sky"]
    main(words)
    path = tmp_path / "said.yaml"
    path.write_text(capsys.readouterr().out)
    main([*words, "--json"])
    first = json.loads(capsys.readouterr().out)["settings"]
    assert main(["train", "d", "--dry-run", "--json", "--config", str(path)]) == 0
    assert json.loads(capsys.readouterr().out)["settings"] == first


def test_a_mistake_in_a_file_is_told_with_its_line(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("training:\n  bach: 3\n")
    assert main(["train", "d", "--config", str(path)]) == 2
    assert f"where  {path}:2" in capsys.readouterr().err


# --- failing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OutputExists("there"), 2),
        (DiskFull("full"), 3),
        (OSError(errno.ENOSPC, "No space left on device", "/x"), 3),
        (PermissionError(errno.EACCES, "Permission denied", "/x"), 3),
        (FileNotFoundError(errno.ENOENT, "No such file or directory", "/x"), 2),
        (MemoryError(), 3),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"), 3),
        (KeyError("k"), 70),
        (RuntimeError("other"), 70),
        (KeyboardInterrupt(), 130),
    ],
)
def test_every_failure_has_its_exit_code(error: BaseException, code: int, job: Any, capsys: Captured) -> None:
    job("train", error)
    assert main(["train", "d"]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err


def test_debug_shows_the_trace(job: Any, capsys: Captured) -> None:
    job("train", KeyError("k"))
    assert main(["train", "d", "--debug"]) == 70
    assert "Traceback" in capsys.readouterr().err


def test_a_bug_says_what_to_report(job: Any, capsys: Captured) -> None:
    job("train", KeyError("k"))
    main(["train", "d"])
    err = capsys.readouterr().err
    assert "KeyError" in err
    assert "report" in err
    assert unetkit.__version__ in err


def test_with_json_an_error_is_a_document_too(job: Any, capsys: Captured) -> None:
    job("train", DiskFull("no space left", where="/x", advice="free some"))
    assert main(["train", "d", "--json"]) == 3
    out, err = capsys.readouterr()
    assert json.loads(out) == {
        "schema": "unetkit.error",
        "version": 1,
        "exit": 3,
        "what": "no space left",
        "where": "/x",
        "advice": "free some",
    }
    assert "no space left" in err


def test_a_flag_that_decides_comes_with_the_whole_command(job: Any, capsys: Captured) -> None:
    job("train", AmbiguityError("two readings", advice="--masks 'my masks/land'  # land\n--masks sky"))
    main(["train", "my photos", "--masks", "masks", "--lr=1e-3"])
    err = capsys.readouterr().err
    assert "unetkit train 'my photos' --lr=1e-3 --masks 'my masks/land'  # land\n" in err
    assert "unetkit train 'my photos' --lr=1e-3 --masks sky\n" in err


def test_a_switch_in_a_sentence_comes_with_the_whole_command(job: Any, capsys: Captured) -> None:
    job("train", OutputExists("runs/a is there", advice="choose another with --out, or say --overwrite"))
    main(["train", "d", "--out", "runs/a"])
    assert "unetkit train d --out runs/a --overwrite\n" in capsys.readouterr().err


def test_a_missing_extra_is_one_line_and_exit_3(capsys: Captured, monkeypatch: pytest.MonkeyPatch, job: Any) -> None:
    calls = job("train", _Run())
    monkeypatch.setattr("unetkit.extras.EXTRAS", {"train": ("no_such_package",)})
    assert main(["train", "d"]) == 3
    assert "pip install 'unetkit[train]'" in capsys.readouterr().err
    assert calls == []


def test_whoever_stops_reading_is_not_bothered(job: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    os.close(read)
    with open(write, "w") as stream:  # noqa: PTH123 - a descriptor
        monkeypatch.setattr(sys, "stdout", stream)
        assert main(["recipes"]) == 0


# --- exit codes of results --------------------------------------------------------------------------------------------


class _Document:
    def __init__(self, **document: Any) -> None:
        self._document = document

    def to_json(self) -> dict[str, Any]:
        return self._document


def _finding(severity: str) -> dict[str, Any]:
    return {"code": "x", "severity": severity, "count": 1, "examples": ["a.png"], "message": "m", "advice": ""}


@pytest.mark.parametrize(("severity", "code"), [("error", 1), ("warning", 0), ("info", 0)])
def test_check_ends_with_1_when_a_finding_is_an_error(severity: str, code: int, job: Any, capsys: Captured) -> None:
    job("check", _Document(findings=[_finding(severity)]))
    assert main(["check", "d", "--json"]) == code


@pytest.mark.parametrize(("failed", "code"), [([], 0), ([1], 1), ([0, 1], 2)])
def test_predict_ends_with_1_when_some_and_2_when_all_failed(
    failed: list[int], code: int, job: Any, capsys: Captured
) -> None:
    job("predict", _Document(outputs=[{"error": {"what": "bad"} if i in failed else None} for i in range(2)]))
    assert main(["predict", "m", "a", "b", "--json"]) == code
