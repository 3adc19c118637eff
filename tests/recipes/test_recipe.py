"""Every recipe is whole, and its settings are right ones."""

import re

import pytest

from unetkit.config.jobs import TrainSettings
from unetkit.errors import ConfigError
from unetkit.recipes.recipe import RECIPES, load_recipe
from unetkit.recipes.settings import settings

VARIANTS = [(name, variant) for name in RECIPES for variant in ("default", "source")]
SOURCES = {  # preset, loss, optimiser, rate, batch, epochs, size, channels: as the sources' code and logs have them
    "horizon": ("infrared", "bce", "sgd", 0.01, 4, 10, "fit:128x256", "3"),
    "infrared": ("infrared", "bce", "adam", 1e-4, 4, 10, "fit:128x256", "3"),
    "camvid": ("camvid", "cross-entropy", "adam", 1e-3, 8, 100, "fit:416x416", "1"),
    "carla": ("carla", "cross-entropy", "adam", 1e-3, 32, 40, "fit:96x128", "3"),
    "forest": ("forest", "bce", "adam", 1e-3, 64, 50, "fit:64x64", "3"),
    "cityscapes-pairs": ("forest", "cross-entropy", "adam", 1e-3, 64, 50, "fit:64x64", "3"),
}


def _train(name: str, variant: str) -> TrainSettings:
    found = settings("train", recipe=name, variant=variant)
    assert isinstance(found, TrainSettings)
    return found


@pytest.mark.parametrize(("name", "variant"), VARIANTS)
def test_a_variant_gives_right_settings_with_its_own_budget(name: str, variant: str) -> None:
    training = _train(name, variant).training
    assert (training.minutes is None) == (variant == "source")
    assert (training.epochs is None) == (variant == "default")


@pytest.mark.parametrize("name", RECIPES)
def test_the_source_variant_is_what_the_source_did(name: str) -> None:
    found = _train(name, "source")
    training, data = found.training, found.data
    said = (found.network.preset, found.loss.name, training.optimiser, training.learning_rate, training.batch)
    assert (*said, training.epochs, data.size, data.channels) == SOURCES[name]
    assert (training.schedule, training.ema, training.clip, training.weight_decay) == ("constant", 0, 0, 0)


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_whole(name: str) -> None:
    document = load_recipe(name).to_json()
    assert all(document[key] for key in ("title", "about", "classes", "data", "commands", "defects"))
    assert all(document["source"][key] for key in ("project", "reported", "truth", "target"))


@pytest.mark.parametrize(("name", "variant"), VARIANTS)
def test_a_recipe_names_classes_and_never_source_values(name: str, variant: str) -> None:
    found = _train(name, variant)
    assert not re.search(
        r"\d", " ".join(load_recipe(name).classes).replace("CARLA 0.9.11", "").replace("23", "").replace("19", "")
    )
    assert "=" not in (found.data.classes or "")


@pytest.mark.parametrize(("name", "variant"), VARIANTS)
def test_a_recipe_leaves_the_parts_to_the_data_since_they_may_bring_their_own(name: str, variant: str) -> None:
    found, plain = _train(name, variant).data, TrainSettings().data
    assert (found.val, found.test, found.split_by) == (plain.val, plain.test, plain.split_by)


@pytest.mark.parametrize("name", RECIPES)
def test_each_defect_says_what_is_done_here(name: str) -> None:
    assert [defect for defect in load_recipe(name).defects if "→" not in defect] == []


@pytest.mark.parametrize("name", RECIPES)
def test_its_commands_use_it(name: str) -> None:
    trains = [line for line in load_recipe(name).commands if line.startswith("unetkit train")]
    assert trains
    assert all(f"--recipe {name}" in line for line in trains)


def test_an_unknown_recipe_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="horzon") as caught:
        load_recipe("horzon")
    assert "'horizon'" in caught.value.advice


def test_an_unknown_variant_lists_both() -> None:
    with pytest.raises(ConfigError) as caught:
        load_recipe("horizon").settings("sorce")
    assert caught.value.advice == "did you mean 'source'? choices: default, source"
