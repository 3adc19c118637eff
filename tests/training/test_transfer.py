"""Fine-tuning: classes meet by name, what is said is what was done, and such a run goes on as any other."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.torch import save_file
from torch import nn

from networks.foreign import timm as stand_in
from unetkit.config.jobs import TrainSettings
from unetkit.data.classes import ClassTable
from unetkit.data.normalise import Normalisation
from unetkit.data.resize import Fit
from unetkit.errors import ConfigError, FormatError, Interrupted
from unetkit.modelfile import Contract, read_model, write_model
from unetkit.networks import build
from unetkit.runs import RunFolder, load_newest_intact
from unetkit.training import transfer
from unetkit.training.batches import Batch
from unetkit.training.result import TrainResult
from unetkit.training.step import StepOutcome, Stepper
from unetkit.training.train import train
from unetkit.training.transfer import Start, hold_still, known_classes, take_over

Run = Callable[..., TrainResult]

TINY: dict[str, object] = {"depth": 1, "width": 4}
SEA_AND_SKY = "0=sea,255=sky"


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is said of a transfer."""
    lines: list[str] = []
    monkeypatch.setattr(transfer, "say", lines.append)
    monkeypatch.setattr(transfer, "warn", lines.append)
    return lines


def contract(classes: ClassTable, channels: int = 1, **settings: object) -> Contract:
    return Contract(
        network="unet",
        settings={**TINY, **settings},
        classes=classes,
        channels=channels,
        depth=8,
        normalisation=Normalisation("unit", (0.0,) * channels, (255.0,) * channels),
        size=Fit(8, 8),
        outputs=len(classes),
    )


def made(wanted: Contract) -> nn.Module:
    return build(wanted.network, wanted.settings, wanted.channels, wanted.outputs)


def written(folder: Path, wanted: Contract) -> str:
    path = folder / "model.safetensors"
    write_model(path, {name: value.numpy() for name, value in made(wanted).state_dict().items()}, wanted)
    return str(path)


def named(text: str) -> ClassTable:
    return ClassTable.from_text(text)


@pytest.mark.parametrize(
    ("classes", "source", "rows"),
    [
        (named("0=sea,255=sky"), named("0=sky,1=boat,2=sea"), (2, 0)),
        (named("0=sea,9=boat,255=sky"), named("land=land,sky=sky"), (None, None, 1)),
        (ClassTable.of_sources([0, 255]), ClassTable.of_sources([0, 255]), (0, 1)),
        (ClassTable.of_sources([0, 128, 255]), ClassTable.of_sources([0, 255]), (0, None, None)),
        (ClassTable.of_sources([3, 5]), ClassTable.of_sources([0, 255]), (None, None)),
        (named("0=sea,255=sky"), ClassTable.of_sources([0, 255]), (None, None)),
    ],
)
def test_classes_meet_by_name_and_without_a_name_by_their_value_too(
    classes: ClassTable, source: ClassTable, rows: Sequence[int | None]
) -> None:
    assert tuple(known_classes(classes, source)) == rows


def test_kept_fresh_and_dropped_classes_and_levels_are_named(tmp_path: Path, said: list[str]) -> None:
    model = written(tmp_path, contract(named("0=land,1=sea,2=sky"), channels=3))
    wanted = contract(named("0=sea,5=boat,255=sky"))
    network = made(wanted)
    take_over(network, model, wanted)
    tensors, _ = read_model(Path(model))
    after = {name: value.numpy() for name, value in network.state_dict().items()}
    assert said[1] == "classes kept: sea, sky; fresh: boat; dropped: land"
    assert said[0] == (
        f"weights from {model}: kept stem, encoder.0, bottleneck, decoder.0; kept in part head; "
        "stem.convolution.weight: from 3 channels to 1"
    )
    assert np.array_equal(after["head.weight"][[0, 2]], tensors["head.weight"][[1, 2]])


def test_the_same_classes_are_all_kept(tmp_path: Path, said: list[str]) -> None:
    wanted = contract(named(SEA_AND_SKY))
    take_over(made(wanted), written(tmp_path, wanted), wanted)
    assert said[1:] == ["classes kept: sea, sky"]


