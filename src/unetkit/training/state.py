"""What a checkpoint holds, and how it goes back: tensors, and progress and plan as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from unetkit.errors import FormatError
from unetkit.training.plan import Plan
from unetkit.training.progress import Progress
from unetkit.training.step import Stepper

Arrays = dict[str, npt.NDArray[Any]]


def pack(stepper: Stepper, progress: Progress, plan: Plan | None) -> tuple[Arrays, dict[str, Any]]:
    """The tensors and the metadata of a checkpoint; no plan before there is one."""
    tensors = {f"network.{name}": tensor for name, tensor in stepper.network.state_dict().items()}
    tensors |= {f"average.{name}": tensor for name, tensor in stepper.average.network.state_dict().items()}
    tensors |= {f"kept.{name}": tensor for name, tensor in stepper.kept.items()}
    tensors |= {f"candidate.{name}": tensor for name, tensor in stepper.candidate.items()}
    tensors |= {f"optimiser.{key}": tensor for key, tensor in stepper.optimiser.tensors().items()}
    metadata = {
        "progress": progress.to_json(),
        "plan": plan and plan.to_json(),
        "average_updates": stepper.average.updates,
        "compute": asdict(stepper.compute),
    }
    return {name: to_array(tensor) for name, tensor in tensors.items()}, metadata


def unpack(tensors: Arrays, metadata: Mapping[str, Any], stepper: Stepper) -> tuple[Progress, Plan | None]:
    """Put a checkpoint's tensors into `stepper`, and give its progress and plan back."""
    _load(stepper.network, tensors, "network.")
    _load(stepper.average.network, tensors, "average.")
    stepper.kept, stepper.candidate = _under(tensors, "kept."), _under(tensors, "candidate.")
    stepper.average.updates = metadata["average_updates"]
    stepper.optimiser.load(_under(tensors, "optimiser."))
    plan = metadata["plan"]
    return Progress.from_json(metadata["progress"]), plan and Plan.from_json(plan)


def to_array(tensor: torch.Tensor) -> npt.NDArray[Any]:
    """A copy of a tensor as a NumPy array in main memory."""
    return np.array(tensor.detach().cpu().contiguous().numpy())


def _load(network: torch.nn.Module, tensors: Arrays, prefix: str) -> None:
    own = _under(tensors, prefix)
    differing = [*_differences(network.state_dict(), own)]
    if differing:
        more = f"; and {len(differing) - 5} more" if len(differing) > 5 else ""
        raise FormatError(
            "the checkpoint is of another network than the settings of its run say",
            where="; ".join(differing[:5]) + more,
            advice="go on with the unetkit that began the run: its environment.json says which",
        )
    network.load_state_dict(own, strict=True)


def _under(tensors: Arrays, prefix: str) -> dict[str, torch.Tensor]:
    return {
        name.removeprefix(prefix): torch.from_numpy(array) for name, array in tensors.items() if name.startswith(prefix)
    }


def _differences(ours: Mapping[str, torch.Tensor], theirs: Mapping[str, torch.Tensor]) -> Iterator[str]:
    for name in dict.fromkeys([*ours, *theirs]):
        if name not in theirs or name not in ours:
            yield f"{name} is {'missing' if name in ours else 'not in the network'}"
        elif ours[name].shape != theirs[name].shape:
            yield f"{name} has shape {tuple(theirs[name].shape)}, and the network {tuple(ours[name].shape)}"
