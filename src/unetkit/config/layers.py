"""From several sources to one settings object: layers, laid over one another, with where each value came from.

The later layer wins, value by value. Two groups of settings belong together: a layer that names a budget (minutes,
epochs, steps or a plan) puts aside the budgets of the layers below, and one that names a network preset puts aside
their network.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from pydantic import ValidationError

from unetkit.config.base import Settings
from unetkit.config.jobs import JOBS
from unetkit.config.keys import Path, keys_of, sections_of
from unetkit.config.messages import unknown_key, wrong_values
from unetkit.config.reading import Entry, Tree, read_settings
from unetkit.config.sections import BUDGETS, DEFAULT_MINUTES
from unetkit.errors import ConfigError
from unetkit.extras import unknown_choice

Job = TypeVar("Job", bound=Settings)

ENVIRONMENT_PREFIX = "UNETKIT_"
PRESET = ("network", "preset")
RESUME = ("resume",)
NO_PRESETS: Mapping[str, Mapping[str, object]] = {}
DEFAULT = "default"
NO_BUDGET = "default, as no budget was given"


@dataclass(frozen=True, slots=True)
class Given:
    """A value that somebody gave, and where: "flag --lr", "mine.yaml:12", "environment UNETKIT_TRAINING__SEED"."""

    value: Any
    origin: str


NOTHING = Given(None, "default")
Layer = Mapping[Path, Given]
Presets = Mapping[str, Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Resolved(Generic[Job]):
    """Settings, and for each value where it came from."""

    settings: Job
    origins: Mapping[Path, str]

    def origin(self, path: Path) -> str:
        """Where the value at `path` came from; "default" when nobody said anything."""
        return self.origins.get(path, DEFAULT)

    @property
    def assumed_budget(self) -> bool:
        """True when nobody said how long to train."""
        return NO_BUDGET in self.origins.values()


# --- layers -------------------------------------------------------------------------------------------------------


def layer_of_tree(job: type[Settings], tree: Tree, name: str, *, lines: bool = True) -> Layer:
    """The layer of a YAML file or of a recipe.

    Args:
        job: whose settings they are.
        tree: what `reading` found.
        name: the file or the recipe, for messages and origins.
        lines: name the line of each value, too.

    Raises:
        ConfigError: a key that the job does not have.
    """
    layer: dict[Path, Given] = {}
    for path, entry in _leaves(job, tree, (), name):
        layer[path] = Given(entry.value, f"{name}:{entry.line}" if lines else name)
    return layer


def layer_of_values(job: type[Settings], values: Mapping[str, object], origin: str) -> Layer:
    """The layer of plain values by name: {"training.minutes": 4, "seed": 1}.

    Raises:
        ConfigError: a name that the job does not have.
    """
    layer: dict[Path, Given] = {}
    for name, value in values.items():
        path = tuple(name.split("."))
        if path not in keys_of(job):
            raise unknown_key(job, path, origin)
        layer[path] = Given(value, origin)
    return layer


def layer_of_environment(job: type[Settings], environment: Mapping[str, str]) -> Layer:
    """The layer of variables such as UNETKIT_TRAINING__LEARNING_RATE; names without `__` are no settings.

    A variable that belongs to another job only is left out.

    Raises:
        ConfigError: a variable that no job knows.
    """
    layer: dict[Path, Given] = {}
    for variable, value in sorted(environment.items()):
        name = variable.removeprefix(ENVIRONMENT_PREFIX)
        if name == variable or "__" not in name:
            continue
        path = tuple(name.lower().split("__"))
        if path in keys_of(job):
            layer[path] = Given(value, f"environment {variable}")
        elif not any(path in keys_of(other) for other in JOBS.values()):
            raise unknown_key(JOBS["train"], path, f"environment {variable}")
    return layer


def _leaves(job: type[Settings], tree: Tree, above: Path, name: str) -> Iterable[tuple[Path, Entry]]:
    for key, item in tree.items():
        path = (*above, key)
        if path in keys_of(job):
            yield path, _entry(item)
        elif not above and key in sections_of(job):
            yield from _section(job, item, path, name)
        else:
            raise unknown_key(job, path, f"{name}:{_entry(item).line}")


def _section(job: type[Settings], item: Tree | Entry, path: Path, name: str) -> Iterable[tuple[Path, Entry]]:
    if isinstance(item, dict):
        yield from _leaves(job, item, path, name)
    elif item.value is not None:
        first = next(key for key in keys_of(job).values() if key.path[0] == path[0])
        raise ConfigError(
            f"{path[0]} is a section of settings, not a value",
            where=f"{name}:{item.line}",
            advice=f"{path[0]}:\n  {first.path[-1]}: ...",
        )


def _entry(item: Tree | Entry) -> Entry:
    """A mapping that stands where one value is expected ({0: sea, 255: sky}) as a value."""
    if isinstance(item, Entry):
        return item
    entries = {key: _entry(value) for key, value in item.items()}
    return Entry(
        {key: entry.value for key, entry in entries.items()}, min((e.line for e in entries.values()), default=1)
    )


def settings_of_text(job: type[Job], text: str, where: str) -> Job:
    """Settings from a whole configuration as text, such as a run's `config.yaml`; `where` is its name in messages.

    Raises:
        ConfigError: a key or a value is wrong.
    """
    return resolve(job, [layer_of_tree(job, read_settings(text, where), where)]).settings


# --- resolving ----------------------------------------------------------------------------------------------------


def merge(layers: Sequence[Layer]) -> dict[Path, Given]:
    """Lay `layers` over one another, the lowest first.

    Raises:
        ConfigError: one layer names two budgets.
    """
    merged: dict[Path, Given] = {}
    for layer in layers:
        _put_aside(merged, layer)
        merged.update(layer)
    return merged


def resolve(job: type[Job], layers: Sequence[Layer], presets: Presets = NO_PRESETS) -> Resolved[Job]:
    """Settings of `job` from `layers`, the lowest first; what nobody says has its default.

    Args:
        job: the settings model.
        layers: who said what.
        presets: named networks; the one that is named lies under all layers.

    Raises:
        ConfigError: a value of the wrong kind or out of range, named with its origin; an unknown preset; two budgets
            in one layer.
    """
    given = merge(layers)
    resumed = given.get(RESUME, NOTHING).value is not None  # that run has its network and its budget
    if "network" in sections_of(job) and presets and not resumed:
        given = _preset_layer(job, given, presets) | given
    if "training" in sections_of(job) and not resumed and not _names_budget(given):
        given[("training", "minutes")] = Given(DEFAULT_MINUTES, NO_BUDGET)
    try:
        settings = job.model_validate(_nested(given))
    except ValidationError as error:
        raise wrong_values(job, error, {path: value.origin for path, value in given.items()}) from error
    return Resolved(settings, {path: value.origin for path, value in given.items()})


def _preset_layer(job: type[Settings], given: Layer, presets: Presets) -> dict[Path, Given]:
    chosen = given.get(PRESET, Given(keys_of(job)[PRESET].default, DEFAULT))
    name = str(chosen.value)
    if name not in presets:
        error = unknown_choice("network preset", name, presets)
        raise ConfigError(error.what, where=chosen.origin, advice=error.advice)
    return {("network", key): Given(value, f"preset {name}") for key, value in presets[name].items()}


def _names_budget(layer: Layer) -> list[Given]:
    return [layer[path] for path in BUDGETS if path in layer and layer[path].value not in (None, "none", "null")]


def _put_aside(below: dict[Path, Given], layer: Layer) -> None:
    budgets = _names_budget(layer)
    if len(budgets) > 1:
        raise ConfigError(
            "one budget only: minutes, epochs, steps or a plan",
            where="; ".join(budget.origin for budget in budgets),
            advice="leave out all but one",
        )
    if budgets:
        _drop(below, BUDGETS)
    if PRESET in layer:
        _drop(below, [path for path in below if path[0] == "network"])


def _drop(below: dict[Path, Given], paths: Iterable[Path]) -> None:
    for path in paths:
        below.pop(path, None)


def _nested(given: Layer) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path, value in given.items():
        section = tree
        for name in path[:-1]:
            section = cast("dict[str, Any]", section.setdefault(name, {}))
        section[path[-1]] = value.value
    return tree
