"""Every --json output is a document that docs/reference/json/ describes."""

import json
from pathlib import Path
from typing import Any

import pytest

from unetkit.cli.app import main
from unetkit.scenes.folder import write_scenes

jsonschema = pytest.importorskip("jsonschema")

FOLDER = Path(__file__).parents[2] / "docs" / "reference" / "json"
Captured = pytest.CaptureFixture[str]


def _faults(document: dict[str, Any]) -> list[str]:
    name = document["schema"].removeprefix("unetkit.")
    schema = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(document)]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_a_description_is_a_json_schema_that_names_its_document(path: Path) -> None:
    schema = json.loads(path.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["properties"]["schema"] == {"const": f"unetkit.{path.stem}"}
    assert f"`unetkit.{path.stem}`" in (FOLDER / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "words",
    [
        ["recipes"],
        ["recipes", "camvid"],
        ["config", "train"],
        ["train", "photos", "--dry-run", "--recipe", "carla"],
        ["trian"],
        ["check", "no such folder"],
    ],
)
def test_what_is_printed_is_as_described(words: list[str], capsys: Captured) -> None:
    main([*words, "--json"])
    assert _faults(json.loads(capsys.readouterr().out)) == []


def test_what_check_finds_is_as_described(tmp_path: Path, capsys: Captured) -> None:
    write_scenes(tmp_path / "scenes", 12, height=24, width=32)
    (tmp_path / "scenes" / "images" / "stray.jpg").write_bytes(b"no picture")
    main(["check", str(tmp_path / "scenes"), "--json"])
    document = json.loads(capsys.readouterr().out)
    assert _faults(document) == []
    assert document["findings"]
