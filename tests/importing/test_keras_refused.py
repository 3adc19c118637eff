"""Keras files that hold another network than ours, or less than a network: refused, with what and where."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from importing.conftest import Import
from importing.keras_network import KerasUNet
from unetkit.errors import ConfigError, FormatError

pytest.importorskip("h5py", reason="not run: h5py is missing")


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
    assert ("--normalise" in caught.value.advice) == (kind in ("Lambda", "Rescaling")), "what scales the pixels"


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


@pytest.mark.parametrize("kind", ["keras", "h5", "weights of h5"])
@pytest.mark.parametrize("role", ["moving_mean", "moving_variance"])
@pytest.mark.usefixtures("in_this_process")
def test_a_norm_without_its_statistics_is_refused(kind: str, role: str, tmp_path: Path, importing: Import) -> None:
    """What would stand in for them is a guess, and the scores would be others."""
    network, path = KerasUNet(norm=True, grow=2, extra=False), tmp_path / ("m.keras" if kind == "keras" else "m.h5")
    del network.weights["batch_normalization"][role]
    file = network.write_keras(path) if kind == "keras" else network.write_legacy(path, whole=kind == "h5")
    with pytest.raises(FormatError, match=r"has not the weights|has no (mean|variance)") as caught:
        importing(file, "infrared-double")
    assert caught.value.where.startswith(("batch_normalization", str(path)))


@pytest.mark.parametrize("kind", ["keras", "h5"])
@pytest.mark.parametrize("missing", [True, False])
@pytest.mark.usefixtures("in_this_process")
def test_a_layer_that_has_not_the_weights_it_is_said_to_have_is_refused(
    missing: bool, kind: str, tmp_path: Path, importing: Import
) -> None:
    network, path = KerasUNet(), tmp_path / f"m.{kind}"
    if missing:
        del network.weights["conv2d"]["bias"]
    else:
        described(network, "Conv2D", use_bias=False)
    with pytest.raises(FormatError, match="has not the weights that it is said") as caught:
        importing(network.write_keras(path) if kind == "keras" else network.write_legacy(path), "carla")
    assert "conv2d" in caught.value.where


@pytest.mark.usefixtures("in_this_process")
def test_a_softmax_of_one_score_is_no_sigmoid(tmp_path: Path, importing: Import) -> None:
    network = KerasUNet(outputs=1)
    network.layers[-1]["config"]["activation"] = "softmax"
    with pytest.raises(FormatError, match="a softmax of one score"):
        importing(network.write_keras(tmp_path / "m.keras"), "carla")


@pytest.mark.parametrize(("flag", "said"), [("joined", "skip-first"), ("keras_backend", "torch"), ("epsilon", 0.5)])
@pytest.mark.usefixtures("in_this_process")
def test_a_flag_that_contradicts_the_file_is_refused(
    flag: str, said: object, tmp_path: Path, importing: Import
) -> None:
    network = KerasUNet(norm=flag == "epsilon", grow=2 if flag == "epsilon" else 3, extra=flag != "epsilon")
    preset = "infrared-double" if flag == "epsilon" else "carla"
    with pytest.raises(ConfigError, match="the file says") as caught:
        importing(network.write_legacy(tmp_path / "m.h5"), preset, **{flag: said})
    assert caught.value.where == f"--{flag.replace('_', '-')} {said}"
