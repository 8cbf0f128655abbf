"""Django's SQLite backend with one process-wide lock around write transactions.

SQLite's own wait for the write lock is unfair: under load a waiting thread starves for seconds. With this lock the
threads of the one embedded process queue up in order (measured in docs/operations.md). It guards fairness, not
correctness: whoever does not get it in time falls back to SQLite's busy timeout.
"""

import threading
from typing import Any

from django.db.backends.sqlite3 import base

_writers = threading.Lock()


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection whose outermost atomic block (BEGIN IMMEDIATE) holds the process-wide lock."""

    _holds = False

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
            return super()._close()  # type: ignore[misc]
        finally:
            self._let_go()

    def _let_go(self) -> None:
        if self._holds:
            self._holds = False
            _writers.release()
