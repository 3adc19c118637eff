"""Keras weights: every kind of file gives the scores of the network they were trained in, computed by NumPy."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest

from importing.conftest import SIZE, Import, assert_equal_scores, scores_of
from importing.keras_network import KerasUNet, convolution, transposed
from unetkit.data.arrays import Image
from unetkit.errors import FormatError

h5py = pytest.importorskip("h5py")


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


# --- what is refused --------------------------------------------------------------------------------------------------


def described(network: KerasUNet, kind: str, **changes: object) -> KerasUNet:
    """The network with a changed description of its first layer of a class."""
    layer = next(layer for layer in network.layers if layer["class_name"] == kind)
    layer["config"] = {**layer["config"], **changes}
    return network


@pytest.mark.parametrize(
    ("kind", "change", "said"),
    [
        ("Conv2D", {"activation": "elu"}, "computes something else than this one"),
        ("Conv2D", {"activation": "linear"}, "computes something else than this one"),
        ("Conv2D", {"padding": "valid"}, "Conv2D with padding valid"),
        ("Conv2D", {"dilation_rate": [2, 2]}, "Conv2D with dilation_rate"),
        ("Conv2DTranspose", {"strides": [1, 1]}, "Conv2DTranspose with strides"),
        ("MaxPooling2D", {"pool_size": [3, 3]}, "MaxPooling2D with pool_size"),
        ("MaxPooling2D", {"data_format": "channels_first"}, "MaxPooling2D with data_format"),
        ("Concatenate", {"axis": 1}, "Concatenate with axis 1"),
    ],
)
def test_a_network_that_computes_something_else_is_refused(
    kind: str, change: dict[str, object], said: str, tmp_path: Path, importing: Import
) -> None:
    path = described(KerasUNet(), kind, **change).write_keras(tmp_path / "m.keras")
    with pytest.raises(FormatError, match=said):
        importing(path, "carla")


@pytest.mark.parametrize("kind", ["Lambda", "Rescaling", "LeakyReLU", "UpSampling3D"])
def test_a_layer_that_no_network_here_has_is_named(kind: str, tmp_path: Path, importing: Import) -> None:
    network = KerasUNet()
    stranger = {"class_name": kind, "name": "odd", "config": {"name": "odd"}, "inputs": [network.layers[0]["name"]]}
    network.layers.insert(1, stranger)
    with pytest.raises(FormatError, match=f"a layer of class {kind}") as caught:
        importing(network.write_keras(tmp_path / "m.keras"), "carla")
    assert "odd" in caught.value.where


@pytest.mark.parametrize(
    ("layer", "taken", "otherwise", "said"),
    [
        (
            *("concatenate_3", "activation_1", "batch_normalization_1"),
            r"file join concatenate_3 takes step 5 \(norm batch_normalization_1\) and step \d+ \(transposed conv2d_tran"
            r"spose_3\), in the network join takes step 6 \(relu encoder.0.activation\) and step \d+ \(transposed decod"
            r"er.3.growing\)",
        ),
        (
            *("concatenate_3", "activation_1", "activation"),
            r"join concatenate_3 takes step 3 \(relu activation\) .* join takes step 6 \(relu encoder.0.activation\)",
        ),
        (
            *("max_pooling2d", "activation_1", "batch_normalization_1"),
            r"step 7: in the file pooling max_pooling2d takes step 5 \(norm batch_normalization_1\), "
            r"in the network pooling takes step 6 \(relu encoder.0.activation\)",
        ),
        (
            *("conv2d_1", "activation", "batch_normalization"),
            r"convolution conv2d_1 takes step 2 .*convolution encoder.0.convolutions.1 takes step 3 ",
        ),
    ],
)
@pytest.mark.parametrize("kind", ["keras", "h5"])
@pytest.mark.usefixtures("in_this_process")
def test_a_network_that_is_wired_otherwise_is_refused_with_both_ways(
    layer: str, taken: str, otherwise: str, said: str, kind: str, tmp_path: Path, importing: Import
) -> None:
    """Layers, shapes and steps are those of ours: only where a result is taken from differs."""
    network = KerasUNet(norm=True, grow=2, extra=False)
    row = next(row for row in network.layers if row["name"] == layer)
    row["inputs"] = [otherwise if name == taken else name for name in row["inputs"]]
    path = tmp_path / f"m.{kind}"
    with pytest.raises(FormatError, match="wired otherwise") as caught:
        importing(network.write_keras(path) if kind == "keras" else network.write_legacy(path), "infrared-double")
    assert re.search(said, caught.value.where)
    assert "--network setting" in caught.value.advice


@pytest.mark.parametrize(
    "epsilon", [pytest.param(10**400, id="long"), 1e39, np.inf, np.nan, 0, -1, "0.001", True, [1e-3]]
)
@pytest.mark.usefixtures("in_this_process")
def test_an_epsilon_that_is_no_number_above_0_and_up_to_1_is_refused_with_its_layer(
    epsilon: object, tmp_path: Path, importing: Import
) -> None:
    network = described(KerasUNet(norm=True, grow=2, extra=False), "BatchNormalization", epsilon=epsilon)
    with pytest.raises(FormatError, match="epsilon of a batch norm is no number above 0 and up to 1") as caught:
        importing(network.write_keras(tmp_path / "m.keras"), "infrared-double")
    assert caught.value.where.startswith("batch_normalization: ")


def test_numbers_of_any_length_are_a_fault_of_the_file_and_told_in_short(tmp_path: Path, importing: Import) -> None:
    """The whole way, through the child: where the input has more pixels than the universe has atoms, and an epsilon."""
    wide = described(KerasUNet(), "InputLayer", batch_shape=[None, 10**400, 48, 3])
    with pytest.raises(FormatError, match="an input of 1000") as caught:
        importing(wide.write_keras(tmp_path / "wide.keras"), "carla")
    assert len(caught.value.what) < 400
    deep = described(KerasUNet(norm=True, grow=2, extra=False), "BatchNormalization", epsilon=10**400)
    with pytest.raises(FormatError, match="epsilon of a batch norm"):
        importing(deep.write_legacy(tmp_path / "deep.h5"), "infrared-double")


def test_joins_that_disagree_are_refused(tmp_path: Path, importing: Import) -> None:
    network = KerasUNet()
    join = next(layer for layer in network.layers if layer["class_name"] == "Concatenate")
    join["inputs"] = join["inputs"][::-1]
    with pytest.raises(FormatError, match="joined first, others last"):
        importing(network.write_keras(tmp_path / "m.keras"), "carla")


def test_a_weight_of_another_shape_is_named(tmp_path: Path, importing: Import) -> None:
    network = KerasUNet()
    network.weights["conv2d_3"]["kernel"] = np.ones((3, 3, 8, 9), np.float32)
    with pytest.raises(FormatError) as caught:
        importing(network.write_legacy(tmp_path / "m.h5"), "carla")
    assert "conv2d_3 9×8×3×3 in the file, encoder.1.convolutions.1 8×8×3×3 in the network" in caught.value.where


def test_nan_in_the_weights_is_refused(tmp_path: Path, importing: Import) -> None:
    network = KerasUNet()
    network.weights["conv2d_3"]["bias"][0] = np.nan
    with pytest.raises(FormatError, match="bias of layer conv2d_3 holds NaN"):
        importing(network.write_legacy(tmp_path / "m.h5"), "carla")


def test_a_variance_that_divides_by_nothing_is_refused(tmp_path: Path, importing: Import) -> None:
    network = KerasUNet(norm=True, grow=2, extra=False)
    network.weights["batch_normalization"]["moving_variance"][0] = -1
    with pytest.raises(FormatError, match="divides by nothing"):
        importing(network.write_keras(tmp_path / "m.keras"), "infrared-double")


# --- hostile containers -----------------------------------------------------------------------------------------------


def test_a_zip_bomb_is_refused(tmp_path: Path, importing: Import) -> None:
    from zipfile import ZIP_DEFLATED

    with ZipFile(tmp_path / "m.keras", "w", ZIP_DEFLATED) as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("model.weights.h5", bytes(64 * 1024**2))
    with pytest.raises(FormatError, match="unpacks to far more"):
        importing(tmp_path / "m.keras", "carla")


@pytest.mark.parametrize("missing", ["config.json", "model.weights.h5"])
def test_an_archive_without_its_members_is_refused(missing: str, tmp_path: Path, importing: Import) -> None:
    with ZipFile(tmp_path / "m.keras", "w") as archive:
        archive.writestr({"config.json": "model.weights.h5"}.get(missing, "config.json"), "{}")
    with pytest.raises(FormatError, match=f"holds no {missing}"):
        importing(tmp_path / "m.keras", "carla")


def spoiled(path: Path, how: str) -> Path:
    """A Keras file one weight of which is not what it seems."""
    network = KerasUNet()
    network.write_legacy(path)
    secret = path.with_name("secret.h5")
    with h5py.File(secret, "w") as other:
        other["kernel"] = np.ones((3, 3, 3, 4), np.float32)
    with h5py.File(path, "a") as root:
        group = root["model_weights/conv2d/conv2d"]
        del group["kernel:0"]
        if how == "external link":
            group["kernel:0"] = h5py.ExternalLink(str(secret), "kernel")
        elif how == "soft link":
            group["kernel:0"] = h5py.SoftLink("/model_weights/conv2d_1/conv2d_1/kernel:0")
        elif how == "virtual":
            layout = h5py.VirtualLayout((3, 3, 3, 4), np.float32)
            layout[...] = h5py.VirtualSource(str(secret), "kernel", (3, 3, 3, 4))
            group.create_virtual_dataset("kernel:0", layout)
        elif how == "external storage":
            group.create_dataset("kernel:0", (3, 3, 3, 4), np.float32, external=[(str(secret), 0, h5py.h5f.UNLIMITED)])
        elif how == "petabytes":
            group.create_dataset("kernel:0", (10**5, 10**5, 300, 400), np.float32, chunks=(1, 1, 300, 400))
        elif how == "text":
            group["kernel:0"] = "weights"
        elif how == "circle":
            group["kernel:0"] = root
    return path


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("external link", "only as a link"),
        ("soft link", "only as a link"),
        ("virtual", "no plain array"),
        ("external storage", "no plain array"),
        ("petabytes", "far more than it holds"),
        ("text", "no plain array"),
        ("circle", "no plain array"),
        ("absent", "does not hold what it lists"),
    ],
)
def test_a_weight_that_is_not_in_the_file_is_refused(how: str, said: str, tmp_path: Path, importing: Import) -> None:
    with pytest.raises(FormatError, match=said):
        importing(spoiled(tmp_path / "m.h5", how), "carla")


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
