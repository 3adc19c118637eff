"""A recipe: one YAML file beside this one, with prose for people and settings for each variant."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, cast

from unetkit.config.reading import Entry, Tree, read_settings
from unetkit.errors import ConfigError
from unetkit.extras import unknown_choice

RECIPES: dict[str, str] = {
    "horizon": "horizon.yaml",
    "infrared": "infrared.yaml",
    "camvid": "camvid.yaml",
    "carla": "carla.yaml",
    "forest": "forest.yaml",
    "cityscapes-pairs": "cityscapes-pairs.yaml",
}
"""The recipes there are, and the file of each."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is known about training on one kind of data.

    Attributes:
        name: as in `--recipe`.
        title, about: what it is for.
        classes: names, never source values: sets of the same kind differ in those.
        data: where to get the data, one place a line.
        commands: what to type.
        project: whose work the `source` variant repeats.
        reported: the figure that project prints.
        truth: what that figure is.
        target: what a fair figure would be.
        reached: what our variant reaches, with its protocol.
        defects: what the source does wrong → what is done here; none of them is repeated.
        variants: settings by variant, as sections.
    """

    name: str
    title: str
    about: str
    classes: tuple[str, ...]
    data: tuple[str, ...]
    commands: tuple[str, ...]
    project: str
    reported: str
    truth: str
    target: str
    reached: tuple[str, ...]
    defects: tuple[str, ...]
    variants: dict[str, Tree]

    def settings(self, variant: str) -> Tree:
        """The settings of a variant.

        Raises:
            ConfigError: there is no such variant.
        """
        if variant not in self.variants:
            raise unknown_choice("variant", variant, self.variants)
        return self.variants[variant]

    def to_json(self) -> dict[str, Any]:
        """The document `unetkit.recipe`, version 1."""
        lists = ("classes", "data", "commands", "reached", "defects")
        return {
            "schema": "unetkit.recipe",
            "version": 1,
            "name": self.name,
            "title": self.title,
            "about": self.about,
            **{name: list(getattr(self, name)) for name in lists},
            "source": {name: getattr(self, name) for name in ("project", "reported", "truth", "target")},
            "variants": {name: plain(tree) for name, tree in self.variants.items()},
        }


@cache
def load_recipe(name: str) -> Recipe:
    """Read a recipe.

    Raises:
        ConfigError: there is none of this name; the nearest is named.
    """
    if name not in RECIPES:
        error = unknown_choice("recipe", name, RECIPES)
        raise ConfigError(error.what, where=f"recipe {name}", advice=error.advice)
    text = resources.files(__package__ or __name__).joinpath(RECIPES[name]).read_text(encoding="utf-8")
    tree = read_settings(text, f"recipe {name}")
    variants = cast("dict[str, Tree]", tree.pop("variants"))
    source = plain(cast("Tree", tree.pop("source")))
    prose = {key: _frozen(value) for key, value in plain(tree).items()}
    return Recipe(name=name, variants=variants, **source, **prose)


def all_recipes() -> Iterable[Recipe]:
    """Every recipe, in the order of the table."""
    return map(load_recipe, RECIPES)


def plain(tree: Tree) -> dict[str, Any]:
    """A tree of settings without its line numbers."""
    return {key: item.value if isinstance(item, Entry) else plain(item) for key, item in tree.items()}


def _frozen(value: Any) -> Any:
    return tuple(cast("list[Any]", value)) if isinstance(value, list) else value
