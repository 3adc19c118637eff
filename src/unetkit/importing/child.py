"""The process that opens a foreign file: `python -m unetkit.importing.child READER TARGET < FILE`.

It gives up the network first of all and says whether it could, loads the reader, takes limits upon itself, and writes
what it has read to TARGET as safetensors. An error of ours is one JSON line on stdout and its exit code. `reading.py`
starts it, and believes nothing of what it wrote.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from unetkit.errors import FormatError, UnetkitError
from unetkit.extras import resolve
from unetkit.importing import READERS
from unetkit.importing.cage import guarded, leave_network, limit

# Not at the top of the process: NumPy starts threads, and a process with threads cannot leave the network.
_PACK, _WRITE = "unetkit.importing.foreign:packed", "unetkit.files:write_tensors"

WITHOUT_NETWORK = "without network"
"""The first line on stdout where the network could be given up; said before the file is opened."""


def main(reader: str, target: Path) -> int:
    """Read stdin and write `target`; the exit code."""
    print(WITHOUT_NETWORK if leave_network() else "with network", flush=True)  # noqa: T201 - the answer
    read, pack, write = resolve(READERS[reader]), resolve(_PACK), resolve(_WRITE)
    limit(os.fstat(sys.stdin.fileno()).st_size)
    try:
        tensors, metadata = pack(_read(read))
        write(target, tensors, metadata)
    except UnetkitError as error:
        told = {"kind": type(error).__name__, "what": error.what, "where": error.where, "advice": error.advice}
        print(json.dumps(told))  # noqa: T201 - the answer
        return error.exit_code
    return 0


def _read(read: Callable[[BinaryIO], object]) -> object:
    """What the reader found; whatever a hostile file makes it raise becomes a refusal."""
    try:
        with guarded():
            return read(sys.stdin.buffer)
    except UnetkitError:
        raise
    except MemoryError as error:
        raise FormatError("what this file describes is far larger than the file itself") from error
    except Exception as error:  # of a hostile file anything may come
        first = str(error).strip().partition("\n")[0][:200]
        raise FormatError(f"the file cannot be read: {type(error).__name__}: {first}") from error


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
