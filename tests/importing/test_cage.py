"""What the reading process has given up: each promise is tried in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from unetkit.errors import FormatError
from unetkit.importing.cage import seconds

PROLOGUE = "import sys, os, socket\nfrom unetkit.importing.cage import guarded, leave_network, limit\n"


def run(program: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROLOGUE + program],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
    )


@pytest.mark.parametrize(
    "deed",
    [
        "socket.socket()",
        "socket.create_connection(('127.0.0.1', 9))",
        "socket.getaddrinfo('localhost', 80)",
        "os.system('true')",
        "__import__('subprocess').run(['true'])",
        "os.execv('/bin/true', ['true'])",
        "os.fork()",
        "os.posix_spawn('/bin/true', ['true'], {})",
        "open('new', 'w')",
        "open('old', 'r+')",
        "os.open('new', os.O_WRONLY | os.O_CREAT)",
        "os.remove('old')",
        "os.rename('old', 'new')",
        "__import__('shutil').rmtree('folder')",
        "__import__('ctypes').CDLL('libc.so.6')",
    ],
)
def test_python_refuses(deed: str, tmp_path: Path) -> None:
    (tmp_path / "old").write_text("old")
    (tmp_path / "folder").mkdir()
    done = run(f"import ctypes, shutil, subprocess\nwith guarded():\n    {deed}", tmp_path)

    assert "FormatError" in done.stderr.splitlines()[-3:][0] + done.stderr
    assert done.returncode
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "old"]
    assert (tmp_path / "old").read_text() == "old"


def test_reading_is_allowed_and_everything_is_again_when_it_is_over(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("old")
    done = run("with guarded():\n    assert open('old').read() == 'old'\nopen('new', 'w').write('new')", tmp_path)

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "new").read_text() == "new"


@pytest.fixture(scope="module")
def could() -> bool:
    """Whether this system lets a process have a network of its own, by another program's word."""
    try:
        return subprocess.run(["unshare", "--user", "--net", "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def test_the_network_is_gone_even_for_code_that_asks_nobody(tmp_path: Path, could: bool) -> None:
    """A server of this process, and a child that connects past Python's audit: before it leaves, and after."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        connect = f"socket.create_connection(('127.0.0.1', {port}), 5).close()"
        leave = "if not leave_network():\n    sys.exit(77)"
        done = run(f"{connect}\n{leave}\ntry:\n    {connect}\nexcept OSError:\n    sys.exit(3)", tmp_path)
    if not could and done.returncode == 77:
        pytest.skip("not run: this system lets no process have a network of its own")
    assert done.returncode == 3, done.stderr


def test_the_child_says_whether_it_could_give_up_the_network(tmp_path: Path, could: bool) -> None:
    could = could or run("sys.exit(0 if leave_network() else 77)", tmp_path).returncode == 0
    command = [sys.executable, "-m", "unetkit.importing.child", "safetensors", str(tmp_path / "target")]
    said = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False).stdout
    assert said.splitlines()[0] == ("without network" if could else "with network")


def test_memory_is_bounded_by_the_size_of_the_file(tmp_path: Path) -> None:
    if not Path("/proc/self/statm").is_file():
        pytest.skip("not run: this system does not tell how much memory a process has")
    program = "limit(10**6)\ntry:\n    bytearray(3 * 2**30)\nexcept MemoryError:\n    sys.exit(3)"
    assert run(program, tmp_path).returncode == 3


def test_an_endless_loop_is_ended_by_the_system(tmp_path: Path) -> None:
    program = "from unetkit.importing import cage\ncage.seconds = lambda size: 1\nlimit(1)\nwhile True:\n    pass"
    assert run(program, tmp_path).returncode in (-9, -24)


def test_more_bytes_get_more_time() -> None:
    assert seconds(0) == 60
    assert seconds(2**30) > seconds(2**20)


# --- the process that opens a file is in it ------------------------------------------------------------------------

CHILD = """
sys.path.insert(0, '.')
from pathlib import Path
from unetkit.importing import child
child.READERS = {"evil": "evil:read"}
sys.exit(child.main("evil", Path("target")))
"""


@pytest.mark.parametrize(
    ("deed", "says"),
    [
        ("__import__('socket').socket()", "set off socket."),
        ("open('new', 'w')", "set off open"),
        ("__import__('os').system('true')", "set off os.system"),
        ("bytearray(4 * 2**30)", "far larger than the file itself"),
    ],
)
def test_whatever_a_reader_is_made_to_do_by_its_file_is_refused(deed: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "evil.py").write_text(f"def read(file):\n    return {deed}\n")
    done = run(CHILD, tmp_path)
    answer = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == FormatError.exit_code, done.stderr
    assert answer["kind"] == "FormatError"
    assert says in answer["what"]
    assert not (tmp_path / "new").exists()
    assert not (tmp_path / "target").exists()
