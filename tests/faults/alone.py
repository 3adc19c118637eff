"""One thread only: the n-th call of a child is then always the same one, and strace counts calls by thread."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from unetkit.data import parallel


class Inline:
    """In the place of a pool of threads: what is handed in is done at once, in the order of handing in."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def __enter__(self) -> Inline:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def submit(self, work: Callable[..., Any], *words: object) -> Future[Any]:
        done = Future[Any]()
        try:
            done.set_result(work(*words))
        except BaseException as error:  # noqa: BLE001 - as a pool does
            done.set_exception(error)
        return done


def alone() -> None:
    """From now on this process reads and writes without threads."""
    parallel.ThreadPoolExecutor = Inline  # type: ignore[assignment,misc]
