"""What the database itself keeps for the finder: copies beside the next times, and an index of words.

The finder asks `meetings_meetingday`, whose rows carry copies of what narrows a search (place, way in, tags). Triggers
keep them, so that no door that writes a meeting can forget to. On SQLite an FTS5 table holds the words, on PostgreSQL
an index over them. As in meetings.schema SQLite's are taken off before every migrate and put back after it.
"""

# ruff: noqa: S608  (no statement here holds anything that came from outside)

from collections.abc import Collection
from typing import Any

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

_COPIED = ("online", "onsite", "latitude", "longitude", "cell", "area", "x", "y", "z", "tags", "fellowship", "name_key")
# a cell is a quarter of a degree (28 km high), an area two degrees; selectors.finder.where counts them the same way
_HELD = "m.mode <> 'online' AND m.latitude IS NOT NULL AND m.longitude IS NOT NULL"
_LITE = {
    "online": "m.mode <> 'in_person'",
    "onsite": "m.mode <> 'online'",
    "latitude": f"CASE WHEN {_HELD} THEN m.latitude END",
    "longitude": f"CASE WHEN {_HELD} THEN m.longitude END",
    "cell": f"CASE WHEN {_HELD} THEN CAST((m.latitude + 90) * 4 AS INTEGER) * 1440"
    " + CAST((m.longitude + 180) * 4 AS INTEGER) % 1440 END",
    "area": f"CASE WHEN {_HELD} THEN CAST((m.latitude + 90) / 2 AS INTEGER) * 180"
    " + CAST((m.longitude + 180) / 2 AS INTEGER) % 180 END",
    "x": f"CASE WHEN {_HELD} THEN cos(radians(m.latitude)) * cos(radians(m.longitude)) END",
    "y": f"CASE WHEN {_HELD} THEN cos(radians(m.latitude)) * sin(radians(m.longitude)) END",
    "z": f"CASE WHEN {_HELD} THEN sin(radians(m.latitude)) END",
    "tags": "CASE WHEN instr(m.folded, ' #') > 0 THEN substr(m.folded, instr(m.folded, ' #')) ELSE '' END",
    "fellowship": "m.fellowship",
    "name_key": "substr(ltrim(m.folded), 1, 48)",
}
_FULL = {
    **_LITE,
    "cell": f"CASE WHEN {_HELD} THEN floor((m.latitude + 90) * 4)::int * 1440"
    " + floor((m.longitude + 180) * 4)::int % 1440 END",
    "area": f"CASE WHEN {_HELD} THEN floor((m.latitude + 90) / 2)::int * 180"
    " + floor((m.longitude + 180) / 2)::int % 180 END",
    "tags": "CASE WHEN strpos(m.folded, ' #') > 0 THEN substr(m.folded, strpos(m.folded, ' #')) ELSE '' END",
}
WORDS = "array_to_tsvector(array_remove(string_to_array({column}, ' '), ''))"  # PostgreSQL's: one lexeme a word
_BY_NAME = (
    "CREATE INDEX IF NOT EXISTS meetings_day_by_name ON meetings_meetingday"
    " (nearest, name_key{collate}, next_starts_at, meeting_id)"
)
_TRIGGERS = {
    "meetings_day_new": "meetings_meetingday",
    "meetings_day_copy": "meetings_meeting",
    "meetings_words_new": "meetings_meeting",
    "meetings_words_gone": "meetings_meeting",
    "meetings_words_set": "meetings_meeting",
}
_REMADE = {"meetings", "groups", "people"}  # rooms whose migrations may make the tables of this one anew
_WATCHED = "mode, latitude, longitude, folded, fellowship"


def copied(column: str, vendor: str) -> str:
    """What a column of the weekday rows is a copy of: an expression of the meeting `m`."""
    return (_FULL if vendor == "postgresql" else _LITE)[column]


def off(*, using: str, plan: Collection[Any] = (), **_more: Any) -> None:
    """Before a migrate that may make the tables anew or change a column's type; filling them again has its price."""
    connection = connections[using]
    if not _REMADE & {migration.app_label for migration, _backwards in plan}:
        return
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        for name, table in _TRIGGERS.items():
            if connection.vendor == "sqlite":
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
            elif table in tables:
                cursor.execute(f"DROP TRIGGER IF EXISTS {name} ON {table}")


def on(*, using: str, **_more: Any) -> None:
    """After migrate: make what is missing, and fill it; not while the tables are migrated to a state before them.

    One transaction: who stops it half-way finds it all missing, and has it made and filled the next time.
    """
    connection = connections[using]
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        if "meetings_meetingday" not in tables:
            return
        columns = connection.introspection.get_table_description(cursor, "meetings_meetingday")
    if "name_key" in {column.name for column in columns}:
        with transaction.atomic(using=using):
            (_install_full if connection.vendor == "postgresql" else _install_lite)(connection)


