"""The database of one run: of the kind in DATABASE_URL, made with all tables, gone afterwards."""

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
def throwaway_database() -> Iterator[None]:
    """Inside the block the default connection is a fresh, migrated database. Raises CommandError."""
    with tempfile.TemporaryDirectory(prefix="porchlight-replay-") as folder:
        settings: dict[str, Any] = connection.settings_dict
        name = f"porchlight_replay_{os.getpid()}_{secrets.token_hex(4)}"
        embedded = connection.vendor == "sqlite"
        settings["TEST"] = {**settings.get("TEST", {}), "NAME": str(Path(folder) / "db.sqlite3") if embedded else name}
        before = settings["NAME"]
        connection.close()
        try:
            try:
                connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
            except (DatabaseError, SystemExit) as error:
                raise CommandError(f"no throw-away database could be made ({' '.join(str(error).split())}).") from error
            with connection.cursor() as cursor:  # nothing here outlives the run
                for quicker in SQLITE if embedded else POSTGRESQL:
                    cursor.execute(quicker)
            yield
        finally:
            if connection.settings_dict["NAME"] != before:  # it was made, also where migrating it raised
                connection.creation.destroy_test_db(before, verbosity=0)


@contextmanager
def emptied_afterwards() -> Iterator[None]:
    """What the block writes is checked against the database's own constraints and taken back."""
    with transaction.atomic():
        yield
        connection.check_constraints()
        transaction.set_rollback(True)
