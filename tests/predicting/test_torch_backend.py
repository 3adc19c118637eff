"""The PyTorch backend gives what the network gives, and refuses weights that are not the network's."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from unetkit.errors import DeviceMissing, FormatError, OutOfMemory
from unetkit.modelfile import Contract, write_model
from unetkit.networks import build
from unetkit.predicting.backends.torch import TorchBackend
from unetkit.predicting.load import load

from contracts.backend import BackendContract

SETTINGS: dict[str, object] = {"depth": 1, "width": 2, "width_cap": 4, "stem_stride": 1}


@pytest.fixture
def tiny(contract: Contract) -> Contract:
    return replace(contract, settings=SETTINGS)


def network_of(contract: Contract) -> nn.Module:
    torch.manual_seed(0)
    return build(contract.network, contract.settings, contract.channels, contract.outputs).eval()


def tensors_of(network: nn.Module) -> dict[str, np.ndarray]:
    return {name: tensor.numpy() for name, tensor in network.state_dict().items()}


class TestTorchBackend(BackendContract):
    def make(self) -> TorchBackend:
        torch.manual_seed(0)
        return TorchBackend(build("unet", SETTINGS, self.CHANNELS, self.CLASSES))


def batch(count: int = 2) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(count, 3, 24, 32)).astype(np.float32)


def test_scores_are_those_of_the_network(tiny: Contract) -> None:
    network = network_of(tiny)
    with torch.no_grad():
        expected = network(torch.from_numpy(batch())).numpy()
    backend = TorchBackend.from_model(tensors_of(network), tiny, device="cpu")
    np.testing.assert_allclose(backend.scores(batch()), expected, atol=1e-5)


def test_one_logit_becomes_two_scores(tiny: Contract) -> None:
    logit = replace(tiny, outputs=1)
    network = network_of(logit)
    with torch.no_grad():
        expected = network(torch.from_numpy(batch())).numpy()
    scores = TorchBackend(network).scores(batch())
    np.testing.assert_allclose(scores[:, 1:] - scores[:, :1], expected, atol=1e-6)


def test_a_borrowed_network_is_scored_in_eval_mode_and_given_back_in_its_own(tiny: Contract) -> None:
    network = network_of(tiny).train()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    TorchBackend(network).scores(batch())
    assert network.training
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())


def test_a_live_network_is_scored_with_the_weights_it_has_now(tiny: Contract) -> None:
    network = network_of(tiny)
    backend = TorchBackend(network)
    before = backend.scores(batch())
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(1.5)
    assert not np.allclose(before, backend.scores(batch()))


def test_a_missing_tensor_and_a_wrong_shape_are_named(tiny: Contract) -> None:
    tensors = tensors_of(network_of(tiny))
    name = min(tensors)
    with pytest.raises(FormatError) as caught:
        TorchBackend.from_model({**tensors, name: np.zeros((1, 2, 3), np.float32)}, tiny)
    assert name in caught.value.where
    del tensors[name]
    with pytest.raises(FormatError, match="1 tensors do not fit"):
        TorchBackend.from_model(tensors, tiny)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_missing_device_is_said(tiny: Contract) -> None:
    with pytest.raises(DeviceMissing, match="no CUDA device"):
        TorchBackend.from_model(tensors_of(network_of(tiny)), tiny, device="cuda")


@pytest.mark.parametrize("said", ["not enough memory: you tried to allocate 9 bytes", "can't allocate memory"])
def test_out_of_memory_names_the_batch(said: str) -> None:
    class Greedy(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            raise RuntimeError(f"[enforce fail at alloc_cpu.cpp:117] err == 0. DefaultCPUAllocator: {said}")

    with pytest.raises(OutOfMemory, match="2 images of 24×32"):
        TorchBackend(Greedy()).scores(batch())


def test_load_opens_a_model_file_and_predicts(tiny: Contract, tmp_path: Path) -> None:
    network = network_of(tiny)
    write_model(tmp_path / "m.safetensors", tensors_of(network), tiny)
    predictor = load(tmp_path / "m.safetensors", device="cpu")

    image = np.random.default_rng(1).integers(0, 256, (24, 32, 3)).astype(np.uint8)
    normalised = ((image.astype(np.float32) - 128) / 64).transpose(2, 0, 1)[None]
    with torch.no_grad():
        expected = network(torch.from_numpy(np.ascontiguousarray(normalised))).argmax(dim=1)[0].numpy()
    assert (predictor.predict(image).mask == expected).mean() > 0.999
