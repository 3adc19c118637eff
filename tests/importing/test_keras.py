"""Keras weights: every kind of file gives the scores of the network they were trained in, computed by NumPy."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest

from importing.conftest import SIZE, Import, assert_equal_scores, scores_of
from importing.keras_network import KerasUNet, convolution, transposed
from unetkit.data.arrays import Image

h5py = pytest.importorskip("h5py", reason="not run: h5py is missing")


def scores_there(network: KerasUNet, image: Image) -> np.ndarray[Any, np.dtype[np.float32]]:
    return network.scores((image / 255).astype(np.float32)).transpose(2, 0, 1)


def test_the_oracle_of_growing_is_the_adjoint_of_the_convolution_back() -> None:
    """<A x, y> = <x, Aᵀ y>: TensorFlow defines a transposed convolution as the gradient of a convolution."""
    random = np.random.default_rng(0)
    kernel = random.normal(size=(3, 3, 2, 5)).astype(np.float32)
    large, small = random.normal(size=(12, 16, 2)), random.normal(size=(6, 8, 5))

    assert (convolution(large, kernel, stride=2) * small).sum() == pytest.approx(
        (large * transposed(small, kernel)).sum()
    )


@pytest.mark.parametrize("kind", ["model.h5", "weights.h5", "model.keras", "model.weights.h5"])
def test_every_kind_of_file_gives_equal_scores(kind: str, tmp_path: Path, image: Image, importing: Import) -> None:
    network = KerasUNet()
    path = tmp_path / kind
    if kind == "model.keras":
        network.write_keras(path)
    elif kind == "model.weights.h5":
        network.write_weights(path)
    else:
        network.write_legacy(path, whole=kind == "model.h5")
    made = importing(path, "carla")

    assert made.source == "Keras"
    assert made.parameters == sum(array.size for own in network.weights.values() for array in own.values())
    assert_equal_scores(scores_of(made.model, image), scores_there(network, image))


def test_the_size_of_the_input_is_read_where_the_file_says_it(tmp_path: Path, importing: Import) -> None:
    path = KerasUNet(size=(64, 96)).write_keras(tmp_path / "m.keras")
    made = importing(path, "carla", size=None)
    assert (made.contract.size.height, made.contract.size.width) == (64, 96)


@pytest.mark.parametrize("kind", ["keras", "h5"])
def test_joins_follow_the_file(kind: str, tmp_path: Path, image: Image, importing: Import) -> None:
    network = KerasUNet(grown_first=False)
    path = tmp_path / f"m.{kind}"
    made = importing(network.write_keras(path) if kind == "keras" else network.write_legacy(path), "carla")

    assert "joins taken as skip-first, as the file says" in made.notes
    assert_equal_scores(scores_of(made.model, image), scores_there(network, image))


@pytest.mark.parametrize("grown_first", [False, True])
def test_a_dropout_on_a_skip_alone_changes_nothing(
    grown_first: bool, tmp_path: Path, image: Image, importing: Import
) -> None:
    """Keras lists it beside what was grown, in the order of the join; it is made late, and is the skip all the same."""
    network = KerasUNet(grown_first=grown_first)
    for number, join in enumerate([layer for layer in network.layers if layer["class_name"] == "Concatenate"]):
        skip, name = join["inputs"][grown_first], f"spared_{number}"
        dropout = {"class_name": "Dropout", "name": name, "config": {"name": name, "rate": 0.5}, "inputs": [skip]}
        network.layers.insert(network.layers.index(join) - (not grown_first), dropout)
        join["inputs"][grown_first] = name
    made = importing(network.write_keras(tmp_path / "m.keras"), "carla")

    assert f"joins taken as {'grown' if grown_first else 'skip'}-first, as the file says" in made.notes
    assert_equal_scores(scores_of(made.model, image), scores_there(network, image))


def test_joins_can_be_said_where_the_file_is_silent(tmp_path: Path, image: Image, importing: Import) -> None:
    network = KerasUNet(grown_first=False)
    made = importing(network.write_legacy(tmp_path / "w.h5", whole=False), "carla", joined="skip-first")
    assert_equal_scores(scores_of(made.model, image), scores_there(network, image))


@pytest.mark.parametrize("epsilon", [1e-3, 1e-2, 1e-7])
@pytest.mark.parametrize("kind", ["keras", "h5"])
def test_batch_norms_keep_their_epsilon(
    epsilon: float, kind: str, tmp_path: Path, image: Image, importing: Import
) -> None:
    network = KerasUNet(norm=True, epsilon=epsilon, grow=2, extra=False)
    path = tmp_path / f"m.{kind}"
    made = importing(network.write_keras(path) if kind == "keras" else network.write_legacy(path), "infrared-double")

    assert f"epsilon {epsilon:g} of batch norms went into their variances" in made.notes
    assert_equal_scores(scores_of(made.model, image), scores_there(network, image))


def test_without_a_description_the_epsilon_is_that_of_keras_and_the_rest_is_said_to_be_unchecked(
    tmp_path: Path, image: Image, importing: Import
) -> None:
    network = KerasUNet(norm=True, epsilon=1e-3, grow=2, extra=False)
    made = importing(network.write_legacy(tmp_path / "w.h5", whole=False), "infrared-double")

    assert any("not checked" in note for note in made.notes)
    assert_equal_scores(scores_of(made.model, image), scores_there(network, image))


@pytest.mark.parametrize("kind", ["keras", "h5"])
def test_growing_lies_as_the_backend_laid_it(kind: str, tmp_path: Path, image: Image, importing: Import) -> None:
    """Keras before 3.15, on PyTorch, put a kernel of 3 a pixel off TensorFlow's place; an .h5 says which it was."""
    network = KerasUNet(torch_grows=True)
    if kind == "h5":
        made = importing(network.write_legacy(tmp_path / "m.h5", backend="torch"), "carla")
    else:
        made = importing(network.write_keras(tmp_path / "m.keras"), "carla", keras_backend="torch")

    assert made.contract.settings["upsampling"] == "transposed-3"
    assert_equal_scores(scores_of(made.model, image), scores_there(network, image))


def test_a_newer_keras_grows_alike_on_every_backend(tmp_path: Path, image: Image, importing: Import) -> None:
    network = KerasUNet(version="3.15.1")
    made = importing(network.write_legacy(tmp_path / "m.h5", backend="torch"), "carla")
    assert_equal_scores(scores_of(made.model, image), scores_there(network, image))


def test_a_long_list_of_layers_is_put_together(tmp_path: Path, importing: Import) -> None:
    """Keras splits an attribute that is too long for HDF5 into numbered parts."""
    network = KerasUNet()
    network.write_legacy(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5", "a") as root:
        attributes = root["model_weights"].attrs
        names = attributes["layer_names"]
        del attributes["layer_names"]
        attributes["layer_names0"], attributes["layer_names1"] = names[:10], names[10:]
    assert importing(tmp_path / "m.h5", "carla").parameters


def test_a_config_of_a_subclassed_model_says_nothing_and_that_is_said(tmp_path: Path, importing: Import) -> None:
    network = KerasUNet()
    weights = io.BytesIO()
    network.write_weights(weights)
    with ZipFile(tmp_path / "m.keras", "w") as archive:
        archive.writestr("config.json", json.dumps({"class_name": "MyUNet", "config": {"width": 4}}))
        archive.writestr("model.weights.h5", weights.getvalue())
    made = importing(tmp_path / "m.keras", "carla", size=f"fit:{SIZE[0]}x{SIZE[1]}")
    assert any("does not describe its network" in note for note in made.notes)
