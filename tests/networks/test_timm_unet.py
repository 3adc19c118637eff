"""A foreign encoder: its weights from a local file, its first convolution for other channels."""

from __future__ import annotations

import importlib.util
import pickle
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from unetkit.errors import ConfigError, FormatError, MissingExtra
from unetkit.networks import build
from unetkit.networks.timm_unet import TimmUNet, by_own_names

from contracts.network import image, scores

FOREIGN: dict[str, object] = {"encoder": "stand_in", "width_cap": 16}
HERE = importlib.util.find_spec("timm") is not None


def make(channels: int = 3, **settings: object) -> TimmUNet:
    network = build("timm-unet", {**FOREIGN, **settings}, channels, 2)
    assert isinstance(network, TimmUNet)
    return network


def encoder_file(folder: Path) -> tuple[Path, dict[str, Tensor]]:
    """A file such as other people publish: an encoder's weights, and a classifier that is of no use here."""
    tensors = {**make().encoder.state_dict(), "fc.weight": torch.zeros(10, 32)}
    save_file(tensors, folder / "encoder.safetensors")
    return folder / "encoder.safetensors", tensors


@pytest.mark.usefixtures("foreign")
def test_weights_come_from_a_local_file(tmp_path: Path) -> None:
    path, tensors = encoder_file(tmp_path)
    network = make(encoder_weights=str(path))

    assert all(torch.equal(value, tensors[name]) for name, value in network.encoder.state_dict().items())
    assert network.loaded is not None
    assert network.loaded.reset == ()
    assert network.loaded.unused == ("fc.weight",)
    assert str(network.loaded) == "kept stages.0 to stages.4; unused fc"


@pytest.mark.usefixtures("foreign")
def test_a_grey_image_is_answered_as_its_three_equal_channels(tmp_path: Path) -> None:
    path, _ = encoder_file(tmp_path)
    colour, grey = make(3, encoder_weights=str(path)).encoder.eval(), make(1, encoder_weights=str(path)).encoder.eval()
    picture = image(1, 1, 32, 32)

    torch.testing.assert_close(grey(picture)[-1], colour(picture.expand(1, 3, 32, 32))[-1], rtol=1e-4, atol=1e-5)


@pytest.mark.usefixtures("foreign")
def test_names_that_timm_flattens_are_found_again() -> None:
    tensors = by_own_names({"stages_0.0.weight": torch.zeros(1), "head.fc": torch.ones(1)}, make().encoder)

    assert list(tensors) == ["stages.0.0.weight", "head.fc"]


@pytest.mark.usefixtures("foreign")
def test_a_pickle_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []
    monkeypatch.setattr(torch, "load", opened.append)
    monkeypatch.setattr(pickle, "load", opened.append)
    torch.save(make().encoder.state_dict(), tmp_path / "encoder.pth")

    with pytest.raises(FormatError, match="no safetensors file"):
        make(encoder_weights=str(tmp_path / "encoder.pth"))
    assert not opened


@pytest.mark.usefixtures("foreign")
def test_the_command_that_converts_a_pickle_does(tmp_path: Path) -> None:
    path = tmp_path / 'it\'s "an" encoder.pth'
    torch.save(make().encoder.state_dict(), path)
    with pytest.raises(FormatError) as refused:
        make(encoder_weights=str(path))

    _, *words = shlex.split(refused.value.advice.splitlines()[-1])
    subprocess.run([sys.executable, *words], check=True)
    assert make(encoder_weights=str(path.with_suffix(".safetensors"))).loaded is not None


@pytest.mark.usefixtures("foreign")
def test_a_damaged_or_missing_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "encoder.safetensors"
    with pytest.raises(FormatError, match=r"cannot be read: .*\n?.*encoder\.safetensors"):
        make(encoder_weights=str(path))
    path.write_bytes(b"\x05\x00\x00")
    with pytest.raises(FormatError, match=r"damaged one: .*\n.*encoder\.safetensors"):
        make(encoder_weights=str(path))


@pytest.mark.usefixtures("foreign")
def test_a_file_of_which_nothing_fits_is_refused(tmp_path: Path) -> None:
    save_file({"elsewhere": torch.zeros(2)}, tmp_path / "other.safetensors")

    with pytest.raises(FormatError, match="no tensor"):
        make(encoder_weights=str(tmp_path / "other.safetensors"))


@pytest.mark.usefixtures("foreign")
def test_an_unknown_encoder_is_refused() -> None:
    with pytest.raises(ConfigError, match="resnet99"):
        make(encoder="resnet99")


@pytest.mark.skipif(HERE, reason="timm is installed")
def test_without_timm_one_line_says_what_to_install() -> None:
    with pytest.raises(MissingExtra) as caught:
        build("timm-unet", {}, 3, 2)
    assert caught.value.advice == "pip install 'unetkit[encoders]'"


@pytest.mark.skipif(not HERE, reason="not run: timm is not installed")
@pytest.mark.parametrize("encoder", ["resnet18", "convnext_atto", "mobilenetv3_small_050"])
def test_real_encoders_keep_the_size(encoder: str) -> None:
    network: nn.Module = build("timm-unet", {"encoder": encoder}, 1, 2)

    assert scores(network, image(1, 1, 37, 70)).shape == (1, 2, 37, 70)
