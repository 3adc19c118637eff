"""The same through real processes: what is imported, and how a process ends."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"
HEAVY = ("torch", "cv2", "numpy", "pydantic", "PIL", "matplotlib", "ruamel")


def _python(code: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "COLUMNS": "80"}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)


def _loaded(code: str) -> list[str]:
    tail = f"\nimport sys\nprint('loaded', *[name for name in {HEAVY} if name in sys.modules])"
    done = _python(code + tail)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1].split()[1:]


@pytest.mark.parametrize(
    "code",
    [
        "import unetkit",
        "from unetkit.cli.app import main; main(['--help'])",
        "from unetkit.cli.app import main; main([])",
    ],
)
def test_what_is_only_looked_at_loads_nothing_heavy(code: str) -> None:
    assert _loaded(code) == []


@pytest.mark.parametrize(
    "words", [["train", "--help"], ["config"], ["recipes", "horizon"], ["train", "x", "--dry-run"]]
)
def test_help_settings_and_recipes_load_neither_torch_nor_opencv(words: list[str]) -> None:
    assert not {"torch", "cv2", "matplotlib"} & set(_loaded(f"from unetkit.cli.app import main; main({words})"))


def test_python_m_unetkit_ends_with_the_exit_code() -> None:
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    words = [sys.executable, "-m", "unetkit", "trian"]
    done = subprocess.run(words, capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: there is no command 'trian'")


def test_a_closed_pipe_leaves_no_trace() -> None:
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    line = f"'{sys.executable}' -m unetkit config train | head -n 1"
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, env=environment, check=False)
    assert done.stderr == ""
    assert done.stdout.startswith("# unetkit train")


def test_what_nobody_sees_on_the_screen_stands_in_the_document(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    words = [sys.executable, "-m", "unetkit", "check", str(tmp_path / "nowhere"), "--json", "--debug"]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=writing, env=environment, check=False)
    os.close(writing)
    assert done.returncode == 2
    assert json.loads(done.stdout)["schema"] == "unetkit.error"


@pytest.mark.parametrize("flag", ["--debug", "--json"])
def test_a_failure_keeps_its_exit_code_though_nobody_reads_of_it(flag: str, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    words = [sys.executable, "-m", "unetkit", "check", str(tmp_path / "nowhere"), flag]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(words, stdout=writing, stderr=writing, env=environment, check=False)
    os.close(writing)
    assert done.returncode == 2
