"""The declarations of the package agree with one another and with the code."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from zipfile import ZipFile

import pytest
from hatchling.builders.wheel import WheelBuilder
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from unetkit.extras import EXTRAS

from house.source import REPOSITORY, SOURCE

PINNED = ("train", "dev")


@cache
def project() -> dict[str, object]:
    """The [project] table of pyproject.toml."""
    return tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def requirements(*extras: str) -> list[Requirement]:
    """What the base and the extras ask for."""
    optional: dict[str, list[str]] = project()["optional-dependencies"]  # pyright: ignore[reportAssignmentType]
    base: list[str] = project()["dependencies"]  # pyright: ignore[reportAssignmentType]
    return [Requirement(text) for text in (*base, *(text for extra in extras for text in optional[extra]))]


@cache
def pins() -> dict[str, str]:
    """Name → version of constraints.txt."""
    lines = (REPOSITORY / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if not line.startswith("#"))


@pytest.mark.parametrize("requirement", requirements(*PINNED), ids=lambda requirement: requirement.name)
def test_what_is_asked_for_is_pinned_within_its_bounds(requirement: Requirement) -> None:
    assert requirement.specifier.contains(pins()[canonicalize_name(requirement.name)])


def test_pins_are_versions_only() -> None:
    assert all(re.fullmatch(r"[\d.]+(?:post\d+)?", version) for version in pins().values())
    assert pins()["torch"] == "2.13.0"


@pytest.mark.parametrize("extra", EXTRAS)
def test_what_stands_for_an_extra_is_asked_for_by_it(extra: str) -> None:
    assert set(EXTRAS[extra]) <= {requirement.name for requirement in requirements(extra)}


def test_every_lower_bound_carries_its_reason() -> None:
    text = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    base = text[text.index("\ndependencies = [") : text.index("[project.scripts]")]
    running = base[: base.index("\ndev = [")]
    assert not [line for line in running.splitlines() if ">=" in line and "  # " not in line]


def test_the_changelog_speaks_of_this_version() -> None:
    assert f"## {project()['version']}" in (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_wheel_holds_every_file_of_the_package(tmp_path: Path) -> None:
    wheel = next(WheelBuilder(str(REPOSITORY)).build(directory=str(tmp_path), versions=["standard"]))
    with ZipFile(wheel) as file:
        packed = {name for name in file.namelist() if name.startswith("unetkit/")}
    files = (path for path in SOURCE.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    assert packed == {path.relative_to(SOURCE.parent).as_posix() for path in files}
