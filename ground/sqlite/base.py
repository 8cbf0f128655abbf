"""Django's SQLite backend with one process-wide lock around write transactions.

SQLite's own wait for the write lock is unfair: under load a waiting thread starves for seconds. With this lock the
threads of the one embedded process queue up in order (measured in docs/operations.md). It guards fairness, not
correctness: whoever does not get it in time falls back to SQLite's busy timeout.

A connection that is closed stays open for the next who asks: every request runs in a thread of its own, and opening one
anew, with nothing of the file at hand, cost more than most of the statements (bench/results/finder.md).
"""

import atexit
import os
import sqlite3
import threading
import weakref
from pathlib import Path
from typing import Any

from django.db.backends.sqlite3 import base

KEPT = 4  # connections that wait for the next who asks
Key = tuple[str, int, int]  # of a file that may be replaced by another of the same name

_writers = threading.Lock()
_kept: list[tuple[Key, sqlite3.Connection]] = []  # append and pop are atomic: nobody else has a connection in here
_not_ours: list[Any] = []


def _close_kept() -> None:
    while _kept:
        _kept.pop()[1].close()


def _forked() -> None:
    """A connection of the parent must be neither used nor closed in a child: its locks are the parent's."""
    _not_ours.extend(_kept)
    _kept.clear()


atexit.register(_close_kept)
os.register_at_fork(after_in_child=_forked)


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection whose outermost atomic block (BEGIN IMMEDIATE) holds the process-wide lock."""

    _holds = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._cursors: weakref.WeakSet[Any] = weakref.WeakSet()

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        self._cursors.clear()  # those of a connection that was closed for good
        key = _key_of(conn_params["database"])
        while key and _kept:
            try:
                found, kept = _kept.pop()
            except IndexError:  # another thread was first
                break
            if found == key:
                return kept
            kept.close()  # of a file that is no more
        return super().get_new_connection(conn_params)

    def create_cursor(self, name: str | None = None) -> Any:
        cursor = super().create_cursor(name)
        self._cursors.add(cursor)
        return cursor

    def _start_transaction_under_autocommit(self) -> None:
        self._holds = _writers.acquire(timeout=20)
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._let_go()
            raise

    def _commit(self) -> Any:
        try:
            return super()._commit()  # type: ignore[misc]
        finally:
            self._let_go()

    def _rollback(self) -> Any:
        try:
            return super()._rollback()  # type: ignore[misc]
        finally:
            self._let_go()

    def _close(self) -> Any:
        try:
            if self.connection is not None and self._keep(self.connection):
                return None
            return super()._close()  # type: ignore[misc]
        finally:
            self._let_go()

    def _keep(self, kept: Any) -> bool:
        """Whether the connection was put away for the next: nothing of this one's may be left in it."""
        key = _key_of(self.settings_dict["NAME"])
        if key is None or self.in_atomic_block or self.errors_occurred or len(_kept) >= KEPT:
            return False
        for cursor in list(self._cursors):  # a statement that nobody finished would hold the next one to an old state
            cursor.close()
        self._cursors.clear()
        if kept.in_transaction:
            return False
        _kept.append((key, kept))
        return True

    def _let_go(self) -> None:
        if self._holds:
            self._holds = False
            _writers.release()


def _key_of(name: Any) -> Key | None:
    """The file behind a database's name; None for one in memory, or none."""
    try:
        found = Path(name).stat()
    except (OSError, ValueError, TypeError):
        return None
    return str(name), found.st_dev, found.st_ino
