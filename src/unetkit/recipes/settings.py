"""From what a user says to the settings of a job: flag > file > environment > recipe > preset > default."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from unetkit.config.base import Settings
from unetkit.config.jobs import FREE, JOBS
from unetkit.config.layers import (
    Given,
    Layer,
    Resolved,
    layer_of_environment,
    layer_of_tree,
    layer_of_values,
    merge,
    resolve,
)
from unetkit.config.reading import read_settings_file
from unetkit.errors import ConfigError
from unetkit.extras import unknown_choice
from unetkit.networks.presets import PRESETS
from unetkit.recipes.recipe import load_recipe

Job = TypeVar("Job", bound=Settings)

NOTHING: Mapping[str, str] = {}


def settings(
    job: str,
    values: Mapping[str, object] = NOTHING,
    *,
    recipe: str | None = None,
    variant: str = "default",
    files: Iterable[Path] = (),
) -> Settings:
    """Settings of a job for a library call: `settings("train", {"training.minutes": 4}, recipe="horizon")`.

    Args:
        job: a key of `JOBS`.
        values: by name, as on the reference page.
        recipe, variant: what to start from.
        files: YAML files; the later wins.

    Raises:
        ConfigError: an unknown job, name, recipe or value.
    """
    if job not in JOBS:
        raise unknown_choice("job", job, JOBS)
    said: dict[str, object] = {**values} if recipe is None else {"recipe": recipe, "variant": variant, **values}
    flags = layer_of_values(JOBS[job], said, "argument")
    return settings_for(JOBS[job], flags, files).settings


def settings_for(
    job: type[Job],
    flags: Layer,
    files: Iterable[Path] = (),
    environment: Mapping[str, str] = NOTHING,
) -> Resolved[Job]:
    """Settings of `job`, and where each value came from.

    Args:
        job: the settings model.
        flags: the highest layer.
        files: YAML files; the later wins.
        environment: variables; those that begin with UNETKIT_ and hold `__` count.

    Raises:
        ConfigError: an unknown key or value, with its place.
        PermissionRefused: a file cannot be read.
    """
    read = [layer_of_tree(job, read_settings_file(path), str(path)) for path in files]
    said = [_environment_layer(job, environment, merge([*read, flags])), *read, flags]
    return resolve(job, [_recipe_layer(job, merge(said)), *said], PRESETS)


def _environment_layer(job: type[Settings], environment: Mapping[str, str], said: Layer) -> Layer:
    """What the variables say; a run that goes on has its settings, and takes from them what it may be given anew."""
    layer, resumed = layer_of_environment(job, environment), said.get(("resume",))
    goes_on = resumed is not None and resumed.value is not None
    return {path: given for path, given in layer.items() if path in FREE or not goes_on}


def _recipe_layer(job: type[Settings], said: Layer) -> Layer:
    chosen = said.get(("recipe",))
    if chosen is None or chosen.value is None:
        return {}
    variant = str(said.get(("variant",), Given("default", "")).value)
    try:
        tree = load_recipe(str(chosen.value)).settings(variant)
    except ConfigError as error:
        where = chosen.origin if error.where else said[("variant",)].origin
        raise ConfigError(error.what, where=where, advice=error.advice) from error
    return layer_of_tree(job, tree, f"recipe {chosen.value}, variant {variant}", lines=False)
