"""Every recipe, ours and as the source did it, on the data it is for."""

from collections.abc import Callable
from pathlib import Path

import pytest

from journeys.travel import Unetkit, document

SETS = {
    "horizon": ("horizon-uav", 2),
    "infrared": ("ir-horizon", 2),
    "camvid": ("camvid", 12),
    "carla": ("carla/coursera", 23),
    "forest": ("forest", 2),
    "cityscapes-pairs": ("cityscapes-pairs", 19),
}
LITTLE = ("--steps", "2", "--batch", "2", "--split-by", "random", "--val", "4")  # a source's takes seconds an image
LONG = 600


@pytest.mark.slow
@pytest.mark.parametrize("variant", ["default", "source"])
@pytest.mark.parametrize("recipe", SETS)
def test_a_recipe_trains_and_is_scored_over_its_classes(
    recipe: str, variant: str, real_data: Callable[[str], Path], unetkit: Unetkit, tmp_path: Path
):
    name, classes = SETS[recipe]
    words = ("train", real_data(name), "--recipe", recipe, "--variant", variant, *LITTLE)
    trained = document(unetkit(*words, "--out", tmp_path / "run", "--json", timeout=LONG))
    assert trained["steps"] == 2
    assert len(trained["scores"]["confusion"]) == classes


@pytest.mark.slow
@pytest.mark.parametrize(("name", "table", "classes"), [("coursera", "carla", 23), ("lyft", "carla-13", 13)])
def test_both_sets_of_carla_train_an_epoch_with_the_tags_of_their_release(
    name: str, table: str, classes: int, real_data: Callable[[str], Path], unetkit: Unetkit, tmp_path: Path
):
    words = ("train", real_data("carla") / name, "--recipe", "carla", "--classes", table, "--epochs", "1")
    trained = document(unetkit(*words, "--out", tmp_path / "run", "--json", timeout=LONG))
    ids = {row["id"]: row["name"] for row in trained["scores"]["per_class"]}
    assert set(ids) == set(range(classes))
    assert ids[7] == "road"
