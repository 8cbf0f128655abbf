"""The weekday rows of a search as the database has them: those whose stored time holds, and those that are late.

Words and kinds are looked for in two ways, the second only where the first finds too little: first the next rows in
the order asked for, a bounded number of them, are tried one by one, since a frequent word fills a page out of these;
else the index of words says which meetings have them. A row that is tried costs as much as two that the index finds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from meetings.search_schema import copied
from meetings.selectors.finder.asked import BY_DISTANCE, BY_NAME, Search
from meetings.selectors.finder.span import Span
from meetings.selectors.finder.statement import (
    Statement,
    by_order,
    chord,
    driver_of,
    fetch,
    found_by_words,
    in_time,
    matching,
    moment,
    moment_of,
    name_key,
    table_of,
    words_may_drive,
)

LATE = 200  # rows whose stored time is over (the worker is behind) that one search looks at
STEPS = 400  # rows that are tried for words before the index of words is asked
FURTHER = 2000  # and so many more, where those promise to fill the page with them
MANY = 6000  # meetings with the words: where there are more, the order drives however long it takes
COPIES = ("online", "onsite", "fellowship", "name_key")
ORDERED = {"start", "nearest", "online", "name"}  # drivers whose index is the order itself
FOUND = "d.meeting_id, d.weekday, d.next_starts_at, d.next_ends_at, d.name_key"
FRESH_ROW, LATE_ROW, MORE = range(3)


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """Where a row stands in the order: by `rank` (a name or a distance, else empty), start in seconds, meeting."""

    rank: str | float
    start: int
    meeting: int


@dataclass(frozen=True, slots=True)
class Stored:
    """A weekday's row as the database has it."""

    key: Key
    weekday: int
    starts_at: datetime
    ends_at: datetime


Rows = tuple[list[Stored], list[Stored]]


def stored(asked: Search, span: Span, now: datetime, cursor: Key | None, limit: int) -> Rows:
    """(rows whose stored time holds, in order; rows whose stored time is over: few, unless the worker is behind)."""
    if words_may_drive(asked, span):
        in_order = asked.sort != BY_NAME or by_order(asked, span) == "name"
        if in_order and limit <= STEPS and (walked := _walked(asked, span, now, cursor, limit)):
            return walked
        if not span.by_day and (worded := _worded(asked, span, now, cursor, limit)):
            return worded
    driver, few = driver_of(asked, span)
    select, before, order = _order(asked)
    first, params = "", list[Any]()
    if driver == "meetings":  # both halves are read out of their rows: these are read once
        base = _asked_for(asked, span, driver, few)
        first = f"WITH found AS MATERIALIZED ({base.text(FOUND, '', None)}) "
        params, fresh, late = base.params, Statement("found"), Statement("found")
    else:
        fresh = _asked_for(asked, span, driver)
        late = _asked_for(asked, span, "late" if driver in ORDERED else driver)
    _fresh(fresh, asked, span, now, cursor)
    _late(late, now)
    text = f"{first}{_both(fresh, late, select, order, limit)}"
    fresh_rows, late_rows, _more = _read(text, [*params, *before, *fresh.params, *before, *late.params])
    return fresh_rows, late_rows


def _walked(asked: Search, span: Span, now: datetime, cursor: Key | None, limit: int) -> Rows | None:
    """The same out of the next rows of the order; None when so few of the first have the words that these are rare.

    None also when LATE rows or more wait for the worker: to go through these for a rare word would take long.
    """
    fresh = _steps(asked, span, now, cursor, STEPS)
    late = _asked_for(asked, span, "late")
    _late(late, now)
    waiting = f"SELECT 1 FROM {table_of('late')} WHERE d.next_ends_at <= %s LIMIT {LATE:d}"  # noqa: S608
    number = f"(SELECT count(*) FROM ({waiting}) AS w)"  # noqa: S608
    late.add(f"{number} < {LATE:d}", now)
    select, _before, order = _order(asked)
    behind = f"SELECT 0, 0, NULL, NULL, '', {MORE} WHERE {number} >= {LATE:d}"
    text = f"{_both(fresh, late, select, order, limit)} UNION ALL {behind}"
    fresh_rows, late_rows, more = _read(text, [*fresh.params, *late.params, moment(now)])
    left = limit - len(fresh_rows)
    if left > 0 and not more and len(fresh_rows) * FURTHER >= limit * STEPS:
        further = _steps(asked, span, now, fresh_rows[-1].key, FURTHER)
        text = f"SELECT f.*, {FRESH_ROW} FROM ({further.text(select, order, left)}) AS f"  # noqa: S608
        rest, _none, _whole = _read(text, further.params)
        fresh_rows += rest
    return None if more or len(fresh_rows) < limit else (fresh_rows, late_rows)


