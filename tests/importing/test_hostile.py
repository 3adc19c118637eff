"""A file that means harm is read as nothing but weights, or not at all; no code of it ever runs."""

from __future__ import annotations

import io
import os
import pickle
import shlex
import subprocess
import sys
import warnings
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pytest
import torch

import unetkit
from importing.conftest import Import
from importing.pytorch_networks import PytorchUNet, trained
from unetkit import console
from unetkit.data.classes import ClassTable
from unetkit.errors import DataError, FormatError, MissingExtra, UnetkitError
from unetkit.files import write_tensors
from unetkit.importing import SUFFIXES
from unetkit.importing import import_weights as job
from unetkit.importing.foreign import packed
from unetkit.importing.reading import read_foreign
from unetkit.importing.state_dict import read_pytorch
from unetkit.importing.terms import classes_of

Write = Callable[[Path, object], None]


here = pytest.mark.usefixtures("in_this_process")


class Harm:
    """Unpickled by anything that obeys, it leaves a mark."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, (f"echo harm > {self.mark}",)  # pyright: ignore[reportDeprecated]


def plainly(path: Path, content: object) -> None:
    path.write_bytes(pickle.dumps(content))


def by_torch(path: Path, content: object) -> None:
    torch.save(content, path)


def by_old_torch(path: Path, content: object) -> None:
    torch.save(content, path, _use_new_zipfile_serialization=False)


@pytest.mark.parametrize(
    ("suffix", "write"),
    [*((suffix, plainly) for suffix in SUFFIXES), *product([".pth", ".safetensors", ".h5"], [by_torch, by_old_torch])],
)
def test_a_pickle_that_runs_a_command_never_does(suffix: str, write: Write, tmp_path: Path, importing: Import) -> None:
    path, mark = tmp_path / f"weights{suffix}", tmp_path / "mark"
    write(path, {"inc.double_conv.0.weight": torch.zeros(4, 3, 3, 3), "extra": Harm(mark)})
    with pytest.raises(FormatError) as caught:
        importing(path, "infrared-double", out=str(tmp_path / "model.safetensors"))

    assert caught.value.exit_code == 2
    assert not mark.exists()
    assert not (tmp_path / "model.safetensors").exists()
    if SUFFIXES[suffix] == "pytorch" and write is not plainly:
        assert "it wants posix.system; nothing of it was run" in caught.value.what
        assert "weights_only" not in str(caught.value), "PyTorch's own message tells how to run it all the same"


def test_the_pickle_of_this_test_does_run_where_nobody_minds(tmp_path: Path) -> None:
    """The negative control: the mark is left by Python's own unpickler."""
    path, mark = tmp_path / "w.pth", tmp_path / "mark"
    plainly(path, Harm(mark))
    subprocess.run([sys.executable, "-c", f"import pickle; pickle.load(open({str(path)!r}, 'rb'))"], check=True)
    assert mark.exists()


@pytest.mark.parametrize(
    ("wanted", "content"),
    [
        ("numpy", {"epoch": np.float64(3.5), "state_dict": {"a.weight": torch.zeros(4, 3, 3, 3)}}),
        ("pathlib", {"path": Path("x"), "state_dict": {"a.weight": torch.zeros(4, 3, 3, 3)}}),
        ("torch.nn.modules", PytorchUNet(3, 1, 2).inc.double_conv[0]),
    ],
)
@here
def test_what_a_pickle_wants_beyond_tensors_is_named_with_the_way_out(
    wanted: str, content: object, tmp_path: Path, importing: Import
) -> None:
    torch.save(content, tmp_path / "w.pth")
    with pytest.raises(FormatError, match=f"it wants {wanted}") as caught:
        importing(tmp_path / "w.pth", "infrared-double")
    assert "torch.save(network.state_dict(), 'weights.pth')" in caught.value.advice


