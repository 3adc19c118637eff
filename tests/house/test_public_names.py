"""What a room shows to the outside exists, and is listed in order."""

from __future__ import annotations

import ast
import importlib

import pytest

from house.source import Module, modules

ROOMS = [module for module in modules() if module.path.name == "__init__.py" and "__all__" in module.text]


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_every_public_name_exists(room: Module) -> None:
    imported = importlib.import_module(room.name)
    assert not [name for name in imported.__all__ if not hasattr(imported, name)]


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_what_a_room_defines_for_others_is_in_its_list(room: Module) -> None:
    listed = set(importlib.import_module(room.name).__all__)
    shown = {name for node in room.tree.body for name in defined(node) if not name.startswith("_")}
    assert not shown - listed


def test_the_package_lists_its_names_in_order() -> None:
    unetkit = importlib.import_module("unetkit")
    assert list(unetkit.__all__) == sorted(unetkit.__all__)


def defined(node: ast.stmt) -> list[str]:
    """The name that a definition at the top of a room gives to others; what it imports may be for its own use."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return [node.target.id]
    return []
