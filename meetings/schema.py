"""What no CHECK can say: where heads are counted, no row about a person's attendance is stored (privacy.md, D15).

A trigger on both databases refuses marks and plans of such a group, whoever writes them. PostgreSQL gets it by a
migration. SQLite's way of changing a table (make a new one, drop the old, rename) loses a table's triggers and stumbles
over those that name it, so there they are taken off before every migrate and put back after it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, connections
from django.utils.translation import gettext as _

from ground.errors import Conflict

WORDS = "this group counts heads only"
TRIGGERS = {
    "no_marks_where_heads_are_counted": (
        "meetings_mark",
        (
            "SELECT 1 FROM meetings_sheet s JOIN meetings_occurrence o ON o.id = s.occurrence_id"
            " JOIN meetings_meeting m ON m.id = o.meeting_id JOIN groups_group g ON g.id = m.group_id"
            " WHERE s.id = NEW.sheet_id AND g.head_count_only"
        ),
    ),
    "no_plans_where_heads_are_counted": (
        "meetings_commitment",
        (
            "SELECT 1 FROM meetings_meeting m JOIN groups_group g ON g.id = m.group_id"
            " WHERE m.id = NEW.meeting_id AND g.head_count_only"
        ),
    ),
}


@contextmanager
def refusal_in_words() -> Iterator[None]:
    """Around a service's write of marks or plans: who comes a moment after the group changed gets Conflict."""
    try:
        yield
    except IntegrityError as error:
        if WORDS not in str(error):
            raise
        raise Conflict(_("This group counts heads only: no names are kept.")) from error


def off(*, using: str, **_more: Any) -> None:
    """Before migrate, SQLite only."""
    connection = connections[using]
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for name in TRIGGERS:
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}")


def on(*, using: str, **_more: Any) -> None:
    """After migrate, SQLite only; not while the tables are migrated to a state before them."""
    connection = connections[using]
    if connection.vendor != "sqlite":
        return
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for name, (table, found) in TRIGGERS.items():
            if table in tables:
                cursor.execute(
                    f"CREATE TRIGGER IF NOT EXISTS {name} BEFORE INSERT ON {table} WHEN EXISTS ({found})"
                    f" BEGIN SELECT RAISE(ABORT, '{WORDS}'); END"
                )


def missing(*, using: str) -> bool:
    """Whether a migrate was stopped before it put back what it had taken off. SQLite only."""
    connection = connections[using]
    if connection.vendor != "sqlite":
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        return bool(set(TRIGGERS) - {name for (name,) in cursor.fetchall()})


def postgresql_on(schema_editor: Any) -> None:
    """From the migration."""
    for name, (table, found) in TRIGGERS.items():
        schema_editor.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF EXISTS ({found}) THEN"
            f" RAISE EXCEPTION '{WORDS}' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$"
        )
        schema_editor.execute(f"CREATE TRIGGER {name} BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")


def postgresql_off(schema_editor: Any) -> None:
    for name, (table, _found) in TRIGGERS.items():
        schema_editor.execute(f"DROP TRIGGER {name} ON {table}")
        schema_editor.execute(f"DROP FUNCTION {name}()")
