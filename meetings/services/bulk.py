"""Many new rows of one kind at once, as a list brings them: COPY, or one statement prepared once."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, Model

T = TypeVar("T", bound=Model)
AS_THEY_ARE = (
    models.BooleanField, models.CharField, models.FloatField, models.ForeignKey, models.IntegerField, models.TextField,
)  # fmt: skip


def rows_insert(rows: Sequence[T], *, numbered: bool = False) -> None:
    """`bulk_create` for rows whose values are of their column's own type, inside the caller's transaction.

    `numbered`: each row is given its number, in the order of the rows. The database's own checks and triggers hold;
    no signals are sent, as with bulk_create.
    """
    if not rows:
        return
    meta, connection = type(rows[0])._meta, connections[DEFAULT_DB_ALIAS]  # noqa: SLF001  (Django's own door)
    assert meta.pk is not None
    if numbered:
        for row, number in zip(rows, _numbers(connection, meta.db_table, str(meta.pk.column), len(rows)), strict=True):
            row.pk = number
    columns = [field for field in meta.local_concrete_fields if numbered or field is not meta.pk]
    takers = [_taker(field, connection) for field in columns]
    quote = connection.ops.quote_name
    into = f"{quote(meta.db_table)} ({', '.join(quote(str(field.column)) for field in columns)})"
    values = ([take(row) for take in takers] for row in rows)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {into} FROM STDIN") as copy:
                for one in values:
                    copy.write_row(one)
        else:
            insert = f"INSERT INTO {into} VALUES ({', '.join(['%s'] * len(columns))})"  # noqa: S608  (our own columns)
            cursor.executemany(insert, list(values))
    for row in rows:
        state = row._state  # noqa: SLF001  (as bulk_create leaves it)
        state.adding, state.db = False, connection.alias


def _taker(field: "Field[Any, Any]", connection: BaseDatabaseWrapper) -> Callable[[Model], Any]:
    """How a column's value is had of a row, as the database takes it."""
    name = field.attname
    if isinstance(field, AS_THEY_ARE):
        return lambda row: getattr(row, name)
    return lambda row: field.get_db_prep_save(getattr(row, name), connection)


def _numbers(connection: BaseDatabaseWrapper, table: str, column: str, count: int) -> list[int]:
    """Numbers for new rows that nobody else is given."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)", [table, column, count]
            )
            return [number for (number,) in cursor.fetchall()]
        # the transaction holds the only lock for writing; the insert itself moves the sequence on
        cursor.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = %s", [table])
        last = cursor.fetchone()[0]
    return list(range(last + 1, last + count + 1))
