"""`unetkit import-weights` on the command line: one document, one page, and refusals that say what to type."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from importing.pytorch_networks import PytorchUNet, trained
from unetkit.cli.app import main

jsonschema = pytest.importorskip("jsonschema")

SCHEMA = Path(__file__).parents[2] / "docs" / "reference" / "json" / "import.json"
Captured = pytest.CaptureFixture[str]
TINY = ["--network", "infrared-double", "--network.width", "4", "--network.width-cap", "64"]


@pytest.fixture
def weights(tmp_path: Path) -> str:
    torch.save(trained(PytorchUNet(3, 2, 4)).state_dict(), tmp_path / "weights.pth")
    return str(tmp_path / "weights.pth")


def test_the_document_is_as_described(weights: str, capsys: Captured) -> None:
    words = ["import-weights", weights, *TINY, "--size", "fit:32x48", "--classes", "0=sky,255=sea", "--json"]
    assert main(words) == 0
    document = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, json.loads(SCHEMA.read_text(encoding="utf-8")))

    assert document["model"] == weights.replace(".pth", ".safetensors")
    assert [row["name"] for row in document["classes"]] == ["sky", "sea"]


def test_the_page_ends_with_what_to_type_next(weights: str, capsys: Captured) -> None:
    assert main(["import-weights", weights, *TINY, "--size", "fit:32x48"]) == 0
    shown = capsys.readouterr().out

    assert shown.rstrip().endswith(f"unetkit predict {weights.replace('.pth', '.safetensors')} YOUR-IMAGES")
    assert "32×48, 3 channels, unit" in shown


def test_a_missing_size_is_asked_for_with_the_whole_command(weights: str, capsys: Captured) -> None:
    assert main(["import-weights", weights, *TINY]) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert f"unetkit import-weights {weights} {' '.join(TINY)} --size fit:256x256" in told


def test_the_preset_that_fits_is_a_command_to_paste(tmp_path: Path, capsys: Captured) -> None:
    torch.save(PytorchUNet(3, 1, 64).state_dict(), tmp_path / "w.pth")
    assert main(["import-weights", str(tmp_path / "w.pth"), "--network", "infrared", "--size", "fit:32x48"]) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert "--size fit:32x48 --network infrared-double" in told


@pytest.mark.parametrize("flag", [["--network.outputs", "logit"], ["--network.convolution-bias"]])
def test_what_the_weights_say_themselves_is_no_flag(flag: list[str], weights: str, capsys: Captured) -> None:
    assert main(["import-weights", weights, *TINY, *flag]) == 2
    assert f"{flag[0]} would have no effect: the weights themselves say it" in " ".join(capsys.readouterr().err.split())


def test_a_dry_run_reads_nothing(tmp_path: Path, capsys: Captured) -> None:
    assert main(["import-weights", str(tmp_path / "absent.pth"), "--network", "carla", "--dry-run"]) == 0
    assert "preset carla" in capsys.readouterr().out