@pytest.mark.parametrize("content", [[1, 2], "text", {}, {"epoch": 3}, {"a": {"b": torch.zeros(3)}}, None])
@here
def test_a_file_without_a_state_dict_is_refused(content: object, tmp_path: Path, importing: Import) -> None:
    torch.save(content, tmp_path / "w.pth")
    with pytest.raises(FormatError, match="state dict"):
        importing(tmp_path / "w.pth", "infrared-double")


@here
def test_two_state_dicts_are_no_guess(tmp_path: Path, importing: Import) -> None:
    state = PytorchUNet(3, 1, 4).state_dict()
    torch.save({"student": state, "teacher": state}, tmp_path / "w.pth")
    with pytest.raises(FormatError, match=r"several state dicts \(student, teacher\)"):
        importing(tmp_path / "w.pth", "infrared-double")


def test_a_packed_archive_is_refused_before_it_is_unpacked(tmp_path: Path, importing: Import) -> None:
    torch.save({"a.weight": torch.zeros(64, 64, 64, 64)}, tmp_path / "plain.pth")
    with ZipFile(tmp_path / "plain.pth") as plain, ZipFile(tmp_path / "bomb.pth", "w", ZIP_DEFLATED) as bomb:
        for name in plain.namelist():
            bomb.writestr(name, plain.read(name))
    assert (tmp_path / "bomb.pth").stat().st_size * 100 < (tmp_path / "plain.pth").stat().st_size
    with pytest.raises(FormatError, match="unpacks to more than it is"):
        importing(tmp_path / "bomb.pth", "infrared-double")


@here
def test_a_program_is_named_with_the_command_that_saves_its_weights(tmp_path: Path, importing: Import) -> None:
    network = trained(PytorchUNet(3, 2, 4)).eval()
    with warnings.catch_warnings(action="ignore"):  # PyTorch would rather have people use torch.export
        torch.jit.save(torch.jit.trace(network, torch.zeros(1, 3, 32, 48)), tmp_path / "FILE.pt")
    with pytest.raises(FormatError, match="TorchScript program") as caught:
        importing(tmp_path / "FILE.pt", "infrared-double")

    _, *words = shlex.split(caught.value.advice, comments=True)
    subprocess.run([sys.executable, *(word.replace("FILE", "FILE.pt") for word in words)], cwd=tmp_path, check=True)
    assert importing(tmp_path / "weights.pth", "infrared-double").model.is_file()


def test_a_tensor_that_repeats_one_number_a_billion_times_is_refused(tmp_path: Path, importing: Import) -> None:
    torch.save({"a.weight": torch.zeros(1).expand(1024, 1024, 32, 32)}, tmp_path / "w.pth")
    with pytest.raises(FormatError, match="larger than what is stored of it"):
        importing(tmp_path / "w.pth", "infrared-double")


def test_a_tensor_that_holds_nothing_of_the_length_it_says_is_refused(tmp_path: Path, importing: Import) -> None:
    """A few bytes, from which a class would be made for each of as many outputs as they say."""
    torch.save({"a.weight": torch.zeros(60_000, 0, 1, 1)}, tmp_path / "w.pth")
    with pytest.raises(FormatError, match="weight of layer a is empty: it has the shape 60000×0×1×1"):
        importing(tmp_path / "w.pth", "infrared-double")


@pytest.mark.parametrize(
    ("outputs", "said"),
    [(65_536, "gives 65,536 scores a pixel, and a mask tells 65,535 classes apart"), (65_535, "of another network")],
)
@here
def test_more_outputs_than_a_mask_tells_apart_are_refused_before_they_become_classes(
    outputs: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, importing: Import
) -> None:
    """A mask of 16 bits holds the ids 0 to 65,534; the last of its values is ignored."""
    made: list[int] = []

    def noted(text: str | None, outputs: int) -> ClassTable:
        made.append(outputs)
        return classes_of(text, 2)

    monkeypatch.setattr(job, "classes_of", noted)
    torch.save({"a.weight": torch.zeros(outputs, 1, 1, 1)}, tmp_path / "w.pth")
    with pytest.raises(FormatError, match=said):
        importing(tmp_path / "w.pth", "infrared-double")
    assert made == [outputs] * (outputs < 65_536)


