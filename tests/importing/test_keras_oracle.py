"""Keras itself as the oracle: models that it builds and saves give here what they give there.

On its PyTorch backend, which since Keras 3.15 computes what TensorFlow does; earlier ones have their test in
test_keras.py, against what they are documented to do.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from importing.conftest import Import, assert_equal_scores, scores_of
from unetkit.data.arrays import Image
from unetkit.errors import FormatError

pytest.importorskip("h5py", reason="not run: h5py is missing")
os.environ.setdefault("KERAS_BACKEND", "torch")
os.environ.setdefault("KERAS_HOME", str(Path(tempfile.gettempdir()) / "unetkit-tests-keras"))  # it writes its settings
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    keras: Any = pytest.importorskip("keras", reason="not run: keras is missing")

if keras.backend.backend() != "torch":
    pytest.skip("not run: Keras is set to another backend than PyTorch", allow_module_level=True)


@pytest.fixture(autouse=True)
def patient() -> Iterator[None]:
    """What Keras warns of is its own affair."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        keras.utils.set_random_seed(0)
        yield


def double(x: Any, width: int, norm: bool, dropout: float = 0.0) -> Any:
    layers = keras.layers
    for _ in range(2):
        x = layers.Conv2D(width, 3, padding="same", activation=None if norm else "relu")(x)
        if norm:
            x = layers.ReLU()(layers.BatchNormalization(epsilon=0.02)(x))
    return layers.Dropout(dropout)(x) if dropout else x


def course(width: int = 4, outputs: int = 5, *, grow: int = 3, norm: bool = False, extra: bool = True) -> Any:
    """The course network: grown features first in each join."""
    layers = keras.layers
    x = first = keras.Input((32, 48, 3))
    skips: list[Any] = []
    for level in range(4):
        skips.append(double(x, width * 2**level, norm, 0.3 * (level == 3)))
        x = layers.MaxPooling2D(2)(skips[-1])
    x = double(x, width * 16, norm, 0.3)
    for level in reversed(range(4)):
        grown = layers.Conv2DTranspose(width * 2**level, grow, strides=2, padding="same")(x)
        x = double(layers.concatenate([grown, skips[level]], axis=3), width * 2**level, norm)
    if extra:
        x = layers.Conv2D(width, 3, padding="same", activation="relu", kernel_initializer="he_normal")(x)
    model = keras.Model(first, layers.Conv2D(outputs, 1)(x))
    random = np.random.default_rng(0)  # the biases and statistics of an untrained network are all 0 or 1
    noise = (random.uniform(0, 0.2, value.shape) if value.ndim == 1 else 0 for value in model.get_weights())
    model.set_weights([value + some for value, some in zip(model.get_weights(), noise, strict=True)])
    return model


def leaving(where: str) -> Any:
    """The network of preset `infrared-double`, whose skips leave each level at one of four places."""
    layers = keras.layers
    x = first = keras.Input((32, 48, 3))
    skips: list[Any] = []

    def level(x: Any, width: int, name: str) -> dict[str, Any]:
        results: dict[str, Any] = {}
        for number in ("first", "last"):
            x = layers.Conv2D(width, 3, padding="same", name=f"{name}_{number}_convolution")(x)
            x = results[f"{number}_norm"] = layers.BatchNormalization(name=f"{name}_{number}_norm")(x)
            x = results[f"{number}_relu"] = layers.ReLU(name=f"{name}_{number}_relu")(x)
        return results

    for number in range(4):
        results = level(x, 4 * 2**number, f"down_{number}")
        skips.append(results[where])
        x = layers.MaxPooling2D(2)(results["last_relu"])
    x = level(x, 64, "middle")["last_relu"]
    for number in reversed(range(4)):
        grown = layers.Conv2DTranspose(4 * 2**number, 2, strides=2, padding="same", name=f"grown_{number}")(x)
        x = layers.Concatenate(name=f"join_{number}")([skips[number], grown])
        x = level(x, 4 * 2**number, f"up_{number}")["last_relu"]
    return keras.Model(first, layers.Conv2D(2, 1)(x))


def scores_there(model: Any, image: Image) -> np.ndarray[Any, np.dtype[np.float32]]:
    output = model((image / 255).astype(np.float32)[None], training=False)
    return keras.ops.convert_to_numpy(output)[0].transpose(2, 0, 1)


def saved(model: Any, path: Path) -> Path:
    model.save_weights(path) if path.name.endswith(".weights.h5") else model.save(path)
    return path


KINDS = ("model.keras", "model.h5", "model.weights.h5")


