"""Two networks beside each other: the flags that ask for one ask for that very one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from unetkit.cli.app import main
from unetkit.networks.likeness import choices_of, differences, flags_for
from unetkit.networks.presets import PRESETS

Settings = dict[str, Any]


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_is_asked_for_by_its_name(preset: str) -> None:
    outputs = str(PRESETS[preset]["outputs"])
    assert flags_for(choices_of("unet", PRESETS[preset]), outputs) == f"--network {preset}"


def test_the_nearest_preset_is_asked_for_with_what_it_does_not_say() -> None:
    small = choices_of("unet", {"depth": 2, "attention": True})
    foreign = choices_of("timm-unet", {"encoder": "resnet34"})
    assert flags_for(small, "classes") == "--network small --network.depth 2 --network.attention"
    assert flags_for(foreign, "classes") == "--network small --network.name timm-unet --network.encoder resnet34"


@pytest.mark.parametrize(
    "settings", [{**PRESETS["original"], "convolution_bias": False}, {**PRESETS["forest"], "stem_stride": 2}]
)
def test_who_types_the_flags_gets_that_network(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    flags = flags_for(choices_of("unet", settings), settings["outputs"]).split()
    assert main(["train", "d", *flags, "--dry-run", "--json"]) == 0
    assert settings.items() <= json.loads(capsys.readouterr().out)["settings"]["network"].items()


def test_what_differs_is_named_and_what_works_in_training_only_is_not() -> None:
    one, other = (choices_of("unet", settings) for settings in ({"dropout": 0.5}, {"width": 16, "attention": True}))
    assert differences(one, other) == ["width 32 instead of 16", "attention false instead of true"]
    assert differences(one, choices_of("timm-unet", {"encoder": "resnet18"})) == ["name unet instead of timm-unet"]
