"""A foreign encoder: its weights from a local file, its first convolution for other channels."""

from __future__ import annotations

import importlib.util
import pickle
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


def encoder_file(folder: Path, ending: str) -> tuple[Path, dict[str, Tensor]]:
    """A file such as other people publish: an encoder's weights, and a classifier that is of no use here."""
    tensors = {**make().encoder.state_dict(), "fc.weight": torch.zeros(10, 32)}
    path = folder / f"encoder{ending}"
    if ending == ".safetensors":
        save_file(tensors, path)
    else:
        torch.save({"state_dict": tensors, "epoch": 3}, path)
    return path, tensors


@pytest.mark.usefixtures("foreign")
@pytest.mark.parametrize("ending", [".safetensors", ".pth"])
def test_weights_come_from_a_local_file(tmp_path: Path, ending: str) -> None:
    path, tensors = encoder_file(tmp_path, ending)
    network = make(encoder_weights=str(path))

    assert all(torch.equal(value, tensors[name]) for name, value in network.encoder.state_dict().items())
    assert network.loaded is not None
    assert network.loaded.reset == ()
    assert network.loaded.unused == ("fc.weight",)


@pytest.mark.usefixtures("foreign")
def test_a_grey_image_is_answered_as_its_three_equal_channels(tmp_path: Path) -> None:
    path, _ = encoder_file(tmp_path, ".safetensors")
    colour, grey = make(3, encoder_weights=str(path)).encoder.eval(), make(1, encoder_weights=str(path)).encoder.eval()
    picture = image(1, 1, 32, 32)

    torch.testing.assert_close(grey(picture)[-1], colour(picture.expand(1, 3, 32, 32))[-1], rtol=1e-4, atol=1e-5)


@pytest.mark.usefixtures("foreign")
def test_names_that_timm_flattens_are_found_again() -> None:
    tensors = by_own_names({"stages_0.0.weight": torch.zeros(1), "head.fc": torch.ones(1)}, make().encoder)

    assert list(tensors) == ["stages.0.0.weight", "head.fc"]


@pytest.mark.usefixtures("foreign")
def test_code_in_a_foreign_file_is_not_run(tmp_path: Path) -> None:
    path, trap = tmp_path / "trap.pth", tmp_path / "sprung"
    path.write_bytes(pickle.dumps(Trap(str(trap)), protocol=2))

    with pytest.raises(FormatError, match="cannot be read"):
        make(encoder_weights=str(path))
    assert not trap.exists()


@pytest.mark.usefixtures("foreign")
@pytest.mark.parametrize("ending", [".safetensors", ".pth"])
def test_a_damaged_or_missing_file_is_named(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"encoder{ending}"
    with pytest.raises(FormatError, match=path.name):
        make(encoder_weights=str(path))
    path.write_bytes(b"\x05\x00\x00")
    with pytest.raises(FormatError, match=path.name):
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


class Trap:
    """Pickled, it would write a file when it is read."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return open, (self.path, "w")
