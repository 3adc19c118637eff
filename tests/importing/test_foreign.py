"""What a child hands over is believed only as far as it was looked at."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unetkit.errors import FormatError
from unetkit.files import Array, write_tensors
from unetkit.importing import reading
from unetkit.importing.foreign import Foreign, Layer, packed, printable, unpacked
from unetkit.importing.steps import Step

KERNEL = Layer("a", "kernel", {"weight": np.ones((2, 3, 1, 1), np.float32), "bias": np.zeros(2, np.float32)})
NORM = Layer("b", "norm", {"mean": np.zeros(2, np.float32), "variance": np.ones(2, np.float32)}, 1e-3)
STEPS = (Step("convolution", "a", (0,)), Step("norm", "b", (1,)))
FOREIGN = Foreign((KERNEL, NORM), "Keras", "grown-first", (96, 128), "jax", "3.4", STEPS, ("a note",))

REFUSED = (ValueError, KeyError, TypeError, AttributeError)


def test_what_was_packed_comes_back() -> None:
    again = unpacked(*packed(FOREIGN))
    assert [(layer.name, layer.kind, layer.epsilon) for layer in again.layers] == [
        ("a", "kernel", None),
        ("b", "norm", 1e-3),
    ]
    assert again.layers[0].arrays["weight"].shape == (2, 3, 1, 1)
    assert (again.source, again.joined, again.size, again.backend) == ("Keras", "grown-first", (96, 128), "jax")
    assert (again.steps, again.notes) == (FOREIGN.steps, FOREIGN.notes)


LIES: list[tuple[str, Any]] = [
    ("source", "Caffe"),
    ("joined", "sideways"),
    ("size", [0, 128]),
    ("size", ["96", 128]),
    ("layers", [{"name": "a", "kind": "dense", "epsilon": None}]),
    ("layers", [{"name": "a", "kind": "kernel", "epsilon": None}]),
    ("layers", "none"),
    ("steps", [["convolution", "a", [1]]]),
    ("steps", [["convolution", "a", [-1]]]),
    ("steps", [["convolution", "a", [0.0]]]),
    ("steps", [["convolution", "a"]]),
    ("steps", ["convolution"]),
]


@pytest.mark.parametrize(("key", "value"), LIES)
def test_a_description_that_lies_is_refused(key: str, value: object) -> None:
    tensors, metadata = packed(FOREIGN)
    document = {**json.loads(metadata["foreign"]), key: value}
    with pytest.raises(REFUSED):
        unpacked(tensors, {"foreign": json.dumps(document)})


@pytest.mark.parametrize(
    "epsilon", [pytest.param(10**400, id="long"), 1e39, 1.5, 0, -1e-3, np.inf, np.nan, "0.001", True, [1e-3]]
)
def test_an_epsilon_that_is_no_number_above_0_and_up_to_1_is_refused(epsilon: object) -> None:
    tensors, metadata = packed(FOREIGN)
    document = json.loads(metadata["foreign"])
    document["layers"][1]["epsilon"] = epsilon
    with pytest.raises(ValueError, match="the epsilon of layer b is"):
        unpacked(tensors, {"foreign": json.dumps(document)})


ODD: list[tuple[str, Array]] = [
    ("0.weight", np.ones((2, 3), np.float32)),
    ("0.weight", np.ones((2, 3, 1, 1), np.float64)),
    ("0.bias", np.array([1, np.nan], np.float32)),
    ("1.mean", np.ones((2, 1), np.float32)),
    ("7.weight", np.ones((2, 3, 1, 1), np.float32)),
    ("0.variance", np.ones(2, np.float32)),
    ("0.weight", np.ones((2**40, 0, 1, 1), np.float32)),
    ("0.bias", np.ones(0, np.float32)),
    ("1.mean", np.ones(0, np.float32)),
]


@pytest.mark.parametrize("absent", ["0.weight", "1.mean", "1.variance"])
def test_a_layer_without_what_it_cannot_do_without_is_refused(absent: str) -> None:
    tensors, metadata = packed(FOREIGN)
    with pytest.raises(ValueError, match=f"has no {absent[2:]}"):
        unpacked({name: array for name, array in tensors.items() if name != absent}, metadata)


@pytest.mark.parametrize(("name", "array"), ODD)
def test_a_tensor_that_lies_is_refused(name: str, array: Array) -> None:
    tensors, metadata = packed(FOREIGN)
    with pytest.raises(REFUSED):
        unpacked({**tensors, name: array}, metadata)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_description_is_read_or_refused(document: object) -> None:
    with pytest.raises(REFUSED):
        unpacked({}, {"foreign": json.dumps(document)})


def test_an_answer_that_cannot_be_used_is_an_error_about_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The child says all is well, and what it wrote is something else."""
    import subprocess

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        write_tensors(Path(command[-1]), {"0.weight": np.ones(3, np.float32)}, {"foreign": "{}"})
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)
    (tmp_path / "w.pth").write_bytes(b"")
    with pytest.raises(FormatError, match="cannot be used") as caught:
        reading.read_foreign(tmp_path / "w.pth", "pytorch")
    assert caught.value.where == str(tmp_path / "w.pth")


def test_texts_from_outside_are_short_and_harmless() -> None:
    assert printable("a\x1b[2Jb\n") == "a?[2Jb?"
    assert len(printable("x" * 10**6)) == 300
