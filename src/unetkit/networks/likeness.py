"""Two networks beside each other: what they differ in, and the flags that ask for one. Nothing here imports torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from unetkit.config.writing import scalar
from unetkit.networks.anatomy import anatomy_from
from unetkit.networks.presets import PRESETS

Choices = Mapping[str, object]
"""What makes a network this one, by key of the network section: its name, its anatomy, a foreign encoder."""

_ONLY_IN_TRAINING = ("dropout", "dropout_place", "initialisation")


def choices_of(name: str, settings: Mapping[str, object]) -> Choices:
    """The choices that `networks.build` makes of the same arguments.

    Raises:
        ConfigError: as `networks.build`.
    """
    foreign = {} if name == "unet" else {"encoder": settings.get("encoder")}
    return {"name": name, **foreign, **asdict(anatomy_from(settings))}


def differences(choices: Choices, others: Choices) -> list[str]:
    """What changes the scores and is not equal in both: ["width 32 instead of 16"]."""
    common = [key for key in choices if key in others and key not in _ONLY_IN_TRAINING]
    return [
        f"{key} {scalar(choices[key])} instead of {scalar(others[key])}"
        for key in common
        if choices[key] != others[key]
    ]


def flags_for(choices: Choices, outputs: str) -> str:
    """The fewest flags that ask for a network: "--network nano --network.depth 2".

    Args:
        choices: of the network.
        outputs: "classes" or "logit"; a preset names that, too.
    """
    wanted = {**choices, "outputs": outputs}
    rest = {preset: _beyond(wanted, PRESETS[preset]) for preset in PRESETS}
    nearest = min(rest, key=lambda preset: len(rest[preset]))
    return " ".join([f"--network {nearest}", *(_flag(key, value) for key, value in rest[nearest].items())])


def _beyond(wanted: Choices, preset: Mapping[str, object]) -> dict[str, object]:
    """What a preset does not say, or says otherwise."""
    said = {**choices_of("unet", preset), "outputs": preset["outputs"]}
    return {key: value for key, value in wanted.items() if said.get(key) != value}


def _flag(key: str, value: object) -> str:
    name = key.replace("_", "-")
    if isinstance(value, bool):
        return f"--network.{name}{'' if value else '=false'}"
    return f"--network.{name} {value}"
