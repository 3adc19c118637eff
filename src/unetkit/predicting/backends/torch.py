"""The PyTorch backend: the network itself."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from unetkit.data.arrays import Floats
from unetkit.errors import DeviceMissing, FormatError, OutOfMemory
from unetkit.files import Array
from unetkit.modelfile import Contract
from unetkit.networks.network import build, class_scores
from unetkit.refusals import lacks_memory


class TorchBackend:
    """A network on a device.

    Args:
        network: gives [N, outputs, h, w] for [N, C, h, w]; it is borrowed: its weights may change between calls, and
            it is back in its mode after each.
        device: "cpu" or "cuda".
    """

    def __init__(self, network: nn.Module, device: str = "cpu") -> None:
        self._network = network
        self._device = device

    @classmethod
    def from_model(
        cls, tensors: Mapping[str, Array], contract: Contract, *, device: str = "auto", threads: int = 0
    ) -> TorchBackend:
        """Over the network of a model file.

        Args:
            tensors: its `state_dict`.
            contract: which network they belong to.
            device: "auto", "cpu" or "cuda".
            threads: CPU threads of PyTorch; 0 leaves them as they are.

        Raises:
            FormatError: tensors and network do not fit.
            DeviceMissing: "cuda" was asked for, and there is none.
        """
        chosen = choose_device(device)
        if threads:
            torch.set_num_threads(threads)
        network = build(contract.network, contract.settings, contract.channels, contract.outputs)
        _fill(network, tensors)
        network.to(device=chosen).to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        network.requires_grad_(False)
        return cls(network.eval(), chosen)

    @property
    def name(self) -> str:
        """The backend and its device."""
        return f"torch on {self._device}"

    def scores(self, batch: Floats) -> Floats:
        """See `Backend.scores`."""
        training = self._network.training
        self._network.eval()
        try:
            with torch.inference_mode():
                return self._run(torch.from_numpy(batch))
        except RuntimeError as error:
            if lacks_memory(error):
                raise _too_large(batch, self._device) from error
            raise
        finally:
            self._network.train(training)

    def _run(self, batch: torch.Tensor) -> Floats:
        images = batch.to(self._device).contiguous(memory_format=torch.channels_last)
        output: torch.Tensor = self._network(images)
        return np.asarray(class_scores(output.float()).cpu().contiguous())


def choose_device(device: str) -> str:
    """Turn "auto" into "cuda" or "cpu".

    Raises:
        DeviceMissing: "cuda" was asked for, and there is none.
    """
    here = torch.cuda.is_available()
    if device == "cuda" and not here:
        raise DeviceMissing("no CUDA device is here", where="--device cuda", advice="use --device cpu or --device auto")
    return "cuda" if here and device != "cpu" else "cpu"


def _fill(network: nn.Module, tensors: Mapping[str, Array]) -> None:
    wanted = {name: _kind(tensor.numpy()) for name, tensor in network.state_dict().items()}
    given = {name: _kind(tensor) for name, tensor in tensors.items()}
    wrong = [name for name in wanted.keys() | given.keys() if wanted.get(name) != given.get(name)]
    if wrong:
        first = min(wrong)
        raise FormatError(
            f"{len(wrong)} tensors do not fit the network that the contract names",
            where=f"{first}: {given.get(first, 'missing')} in the file, {wanted.get(first, 'none')} in the network",
            advice="use the unetkit that wrote this model, or train again",
        )
    network.load_state_dict({name: torch.from_numpy(np.asarray(tensor)) for name, tensor in tensors.items()})


def _kind(tensor: Array) -> str:
    return f"{tensor.dtype} {tensor.shape}"


def _too_large(batch: Floats, device: str) -> OutOfMemory:
    count, _, height, width = batch.shape
    return OutOfMemory(
        f"not enough memory on {device} for {count} images of {height}×{width}",
        advice="close other programs, or use a model with a smaller --size",
    )