@pytest.mark.parametrize(
    ("name", "tensor", "said"),
    [
        ("inc.double_conv.0.weight", torch.zeros(4, 3, 3, 3, dtype=torch.int32), "int32"),
        ("inc.double_conv.0.weight", torch.zeros(4, 3, 3, 3).to_sparse(), "sparse"),
        ("inc.double_conv.0.weight", torch.zeros(4, 3), "neither a convolution nor a batch norm"),
        ("inc.double_conv.0.alpha", torch.zeros(4), "neither a convolution nor a batch norm"),
        ("inc.double_conv.1.weight", torch.zeros(5), "norms differ from number 1 on"),
        ("inc.double_conv.1.bias", torch.zeros(5), "not the length of its outputs"),
        ("inc.double_conv.9.weight", torch.zeros(5), "not all of its running statistics"),
    ],
)
@here
def test_a_tensor_that_does_not_belong_is_named(
    name: str, tensor: torch.Tensor, said: str, tmp_path: Path, importing: Import
) -> None:
    torch.save({**PytorchUNet(3, 1, 4).state_dict(), name: tensor}, tmp_path / "w.pth")
    with pytest.raises(FormatError, match=said) as caught:
        importing(tmp_path / "w.pth", "infrared-double")
    assert name.rpartition(".")[0] in str(caught.value)


@pytest.mark.parametrize("role", ["mean", "var"])
@here
def test_a_norm_without_one_of_its_statistics_is_refused(role: str, tmp_path: Path, importing: Import) -> None:
    state = PytorchUNet(3, 1, 4).state_dict()
    del state[f"inc.double_conv.1.running_{role}"]
    torch.save(state, tmp_path / "w.pth")
    with pytest.raises(FormatError, match="not all of its running statistics") as caught:
        importing(tmp_path / "w.pth", "infrared-double")
    assert caught.value.where == "inc.double_conv.1"


@pytest.mark.parametrize("suffix", [".pth", ".safetensors", ".h5", ".keras"])
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x89HDF\r\n\x1a\n" + bytes(200), b"\x80\x02"])
def test_rubbish_is_refused_whatever_it_is_called(
    suffix: str, content: bytes, tmp_path: Path, importing: Import
) -> None:
    path = tmp_path / f"weights{suffix}"
    path.write_bytes(content)
    with pytest.raises(FormatError) as caught:
        importing(path, "infrared-double", out=str(tmp_path / "model.safetensors"))
    assert str(path) in caught.value.where


def test_truncated_weights_are_refused(tmp_path: Path, importing: Import) -> None:
    torch.save(PytorchUNet(3, 1, 4).state_dict(), tmp_path / "w.pth")
    whole = (tmp_path / "w.pth").read_bytes()
    for share in (0.5, 0.99):
        (tmp_path / "w.pth").write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(FormatError):
            importing(tmp_path / "w.pth", "infrared-double")


def test_a_name_that_would_steer_the_terminal_is_shown_without_its_power(tmp_path: Path, importing: Import) -> None:
    torch.save({"\x1b[2Jgone.weight": torch.zeros(3, 3)}, tmp_path / "w.pth")
    with pytest.raises(FormatError) as caught:
        importing(tmp_path / "w.pth", "infrared-double")
    assert "\x1b" not in str(caught.value)


@here
def test_a_model_of_ours_needs_no_import(tmp_path: Path, importing: Import) -> None:
    torch.save(PytorchUNet(3, 1, 4).state_dict(), tmp_path / "w.pth")
    model = importing(tmp_path / "w.pth", "infrared-double").model
    with pytest.raises(FormatError, match="already"):
        importing(model, "infrared-double", out=str(tmp_path / "again.safetensors"))


