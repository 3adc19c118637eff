"""What docstrings, comments and documents name is there: files of Python and dotted names of the package."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from house.source import REPOSITORY, comments, docstrings, modules

FILE = re.compile(r"(?<![\w./*<-])[\w/]+\.py\b")
DOTTED = re.compile(r"(?<![\w./])unetkit(?:\.\w+)+(?!\.?\w|/)")
FOLDERS = ("src", "tests", "benchmarks", "scripts", "examples", "docs")
DOCUMENTS = sorted(path for pattern in ("*.md", "docs/**/*.md") for path in REPOSITORY.glob(pattern))


def test_every_python_file_that_the_source_names_is_there() -> None:
    assert not [f"{place} {name}" for place, text in written() for name in FILE.findall(text) if not is_file(name)]


def test_every_dotted_name_that_the_source_names_is_there() -> None:
    assert not [f"{place} {name}" for place, text in written() for name in DOTTED.findall(text) if not is_name(name)]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_every_name_in_a_document_is_there(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    wrong = [name for name in FILE.findall(text) if not is_file(name)]
    assert not wrong + [name for name in DOTTED.findall(text) if not is_name(name)]


def written() -> Iterator[tuple[str, str]]:
    """Place and text of every docstring and comment of the package."""
    for module in modules():
        for line, text in (*docstrings(module.tree), *comments(module.text)):
            yield module.place(line), text


@cache
def files() -> frozenset[str]:
    """Every Python file of the repository, by its path and by each end of it."""
    paths = (path.relative_to(REPOSITORY) for folder in FOLDERS for path in (REPOSITORY / folder).rglob("*.py"))
    return frozenset("/".join(path.parts[start:]) for path in paths for start in range(len(path.parts)))


def is_file(name: str) -> bool:
    """Whether a file is called so, as far as the name goes."""
    return name in files()


@cache
def is_name(name: str) -> bool:
    """Whether it is a module or a name in one, or a document that is printed (`unetkit.scores`)."""
    owner, _, last = name.rpartition(".")
    known = {module.name for module in modules()}
    if name in known or (REPOSITORY / "docs" / "reference" / "json" / f"{last}.json").is_file():
        return True
    return owner in known and hasattr(importlib.import_module(owner), last)
