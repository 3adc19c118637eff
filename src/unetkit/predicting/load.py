"""From MODEL to a Predictor."""

from __future__ import annotations

from pathlib import Path

from unetkit.errors import FormatError, OtherFormat
from unetkit.extras import choose, require
from unetkit.files import Array
from unetkit.modelfile import Contract, read_model
from unetkit.predicting import BACKENDS
from unetkit.predicting.predictor import Predictor
from unetkit.runs import RunFolder, locate_model, resume_command


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
    tensors, contract = _read(model)
    backend = choose(BACKENDS, "torch", "backend").from_model(tensors, contract, device=device, threads=threads)
    return Predictor(contract, backend, channels=channels)


def _read(model: Path) -> tuple[dict[str, Array], Contract]:
    try:
        return read_model(model)
    except OtherFormat:
        raise
    except FormatError as fault:
        run = RunFolder.of_model(model)
        if run is not None:
            fault.advice = f"{resume_command(run.path)}  # makes it again"
        raise
