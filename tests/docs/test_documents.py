"""Every command and every line of Python in the documentation runs, in order, as the reader would run them.

Only three things differ: training takes four small steps (`blocks.small`), the data are stand-ins (`standins`), and
what sets up an environment is left to the reader. A block that cannot run says so above it, with the reason.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from unetkit.cli.app import main

from docs.blocks import Block, blocks, small
from docs.standins import STANDINS

REPOSITORY = Path(__file__).parents[2]
WRITTEN = [path for path in sorted(REPOSITORY.glob("docs/**/*.md")) if "reference" not in path.parts]  # not generated
DOCUMENTS = [
    path
    for path in [REPOSITORY / "README.md", *WRITTEN]
    if any(block.language in {"sh", "bash", "python"} and not block.left_out for block in blocks(path))
]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_a_document_does_what_it_says(document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    running = [block for block in blocks(document) if not block.left_out]
    monkeypatch.chdir(tmp_path)
    lay_out(tmp_path, "\n".join(block.text for block in running))
    names: dict[str, object] = {"__name__": "__main__"}
    for block in running:
        run(block, names, f"{document.relative_to(REPOSITORY)}:{block.line}")


@pytest.mark.parametrize("document", WRITTEN, ids=lambda path: path.name)
def test_a_block_names_its_language(document: Path) -> None:
    known = {"sh", "bash", "python", "text", "yaml", "json", "csv", "mermaid", "toml"}
    assert not [block.line for block in blocks(document) if block.language not in known]


def lay_out(folder: Path, text: str) -> None:
    """Put beside the reader what the document speaks of."""
    for name, write in STANDINS.items():
        if re.search(rf"(?<![\w./-]){re.escape(name)}(?![\w-])", text):
            write(folder / name)


def run(block: Block, names: dict[str, object], where: str) -> None:
    """Execute one block."""
    if block.language == "python":
        exec(compile(block.text, where, "exec"), names)
    elif block.language in {"sh", "bash"}:
        commands = block.commands
        for command in commands:
            expected = block.code if command is commands[-1] else 0
            assert call(small(command)) == expected, f"{where}: {command}"


def call(arguments: list[str]) -> int:
    """The exit code of `unetkit` with these arguments, in this process."""
    try:
        return main(arguments)
    except SystemExit as done:
        return int(done.code or 0)
