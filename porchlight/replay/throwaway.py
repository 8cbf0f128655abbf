"""The database of one run: of the kind in DATABASE_URL, made with all tables once, copied for further processes, gone
afterwards."""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db import DatabaseError, connection, transaction

SQLITE = ["PRAGMA synchronous=OFF"]
# the tables hold a handful of rows: any plan will do, and looking for the best one costs more than it saves
POSTGRESQL = [
    "SET synchronous_commit = off",
    "SET jit = off",
    *(f"SET {w}_collapse_limit = 1" for w in ("join", "from")),
]


@contextmanager
def throwaway_database(*, copies: int = 0) -> Iterator[None]:
    """Inside the block the default connection is a fresh, migrated database. Raises CommandError.

    `copies` of it are made besides, for processes of their own: see `use_copy`.
    """
    with tempfile.TemporaryDirectory(prefix="porchlight-replay-") as folder:
        settings: dict[str, Any] = connection.settings_dict
        name = f"porchlight_replay_{os.getpid()}_{secrets.token_hex(4)}"
        embedded = connection.vendor == "sqlite"
        settings["TEST"] = {**settings.get("TEST", {}), "NAME": str(Path(folder) / "db.sqlite3") if embedded else name}
        before = settings["NAME"]
        connection.close()
        made = []
        try:
            try:
                connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
                for number in range(1, copies + 1):
                    _close()  # a database that somebody is connected to is no template
                    connection.creation.clone_test_db(str(number), verbosity=0)
                    made.append(str(number))
            except (DatabaseError, SystemExit) as error:
                raise CommandError(f"no throw-away database could be made ({' '.join(str(error).split())}).") from error
            _hasten()
            if copies:
                _close()  # no process may go on with the connection of another
            yield
        finally:
            if connection.settings_dict["NAME"] != before:  # it was made, also where migrating it raised
                for suffix in made:
                    connection.creation.destroy_test_db(suffix=suffix, verbosity=0)
                connection.creation.destroy_test_db(before, verbosity=0)


def use_copy(number: int) -> None:
    """From here on this process, forked inside `throwaway_database`, works on copy `number` (from 1)."""
    connection.settings_dict["NAME"] = connection.creation.get_test_db_clone_settings(str(number))["NAME"]
    _hasten()


def _hasten() -> None:
    with connection.cursor() as cursor:  # nothing here outlives the run
        for quicker in SQLITE if connection.vendor == "sqlite" else POSTGRESQL:
            cursor.execute(quicker)


def _close() -> None:
    connection.close()
    getattr(connection, "close_pool", connection.close)()  # PostgreSQL keeps some beside


@contextmanager
def emptied_afterwards() -> Iterator[None]:
    """What the block writes is checked against the database's own constraints and taken back."""
    with transaction.atomic():
        yield
        connection.check_constraints()
        transaction.set_rollback(True)
