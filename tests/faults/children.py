"""Children that are traced, made to fail, killed or cut off: forked from one server in which everything is loaded.

A child costs milliseconds, its calls are those of its job alone (nothing is imported any more), and strace attaches
before the job begins: the n-th call is the n-th call of the job.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from faults.jobs import JOBS, warm_up
from unetkit.cli.failures import explain
from unetkit.data.cache.folder import VARIABLE
from unetkit.errors import UnetkitError
from unetkit.runs.signals import STOPS


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended: its exit code (negative: the signal), what it acknowledged, and the error it told."""

    code: int
    said: dict[str, int]
    told: str = ""


class Children:
    """The server, seen from the tests; one child at a time."""

    def __init__(self, folder: Path) -> None:
        self.said = folder / "said"
        self.child, self.begun = 0, list[int]()
        command = [sys.executable, "-m", "faults.children"]
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "OMP_NUM_THREADS": "1",
            "TMPDIR": str(folder),
            VARIABLE: str(folder / "cache"),
        }
        self.told = folder / "told"
        with self.told.open("ab") as told:
            self.server = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=told,
                text=True,
                bufsize=1,
                env=environment,
                start_new_session=True,
            )
        assert self.server.stdout
        assert self.server.stdout.readline() == "ready\n", self.told.read_text()  # else its start is the first job's

    def start(self, job: str, root: Path, strace: Sequence[object] = ()) -> None:
        """Begin `job` on `root`, under strace with these arguments if there are any."""
        if self.child:
            self.kill()  # what a failed test left behind
        order = {"job": job, "root": str(root), "said": str(self.said), "strace": [str(word) for word in strace]}
        self.child = int(self._ask(json.dumps(order)))
        self.begun.append(self.child)

    def finish(self) -> Ended:
        """Wait for the child, and for its strace."""
        code = int(self._ask("wait"))
        self.child = 0
        return Ended(code, self.acknowledged(), self.told.read_text(errors="replace"))

    def kill(self) -> Ended:
        """End the child that runs, if it still does."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.child, signal.SIGKILL)
        return self.finish()

    def alive(self) -> bool:
        """Whether the child still works; its end is known to the system before anybody waits for it."""
        state = Path(f"/proc/{self.child}/stat").read_text().rpartition(")")[2].split()[0]
        return state not in "ZX"

    def run(self, job: str, root: Path, strace: Sequence[object] = ()) -> Ended:
        """A job from beginning to end."""
        self.start(job, root, strace)
        return self.finish()

    def processes(self) -> set[int]:
        """Those of the server's session but itself: the child that runs, and what ended children have left."""
        found = set[int]()
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdecimal() and os.getsid(int(entry.name)) == self.server.pid:
                    found.add(int(entry.name))
        return found - {self.server.pid}

    def files(self) -> set[str]:
        """The names in the folder of temporary files but those of the server's own."""
        return {path.name for path in self.said.parent.iterdir()} - {"said", "told", "cache"}

    def acknowledged(self) -> dict[str, int]:
        """The last number the child said of each thing."""
        lines = self.said.read_text().splitlines(keepends=True) if self.said.exists() else []
        return {name: int(number) for name, number in (line.split() for line in lines if line.endswith("\n"))}

    def close(self) -> None:
        """End the server, and a child that still runs."""
        self.server.communicate(timeout=20)

    def _ask(self, line: str) -> str:
        assert self.server.stdin
        assert self.server.stdout
        self.server.stdin.write(line + "\n")
        return self.server.stdout.readline()


# --- inside the server ------------------------------------------------------------------------------------------


def serve() -> None:
    """Start a child for each line, and wait for it at the next; without that next line nobody wants it any more."""
    warm_up()
    for number in STOPS:  # whatever the tests run under (`nohup`, the background of a shell)
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    print("ready", flush=True)
    for line in iter(sys.stdin.readline, ""):
        order = json.loads(line)
        ready, go = os.pipe(), os.pipe()
        child = os.fork()
        if not child:
            _work(order, ready[1], go[0])
        os.close(ready[1])
        os.read(ready[0], 1)
        tracer = _attach(order["strace"], child) if order["strace"] else None
        os.write(go[1], b"!")
        print(child, flush=True)
        if not sys.stdin.readline():
            os.kill(child, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if tracer:
            tracer.wait()
        for descriptor in (ready[0], *go):
            os.close(descriptor)
        print(code, flush=True)


def _work(order: dict[str, Any], ready: int, go: int) -> None:
    def begin() -> None:
        os.write(ready, b"!")
        # By a call of its own: strace may be there before it returns, and it must not count as the job's first.
        os.readv(go, [bytearray(1)])

    os.ftruncate(2, 0)
    os.dup2(os.open(order["said"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND), 1)
    try:
        JOBS[order["job"]](Path(order["root"]), begin)
        code = 0
    except BaseException as error:  # noqa: BLE001 - a fork of the server must never go on as the server
        explained = explain(error, ())
        code = explained.exit_code
        with contextlib.suppress(OSError):
            os.writev(2, [f"{explained}\n".encode(errors="backslashreplace")])
            if code == UnetkitError.exit_code:  # a bug, or a judge in the child
                traceback.print_exc()
    os._exit(code)


def _attach(words: list[str], child: int) -> subprocess.Popen[bytes]:
    tracer = subprocess.Popen(
        ["strace", "-f", *words, "-p", str(child)], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert tracer.stderr
    told = tracer.stderr.readline()
    if b" attached" not in told:
        os.kill(child, signal.SIGKILL)
        raise RuntimeError(f"strace could not attach: {told.decode()}")
    return tracer


if __name__ == "__main__":
    serve()
