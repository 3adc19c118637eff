"""What is misspelt is refused before the data are touched."""

import pytest

from unetkit.config.jobs import TrainSettings
from unetkit.errors import ConfigError, UnetkitError
from unetkit.recipes.settings import settings
from unetkit.training.choices import refuse_unknown


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


@pytest.mark.parametrize("weights", ["none", "auto", "1,2.5,0.3", ".5,1", "effective:0.999"])
def test_what_exists_passes(weights: str):
    refuse_unknown(TrainSettings.model_validate({"loss": {"weights": weights}}))


def test_freezing_what_is_drawn_at_random_is_refused():
    with pytest.raises(ConfigError, match="drawn at random") as refused:
        refuse_unknown(TrainSettings.model_validate({"training": {"freeze": "encoder"}}))
    assert refused.value.advice == "--from MODEL --training.freeze encoder"


@pytest.mark.parametrize("given", [{"network": {"encoder_weights": "a.safetensors"}, "training": {"freeze": 1}}, {}])
def test_weights_of_an_encoder_can_be_frozen_and_nothing_always(given: dict[str, dict[str, object]]):
    refuse_unknown(TrainSettings.model_validate(given or {"training": {"freeze": "0"}}))


@pytest.mark.parametrize("levels", ["decoder", "-1", "1.5", "²", "9999"])
def test_what_is_no_number_of_levels_cannot_be_frozen(levels: str):
    with pytest.raises(ConfigError, match="whole number of levels"):
        settings("train", {"training.freeze": levels})
