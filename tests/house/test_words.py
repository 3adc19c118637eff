"""The words of the house, spelled the British way, and no second word for the same thing."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from house.source import REPOSITORY, Module, comments, docstrings, modules

# The wrong spelling as the beginning of a word, and the right one.
SPELLING = {
    "color": "colour",
    "gray": "grey",
    "center": "centre",
    "normaliz": "normalis",
    "optimiz": "optimis",
    "initializ": "initialis",
    "visualiz": "visualis",
    "behavior": "behaviour",
    "neighbor": "neighbour",
    "artifact": "artefact",
    "labeled": "labelled",
    "labeling": "labelling",
    "modeling": "modelling",
    "license[sd]?": "licence",
}

# A synonym among the names that we give, and the word that the house uses for it (ARCHITECTURE.md, "Words").
SYNONYMS = {
    "ground_truth": "truth",
    "groundtruth": "truth",
    "gt": "truth",
    "segmap": "mask",
    "void": "ignore",
    "arch": "network",
    "architecture": "network",
    "hparams": "settings",
    "cfg": "settings",
    "subset": "split",
    "fold": "split",
    "inferencer": "predictor",
    "inference": "prediction",
    "ckpt": "checkpoint",
    "img": "image",
    "msk": "mask",
    "utils": "a name that says what is in it",
    "helpers": "a name that says what is in it",
    "manager": "a name that says what it does",
}

FOREIGN = re.compile(
    r"\"[^\"\n]*\"|`[^`\n]*`|\w*\.[\w.]+|--no-color|NO_COLOR|\w+_\w+|https?://\S+|\bLICENSE\b|MIT License"
)
WRONG = re.compile(r"(?<![\w-])(" + "|".join(SPELLING) + r")\w*", re.IGNORECASE)
SPOKEN_ROOMS = {"config", "cli", "checking", "errors", "extras", "console"}  # their strings are read by people

DOCUMENTS = sorted(
    path for pattern in ("*.md", "docs/**/*.md", "examples/**/*.md") for path in REPOSITORY.glob(pattern)
)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_documents_are_spelled_the_british_way(document: Path) -> None:
    text = without_code(document.read_text(encoding="utf-8"))
    assert not list(misspelled(text))


def test_docstrings_and_comments_are_spelled_the_british_way() -> None:
    wrong = [
        f"{module.place(line)} {word}"
        for module in modules()
        for line, text in (*docstrings(module.tree), *comments(module.text), *spoken(module))
        for word in misspelled(text)
    ]
    assert not wrong


def test_the_names_we_give_are_spelled_the_british_way() -> None:
    wrong = [f"{module.place(line)} {name}" for module, line, name in names() if WRONG.search(name.replace("_", " "))]
    assert not wrong


def test_one_word_for_one_thing() -> None:
    wrong = [
        f"{module.place(line)} {name}: say {SYNONYMS[part]}"
        for module, line, name in names()
        for part in {name.lower(), *name.lower().split("_")} & set(SYNONYMS)
    ]
    assert not wrong


def misspelled(text: str) -> Iterator[str]:
    """The words of `text` that are spelled otherwise than in this house; code and foreign names are left alone."""
    return (match[0] for match in WRONG.finditer(FOREIGN.sub(" ", text)))


def without_code(text: str) -> str:
    """A document without its fenced blocks."""
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def spoken(module: Module) -> Iterator[tuple[int, str]]:
    """The strings of a module that people read: messages and help."""
    if module.room in SPOKEN_ROOMS:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
                yield node.lineno, node.value


def names() -> Iterator[tuple[Module, int, str]]:
    """Every name that the package gives: modules, functions, classes, arguments, variables, fields."""
    for module in modules():
        yield module, 1, module.name.rpartition(".")[2]
        for node in ast.walk(module.tree):
            yield from ((module, line, name) for line, name in given(node))


def given(node: ast.AST) -> Iterator[tuple[int, str]]:
    """The names that one node gives."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.lineno, node.name
    elif isinstance(node, ast.arg):
        yield node.lineno, node.arg
    elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
        yield node.lineno, node.id if isinstance(node, ast.Name) else node.attr
