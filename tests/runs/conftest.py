"""A fresh run folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from unetkit.files import write_sealed_text
from unetkit.runs import RunFolder


def write_manifest(folder: Path) -> None:
    write_sealed_text(folder / "manifest.csv", "image,mask,split,group\n")
    write_sealed_text(folder / "data.yaml", "classes: []\n")


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder.create(
        tmp_path / "runs" / "sea-1", config="seed: 0\n", environment={"python": "3"}, write_manifest=write_manifest
    )
