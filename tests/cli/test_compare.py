"""`unetkit compare`: what is printed, what is described, and how it ends."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from evaluating.histories import make_run, make_series
from unetkit.cli.app import main
from unetkit.cli.views.comparison import show_comparison

jsonschema = pytest.importorskip("jsonschema")

REPOSITORY = Path(__file__).parents[2]
SCHEMA = REPOSITORY / "docs" / "reference" / "json" / "comparison.json"
Captured = pytest.CaptureFixture[str]


@pytest.fixture
def runs(tmp_path: Path) -> list[str]:
    """Two that have ended, with another rate, other validation pairs and another torch; one going, one just begun."""
    versions = {"versions": {"unetkit": "0.1.0", "torch": "2.12.0"}}
    said = {"training.learning_rate": 0.001, "loss.name": "dice+0.5*focal"}
    made = [
        make_run(tmp_path / "first"),
        make_run(tmp_path / "second", said=said, machine=versions, pairs={"train": "abc", "val": "xyz"}),
        make_run(tmp_path / "a-run-that-is-still-going", (0.1, 0.2), finished=False),
        make_run(tmp_path / "new", (), finished=False),
    ]
    return [str(run.path) for run in made]


def document(words: list[str], capsys: Captured) -> Any:
    assert main(["compare", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def shown(words: list[str], capsys: Captured) -> list[str]:
    assert main(["compare", *words]) == 0
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


def test_the_document_is_as_described(runs: list[str], capsys: Captured) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    for words in (runs, runs[:2], [runs[-1], runs[-2]]):
        assert list(jsonschema.Draft202012Validator(schema).iter_errors(document(words, capsys))) == []


def test_each_run_has_a_line(runs: list[str], capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    lines = shown(runs, capsys)
    assert lines[0] == "mean IoU on the validation split"
    assert "first 30 3.5 0.3333 0.9000 20 0.8500 0.003" in lines
    assert "a-run-that-is-still-going 10 of 40 1.5 1.0000 0.2000 10 0.2000 0.003" in lines
    assert "new – – – – – – 0.003" in lines
    assert "new has no history yet: it was not scored" in lines
    assert "a-run-that-is-still-going has not ended" in lines


def test_each_value_that_not_all_have_stands_with_its_runs(
    runs: list[str], capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    lines = shown([runs[0], runs[1], runs[3]], capsys)
    at = lines.index("training.learning_rate 0.003 first, new")
    assert lines[at + 1] == "0.001 second"
    assert "loss.name cross-entropy first, new" in lines
    assert "versions.torch 2.13.0 first, new" in lines
    assert "the runs were not scored on the same validation pairs: their scores do not compare" in lines


def test_losses_that_do_not_compare_are_said_to(runs: list[str], capsys: Captured) -> None:
    said = "the runs minimise different losses, which do not compare"
    assert said in shown(runs[:2], capsys)
    assert said not in shown([runs[0], runs[2]], capsys)


def test_what_is_the_same_in_all_is_not_listed(tmp_path: Path, capsys: Captured) -> None:
    out = "\n".join(shown([str(make_series(tmp_path / "three", 1, 2))], capsys))
    assert "training.seed" in out
    assert "training.batch" not in out
    assert "validation pairs" not in out
    assert "Machine" not in out


@pytest.mark.parametrize("width", [50, 80, 120])
def test_what_is_shown_fits_the_screen(width: int, runs: list[str], capsys: Captured) -> None:
    stream = io.StringIO()
    show_comparison({**document(runs, capsys), "image": "runs/comparison-1.svg"}, Console(file=stream, width=width))
    assert max(len(line.rstrip()) for line in stream.getvalue().splitlines()) <= width


def test_the_place_of_the_image_is_told(runs: list[str], tmp_path: Path, capsys: Captured) -> None:
    text = " ".join(shown([*runs[:2], "--out", str(tmp_path / "both.svg"), "--axis", "minutes"], capsys))
    assert "curves " in text
    assert text.replace(" ", "").endswith("both.svg")  # a long path goes on in the next line
    assert (tmp_path / "both.svg").is_file()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "RUN is missing"),
        (["{first}"], "a comparison needs two runs"),
        (["{first}", "{first}"], "a comparison needs two runs"),
        (["{first}", "nowhere"], "this is no run folder"),
        (["{first}", "{second}", "--axis", "hours"], "choices: epochs, steps, minutes"),
        (["{first}", "{second}", "--metric", "mean-iou"], "did you mean 'mean_iou'?"),
        (["{first}", "{second}", "--out", "x.html"], "the image is an SVG file"),
    ],
)
def test_wrong_usage_ends_with_2(words: list[str], said: str, runs: list[str], capsys: Captured) -> None:
    assert main(["compare", *(word.format(first=runs[0], second=runs[1]) for word in words)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in " ".join(err.split())


def test_neither_torch_nor_matplotlib_is_needed(runs: list[str]) -> None:
    code = (
        "import sys\nsys.modules.update(torch=None, matplotlib=None, tensorboard=None)\n"
        f"from unetkit.cli.app import main\nsys.exit(main(['compare', *{runs}, '--quiet']))"
    )
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "src")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
