"""`unetkit import-weights`, step by step: read elsewhere, held against a network of ours, written as a model file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from unetkit.config.jobs import ImportSettings
from unetkit.console import say
from unetkit.data.arrays import IGNORE_16
from unetkit.data.classes import ClassTable
from unetkit.errors import FormatError, OutputExists
from unetkit.files import Array
from unetkit.importing.blueprint import Blueprint, blueprint_of
from unetkit.importing.foreign import Foreign, Joined, Layer
from unetkit.importing.matching import CUSTOMS, Pairs, match, state_of
from unetkit.importing.reading import read_foreign, reader_of
from unetkit.importing.terms import agreed, channels_of, classes_of, normalisation_of, size_of
from unetkit.modelfile import Contract, write_model
from unetkit.networks.presets import PRESETS
from unetkit.runs import make_folder, taken, versions

_ALIGNED = {True: "transposed-3-same", False: "transposed-3"}
"""How a transposed convolution of 3×3 lies over its pixels: as TensorFlow and JAX have it, and as PyTorch has it."""


@dataclass(frozen=True, slots=True, eq=False)
class Imported:
    """What became of foreign weights.

    Attributes:
        file: where they stood.
        model: the model file.
        source: the framework that wrote them.
        parameters: numbers that training would change.
        contract: all that the model file says.
        notes: what a person should know, a sentence each.
    """

    file: Path
    model: Path
    source: str
    parameters: int
    contract: Contract
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The document `unetkit.import`."""
        contract = self.contract
        return {
            "schema": "unetkit.import",
            "version": 1,
            "file": str(self.file),
            "source": self.source,
            "model": str(self.model),
            "parameters": self.parameters,
            "classes": [{"id": row.id, "name": row.name} for row in contract.classes.classes],
            "outputs": contract.outputs,
            "channels": contract.channels,
            "size": {"height": contract.size.height, "width": contract.size.width},
            "normalisation": contract.normalisation.to_json(),
            "notes": list(self.notes),
        }


def import_weights(settings: ImportSettings, file: str | Path) -> Imported:
    """Make a model file of the weights of another program; equal images then give equal scores.

    Args:
        settings: the network they belong to, and what they do not say: classes, pixels, size.
        file: a state dict or checkpoint of PyTorch (`.pth`, `.pt`, `.bin`), safetensors, or a Keras file (`.h5`,
            `.keras`).

    Raises:
        DataError: there is no such file.
        FormatError: it holds more than weights, is damaged, or holds those of another network.
        ConfigError: something that the weights do not say is missing, or contradicts them.
        OutputExists: the model file is there already.
        MissingExtra: the file is one of Keras's, and h5py is not installed.
    """
    source = Path(file)
    reader = reader_of(source)
    model = _output(settings, source)
    say(f"reading {source} in a process of its own")
    foreign = read_foreign(source, reader)
    channels, outputs = channels_of(settings.channels, _inputs(foreign, source)), _outputs(foreign, source)
    classes = classes_of(settings.classes, outputs)
    blueprint, pairs = _fitted(settings, foreign, channels, outputs)
    state, notes = _state(settings, foreign, blueprint, pairs)
    contract = _contract(settings, foreign, blueprint, classes, channels, outputs)
    make_folder(model.parent)
    write_model(model, state, contract)
    parameters = sum(array.size for name, array in state.items() if not name.endswith(_STATISTICS))
    return Imported(source, model, foreign.source, parameters, contract, (*foreign.notes, *notes))


_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")


def _output(settings: ImportSettings, source: Path) -> Path:
    """Where the model goes: told, else beside the weights under their name."""
    model = Path(settings.out) if settings.out else source.with_suffix(".safetensors")
    if model.exists() and model.resolve() == source.resolve():
        raise OutputExists(
            "the model would replace the weights it is made of", where=str(model), advice="say --out FILE"
        )
    if model.exists() and not (settings.overwrite and model.is_file()):
        raise taken(model)
    return model


# --- what the layers say --------------------------------------------------------------------------------------------


def _inputs(foreign: Foreign, source: Path) -> int:
    """Channels of the image: the inputs of the first convolution."""
    kernels = _kernels(foreign)
    if not kernels:
        raise FormatError("this file holds no convolution", where=str(source))
    return kernels[0].arrays["weight"].shape[1]


def _outputs(foreign: Foreign, source: Path) -> int:
    """Scores a pixel: the outputs of the last convolution.

    Held to what a mask can tell apart before a class is made of each: a small file may say any number.
    """
    last = _kernels(foreign)[-1]
    outputs = last.arrays["weight"].shape[0]
    if outputs > IGNORE_16:
        raise FormatError(
            f"the last convolution gives {outputs:,} scores a pixel, and a mask tells {IGNORE_16:,} classes apart",
            where=f"{source}, {last.name}",
        )
    return outputs