def test_another_kind_of_file_and_no_file_are_refused(tmp_path: Path, importing: Import) -> None:
    (tmp_path / "w.ckpt").write_bytes(b"")
    with pytest.raises(FormatError, match=r"\.ckpt") as caught:
        importing(tmp_path / "w.ckpt", "infrared-double")
    assert ".keras" in caught.value.advice
    with pytest.raises(DataError, match="no such file"):
        importing(tmp_path / "absent.pth", "infrared-double")


def test_keras_files_without_h5py_are_refused_with_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, importing: Import
) -> None:
    import importlib.util

    def find(name: str) -> str | None:
        return None if name == "h5py" else name

    monkeypatch.setattr(importlib.util, "find_spec", find)
    (tmp_path / "w.h5").write_bytes(b"")
    with pytest.raises(MissingExtra) as caught:
        importing(tmp_path / "w.h5", "carla")
    assert caught.value.advice == "pip install 'unetkit[import]'"


def test_the_child_inherits_no_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its environment is a handful of names; a reader that printed it all would have nothing to tell."""
    seen: list[dict[str, str]] = []

    def run(*_: object, env: dict[str, str], **__: object) -> subprocess.CompletedProcess[str]:
        seen.append(env)
        return subprocess.CompletedProcess([], 2, '{"what": "enough", "where": "", "advice": ""}', "")

    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setattr(subprocess, "run", run)
    (tmp_path / "w.pth").write_bytes(b"")
    with pytest.raises(FormatError, match="enough"):
        read_foreign(tmp_path / "w.pth", "pytorch")
    assert seen
    assert "secret" not in str(seen)


def test_a_full_folder_for_temporary_files_is_named_and_no_fault_of_the_file(tmp_path: Path) -> None:
    torch.save(PytorchUNet(3, 1, 4).state_dict(), tmp_path / "w.pth")
    program = "from pathlib import Path; from unetkit.importing.reading import read_foreign as r; "
    command = [sys.executable, "-c", f"{program}r(Path('w.pth'), 'pytorch')"]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    limited = ["sh", "-c", f"ulimit -f 20; exec {shlex.join(command)}"]
    done = subprocess.run(limited, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    told = done.stderr.splitlines()[-3:]
    assert told[0].startswith("unetkit.errors.DiskFull: no space left")
    assert told[1] == f"{tmp_path}, with what was read of w.pth"
    assert told[2].endswith("TMPDIR=FOLDER")


@pytest.mark.parametrize(
    ("line", "said"), [("without network", "had no network"), ("with network", "Python's own guard")]
)
def test_whether_the_network_was_given_up_is_said_as_it_was(
    line: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.save(PytorchUNet(3, 1, 4).state_dict(), tmp_path / "w.pth")
    stream = io.StringIO()

    def told(command: list[str], *, stdin: BinaryIO, **_: object) -> subprocess.CompletedProcess[str]:
        write_tensors(Path(command[-1]), *packed(read_pytorch(stdin)))
        return subprocess.CompletedProcess(command, 0, line, "")

    monkeypatch.setattr(subprocess, "run", told)
    console.switch_on(stream=stream)
    read_foreign(tmp_path / "w.pth", "pytorch")
    console.switch_off()
    assert said in stream.getvalue()


@pytest.mark.parametrize("code", [-11, -9, -24, 1, 70])
def test_a_child_that_dies_is_an_error_of_ours(code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: object, **__: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess([], code, "", "Killed")

    monkeypatch.setattr(subprocess, "run", run)
    (tmp_path / "w.pth").write_bytes(b"")
    with pytest.raises(UnetkitError) as caught:
        read_foreign(tmp_path / "w.pth", "pytorch")
    assert caught.value.exit_code in (2, 3)
    assert str(tmp_path / "w.pth") in caught.value.where


def test_the_public_name_is_the_job() -> None:
    assert unetkit.import_weights.__module__ == "unetkit.importing.import_weights"
