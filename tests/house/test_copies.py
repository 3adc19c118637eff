"""What is written twice is mended once: no function and no class stands in two files."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator

import pytest

from house.source import REPOSITORY, Function, read

LINES = 3
OF_A_PACKAGE = {"__getattr__"}  # every package that gives its names on demand has its own


@pytest.mark.parametrize("folder", ["src", "tests"])
def test_no_body_stands_in_two_files(folder: str) -> None:
    places: dict[str, dict[str, int]] = defaultdict(dict)
    for place, line, body in bodies(folder):
        places[body][place] = line
    assert not [dict(found) for found in places.values() if len(found) > 1]


def bodies(folder: str) -> Iterator[tuple[str, int, str]]:
    """File, line and body of every function and class of some length, without its docstring."""
    for path in (REPOSITORY / folder).rglob("*.py"):
        for node in ast.walk(read(path).tree):
            if isinstance(node, ast.ClassDef | Function) and node.name not in OF_A_PACKAGE:
                body = node.body[1:] if ast.get_docstring(node) else node.body
                if body and (node.end_lineno or 0) - body[0].lineno + 1 >= LINES:
                    yield str(path.relative_to(REPOSITORY)), node.lineno, "".join(map(ast.dump, body))
