"""A disk that is full, or a size limit, never damages what exists, and the message says what is needed and free."""

import errno
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from faults import masks
from unetkit import files
from unetkit.errors import DiskFull, MachineError, PermissionRefused, UnetkitError
from unetkit.runs import new_folder

MEGABYTE = 2**20


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte; needs root and mount."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("not run: mounting a tmpfs needs root")
    yield disk
    subprocess.run(["umount", disk], check=True)


@pytest.fixture
def limited_size() -> Iterator[None]:
    """No file of this process may grow beyond one megabyte."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MEGABYTE, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def assert_old_file_survives(folder: Path) -> None:
    path = folder / "last.safetensors"
    files.write_tensors(path, {"t": np.ones(10)}, {})
    before = path.read_bytes()

    with pytest.raises(DiskFull, match=r"[\d,]+ bytes needed, [\d,]+ free") as caught:
        files.write_tensors(path, {"t": np.zeros(MEGABYTE)}, {})

    assert caught.value.where == str(path)
    assert caught.value.exit_code == 3
    assert path.read_bytes() == before
    assert [entry.name for entry in folder.iterdir()] == [path.name]


def test_a_full_disk_leaves_the_old_file_whole(tiny_disk: Path) -> None:
    assert_old_file_survives(tiny_disk)


@pytest.mark.usefixtures("limited_size")
def test_a_size_limit_leaves_the_old_file_whole(tmp_path: Path) -> None:
    assert_old_file_survives(tmp_path)


def test_a_full_disk_ends_predict_with_whole_pictures_that_can_be_begun_again(tiny_disk: Path, tmp_path: Path) -> None:
    masks.write_inputs(tiny_disk, tuple(f"{number}.png" for number in range(120)))
    expected = masks.wanted(masks.inputs(tiny_disk))
    out = masks.output(tiny_disk)
    with masks.in_use(), pytest.raises(DiskFull, match=r"[\d,]+ bytes needed, [\d,]+ free") as caught:
        masks.run(out, masks.inputs(tiny_disk), threads=2)
    assert str(out) in caught.value.where
    assert len(masks.pictures(out)) > 30
    assert masks.fault(tiny_disk, {}, expected) == ""
    assert masks.leftovers(tiny_disk) == set()
    assert subprocess.run(["mount", "-o", "remount,size=20m", tiny_disk], check=False).returncode == 0
    with masks.in_use():
        masks.run(out, masks.inputs(tiny_disk), threads=2, overwrite=True)
    assert masks.fault(tiny_disk, {"predicted": 0}, expected) == ""


def test_control_overwriting_in_place_destroys_the_old_file(tiny_disk: Path) -> None:
    path = tiny_disk / "a"
    path.write_bytes(b"old" * 1000)
    with pytest.raises(OSError, match="No space left"):
        path.write_bytes(b"new" * MEGABYTE)
    assert not path.read_bytes().startswith(b"old")


CALLS = ["fsync", "replace", "open", "write"]
ERRORS: list[tuple[int, type[UnetkitError]]] = [
    (errno.ENOSPC, DiskFull),
    (errno.EDQUOT, DiskFull),
    (errno.EIO, MachineError),
    (errno.EROFS, PermissionRefused),
]


@pytest.mark.parametrize(("code", "expected"), ERRORS)
@pytest.mark.parametrize("call", CALLS)
def test_any_failing_call_leaves_the_old_file_whole(
    call: str, code: int, expected: type[UnetkitError], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "scores.json"
    files.write_json(path, {"old": 1})
    hits = _fail(call, code, monkeypatch)

    with pytest.raises(expected):
        files.write_json(path, {"new": 2})

    monkeypatch.undo()
    assert hits
    assert files.read_json(path) == {"old": 1}
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_after_a_failed_fsync_the_next_write_goes_to_a_new_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    original = Path.open

    def watched(self: Path, mode: str) -> object:
        opened.append(self.name)
        return original(self, mode)

    monkeypatch.setattr(Path, "open", watched)
    with monkeypatch.context() as broken:
        _fail("fsync", errno.EIO, broken)
        with pytest.raises(MachineError):
            files.write_bytes(tmp_path / "a", b"1")
    files.write_bytes(tmp_path / "a", b"2")
    assert len(set(opened)) == 2


def test_a_folder_without_permission_is_refused_by_name(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from unetkit import files; from unetkit.errors import *\n"
        "os.setuid(65534) if os.geteuid() == 0 else None\n"
        "try: files.write_bytes(Path(sys.argv[1]) / 'a', b'1')\n"
        "except PermissionRefused as error: print(error.where)"
    )
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o555)
    result = subprocess.run([sys.executable, "-c", code, locked], capture_output=True, text=True, check=False)
    # Without rights on the folders above, the user `nobody` cannot even reach it: refused all the same.
    assert result.stdout.strip() == str(locked / "a")


def _fail(call: str, code: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let one system call fail from now on; the list returned grows with every hit."""
    hits: list[str] = []

    def failing(*_: object, **__: object) -> None:
        hits.append(call)
        raise OSError(code, os.strerror(code))

    targets: dict[str, tuple[object, str]] = {
        "fsync": (os, "fsync"),
        "replace": (Path, "replace"),
        "open": (Path, "open"),
    }
    if call == "write":
        _fail_writes(failing, monkeypatch)
    else:
        monkeypatch.setattr(*targets[call], failing)
    return hits


def _fail_writes(failing: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    original = Path.open

    class Broken:
        def __init__(self, path: Path, mode: str) -> None:
            self.file = original(path, mode)

        def __enter__(self) -> "Broken":
            return self

        def __exit__(self, *_: object) -> None:
            self.file.close()

        writelines = staticmethod(failing)

    def opened(self: Path, mode: str) -> Broken:
        return Broken(self, mode)

    monkeypatch.setattr(Path, "open", opened)


def test_a_folder_that_cannot_be_listed_is_not_called_safe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with pytest.raises(MachineError, match="Input/output error"), new_folder(tmp_path / "out"):
        monkeypatch.setattr(os, "scandir", failing)
    monkeypatch.undo()
    assert not (tmp_path / "out").exists()
