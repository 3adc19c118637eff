"""Keras files that are not what they seem: bombs, links, and weights that are not in the file."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

from importing.conftest import Import
from importing.keras_network import KerasUNet
from unetkit.errors import FormatError

h5py = pytest.importorskip("h5py", reason="not run: h5py is missing")


def test_a_zip_bomb_is_refused(tmp_path: Path, importing: Import) -> None:
    from zipfile import ZIP_DEFLATED

    with ZipFile(tmp_path / "m.keras", "w", ZIP_DEFLATED) as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("model.weights.h5", bytes(64 * 1024**2))
    with pytest.raises(FormatError, match="unpacks to far more"):
        importing(tmp_path / "m.keras", "carla")


@pytest.mark.parametrize("missing", ["config.json", "model.weights.h5"])
def test_an_archive_without_its_members_is_refused(missing: str, tmp_path: Path, importing: Import) -> None:
    with ZipFile(tmp_path / "m.keras", "w") as archive:
        archive.writestr({"config.json": "model.weights.h5"}.get(missing, "config.json"), "{}")
    with pytest.raises(FormatError, match=f"holds no {missing}"):
        importing(tmp_path / "m.keras", "carla")


def spoiled(path: Path, how: str) -> Path:
    """A Keras file one weight of which is not what it seems."""
    network = KerasUNet()
    network.write_legacy(path)
    secret = path.with_name("secret.h5")
    with h5py.File(secret, "w") as other:
        other["kernel"] = np.ones((3, 3, 3, 4), np.float32)
    with h5py.File(path, "a") as root:
        group = root["model_weights/conv2d/conv2d"]
        del group["kernel:0"]
        if how == "external link":
            group["kernel:0"] = h5py.ExternalLink(str(secret), "kernel")
        elif how == "soft link":
            group["kernel:0"] = h5py.SoftLink("/model_weights/conv2d_1/conv2d_1/kernel:0")
        elif how == "virtual":
            layout = h5py.VirtualLayout((3, 3, 3, 4), np.float32)
            layout[...] = h5py.VirtualSource(str(secret), "kernel", (3, 3, 3, 4))
            group.create_virtual_dataset("kernel:0", layout)
        elif how == "external storage":
            group.create_dataset("kernel:0", (3, 3, 3, 4), np.float32, external=[(str(secret), 0, h5py.h5f.UNLIMITED)])
        elif how == "petabytes":
            group.create_dataset("kernel:0", (10**5, 10**5, 300, 400), np.float32, chunks=(1, 1, 300, 400))
        elif how == "text":
            group["kernel:0"] = "weights"
        elif how == "circle":
            group["kernel:0"] = root
    return path


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("external link", "only as a link"),
        ("soft link", "only as a link"),
        ("virtual", "no plain array"),
        ("external storage", "no plain array"),
        ("petabytes", "far more than it holds"),
        ("text", "no plain array"),
        ("circle", "no plain array"),
        ("absent", "does not hold what it lists"),
    ],
)
def test_a_weight_that_is_not_in_the_file_is_refused(how: str, said: str, tmp_path: Path, importing: Import) -> None:
    with pytest.raises(FormatError, match=said):
        importing(spoiled(tmp_path / "m.h5", how), "carla")