def test_a_head_of_another_shape_keeps_no_class_and_says_why(tmp_path: Path, said: list[str]) -> None:
    wanted = contract(named(SEA_AND_SKY), head="convolution")
    take_over(made(wanted), written(tmp_path, contract(named(SEA_AND_SKY))), wanted)
    assert said[1] == "classes kept: none (the head has another shape); fresh: sea, sky; dropped: sea, sky"
    assert said[0].endswith("; reset head")


def test_classes_without_names_are_told_how_to_get_some(tmp_path: Path, said: list[str]) -> None:
    wanted = contract(ClassTable.of_sources([0, 255]))
    take_over(made(wanted), written(tmp_path, contract(named(SEA_AND_SKY))), wanted)
    assert said[1].startswith("classes kept: none; fresh: class 0, class 1; dropped: sea, sky")
    assert "--classes '0=NAME,255=NAME'" in said[1]


def test_many_classes_are_counted(tmp_path: Path, said: list[str]) -> None:
    wanted = contract(ClassTable.of_sources(range(20)))
    take_over(made(wanted), written(tmp_path, wanted), wanted)
    assert said[1] == f"classes kept: {', '.join(f'class {number}' for number in range(8))} and 12 more"


def test_a_model_of_which_nothing_fits_is_refused(tmp_path: Path) -> None:
    wanted = contract(named(SEA_AND_SKY))
    with pytest.raises(FormatError, match="no weight of this model fits") as refused:
        take_over(made(wanted), written(tmp_path, contract(named(SEA_AND_SKY), width=8)), wanted)
    assert refused.value.advice.startswith("--network nano --network.depth 1 --network.width 8  # ")


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"attention": True}, "attention false instead of true; --network nano --network.depth 1 --network.width 4 "),
        ({"width_cap": 4}, "width_cap 64 instead of 4; --network nano --network.depth 1 --network.width 4 "),
    ],
)
def test_another_network_than_the_models_is_said_with_the_flags_of_its_own(
    settings: dict[str, object], told: str, tmp_path: Path, said: list[str]
) -> None:
    wanted = contract(named(SEA_AND_SKY))
    take_over(made(wanted), written(tmp_path, contract(named(SEA_AND_SKY), 1, **settings)), wanted)
    assert said[2].startswith(f"another network than the model's: {told}")


def test_what_works_in_training_only_makes_no_other_network(tmp_path: Path, said: list[str]) -> None:
    wanted = contract(named(SEA_AND_SKY), dropout=0.5)
    take_over(made(wanted), written(tmp_path, contract(named(SEA_AND_SKY))), wanted)
    assert len(said) == 2


def test_a_head_of_another_shape_is_no_matter_of_names(tmp_path: Path, said: list[str]) -> None:
    wanted = contract(ClassTable.of_sources([0, 255]), head="convolution")
    take_over(made(wanted), written(tmp_path, contract(ClassTable.of_sources([0, 255]))), wanted)
    assert "another shape" in said[1]
    assert "--classes" not in said[1]


@pytest.mark.parametrize(("levels", "frozen"), [("", 0), ("0", 0), ("1", 2), ("encoder", 3)])
def test_what_is_frozen_is_said(levels: str, frozen: int, said: list[str]) -> None:
    network = build("unet", {**TINY, "depth": 2}, 1, 2)
    hold_still(network, levels, Start())
    still = [weight for weight in network.parameters() if not weight.requires_grad]
    assert bool(still) == bool(frozen) == bool(said)
    if said:
        assert said[0].count("encoder.") == frozen - 1
        assert f"{sum(weight.numel() for weight in still):,} parameters" in said[0]


@pytest.mark.parametrize(("levels", "named"), [("2", "encoder.1"), ("encoder", "encoder.1 to encoder.2")])
def test_what_the_model_did_not_bring_cannot_be_frozen(levels: str, named: str) -> None:
    network = build("unet", {**TINY, "depth": 3}, 1, 2)
    fresh = ("encoder.1.norms.0.bias", *(f"encoder.2.tensor{number}" for number in range(9)), "head.bias")
    with pytest.raises(ConfigError, match=f"in {named} these are drawn at random: encoder.1.norms.0.bias") as refused:
        hold_still(network, levels, Start(fresh, "--network nano"))
    assert refused.value.advice == "--network nano"
    assert "head" not in refused.value.what
    hold_still(build("unet", {**TINY, "depth": 3}, 1, 2), "1", Start(fresh))