def _steps(asked: Search, span: Span, now: datetime, cursor: Key | None, steps: int) -> Statement:
    """What is found among so many next rows of the order: nothing when there are not so many."""
    made = _asked_for(asked, span, by_order(asked, span), steps=steps)
    _fresh(made, asked, span, now, cursor)
    return made


def _worded(asked: Search, span: Span, now: datetime, cursor: Key | None, limit: int) -> Rows | None:
    """The same out of the meetings that the index of words finds; None when these are more than MANY.

    A meeting's own next time is that of its nearest weekday, so no weekday's row is read.
    """
    fresh, late = matching(asked, "found"), matching(asked, "found")
    _fresh(fresh, asked, span, now, cursor)
    _late(late, now)
    select, _before, order = _order(asked)
    read = " ".join([*fresh.where, select])
    copies = [f"{copied(name, connection.vendor)} AS {name}" for name in COPIES if f"d.{name}" in read]
    columns = ", ".join(["m.id AS meeting_id, 0 AS weekday, m.next_starts_at, m.next_ends_at", *copies])
    first, params = found_by_words(asked, columns, MANY + 1)
    many = f"SELECT 0, 0, NULL, NULL, '', {MORE} FROM (SELECT count(*) AS n FROM found) AS c WHERE c.n > {MANY:d}"  # noqa: S608
    text = f"{first} {_both(fresh, late, select, order, limit)} UNION ALL {many}"
    fresh_rows, late_rows, more = _read(text, [*params, *fresh.params, *late.params])
    return None if more else (fresh_rows, late_rows)


def _order(asked: Search) -> tuple[str, list[float], str]:
    """(the columns, the parameters in them, the order)."""
    rank, before = "''", list[float]()
    order = "d.next_starts_at, d.meeting_id"
    if asked.sort == BY_DISTANCE:
        rank, before = chord(asked)
        order = f"5, {order}"
    elif asked.sort == BY_NAME:
        rank = "d.name_key"
        order = f"{name_key()}, {order}"
    return f"d.meeting_id, d.weekday, d.next_starts_at, d.next_ends_at, {rank}", before, order


def _both(fresh: Statement, late: Statement, select: str, order: str, limit: int) -> str:
    return (
        f"SELECT f.*, {FRESH_ROW} FROM ({fresh.text(select, order, limit)}) AS f UNION ALL "  # noqa: S608
        f"SELECT l.*, {LATE_ROW} FROM ({late.text(select, 'd.next_ends_at', LATE)}) AS l"
    )


def _read(text: str, params: Sequence[Any]) -> tuple[list[Stored], list[Stored], bool]:
    """(rows whose time holds, late rows, whether there is more than was looked at)."""
    fresh, late, more = list[Stored](), list[Stored](), False
    for *columns, kind in fetch(text, list(params)):
        if kind == MORE:
            more = True
            continue
        meeting, weekday, starts, ends, ranked = columns
        starts_at = moment_of(starts)
        key = Key(ranked, int(starts_at.timestamp()), meeting)
        (late if kind else fresh).append(Stored(key, weekday, starts_at, moment_of(ends)))
    return fresh, late, more


def _asked_for(asked: Search, span: Span, driver: str, few: list[int] | None = None, *, steps: int = 0) -> Statement:
    """What is asked for but for the time."""
    made = matching(asked, driver, few, steps=steps)
    if not span.by_day:
        (made.add if driver == "late" else made.bound)("d.nearest = TRUE")
    return made


def _fresh(made: Statement, asked: Search, span: Span, now: datetime, cursor: Key | None) -> None:
    """Rows whose stored time holds, after the cursor."""
    in_time(made, span, now)
    if cursor:
        at = datetime.fromtimestamp(cursor.start, UTC)
        if asked.sort == BY_DISTANCE:
            line, spots = chord(asked)
            made.add(
                f"({line} > %s OR ({line} = %s AND (d.next_starts_at, d.meeting_id) > (%s, %s)))",
                *spots, cursor.rank, *spots, cursor.rank, at, cursor.meeting,
            )  # fmt: skip
        elif asked.sort == BY_NAME:
            behind = f"({name_key()}, d.next_starts_at, d.meeting_id) > (%s, %s, %s)"
            made.bound(behind, cursor.rank, at, cursor.meeting)
        else:
            made.bound("(d.next_starts_at, d.meeting_id) > (%s, %s)", at, cursor.meeting)


def _late(made: Statement, now: datetime) -> None:
    """Rows whose stored time is over."""
    made.bound("d.next_ends_at <= %s", now)
    if made.driver in {"cell", "area"}:
        made.add("d.next_starts_at < %s", now)
