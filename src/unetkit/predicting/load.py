"""From MODEL to a Predictor."""

from __future__ import annotations

from pathlib import Path

from unetkit.extras import choose, require
from unetkit.modelfile import read_model
from unetkit.predicting import BACKENDS
from unetkit.predicting.predictor import Predictor
from unetkit.runs import locate_model


def load(path: str | Path, *, device: str = "auto", threads: int = 0, channels: str = "auto") -> Predictor:
    """Open a model for use.

    Args:
        path: a model file, or a run folder.
        device: "auto", "cpu" or "cuda".
        threads: CPU threads; 0 leaves them to PyTorch.
        channels: "auto", or "1" / "3" to turn every image to grey / to colour first.

    Raises:
        DataError: there is no such model.
        UsageError: the run has not ended.
        FormatError: damaged, foreign, or in a newer format.
        MissingExtra: PyTorch is not installed.
        DeviceMissing: no such device.
    """
    model = locate_model(str(path))
    require("train", "using a model file (*.safetensors)")
    tensors, contract = read_model(model)
    backend = choose(BACKENDS, "torch", "backend").from_model(tensors, contract, device=device, threads=threads)
    return Predictor(contract, backend, channels=channels)
