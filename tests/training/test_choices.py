"""What is misspelt is refused before the data are touched."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from unetkit.config.jobs import TrainSettings
from unetkit.errors import ConfigError, UnetkitError
from unetkit.files import write_json
from unetkit.recipes.settings import settings
from unetkit.training.choices import refuse_unknown
from unetkit.training.plan import Plan


@pytest.mark.parametrize(
    ("section", "values", "advised"),
    [
        ("training", {"metric": "mean_iuo"}, "mean_iou"),
        ("network", {"name": "unett"}, "unet"),
        ("loss", {"name": "dice+focall"}, "focal"),
        ("loss", {"weights": "inverze"}, "inverse"),
        ("data", {"size": "big"}, "--size 256"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(section: str, values: dict[str, str], advised: str):
    with pytest.raises(UnetkitError) as refused:
        refuse_unknown(TrainSettings.model_validate({section: values}))
    assert advised in str(refused.value.advice)


def test_a_model_to_start_from_must_exist():
    with pytest.raises(UnetkitError):
        refuse_unknown(TrainSettings(start_from="nowhere.safetensors"))


def planned(plan: Path, out: Path) -> TrainSettings:
    return TrainSettings.model_validate({"out": str(out), "training": {"plan": str(plan)}})


def test_a_plan_to_follow_must_exist_and_be_one(tmp_path: Path):
    with pytest.raises(UnetkitError, match="no such plan") as missing:
        refuse_unknown(planned(tmp_path / "first" / "plann.json", tmp_path / "second"))
    write_json(tmp_path / "scores.json", {"schema": "unetkit.run", "steps": 4})
    with pytest.raises(UnetkitError, match="no plan") as other:
        refuse_unknown(planned(tmp_path / "scores.json", tmp_path / "second"))
    for refused in (missing, other):
        assert "--plan RUN/plan.json" in refused.value.advice


def test_a_plan_that_overwriting_would_destroy_is_refused(tmp_path: Path):
    run = tmp_path / "run"
    run.mkdir()
    write_json(run / "plan.json", Plan(4, "4 steps").to_json())
    refuse_unknown(planned(run / "plan.json", tmp_path / "second"))
    with pytest.raises(ConfigError, match="--overwrite would replace") as refused:
        refuse_unknown(planned(run / "plan.json", run))
    assert f"cp {run / 'plan.json'} plan.json" in refused.value.advice


def test_weights_that_overwriting_would_destroy_are_refused(tmp_path: Path):
    """A run that fails before its first state would have nothing to begin with again."""
    run = tmp_path / "run"
    run.mkdir()
    (run / "model.safetensors").touch()
    save_file({"conv1.weight": torch.zeros(2, 3, 3, 3)}, run / "e.safetensors")
    started = TrainSettings(start_from=str(run / "model.safetensors"), out=str(run))
    for destroying in (started, with_encoder(run / "e.safetensors", out=str(run))):
        with pytest.raises(ConfigError, match="--overwrite would replace"):
            refuse_unknown(destroying)
        refuse_unknown(destroying.model_copy(update={"out": str(tmp_path / "other")}))


@pytest.mark.parametrize("weights", ["none", "auto", "1,2.5,0.3", ".5,1", "effective:0.999"])
def test_what_exists_passes(weights: str):
    refuse_unknown(TrainSettings.model_validate({"loss": {"weights": weights}}))


def test_freezing_what_is_drawn_at_random_is_refused():
    with pytest.raises(ConfigError, match="drawn at random") as refused:
        refuse_unknown(TrainSettings.model_validate({"training": {"freeze": "encoder"}}))
    assert refused.value.advice == "--from MODEL --training.freeze encoder"


def test_weights_of_an_encoder_can_be_frozen_and_nothing_always(tmp_path: Path):
    save_file({"conv1.weight": torch.zeros(2, 3, 3, 3)}, tmp_path / "e.safetensors")
    refuse_unknown(with_encoder(tmp_path / "e.safetensors", training={"freeze": 1}))
    refuse_unknown(TrainSettings.model_validate({"training": {"freeze": "0"}}))


def with_encoder(weights: Path, name: str = "timm-unet", **sections: object) -> TrainSettings:
    return TrainSettings.model_validate({"network": {"name": name, "encoder_weights": str(weights)}, **sections})


def test_weights_of_an_encoder_must_be_there_and_have_a_network_that_takes_them(tmp_path: Path):
    with pytest.raises(UnetkitError, match="cannot be read"):
        refuse_unknown(with_encoder(tmp_path / "nowhere.safetensors"))
    with pytest.raises(ConfigError, match="foreign encoder") as refused:
        refuse_unknown(with_encoder(tmp_path / "nowhere.safetensors", "unet"))
    assert "--network.name timm-unet" in refused.value.advice


@pytest.mark.parametrize("levels", ["decoder", "-1", "1.5", "²", "9999"])
def test_what_is_no_number_of_levels_cannot_be_frozen(levels: str):
    with pytest.raises(ConfigError, match="whole number of levels"):
        settings("train", {"training.freeze": levels})
