"""The names that `import unetkit` offers."""

import importlib.util

import pytest

import unetkit
from unetkit.errors import MissingExtra


@pytest.mark.parametrize("name", unetkit.__all__)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    assert getattr(unetkit, name).__doc__


def test_the_public_names_are_sorted_and_listed() -> None:
    assert unetkit.__all__ == sorted(unetkit.__all__)
    assert set(unetkit.__all__) <= set(dir(unetkit))


def test_any_other_name_is_refused_as_python_does() -> None:
    with pytest.raises(AttributeError, match="no attribute 'tarin'"):
        _ = unetkit.tarin  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]


def test_training_without_its_extra_names_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(name: str) -> str | None:
        return None if name == "torch" else name

    monkeypatch.setattr(importlib.util, "find_spec", find)
    with pytest.raises(MissingExtra, match="torch") as missing:
        _ = unetkit.train
    assert "unetkit[train]" in missing.value.advice
