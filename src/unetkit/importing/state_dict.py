"""PyTorch's state dicts, as pickles (`weights_only=True`, without a way round it) and as safetensors.

Runs in the child process only.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pickle import UnpicklingError
from typing import BinaryIO, cast
from zipfile import ZIP_STORED, ZipFile, is_zipfile

import torch
from safetensors import torch as safetensors
from torch import Tensor

from unetkit.data.arrays import Floats
from unetkit.errors import FormatError
from unetkit.importing.foreign import Foreign, Layer, lacking
from unetkit.importing.naming import in_order, without_wrappers

State = Mapping[str, Tensor]

_CALLED = ("model_state_dict", "state_dict", "model", "network", "net", "weights")
"""Under which key training scripts keep the state dict, the likeliest first."""
_WANTED = re.compile(r"GLOBAL (\S+)")
_SAVE = "where the weights come from: torch.save(network.state_dict(), 'weights.pth')"
_SAVE_FROM_PROGRAM = (
    """python -c 'import torch; program = torch.jit.load("FILE", map_location="cpu"); """
    """torch.save(program.state_dict(), "weights.pth")'  # where you trust it"""
)
_ROLES = {"weight": "weight", "bias": "bias", "running_mean": "mean", "running_var": "variance"}
_COUNTER = "num_batches_tracked"


def read_pytorch(file: BinaryIO) -> Foreign:
    """A file of `torch.save`: a state dict, or a checkpoint that holds one.

    Raises:
        FormatError: it wants more than tensors, or holds no state dict of convolutions and batch norms.
    """
    _refuse_archive(file)
    state, aside = _state_in(_loaded(file))
    note = [f"left aside: {', '.join(aside)}"] if aside else []
    return _foreign(state, note, ordered=True)


def read_safetensors(file: BinaryIO) -> Foreign:
    """A safetensors file of somebody else.

    Raises:
        FormatError: its names do not say in which order the layers work, or it is a model file of ours.
    """
    data = file.read()
    if b'"unetkit":' in data[8 : 8 + int.from_bytes(data[:8], "little")]:
        raise FormatError(
            "this is a model file of unetkit already", advice="use it as it is: unetkit predict MODEL INPUT"
        )
    return _foreign(safetensors.load(data), [], ordered=False)


def _refuse_archive(file: BinaryIO) -> None:
    """Refuse programs, and what is larger unpacked than packed: the members of an archive of weights are plain."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    if is_zipfile(file):
        with ZipFile(file) as archive:
            members = archive.infolist()
        if any(one.filename.endswith("/constants.pkl") for one in members):  # as PyTorch itself tells them apart
            raise FormatError(
                "this is a TorchScript program (torch.jit.save), not weights; nothing of it was run",
                advice=_SAVE_FROM_PROGRAM,
            )
        packed = [one.filename for one in members if one.compress_type != ZIP_STORED]
        if packed or sum(one.file_size for one in members) > size:
            raise FormatError("this archive unpacks to more than it is: no weights of PyTorch do", advice=_SAVE)
    file.seek(0)


def _loaded(file: BinaryIO) -> object:
    try:
        return torch.load(file, map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        wanted = _WANTED.search(str(error))
        more = f"this pickle holds more than weights: it wants {wanted[1]}; nothing of it was run" if wanted else ""
        raise FormatError(more or "this is no pickle of tensors, or a damaged one", advice=_SAVE) from error


def _state_in(content: object) -> tuple[State, list[str]]:
    """The state dict in what was loaded, and the keys beside it."""
    if not isinstance(content, Mapping):
        raise FormatError(f"this file holds a {type(content).__name__}, not a state dict", advice=_SAVE)
    entries = cast("Mapping[object, object]", content)
    state = _tensors(entries)
    if state:
        return state, [str(key) for key in entries if key not in state]
    inside = {str(key): _tensors(value) for key, value in entries.items()}
    found = [key for key in inside if inside[key]]
    chosen = next((key for key in _CALLED if key in found), found[0] if len(found) == 1 else None)
    if chosen is None:
        several = f"several state dicts ({', '.join(found)})" if found else "no state dict"
        raise FormatError(f"this checkpoint holds {several}", advice=_SAVE)
    return inside[chosen], [str(key) for key in entries if key != chosen]


def _tensors(entries: object) -> State:
    """The tensors of a mapping by name, if a kernel is among them; what stands beside them is not for us."""
    pairs = cast("Mapping[object, object]", entries).items() if isinstance(entries, Mapping) else ()
    found = {key: value for key, value in pairs if isinstance(key, str) and isinstance(value, Tensor)}
    return found if any(tensor.ndim == 4 for tensor in found.values()) else {}


# --- layers ---------------------------------------------------------------------------------------------------------


def _foreign(state: State, notes: Sequence[str], *, ordered: bool) -> Foreign:
    short = without_wrappers(state)
    grouped: dict[str, dict[str, Tensor]] = {}
    for name, tensor in state.items():
        layer, _, role = short[name].rpartition(".")
        grouped.setdefault(layer, {})[role] = tensor
    names, naming = in_order(list(grouped))
    if naming is None and not ordered:
        raise FormatError(
            "the names in this file do not say in which order its layers work",
            where=f"{names[0]}, ..." if names else "",
            advice="save it with torch.save, which keeps the order in which the network made them",
        )
    by = f"matched by the names of {naming.title}" if naming else "matched by order and shape, as the names say neither"
    _refuse_aligned_corners(names, naming.title if naming else "")
    return Foreign(tuple(_layer(name, grouped[name]) for name in names), "PyTorch", notes=(by, *notes))


def _refuse_aligned_corners(names: Sequence[str], title: str) -> None:
    if title == "Pytorch-UNet" and not any(re.fullmatch(r"up\d+\.up", name) for name in names):
        raise FormatError(
            "this Pytorch-UNet was made with bilinear=True, which grows with aligned corners; no network here does",
            advice="import one that was made with bilinear=False",
        )


def _layer(name: str, tensors: Mapping[str, Tensor]) -> Layer:
    arrays = {role: _array(f"{name}.{role}", tensor) for role, tensor in tensors.items() if role != _COUNTER}
    unknown = sorted(set(arrays) - set(_ROLES))
    weight = arrays.get("weight")
    if unknown or not (weight is None or weight.ndim in (1, 4)):
        shape = tuple(weight.shape) if weight is not None else ()
        raise FormatError(
            "a layer of these weights is neither a convolution nor a batch norm",
            where=f"{name}: {', '.join(unknown) or f'weight {shape}'}",
            advice="only U-Nets of convolutions and batch norms can be imported",
        )
    kind = "norm" if weight is None or weight.ndim == 1 else "kernel"
    layer = Layer(name, kind, {_ROLES[role]: array for role, array in arrays.items()})
    if lacking(layer):
        raise FormatError("a norm of these weights has not all of its running statistics", where=name)
    return layer


def _array(name: str, tensor: Tensor) -> Floats:
    if tensor.layout != torch.strided or not tensor.dtype.is_floating_point:
        raise FormatError(f"a tensor of these weights is {tensor.dtype}, {tensor.layout}", where=name)
    if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
        raise FormatError("a tensor of these weights is larger than what is stored of it", where=name)
    return tensor.detach().to(torch.float32).contiguous().numpy()
