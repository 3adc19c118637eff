"""Writing and reading the model file: sealed safetensors with the contract as header metadata `unetkit`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unetkit.errors import FormatError, OtherFormat, TrainingDiverged
from unetkit.files import Array, plain, read_tensors, refuse_not_finite, write_tensors
from unetkit.modelfile.contract import FORMAT, Contract

KEY = "unetkit"


def write_model(path: Path, tensors: Mapping[str, Array], contract: Contract) -> None:
    """Write a model file, whole or not at all.

    Args:
        path: by convention it ends in `.safetensors`.
        tensors: the network's `state_dict`, as arrays.
        contract: what they mean.

    Raises:
        TrainingDiverged: a tensor holds NaN or infinity; such a model is never saved.
        DiskFull, PermissionRefused, MachineError: as `files.write_bytes`.
    """
    refuse_not_finite(tensors, path)
    document = json.dumps(plain(contract.to_json()), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    write_tensors(path, tensors, {KEY: document, "format": "pt"})


def read_model(path: Path) -> tuple[dict[str, Array], Contract]:
    """The tensors and the contract, verified.

    Raises:
        FormatError: damaged, foreign, or holding NaN.
        OtherFormat: in a newer format; it says which unetkit reads it.
    """
    tensors, metadata = read_tensors(path)
    if KEY not in metadata:
        raise FormatError("this safetensors file is not a model: it has no contract", where=str(path))
    try:
        refuse_not_finite(tensors, path)
    except TrainingDiverged as error:
        raise FormatError(
            f"{error.what.partition(':')[0]}, so that nothing can be predicted", where=str(path)
        ) from error
    return tensors, _contract(metadata[KEY], path)


def _contract(text: str, path: Path) -> Contract:
    try:
        document: dict[str, Any] = json.loads(text)
        newer = document["format"] > FORMAT
        contract = None if newer else Contract.from_json(document)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FormatError(f"the contract of this model cannot be read: {error!r}", where=str(path)) from error
    if contract is None:
        raise OtherFormat(
            f"this model has format {document['format']}; this unetkit reads up to format {FORMAT}",
            where=str(path),
            advice=f"it is read by {document.get('readable_by', 'a newer unetkit')}: pip install --upgrade unetkit",
        )
    return contract
