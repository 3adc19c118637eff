"""The server whose children save, and what a faulty writer needs before it starts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from faults.children import Children
from faults.saves import create, place, save_all, silent
from unetkit.runs import RunFolder


@pytest.fixture(scope="session")
def children(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Children]:
    """The server that forks them."""
    server = Children(tmp_path_factory.mktemp("children"))
    yield server
    server.close()


@pytest.fixture
def shelf() -> Iterator[Path]:
    """A folder in memory where there is one: for many small files that need no disk."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with a fresh run in it."""
    folder = tmp_path / "disk"
    folder.mkdir()
    create(folder)
    return folder


@pytest.fixture
def saved(root: Path) -> Path:
    """A folder with a run that has two saves."""
    for step in (1, 2):
        save_all(RunFolder(place(root)), step, tell=silent)
    return root
