"""Whether the database can be served from: writable, and up to date. Each refusal is one sentence (CommandError)."""

import os

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from meetings import schema, search_schema


def refuse_unwritable() -> None:
    """A database that cannot be written serves nobody: try a write, and take it back, before anything is half-done."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"CREATE TABLE may_write_{os.getpid()} (probe integer)")
            transaction.set_rollback(True)
    except DatabaseError as error:
        raise CommandError(
            f"the database cannot be written or does not answer ({str(error).strip()}). Check that its file, "
            f"{settings.DATABASES['default']['NAME']}, and its folder belong to this user; else check DATABASE_URL."
        ) from error


def prepare() -> None:
    """Bring the database up to date. An unwritable one is one clear sentence."""
    try:
        if behind():
            call_command("migrate", verbosity=0, interactive=False)
    except DatabaseError as error:
        raise CommandError(
            f"the database cannot be prepared ({error}). Check that its file or server can be written by this user."
        ) from error


def behind() -> bool:
    """Whether a migrate has something to do: migrations, or triggers that one before it took off and died."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return True
    using = connection.alias
    return schema.missing(using=using) or search_schema.missing(using=using)


def refuse_unmigrated() -> None:
    """Serving on old tables would write half of things."""
    try:
        pending = behind()
    except DatabaseError as error:
        raise CommandError(f"the database does not answer ({error}). Check DATABASE_URL.") from error
    if pending:
        raise CommandError("the database is not up to date. Run: python manage.py migrate")