def _kernels(foreign: Foreign) -> list[Layer]:
    return [layer for layer in foreign.layers if layer.kind in ("convolution", "kernel") and "weight" in layer.arrays]


# --- against a network of ours --------------------------------------------------------------------------------------


def _fitted(settings: ImportSettings, foreign: Foreign, channels: int, outputs: int) -> tuple[Blueprint, Pairs]:
    """The network that was said, made to have the biases that the weights have, and every place with its layer."""
    document = settings.network.document() | _alignment(settings, foreign)
    name = settings.network.name
    try:
        with_bias = blueprint_of(name, document | {"convolution_bias": True}, channels, outputs)
        pairs = match(with_bias, foreign)
    except FormatError as error:
        advice = error.advice or _presets_that_fit(foreign, channels, outputs)
        raise FormatError(error.what, where=error.where, advice=advice) from error
    without = blueprint_of(name, document | {"convolution_bias": False}, channels, outputs)
    optional = {slot.name for slot in with_bias.slots if slot.bias} - {slot.name for slot in without.slots if slot.bias}
    if any("bias" in layer.arrays for slot, layer in pairs if slot.name in optional):
        return with_bias, pairs
    return without, match(without, foreign)


def _alignment(settings: ImportSettings, foreign: Foreign) -> dict[str, str]:
    if settings.network.upsampling not in _ALIGNED.values():
        return {}
    backend = agreed(_said(settings.keras_backend), foreign.backend, "--keras-backend")
    as_pytorch = foreign.source == "PyTorch" or (backend == "torch" and _before_3_15(foreign.version))
    return {"upsampling": _ALIGNED[not as_pytorch]}


def _before_3_15(version: str | None) -> bool:
    """Whether a Keras, on PyTorch, laid transposed convolutions as PyTorch does; later ones lay them as TensorFlow."""
    found = re.match(r"(\d+)\.(\d+)", version or "")
    return found is None or (int(found[1]), int(found[2])) < (3, 15)


def _presets_that_fit(foreign: Foreign, channels: int, outputs: int) -> str:
    """The presets whose network these weights are, as flags to paste."""
    fitting = [name for name in PRESETS if _fits(PRESETS[name], foreign, channels, outputs)]
    if fitting:
        return "\n".join(f"--network {name}" for name in fitting)
    return "no preset has these layers; --network.width, --network.depth and others describe one of your own"


def _fits(preset: Mapping[str, object], foreign: Foreign, channels: int, outputs: int) -> bool:
    settings = {**preset, "convolution_bias": True}
    try:
        match(blueprint_of("unet", settings, channels, outputs), foreign)
    except FormatError:
        return False
    return True


# --- the model ------------------------------------------------------------------------------------------------------


def _state(
    settings: ImportSettings, foreign: Foreign, blueprint: Blueprint, pairs: Pairs
) -> tuple[dict[str, Array], list[str]]:
    """The network's state, and what was done to the weights on the way."""
    custom = CUSTOMS[foreign.source]
    joined = cast("Joined", agreed(_said(settings.joined), foreign.joined, "--joined") or custom.joined)

    def epsilon_of(layer: Layer) -> float:
        known = agreed(settings.epsilon, layer.epsilon, "--epsilon")
        return custom.epsilon if known is None else known

    notes = (
        [f"joins taken as {joined}, as {_said_by(settings, foreign)}"] if any(slot.skip for slot, _ in pairs) else []
    )
    turned = {epsilon_of(layer) for slot, layer in pairs if slot.kind == "norm" and epsilon_of(layer) != slot.epsilon}
    notes += [f"epsilon {value:g} of batch norms went into their variances" for value in sorted(turned)]
    return state_of(blueprint, pairs, joined, epsilon_of), notes


def _said(choice: str) -> str | None:
    return None if choice == "auto" else choice


def _said_by(settings: ImportSettings, foreign: Foreign) -> str:
    if settings.joined != "auto":
        return "was said"
    return "the file says" if foreign.joined else f"is usual in {foreign.source}"


def _contract(
    settings: ImportSettings,
    foreign: Foreign,
    blueprint: Blueprint,
    classes: ClassTable,
    channels: int,
    outputs: int,
) -> Contract:
    return Contract(
        network=settings.network.name,
        settings=blueprint.settings,
        classes=classes,
        channels=channels,
        depth=8,
        normalisation=normalisation_of(settings.normalise, channels),
        size=size_of(settings.size, foreign.size, blueprint.multiple),
        outputs=outputs,
        licence=settings.licence,
        versions=versions(),
    )
