"""`unetkit recipes`: the recipes, or all that is known about one."""

from typing import Annotated

from cyclopts import Parameter

from unetkit.cli.command import Outcome, command
from unetkit.cli.views.recipe import show_recipe, show_recipes
from unetkit.recipes.recipe import all_recipes, load_recipe


@command
def recipes(
    name: Annotated[str | None, Parameter(name="NAME", help="a recipe; all are listed when left out")] = None, /
) -> Outcome:
    """List recipes, or show one."""
    if name is not None:
        return Outcome(load_recipe(name).to_json(), show_recipe)
    rows = [{"name": recipe.name, "title": recipe.title} for recipe in all_recipes()]
    return Outcome({"schema": "unetkit.recipes", "version": 1, "recipes": rows}, show_recipes)