@pytest.mark.parametrize("kind", KINDS)
def test_the_course_network_gives_equal_scores(kind: str, tmp_path: Path, image: Image, importing: Import) -> None:
    model = course()
    made = importing(saved(model, tmp_path / kind), "carla")

    assert made.parameters == model.count_params()
    assert_equal_scores(scores_of(made.model, image), scores_there(model, image))


@pytest.mark.parametrize("kind", KINDS)
def test_batch_norms_give_equal_scores(kind: str, tmp_path: Path, image: Image, importing: Import) -> None:
    model = course(grow=2, norm=True, extra=False)
    told = {"epsilon": 0.02} if kind == "model.weights.h5" else {}
    made = importing(saved(model, tmp_path / kind), "infrared-double", **told)

    assert_equal_scores(scores_of(made.model, image), scores_there(model, image))


@pytest.mark.parametrize("layer", [False, True])
def test_a_softmax_at_the_end_changes_no_probability(
    layer: bool, tmp_path: Path, image: Image, importing: Import
) -> None:
    model = course()
    if layer:
        model = keras.Model(model.input, keras.layers.Softmax()(model.output))
    else:
        model.layers[-1].activation = keras.activations.softmax
    made = importing(saved(model, tmp_path / "m.keras"), "carla")
    ours = np.exp(scores_of(made.model, image).astype(np.float64))
    assert_equal_scores((ours / ours.sum(axis=0)).astype(np.float32), scores_there(model, image))


def test_one_sigmoid_is_a_logit(tmp_path: Path, image: Image, importing: Import) -> None:
    model = course(outputs=1)
    model.layers[-1].activation = keras.activations.sigmoid
    made = importing(saved(model, tmp_path / "m.keras"), "carla")
    assert made.contract.outputs == 1
    ours = 1 / (1 + np.exp(-scores_of(made.model, image)[1:]))
    assert_equal_scores(ours.astype(np.float32), scores_there(model, image))


def test_several_sigmoids_are_refused(tmp_path: Path, importing: Import) -> None:
    model = course(outputs=3)
    model.layers[-1].activation = keras.activations.sigmoid
    with pytest.raises(FormatError, match="several may hold at once"):
        importing(saved(model, tmp_path / "m.keras"), "carla")


@pytest.mark.parametrize("kind", ["model.keras", "model.h5"])
def test_a_skip_that_leaves_elsewhere_is_refused_with_the_layer_and_both_places(
    kind: str, tmp_path: Path, importing: Import
) -> None:
    """Before the ReLU, or half-way through the level: equal layers, shapes and steps, and other scores."""
    assert importing(saved(leaving("last_relu"), tmp_path / f"as_ours_{kind}"), "infrared-double").model.is_file()

    for where, told in {"last_norm": "norm", "first_relu": "relu"}.items():
        with pytest.raises(FormatError, match="wired otherwise") as caught:
            importing(saved(leaving(where), tmp_path / f"{where}_{kind}"), "infrared-double")
        file, ours = caught.value.where.split(", in the network ")
        assert "join join_3 takes" in file
        assert f"({told} down_3_{where}) and" in file
        assert "(transposed grown_3)" in file
        assert "(relu encoder.3.activation) and" in ours
        assert "(transposed decoder.0.growing)" in ours


def test_a_dropout_that_works_in_prediction_too_is_refused(tmp_path: Path, importing: Import) -> None:
    layers = keras.layers
    first = keras.Input((32, 48, 3))
    x = layers.Dropout(0.5, name="odd")(layers.Conv2D(4, 3, padding="same")(first), training=True)
    with pytest.raises(FormatError, match="called with True") as caught:
        importing(saved(keras.Model(first, layers.Conv2D(2, 1)(x)), tmp_path / "m.keras"), "carla")
    assert "odd" in caught.value.where


def test_growing_by_repeating_gives_equal_scores(tmp_path: Path, image: Image, importing: Import) -> None:
    """The network of preset `camvid`: nearest growing, a rectified 2×2, the skip first, a rectified 1×1."""
    layers = keras.layers
    x = first = keras.Input((32, 48, 3))
    skips: list[Any] = []
    for level in range(4):
        skips.append(double(x, 4 * 2**level, norm=False))
        x = layers.MaxPooling2D(2)(skips[-1])
    x = double(x, 64, norm=False)
    for level in reversed(range(4)):
        x = layers.Conv2D(4 * 2**level, 2, padding="same", activation="relu")(layers.UpSampling2D(2)(x))
        x = double(layers.Concatenate()([skips[level], x]), 4 * 2**level, norm=False)
    x = layers.Conv2D(6, 1, activation="relu", bias_initializer="ones")(x)
    model = keras.Model(first, layers.Conv2D(6, 1)(x))
    made = importing(saved(model, tmp_path / "m.keras"), "camvid")

    assert_equal_scores(scores_of(made.model, image), scores_there(model, image))
