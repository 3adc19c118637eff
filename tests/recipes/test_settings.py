"""flag > file > environment > recipe > preset > default."""

from pathlib import Path

import pytest

from unetkit.config.jobs import TrainSettings
from unetkit.config.layers import Resolved, layer_of_values
from unetkit.errors import ConfigError
from unetkit.recipes.settings import settings, settings_for

FLAGS = {"training.batch": 1}
FILE = "training:\n  batch: 2\n"
ENVIRONMENT = {"UNETKIT_TRAINING__BATCH": "3"}
RECIPE = {"recipe": "carla", "variant": "source"}  # batch 32


def _resolve(values: dict[str, object], files: list[Path], environment: dict[str, str]) -> Resolved[TrainSettings]:
    return settings_for(TrainSettings, layer_of_values(TrainSettings, values, "flag"), files, environment)


@pytest.mark.parametrize(("left_out", "batch"), [(0, 1), (1, 2), (2, 3), (3, 32), (4, 16)])
def test_the_order_of_precedence(tmp_path: Path, left_out: int, batch: int) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(FILE)
    values: dict[str, object] = {**(FLAGS if left_out < 1 else {}), **(RECIPE if left_out < 4 else {})}
    files = [path] if left_out < 2 else []
    found = _resolve(values, files, ENVIRONMENT if left_out < 3 else {})
    assert found.settings.training.batch == batch


def test_a_recipe_beats_a_preset_and_a_preset_the_default() -> None:
    found = _resolve({"recipe": "cityscapes-pairs", "variant": "source"}, [], {})
    assert found.settings.network.outputs == "classes"
    assert found.origin(("network", "outputs")) == "recipe cityscapes-pairs, variant source"
    assert found.settings.network.width == 64
    assert found.origin(("network", "width")) == "preset forest"


def test_of_two_files_the_later_wins(tmp_path: Path) -> None:
    one, two = tmp_path / "one.yaml", tmp_path / "two.yaml"
    one.write_text("training: {seed: 1, batch: 4}")
    two.write_text("training: {seed: 2}")
    found = _resolve({}, [one, two], {}).settings.training
    assert (found.seed, found.batch) == (2, 4)


def test_a_file_may_name_the_recipe(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("recipe: forest\n")
    assert _resolve({}, [path], {}).settings.augmentation.task == "aerial"


def test_minutes_of_a_flag_replace_the_epochs_of_a_recipe() -> None:
    found = _resolve({"recipe": "camvid", "variant": "source", "training.minutes": 1}, [], {}).settings.training
    assert (found.minutes, found.epochs) == (1, None)


def test_a_run_that_goes_on_takes_from_the_environment_what_it_may_be_given_anew() -> None:
    """Else the command that it says when it stops is refused, by a variable that a flag overruled at its beginning."""
    environment = {"UNETKIT_TRAINING__LEARNING_RATE": "0.5", "UNETKIT_TRAINING__THREADS": "3"}
    resumed = _resolve({"resume": "runs/a"}, [], environment).settings
    assert "learning_rate" not in resumed.training.model_fields_set
    assert resumed.training.threads == 3
    assert _resolve({}, [], environment).settings.training.learning_rate == 0.5


def test_an_unknown_recipe_is_named_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("\nrecipe: frost\n")
    with pytest.raises(ConfigError) as caught:
        _resolve({}, [path], {})
    assert caught.value.where == f"{path}:2"


def test_the_library_takes_names_of_settings() -> None:
    found = settings("train", {"training.minutes": 3}, recipe="horizon")
    assert isinstance(found, TrainSettings)
    assert (found.training.minutes, found.augmentation.task) == (3, "horizon")


def test_the_library_names_the_nearest_job() -> None:
    with pytest.raises(ConfigError, match="tran"):
        settings("tran")