def test_freezing_a_level_of_another_width_is_refused_before_training(
    scenes: Path, tmp_path: Path, trained: Run
) -> None:
    first = trained(scenes, **{"network.depth": 2, "network.width_cap": 16})
    tuning = {"start_from": str(first.run), "network.depth": 2, "training.freeze": "encoder"}
    with pytest.raises(ConfigError, match=r"in encoder\.1 these are drawn at random: encoder\.1\.") as refused:
        trained(scenes, out=str(tmp_path / "second"), **tuning)
    own = "--network nano --network.depth 2 --network.width-cap 16"
    assert refused.value.advice == f"{own}  # the model's own network"
    assert not (tmp_path / "second").exists()


def test_an_encoder_whose_file_lacks_a_tensor_cannot_be_frozen(
    scenes: Path, tmp_path: Path, trained: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "timm", stand_in)
    state = stand_in.create_model("stand_in", features_only=True, pretrained=False, in_chans=3).state_dict()
    save_file({name: value for name, value in state.items() if name != "stages.0.0.bias"}, tmp_path / "e.safetensors")
    network = {"network.name": "timm-unet", "network.encoder": "stand_in"}
    tuning = {"network.encoder_weights": str(tmp_path / "e.safetensors"), "training.freeze": "encoder"}
    with pytest.raises(ConfigError, match=r"drawn at random: encoder\.stages\.0\.0\.bias\n"):
        trained(scenes, **network, **tuning)


def last_state(result: TrainResult) -> dict[str, Any]:
    """Everything that the last step left, whatever was best."""
    return load_newest_intact(RunFolder(result.run))[0]


def test_a_run_freezes_what_its_model_brought_and_learns_the_rest(scenes: Path, tmp_path: Path, trained: Run) -> None:
    first = trained(scenes, **{"data.classes": SEA_AND_SKY})
    tuning = {"start_from": str(first.run), "training.freeze": "encoder", "training.layer_rate": 0.5}
    second = trained(scenes, out=str(tmp_path / "second"), **tuning, **{"data.classes": "0=lake,255=sky"})
    before, after = read_model(first.model)[0], last_state(second)
    same = {name for name in before if np.array_equal(before[name], after[f"network.{name}"])}
    assert same == {name for name in before if name.startswith(("stem.", "encoder."))}


def test_freezing_more_than_there_is_is_refused_before_training(scenes: Path, tmp_path: Path, trained: Run) -> None:
    first = trained(scenes)
    with pytest.raises(ConfigError, match="the encoder has 1 level, and 2"):
        trained(scenes, out=str(tmp_path / "second"), start_from=str(first.run), **{"training.freeze": "2"})
    assert not (tmp_path / "second").exists()


def test_a_fine_tuning_that_was_stopped_goes_on_to_the_same_bits(
    scenes: Path, tmp_path: Path, trained: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = trained(scenes)
    tuning = {"start_from": str(first.run), "training.freeze": "1", "training.layer_rate": 0.5, "training.steps": 6}
    whole = trained(scenes, out=str(tmp_path / "whole"), **tuning)
    step = Stepper.step

    def stopped(self: Stepper, batches: Sequence[Batch], seed: int) -> StepOutcome:
        if seed % 2**32 == 3:
            os.kill(os.getpid(), signal.SIGTERM)
        return step(self, batches, seed)

    with monkeypatch.context() as patched:
        patched.setattr(Stepper, "step", stopped)
        with pytest.raises(Interrupted):
            trained(scenes, out=str(tmp_path / "stopped"), **tuning)
    first.model.unlink()  # a checkpoint holds all that is needed
    resumed = train(TrainSettings(resume=str(tmp_path / "stopped")))
    assert resumed is not None
    assert resumed.steps == 6
    one, other = last_state(whole), last_state(resumed)
    assert {name: tensor.tobytes() for name, tensor in one.items()} == {name: other[name].tobytes() for name in other}
