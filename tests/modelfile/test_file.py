"""A model file holds all that is needed to use it, and nothing that is not verified is believed."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open

from unetkit.data.classes import ClassTable
from unetkit.data.normalise import Normalisation
from unetkit.data.resize import Fit
from unetkit.errors import FormatError, TrainingDiverged
from unetkit.files import read_tensors, write_tensors
from unetkit.modelfile import FORMAT, Contract, Fingerprint, read_model, write_model

TENSORS = {"stem.weight": np.ones((2, 3, 1, 1), np.float32), "norm.num_batches_tracked": np.array(7)}
HASHES = [f"{number:064x}" for number in range(2**60, 2**60 + 3)]


@pytest.fixture
def contract() -> Contract:
    return Contract(
        network="unet",
        settings={"depth": 1, "width": 2, "activation": "relu"},
        classes=ClassTable.from_text("0=sea,255=sky"),
        channels=3,
        depth=8,
        normalisation=Normalisation("train", (100.0, 110.5, 120.25), (50.0, 51.0, 52.0)),
        size=Fit(48, 64),
        outputs=1,
        temperature=1.5,
        scores={"scores": {"mean_iou": 0.9}, "protocol": {"split": "val"}},
        fingerprint=Fingerprint.of(HASHES, [10, 20], np.eye(4, 5, dtype=np.uint8)),
        licence="CC-BY-4.0",
        versions={"torch": "2.13.0"},
    )


def test_tensors_and_contract_come_back(contract: Contract, tmp_path: Path) -> None:
    write_model(tmp_path / "model.safetensors", TENSORS, contract)
    tensors, read = read_model(tmp_path / "model.safetensors")

    assert read == contract
    assert {name: tensor.tolist() for name, tensor in tensors.items()} == {
        name: tensor.tolist() for name, tensor in TENSORS.items()
    }


def test_the_header_is_one_json_document_that_any_program_reads(contract: Contract, tmp_path: Path) -> None:
    write_model(tmp_path / "m", TENSORS, contract)
    with safe_open(tmp_path / "m", "numpy") as file:
        document = json.loads(file.metadata()["unetkit"])

    assert document["format"] == FORMAT
    assert document["size"] == {"rule": "fit", "height": 48, "width": 64}
    assert document["input"]["range"] == [0, 255]
    assert [row["name"] for row in document["classes"]["classes"]] == ["sea", "sky"]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_model_with_nan_or_infinity_is_never_saved(value: float, contract: Contract, tmp_path: Path) -> None:
    with pytest.raises(TrainingDiverged, match="head"):
        write_model(tmp_path / "m", {"head": np.array([1, value], np.float32)}, contract)
    assert list(tmp_path.iterdir()) == []


def test_a_model_with_nan_from_elsewhere_is_refused_by_its_tensor(contract: Contract, tmp_path: Path) -> None:
    write_tensors(tmp_path / "m", {"head": np.array([np.nan])}, {"unetkit": json.dumps(contract.to_json())})
    with pytest.raises(FormatError, match="tensor head holds NaN"):
        read_model(tmp_path / "m")


def test_a_newer_format_is_refused_with_who_reads_it(contract: Contract, tmp_path: Path) -> None:
    document = {"format": FORMAT + 1, "readable_by": "unetkit >= 9.1", "what": "nobody knows"}
    write_tensors(tmp_path / "m", TENSORS, {"unetkit": json.dumps(document)})
    with pytest.raises(FormatError, match=f"format {FORMAT + 1}") as caught:
        read_model(tmp_path / "m")
    assert "unetkit >= 9.1" in caught.value.advice


def test_a_foreign_safetensors_file_is_refused_as_foreign(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    save_file(TENSORS, tmp_path / "m")
    with pytest.raises(FormatError, match="not written by unetkit"):
        read_model(tmp_path / "m")


def test_a_checkpoint_is_no_model(tmp_path: Path) -> None:
    write_tensors(tmp_path / "m", TENSORS, {"checkpoint": "{}"})
    with pytest.raises(FormatError, match="not a model"):
        read_model(tmp_path / "m")


@pytest.mark.parametrize("key", ["network", "classes", "input", "size", "fingerprint", "format"])
def test_a_contract_that_lacks_a_part_is_refused(key: str, contract: Contract, tmp_path: Path) -> None:
    document = contract.to_json()
    del document[key]
    write_tensors(tmp_path / "m", TENSORS, {"unetkit": json.dumps(document)})
    with pytest.raises(FormatError, match="cannot be read"):
        read_model(tmp_path / "m")


def test_keys_of_later_versions_are_passed_over(contract: Contract, tmp_path: Path) -> None:
    document = {**contract.to_json(), "later": {"a": 1}}
    write_tensors(tmp_path / "m", TENSORS, {"unetkit": json.dumps(document)})
    assert read_model(tmp_path / "m")[1] == contract


def test_scores_that_are_nan_are_written_as_null(contract: Contract, tmp_path: Path) -> None:
    write_model(tmp_path / "m", TENSORS, replace(contract, scores={"mean_iou": float("nan")}))
    assert read_model(tmp_path / "m")[1].scores == {"mean_iou": None}


def test_no_pickle_is_inside(contract: Contract, tmp_path: Path) -> None:
    write_model(tmp_path / "m", TENSORS, contract)
    assert set(read_tensors(tmp_path / "m")[1]) == {"unetkit", "format"}
