"""Networks by name, and what is asked of any of them."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from unetkit.config.sections import NetworkSettings
from unetkit.errors import ConfigError
from unetkit.networks import PRESETS, build, class_scores, parameter_count
from unetkit.networks.anatomy import Anatomy, anatomy_from

from contracts.network import image, scores


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_is_a_set_of_network_settings(preset: str) -> None:
    NetworkSettings(**PRESETS[preset])  # type: ignore[arg-type]


def test_small_is_what_is_taken_when_nothing_is_said() -> None:
    settings = NetworkSettings().model_dump()

    assert PRESETS["small"] == {key: settings[key] for key in PRESETS["small"]}
    assert anatomy_from(PRESETS["small"]) == Anatomy()


def test_our_presets_grow_from_nano_to_base() -> None:
    sizes = [parameter_count(build("unet", PRESETS[name], 3, 2)) for name in ("nano", "small", "base")]

    assert sizes == sorted(set(sizes))
    assert sizes[1] < 1_000_000  # the default is for small computers


def test_all_settings_can_be_handed_over_as_they_are() -> None:
    network = build("unet", NetworkSettings(depth=2).model_dump(), 1, 2)

    assert scores(network, image(1, 1, 8, 8)).shape == (1, 2, 8, 8)


@pytest.mark.parametrize(
    ("name", "settings", "said"),
    [
        ("unnet", {}, "did you mean 'unet'"),
        ("unet", {"dept": 3}, "did you mean 'depth'"),
        ("unet", {"norm": "layer"}, "choices: batch, group, none"),
        ("unet", {"stem_stride": 3}, "choices: 1, 2, 4"),
        ("unet", {"depth": 8}, "from 1 to 7"),
        ("unet", {"dropout": 1.0}, "dropout is 1.0"),
    ],
)
def test_a_wrong_choice_is_named_with_the_right_ones(name: str, settings: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        build(name, settings, 1, 2)


def test_a_logit_becomes_two_scores_with_the_same_probability() -> None:
    logit = image(2, 1, 3, 3)
    probability = torch.softmax(class_scores(logit), dim=1)

    torch.testing.assert_close(probability[:, 1:], torch.sigmoid(logit))


def test_two_scores_and_more_stay_as_they_are() -> None:
    assert class_scores(given := image(1, 4, 2, 2)) is given


def test_only_what_is_trained_is_counted() -> None:
    frozen = torch.nn.Linear(3, 2)
    frozen.weight.requires_grad_(False)

    assert parameter_count(torch.nn.Sequential(frozen, frozen)) == 2


def test_the_room_opens_without_torch() -> None:
    code = "import sys, unetkit.networks, unetkit.losses, unetkit.losses.weights; sys.exit('torch' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
