"""`unetkit recipes`: the list, and all about one."""

import json

import pytest

from unetkit.cli.app import main
from unetkit.recipes.recipe import RECIPES

Captured = pytest.CaptureFixture[str]


def test_all_are_listed(capsys: Captured) -> None:
    assert main(["recipes"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in RECIPES)


@pytest.mark.parametrize("width", ["60", "80", "160"])
@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_fits_the_screen_but_for_commands(
    name: str, width: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    assert main(["recipes", name]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(len(line) for line in lines if not line.startswith("  unetkit")) <= int(width)


def test_a_recipe_tells_what_the_source_reported_and_what_that_is(capsys: Captured) -> None:
    main(["recipes", "carla"])
    shown = " ".join(capsys.readouterr().out.split())
    assert "0.9703" in shown
    assert "Training accuracy: no image was held out" in shown


def test_a_recipe_is_a_document_too(capsys: Captured) -> None:
    assert main(["recipes", "forest", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["variants"]["source"]["training"]["batch"] == 64


def test_an_unknown_recipe_names_the_nearest(capsys: Captured) -> None:
    assert main(["recipes", "forrest"]) == 2
    assert "did you mean 'forest'?" in capsys.readouterr().err
