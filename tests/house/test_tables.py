"""The visible tables: every row leads somewhere, and a room lists its rows without loading what is behind them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from unetkit.extras import resolve

from house.source import modules

ROW = re.compile(r"[\w.]+:\w+")


def rows() -> Iterator[tuple[str, str]]:
    """(table[name], "module:Name") of every table of every room."""
    for module in modules():
        if module.path.name == "__init__.py":
            for table, entries in tables(module.tree):
                for name, row in entries.items():
                    yield f"{module.name}.{table}[{name}]", row


def tables(tree: ast.Module) -> Iterator[tuple[str, dict[str, str]]]:
    """Name and rows of each dict of "module:Name" strings at the top of a room."""
    for node in tree.body:
        target = node.target if isinstance(node, ast.AnnAssign) else None
        if isinstance(target, ast.Name) and isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Dict):
            entries = ast.literal_eval(node.value)
            if all(isinstance(row, str) and ROW.fullmatch(row) for row in entries.values()):
                yield target.id, entries


@pytest.mark.parametrize("row", [pytest.param(row, id=place) for place, row in rows()])
def test_a_row_leads_to_an_object_with_a_docstring(row: str) -> None:
    assert resolve(row).__doc__


def test_there_are_tables() -> None:
    assert len(list(rows())) > 10