def missing(*, using: str) -> bool:
    """Whether a migrate was stopped before what it took off was put back: the copies would stay as they are."""
    connection = connections[using]
    names = [
        name for name, table in _TRIGGERS.items() if connection.vendor == "sqlite" or name.startswith("meetings_day")
    ]
    return bool(set(names) - triggers_there(connection))


def triggers_there(connection: BaseDatabaseWrapper) -> set[str]:
    lite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'" if lite else "SELECT tgname FROM pg_trigger"
        )
        return {name for (name,) in cursor.fetchall()}


def _install_lite(connection: BaseDatabaseWrapper) -> None:
    copied = ", ".join(f"{column} = {value}" for column, value in _LITE.items())
    copies = ", ".join(_COPIED)
    values = ", ".join(_LITE[column] for column in _COPIED)
    triggers = {
        "meetings_day_new": "AFTER INSERT ON meetings_meetingday BEGIN"
        f" UPDATE meetings_meetingday SET ({copies}) = (SELECT {values} FROM meetings_meeting m"
        " WHERE m.id = new.meeting_id) WHERE id = new.id; END",
        "meetings_day_copy": f"AFTER UPDATE OF {_WATCHED} ON meetings_meeting BEGIN"
        f" UPDATE meetings_meetingday SET {copied.replace('m.', 'new.')} WHERE meeting_id = new.id; END",
        "meetings_words_new": "AFTER INSERT ON meetings_meeting BEGIN"
        " INSERT INTO meetings_words (rowid, folded) VALUES (new.id, new.folded); END",
        "meetings_words_gone": "AFTER DELETE ON meetings_meeting BEGIN"
        " INSERT INTO meetings_words (meetings_words, rowid, folded) VALUES ('delete', old.id, old.folded); END",
        "meetings_words_set": "AFTER UPDATE OF folded ON meetings_meeting WHEN old.folded <> new.folded BEGIN"
        " INSERT INTO meetings_words (meetings_words, rowid, folded) VALUES ('delete', old.id, old.folded);"
        " INSERT INTO meetings_words (rowid, folded) VALUES (new.id, new.folded); END",
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type IN ('trigger', 'table') AND name LIKE 'meetings_%'")
        there = {row[0] for row in cursor.fetchall()}
        cursor.execute(_BY_NAME.format(collate=""))
        if "meetings_words" not in there:
            cursor.execute(
                "CREATE VIRTUAL TABLE meetings_words USING fts5(folded, content='meetings_meeting',"
                " content_rowid='id', columnsize=0, detail=none, prefix='1 2 3',"
                " tokenize=\"unicode61 remove_diacritics 0 categories 'L* M* N* P* S* Co'\")"
            )
        missing = [name for name in triggers if name not in there]
        for name in missing:
            cursor.execute(f"CREATE TRIGGER {name} {triggers[name]}")
        if missing:
            cursor.execute("INSERT INTO meetings_words (meetings_words) VALUES ('rebuild')")
            cursor.execute(
                f"UPDATE meetings_meetingday SET ({copies}) = "
                f"(SELECT {values} FROM meetings_meeting m WHERE m.id = meetings_meetingday.meeting_id)"
            )


def _install_full(connection: BaseDatabaseWrapper) -> None:
    filled = " ".join(f"NEW.{column} := {value};" for column, value in _FULL.items())
    copied = ", ".join(f"{column} = {value}" for column, value in _FULL.items())
    watched = [column.strip() for column in _WATCHED.split(",")]
    differs = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in watched)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE INDEX IF NOT EXISTS meetings_words ON meetings_meeting"
            f" USING gin (({WORDS.format(column='folded')})) WITH (fastupdate = off)"
        )
        cursor.execute(_BY_NAME.format(collate=' COLLATE "C"'))
        if not missing(using=connection.alias):
            return
        cursor.execute(
            "CREATE OR REPLACE FUNCTION meetings_day_new() RETURNS trigger LANGUAGE plpgsql AS $$"
            " DECLARE m meetings_meeting; BEGIN"
            " SELECT * INTO m FROM meetings_meeting WHERE id = NEW.meeting_id;"
            f" {filled} RETURN NEW; END $$"
        )
        cursor.execute(
            "CREATE OR REPLACE FUNCTION meetings_day_copy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" UPDATE meetings_meetingday SET {copied.replace('m.', 'NEW.')} WHERE meeting_id = NEW.id;"
            " RETURN NULL; END $$"
        )
        cursor.execute(
            "CREATE OR REPLACE TRIGGER meetings_day_new BEFORE INSERT ON meetings_meetingday"
            " FOR EACH ROW EXECUTE FUNCTION meetings_day_new()"
        )
        cursor.execute(
            f"CREATE OR REPLACE TRIGGER meetings_day_copy AFTER UPDATE OF {_WATCHED} ON meetings_meeting"
            f" FOR EACH ROW WHEN ({differs}) EXECUTE FUNCTION meetings_day_copy()"
        )
        cursor.execute(f"UPDATE meetings_meetingday d SET {copied} FROM meetings_meeting m WHERE m.id = d.meeting_id")
