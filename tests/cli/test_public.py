"""The names that `import unetkit` offers."""

import pytest

import unetkit


@pytest.mark.parametrize("name", unetkit.__all__)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    assert getattr(unetkit, name).__doc__


def test_the_public_names_are_sorted_and_listed() -> None:
    assert unetkit.__all__ == sorted(unetkit.__all__)
    assert set(unetkit.__all__) <= set(dir(unetkit))


def test_any_other_name_is_refused_as_python_does() -> None:
    with pytest.raises(AttributeError, match="no attribute 'tarin'"):
        _ = unetkit.tarin  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]
