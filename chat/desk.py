"""Threads in which the event loop lets the database work, each with a Django connection of its own that it keeps."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, close_old_connections, connections

log = logging.getLogger("porchlight.chat")

P = ParamSpec("P")
T = TypeVar("T")
TRIES = 4  # a pool may hand out several connections that died with the same server


def report(own: logging.Logger, words: str, error: BaseException) -> None:
    """Into the log: one line when it is only the database that does not answer, the whole trace else."""
    if isinstance(error, OperationalError | InterfaceError):
        own.warning("%s, the database does not answer: %s", words, str(error).partition("\n")[0])
    else:
        own.error("%s", words, exc_info=error)


class Desk:
    """Work is taken in the order it came. What is given here must be safe to do twice."""

    def __init__(self, name: str, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Raises what `work` raises; a lost connection is replaced and the work done again first."""
        call: Callable[[], T] = lambda: _patiently(work, *args, **kwargs)  # noqa: E731
        return await asyncio.get_running_loop().run_in_executor(self._pool, call)

    def close(self) -> None:
        """Waits for nothing; connections end with their threads."""
        self._pool.submit(connections.close_all)
        self._pool.shutdown(wait=False)


def _patiently(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    for left in range(TRIES - 1, -1, -1):
        try:
            return work(*args, **kwargs)
        except (OperationalError, InterfaceError):
            connections["default"].close()
            close_old_connections()
            if not left:
                raise
    raise AssertionError("unreachable")
