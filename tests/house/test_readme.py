"""The README's picture of the repository is the repository."""

from __future__ import annotations

import re
from pathlib import Path

from house.source import REPOSITORY, SOURCE

ENTRY = re.compile(r"^([│ ]*)[├└]── ([\w./ ·-]+?)(?: {2,}(.*))?$")
README = REPOSITORY / "README.md"


def test_it_has_a_line_for_every_room_and_no_other() -> None:
    assert set(tree()["src/unetkit/"]) == {named(path) for path in SOURCE.iterdir() if shown(path)}


def test_it_has_a_line_for_every_folder_of_the_repository() -> None:
    folders = {named(path) for path in REPOSITORY.iterdir() if path.is_dir() and shown(path)}
    assert {name.split("/")[0] + "/" for name in tree()["./"]} == folders


def test_every_line_says_what_is_there() -> None:
    assert not [name for entries in tree().values() for name, meaning in entries.items() if not meaning]


def test_it_is_shorter_than_200_lines() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) < 200


def tree() -> dict[str, dict[str, str]]:
    """Folder → entry → meaning, as the README draws it: `./` and what stands indented below `src/unetkit/`."""
    found: dict[str, dict[str, str]] = {"./": {}, "src/unetkit/": {}}
    for line in README.read_text(encoding="utf-8").splitlines():
        match = ENTRY.match(line)
        if match:
            folder = "src/unetkit/" if match[1] else "./"
            for name in match[2].split(" · "):
                found[folder][name.strip()] = (match[3] or "").strip()
    return found


def named(path: Path) -> str:
    """An entry as the README writes it: folders end in a slash."""
    return path.name + "/" * path.is_dir()


def shown(path: Path) -> bool:
    """Whether an entry belongs into the picture: no caches, no outputs, no package marker."""
    hidden = path.name.startswith((".", "__pycache__", "__init__")) or path.suffix in {".egg-info", ".typed"}
    outputs = {"runs", "predictions", "evaluations", "unetkit-demo", "site", "dist", "build"}
    return not hidden and not (path.parent == REPOSITORY and path.name in outputs)
