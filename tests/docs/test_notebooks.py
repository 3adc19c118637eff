"""The notebooks run from top to bottom, and are what their text says."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any, cast

import jupytext
import nbformat
import pytest
from nbclient import NotebookClient

EXAMPLES = Path(__file__).parents[2] / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))
SMALL = {'"training.minutes": 2': '"training.steps": 4, "training.batch": 2, "data.size": "64"', "count=80": "count=40"}

# The kernel's client still asks for the event loop in the old way.
pytestmark = pytest.mark.filterwarnings("default::DeprecationWarning", "default::ResourceWarning")


def read(path: Path) -> Any:
    """A notebook as nested dictionaries; the library comes without types."""
    return cast("Any", nbformat.read(path, as_version=4))


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_runs_from_top_to_bottom(notebook: Path, tmp_path: Path) -> None:
    small = copy.deepcopy(read(notebook))
    for cell in small.cells:
        for theirs, ours in SMALL.items():
            cell.source = cell.source.replace(theirs, ours)
    NotebookClient(small, timeout=100, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert "mean_iou" in str(small.cells)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_is_what_its_text_says(notebook: Path) -> None:
    text = cast("Any", jupytext.read(notebook.with_suffix(".py")))
    assert sources(read(notebook)) == sources(text)


def sources(notebook: Any) -> list[tuple[str, str]]:
    """Kind and text of each cell."""
    return [(cell.cell_type, cell.source) for cell in notebook.cells]
