"""The source as the tests of the house read it: modules, definitions, words."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
SOURCE = REPOSITORY / "src" / "unetkit"

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One file of the package."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        """Dotted: unetkit.data.pair; a package goes by its folder."""
        parts = self.path.relative_to(SOURCE.parent).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def room(self) -> str:
        """The room it stands in: data, errors, cli; the package's own `__init__` is in none."""
        return [*self.name.split("."), ""][1]

    def functions(self) -> Iterator[Function]:
        """Every function and method."""
        return (node for node in ast.walk(self.tree) if isinstance(node, Function))

    def place(self, line: int) -> str:
        """Where a finding is, as an editor opens it."""
        return f"{self.path.relative_to(REPOSITORY)}:{line}"


@cache
def modules() -> tuple[Module, ...]:
    """Every file of the package."""
    return tuple(read(path) for path in sorted(SOURCE.rglob("*.py")))


def read(path: Path) -> Module:
    """One file, parsed."""
    text = path.read_text(encoding="utf-8")
    return Module(path, text, ast.parse(text))


def docstrings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and text of every docstring."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | Function):
            text = ast.get_docstring(node)
            if text:
                yield (node.body[0].lineno, text)


def comments(text: str) -> Iterator[tuple[int, str]]:
    """Line and text of every comment."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def length(function: Function) -> int:
    """Lines of a function from its `def` on, without its docstring."""
    documented = ast.get_docstring(function) is not None
    first = function.body[0]
    docstring = (first.end_lineno or 0) - first.lineno + 1 if documented else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring
