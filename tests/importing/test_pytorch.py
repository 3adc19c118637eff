"""State dicts of PyTorch U-Nets: a model that gives what their own network gives, whatever they are wrapped in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from importing.conftest import Import, assert_equal_scores, scores_of
from importing.pytorch_networks import LabUNet, PlainUNet, PytorchUNet, trained
from unetkit.data.arrays import Floats, Image
from unetkit.errors import FormatError, OutputExists
from unetkit.modelfile import Fingerprint, read_model

here = pytest.mark.usefixtures("in_this_process")


def scores_there(network: nn.Module, image: Image) -> Floats:
    """What the foreign network gives an image of 0..1, as scores of classes."""
    with torch.inference_mode():
        output = network(torch.from_numpy(image.transpose(2, 0, 1).copy())[None].float() / 255)[0].numpy()
    return np.concatenate([np.zeros_like(output), output]) if len(output) == 1 else output


def wrapped(state: dict[str, Any], how: str) -> dict[str, Any]:
    """A state dict as training scripts leave it."""
    if how == "module":
        return {f"module.{name}": tensor for name, tensor in state.items()}
    if how == "compiled":
        return {f"_orig_mod.module.{name}": tensor for name, tensor in state.items()}
    if how == "checkpoint":
        return {"epoch": 3, "loss": torch.tensor(0.5), "model_state_dict": state, "optimizer": {"state": {0: {}}}}
    if how == "class values":
        return {**state, "mask_values": [0, 1]}
    return state


@pytest.mark.parametrize("how", ["plain", "module", "compiled", "checkpoint", "class values"])
@pytest.mark.parametrize("outputs", [1, 5])
@here
def test_the_names_of_pytorch_unet_give_equal_scores(
    outputs: int, how: str, tmp_path: Path, image: Image, importing: Import
) -> None:
    network = trained(PytorchUNet(3, outputs, 4))
    torch.save(wrapped(network.state_dict(), how), tmp_path / "weights.pth")
    made = importing(tmp_path / "weights.pth", "infrared-double")

    assert made.model == tmp_path / "weights.safetensors"
    assert made.parameters == sum(parameter.numel() for parameter in network.parameters())
    assert_equal_scores(scores_of(made.model, image), scores_there(network, image))


def test_the_checkpoint_of_the_lab_gives_equal_scores(tmp_path: Path, image: Image, importing: Import) -> None:
    """The whole way, through the child."""
    network = trained(LabUNet(3, 1, 4))
    optimiser = torch.optim.Adam(network.parameters())
    checkpoint = {"state_dict": network.state_dict(), "optimizer": optimiser.state_dict(), "epoch": 10}
    torch.save(checkpoint, tmp_path / "my_checkpoint.pth.tar")
    made = importing(tmp_path / "my_checkpoint.pth.tar", "infrared")

    assert_equal_scores(scores_of(made.model, image), scores_there(network, image))
    assert any("left aside: optimizer, epoch" in note for note in made.notes)


@pytest.mark.parametrize("legacy", [False, True])
def test_a_file_of_old_and_of_new_pytorch_reads_the_same(
    legacy: bool, tmp_path: Path, image: Image, importing: Import
) -> None:
    network = trained(PytorchUNet(3, 2, 4))
    torch.save(network.state_dict(), tmp_path / "w.pt", _use_new_zipfile_serialization=not legacy)

    assert_equal_scores(
        scores_of(importing(tmp_path / "w.pt", "infrared-double").model, image), scores_there(network, image)
    )


def test_known_names_need_no_order(tmp_path: Path, image: Image, importing: Import) -> None:
    """A safetensors file lists tensors by their names, so that `up1.conv` stands before `up1.up`."""
    network = trained(PytorchUNet(3, 2, 4))
    save_file(network.state_dict(), tmp_path / "w.safetensors")
    made = importing(tmp_path / "w.safetensors", "infrared-double", out=str(tmp_path / "model.safetensors"))

    assert_equal_scores(scores_of(made.model, image), scores_there(network, image))


@here
def test_unknown_names_are_matched_by_order_and_shape_which_is_said(
    tmp_path: Path, image: Image, importing: Import
) -> None:
    network = PlainUNet(3, 2, 4).eval()
    torch.save(network.state_dict(), tmp_path / "w.pth")
    made = importing(tmp_path / "w.pth", "original", network_depth=1)

    assert_equal_scores(scores_of(made.model, image), scores_there(network, image))
    assert "matched by order and shape, as the names say neither" in made.notes


@here
def test_unknown_names_without_an_order_are_refused(tmp_path: Path, importing: Import) -> None:
    save_file(PlainUNet(3, 2, 4).state_dict(), tmp_path / "w.safetensors")
    with pytest.raises(FormatError, match="do not say in which order"):
        importing(tmp_path / "w.safetensors", "original", network_depth=1, out=str(tmp_path / "m.safetensors"))


@pytest.mark.parametrize("bias", [False, True])
@here
def test_the_network_has_the_biases_of_the_weights(bias: bool, tmp_path: Path, image: Image, importing: Import) -> None:
    network = trained(PytorchUNet(3, 2, 4, bias=bias))
    torch.save(network.state_dict(), tmp_path / "w.pth")
    made = importing(tmp_path / "w.pth", "infrared-double")

    assert made.contract.settings["convolution_bias"] is bias
    assert_equal_scores(scores_of(made.model, image), scores_there(network, image))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
@here
def test_other_precisions_become_float32(dtype: torch.dtype, tmp_path: Path, image: Image, importing: Import) -> None:
    network = trained(PytorchUNet(3, 2, 4))
    state = {
        name: tensor.to(dtype) if tensor.is_floating_point() else tensor
        for name, tensor in network.state_dict().items()
    }
    torch.save(state, tmp_path / "w.pth")
    network.load_state_dict(state)

    assert_equal_scores(
        scores_of(importing(tmp_path / "w.pth", "infrared-double").model, image), scores_there(network, image)
    )


@here
def test_another_epsilon_of_batch_norm_can_be_said(tmp_path: Path, image: Image, importing: Import) -> None:
    network = trained(PytorchUNet(3, 2, 4))
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eps = 0.1
    torch.save(network.state_dict(), tmp_path / "w.pth")

    assert_equal_scores(
        scores_of(importing(tmp_path / "w.pth", "infrared-double", epsilon=0.1).model, image),
        scores_there(network, image),
    )


@pytest.mark.parametrize(("epsilon", "by"), [(1e39, "infinity"), (0.0, "nothing"), (1e-14, "nothing")])
@here
def test_an_epsilon_with_which_a_norm_cannot_divide_is_refused(
    epsilon: float, by: str, tmp_path: Path, importing: Import
) -> None:
    """The last is above 0 as float64, and lost where it is added to what our own norm will subtract, in float32."""
    state = PytorchUNet(3, 2, 4).state_dict()
    state["inc.double_conv.1.running_var"].zero_()
    torch.save(state, tmp_path / "w.pth")
    with pytest.raises(FormatError, match=f"divides by {by}") as caught:
        importing(tmp_path / "w.pth", "infrared-double", epsilon=epsilon)
    assert caught.value.where == f"inc.double_conv.1, epsilon {epsilon:g}"


@pytest.mark.parametrize(
    ("name", "mapped"), [("imagenet", (0.485 * 255, 0.229 * 255)), ("symmetric", (127.5, 127.5)), ("none", (0, 1))]
)
@here
def test_pixels_are_mapped_as_the_source_mapped_them(
    name: str, mapped: tuple[float, float], tmp_path: Path, importing: Import
) -> None:
    torch.save(trained(PytorchUNet(3, 2, 4)).state_dict(), tmp_path / "w.pth")
    normalisation = importing(tmp_path / "w.pth", "infrared-double", normalise=name).contract.normalisation

    assert (normalisation.offset[0], normalisation.scale[0]) == pytest.approx(mapped)
    assert len(normalisation.offset) == 3


@here
def test_the_model_file_says_what_was_said_and_claims_no_training_images(tmp_path: Path, importing: Import) -> None:
    torch.save(trained(PytorchUNet(3, 1, 4)).state_dict(), tmp_path / "w.pth")
    made = importing(tmp_path / "w.pth", "infrared-double", classes="0=sky,255=sea", licence="GPL-3.0")
    _, contract = read_model(made.model)

    assert contract.classes.names == ("sky", "sea")
    assert (contract.outputs, contract.channels, contract.licence) == (1, 3, "GPL-3.0")
    assert contract.fingerprint == Fingerprint()
    assert contract.scores == {}


@here
def test_bilinear_growing_is_refused_as_what_it_is(tmp_path: Path, importing: Import) -> None:
    torch.save(PytorchUNet(3, 2, 4, bilinear=True).state_dict(), tmp_path / "w.pth")
    with pytest.raises(FormatError, match="bilinear=True"):
        importing(tmp_path / "w.pth", "infrared-double")


@here
def test_weights_of_another_network_are_refused_by_their_first_layer_with_the_preset_that_fits(
    tmp_path: Path, importing: Import
) -> None:
    torch.save(PytorchUNet(3, 1, 64).state_dict(), tmp_path / "w.pth")
    with pytest.raises(FormatError, match="those of another network") as caught:
        importing(tmp_path / "w.pth", "infrared")

    assert (
        "inc.double_conv.0 64×3×3×3 in the file, encoder.0.convolutions.0 4×3×3×3 in the network" in caught.value.where
    )
    assert "--network infrared-double" in caught.value.advice.splitlines()


@here
def test_a_network_without_a_preset_is_refused_with_what_describes_one(tmp_path: Path, importing: Import) -> None:
    torch.save(PytorchUNet(3, 1, 5).state_dict(), tmp_path / "w.pth")
    with pytest.raises(FormatError) as caught:
        importing(tmp_path / "w.pth", "infrared-double")
    assert "--network.width" in caught.value.advice


@here
def test_nothing_is_overwritten_unless_it_is_said(tmp_path: Path, importing: Import) -> None:
    torch.save(trained(PytorchUNet(3, 2, 4)).state_dict(), tmp_path / "w.pth")
    (tmp_path / "w.safetensors").write_bytes(b"mine")
    with pytest.raises(OutputExists):
        importing(tmp_path / "w.pth", "infrared-double")

    assert (tmp_path / "w.safetensors").read_bytes() == b"mine"
    read_model(importing(tmp_path / "w.pth", "infrared-double", overwrite=True).model)


@here
def test_the_weights_themselves_are_never_replaced(tmp_path: Path, importing: Import) -> None:
    save_file(trained(PytorchUNet(3, 2, 4)).state_dict(), tmp_path / "w.safetensors")
    before = (tmp_path / "w.safetensors").read_bytes()
    with pytest.raises(OutputExists, match="the weights it is made of"):
        importing(tmp_path / "w.safetensors", "infrared-double", overwrite=True)
    assert (tmp_path / "w.safetensors").read_bytes() == before


@here
def test_training_goes_on_from_imported_weights(tmp_path: Path, image: Image, importing: Import) -> None:
    """What is written is the state of our own network, complete: it loads strictly."""
    from unetkit.networks import build

    torch.save(trained(PytorchUNet(3, 2, 4)).state_dict(), tmp_path / "w.pth")
    tensors, contract = read_model(importing(tmp_path / "w.pth", "infrared-double").model)
    network = build(contract.network, contract.settings, contract.channels, contract.outputs)
    network.load_state_dict({name: torch.from_numpy(array) for name, array in tensors.items()})
    network(torch.from_numpy(image.transpose(2, 0, 1).copy())[None].float()).sum().backward()
