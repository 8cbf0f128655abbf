"""The search as SQL, written by hand: each search is driven by the one index that leaves the fewest rows.

The ORM says none of this: which index drives, on both databases, is what makes the answer quick at 200,000 meetings
(bench/results/finder.md). Every value is a parameter; what is put into the text are the column and index names below.
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.db.models.expressions import RawSQL

from meetings.kind_names import marks_of
from meetings.models import Meeting
from meetings.places import on_globe
from meetings.search_schema import WORDS
from meetings.selectors.finder.asked import BY_NAME, Box, Search
from meetings.selectors.finder.span import Span
from meetings.selectors.finder.where import chord_squared, grid_of, window_of
from meetings.selectors.held import BACK

FEW = 3000  # meetings with a word: up to so many these drive, else the order of time does
INDEXES = {"cell": "day_cell", "area": "day_area", "start": "day_next_start", "nearest": "day_nearest"}
INDEXES |= {"online": "day_online", "name": "meetings_day_by_name", "late": "day_next_end"}
BY_MEETING = "meetings_meetingday_meeting_id_7b79530a"  # the foreign key's; SQLite without ANALYZE chooses another
_MATCHING = "SELECT rowid FROM meetings_words WHERE meetings_words MATCH %s"
_HAS_WORDS = f"SELECT id FROM meetings_meeting WHERE {WORDS.format(column='folded')} @@ %s::tsquery"  # noqa: S608
# as a part of its own: with a limit beside it PostgreSQL would rather read the table until enough is found
_WITH_WORDS = f"WITH w AS MATERIALIZED ({_HAS_WORDS}) "


@dataclass(slots=True)
class Statement:
    """`SELECT … FROM the weekday rows WHERE …`, put together part by part."""

    driver: str  # a key of INDEXES, "words", "meetings" (those that words found), "found" (rows that have the words)
    where: list[str] = field(default_factory=list)
    params: list[Any] = field(default_factory=list)
    reads_meeting: bool = False
    steps: int = 0  # so many rows of the driving index are tried at most, and none where there are fewer; 0: all
    bounds: list[str] = field(default_factory=list)  # which rows these are
    bounding: int = 0  # of the parameters those that come first: of the bounds, for the last step

    def add(self, condition: str, *params: Any) -> None:
        self.where.append(condition)
        self.params += [moment(p) if isinstance(p, datetime) else p for p in params]

    def bound(self, condition: str, *params: Any) -> None:
        """A condition that the driving index answers by itself: rows it leaves out are no steps."""
        self.add(condition, *params)
        if self.steps:
            self.bounds.append(condition)
            again = self.params[len(self.params) - len(params) :]
            self.params[self.bounding : self.bounding] = again
            self.bounding += len(again)

    def _last_step(self, order: str) -> str:
        """No row behind the last step: so what is left is the beginning of the order, whatever else is asked."""
        rows = f"{table_of(self.driver)} WHERE {' AND '.join(self.bounds)}"
        return f"({order}) <= (SELECT {order} FROM {rows} ORDER BY {order} LIMIT 1 OFFSET {self.steps - 1:d})"  # noqa: S608

    def text(self, select: str, order: str, limit: int | None) -> str:
        lite = connection.vendor == "sqlite"
        table = table_of(self.driver)
        if lite and self.driver == "words":
            table = f"meetings_words w CROSS JOIN {table} INDEXED BY {BY_MEETING} ON d.meeting_id = w.rowid"
        first = _WITH_WORDS if self.driver == "words" and not lite else ""
        if first:  # one by one until the limit: no table is hashed
            days = "SELECT * FROM meetings_meetingday WHERE meeting_id = w.id OFFSET 0"
            table = f"w CROSS JOIN LATERAL ({days}) d"
        if lite and self.driver == "meetings":
            table = f"json_each(%s) w CROSS JOIN {table} INDEXED BY {BY_MEETING} ON d.meeting_id = w.value"
        if self.reads_meeting:
            table += f" {'CROSS ' if lite else ''}JOIN meetings_meeting m ON m.id = d.meeting_id"
        ordered = f" ORDER BY {order}" if order else ""
        ordered += "" if limit is None else f" LIMIT {limit:d}"
        where = [self._last_step(order), *self.where] if self.steps else self.where
        return f"{first}SELECT {select} FROM {table} WHERE {' AND '.join(where)}{ordered}"  # noqa: S608


def table_of(driver: str) -> str:
    """The weekday rows, on SQLite by that index."""
    if driver == "found":
        return "found d"
    named = connection.vendor == "sqlite" and driver in INDEXES
    return f"meetings_meetingday d INDEXED BY {INDEXES[driver]}" if named else "meetings_meetingday d"


def moment(at: datetime) -> Any:
    """As the database compares it."""
    return connection.ops.adapt_datetimefield_value(at)


def moment_of(value: Any) -> datetime:
    """From the database's raw answer."""
    return datetime.fromisoformat(value).replace(tzinfo=UTC) if isinstance(value, str) else value.astimezone(UTC)


def fetch(text: str, params: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(text, params)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def driver_of(asked: Search, span: Span) -> tuple[str, list[int]]:
    """What leaves the fewest rows: a place, else a short time, else rare words, else the order asked for itself.

    With "meetings" the numbers of the meetings that have the words: the one query here, and only when words or types
    are asked for on certain days. Without a day they have been looked for before (stored), and are frequent.
    """
    window = window_of(asked)
    if window is not None:
        return grid_of(window).column, []
    if span.by_day and words_may_drive(asked, span) and (few := _with_words(asked)) is not None:
        return "meetings", few
    return by_order(asked, span), []


def words_may_drive(asked: Search, span: Span) -> bool:
    """Words or types are asked for, and neither a place nor a short time, which leave fewer rows."""
    return window_of(asked) is None and not span.narrow and bool(asked.words or asked.marks)


def driver_of_all(asked: Search, span: Span) -> str:
    """The same where all rows are wanted: words drive, however frequent they are."""
    window = window_of(asked)
    if window is not None:
        return grid_of(window).column
    return "words" if words_may_drive(asked, span) else by_order(asked, span)


def by_order(asked: Search, span: Span) -> str:
    """The index whose order is the one asked for."""
    if span.by_day:
        return "start"
    if asked.sort == BY_NAME and not span.narrow:
        return "name"
    if asked.mode == Meeting.ONLINE:
        return "online"
    return "start" if span.narrow else "nearest"


def matching(asked: Search, driver: str, meetings: list[int] | None = None, *, steps: int = 0) -> Statement:
    """The statement for what a search asks of a meeting itself; the time is still to be added."""
    made = Statement(driver, steps=steps)
    if driver == "meetings":
        _by_number(made, meetings or [])
    if driver == "words":
        _by_words(made, asked.words, asked.marks)
    _where(made, asked)
    if asked.mode:
        of_index = made.bound if driver == "online" else made.add
        of_index("d.online = TRUE" if asked.mode == Meeting.ONLINE else "d.onsite = TRUE")
    if asked.words and driver not in {"words", "meetings", "found"}:
        made.reads_meeting = True
        for word, kinds in zip(asked.words, marks_of(asked.words), strict=True):
            either = [f"{_position()}(' ' || m.folded, %s) > 0", *[f"{_position()}(d.tags, %s) > 0" for _kind in kinds]]
            made.add(f"({' OR '.join(either)})", f" {word}", *[f" {kind} " for kind in kinds])
    for mark in asked.marks if driver != "found" else ():
        made.add(f"{_position()}(d.tags, %s) > 0", f" {mark} ")
    if asked.fellowship:
        made.add("d.fellowship = %s", asked.fellowship)
    return made


def in_time(made: Statement, span: Span, now: datetime) -> None:
    """Rows whose stored time holds, and is one that is asked for."""
    made.add("d.next_ends_at > %s", now)
    starts = made.add if made.driver == "name" else made.bound
    starts("d.next_starts_at >= %s", now - BACK if span.running else span.first)
    if span.last is not None:
        starts("d.next_starts_at < %s", span.last)
    if span.parts:
        either = " OR ".join("d.next_starts_at >= %s AND d.next_starts_at < %s" for _part in span.parts)
        made.add(f"({either})", *[edge for part in span.parts for edge in part])


def chord(asked: Search) -> tuple[str, list[float]]:
    """The square of the straight line from the place asked for, as SQL."""
    assert asked.near is not None
    x, y, z = on_globe(*asked.near)
    return "((d.x - %s) * (d.x - %s) + (d.y - %s) * (d.y - %s) + (d.z - %s) * (d.z - %s))", [x, x, y, y, z, z]


def _where(made: Statement, asked: Search) -> None:
    window = window_of(asked)
    if window is None:
        return
    grid = grid_of(window)
    made.add(f"d.{grid.column} IN ({', '.join(map(str, grid.numbers))})")
    if asked.near is not None:
        line, spots = chord(asked)
        made.add(f"{line} <= %s", *spots, chord_squared(asked.radius))
        return
    between(made, window)


def between(made: Statement, window: Box) -> None:
    """Within the window; its east may lie beyond 180."""
    south, west, north, east = window
    made.add("d.latitude BETWEEN %s AND %s", south, north)
    if east > 180:
        made.add("(d.longitude >= %s OR d.longitude <= %s)", west, east - 360)
    else:
        made.add("d.longitude BETWEEN %s AND %s", west, east)


def _by_words(made: Statement, words: list[str], marks: list[str]) -> None:
    """First of all that is added: PostgreSQL has its parameter before WHERE."""
    if connection.vendor == "sqlite":
        made.add("w.meetings_words MATCH %s", _question(words, marks))
    else:
        made.params.append(_question(words, marks))
        made.where.append("TRUE")


def _by_number(made: Statement, meetings: list[int]) -> None:
    """First of all that is added: SQLite has its parameter before WHERE."""
    if connection.vendor == "sqlite":
        made.params.append(json.dumps(meetings))
        made.where.append("TRUE")
    else:
        made.add("d.meeting_id = ANY(%s)", meetings)


def meetings_with(words: list[str]) -> RawSQL:
    """The numbers of the meetings that have these words, by the index of words, for a filter of the ORM."""
    return RawSQL(_MATCHING if connection.vendor == "sqlite" else _HAS_WORDS, [_question(words, [])])  # noqa: S611


def _with_words(asked: Search) -> list[int] | None:
    """The meetings that have these words and types; None when they are not few."""
    text = _MATCHING if connection.vendor == "sqlite" else f"{_WITH_WORDS}SELECT id FROM w"  # noqa: S608
    found = [number for (number,) in fetch(f"{text} LIMIT {FEW + 1}", [_question(asked.words, asked.marks)])]
    return found if len(found) <= FEW else None


def found_by_words(asked: Search, columns: str, most: int) -> tuple[str, list[Any]]:
    """`WITH found AS …`: these columns of at most so many meetings `m` that have the words and types."""
    params = [_question(asked.words, asked.marks)]
    if connection.vendor == "sqlite":
        rows = f"SELECT {columns} FROM meetings_words w CROSS JOIN meetings_meeting m ON m.id = w.rowid"  # noqa: S608
        return f"WITH found AS MATERIALIZED ({rows} WHERE w.meetings_words MATCH %s LIMIT {most:d})", params
    has_words = f"{WORDS.format(column='m.folded')} @@ %s::tsquery"
    rows = f"SELECT {columns} FROM meetings_meeting m WHERE {has_words}"  # noqa: S608
    return f"WITH w AS MATERIALIZED ({rows}), found AS MATERIALIZED (SELECT * FROM w LIMIT {most:d})", params  # noqa: S608


def _question(words: list[str], marks: list[str]) -> str:
    """The index of words is asked for each word as the beginning of one, or in the name of a kind; each mark whole."""
    lite = connection.vendor == "sqlite"
    begins, either, both = ("*", " OR ", " AND ") if lite else (":*", " | ", " & ")
    quoted = _quoted_lite if lite else _quoted_full
    parts = [
        either.join([quoted(word) + begins, *map(quoted, kinds)])
        for word, kinds in zip(words, marks_of(words), strict=True)
    ]
    return both.join(f"({part})" for part in [*parts, *map(quoted, marks)])


def _quoted_lite(text: str) -> str:
    return '"{}"'.format(text.replace('"', '""'))


def _quoted_full(text: str) -> str:
    return "'{}'".format(text.replace("\\", "\\\\").replace("'", "''"))


def name_key() -> str:
    """In the order of code points on both databases, as Python compares."""
    return "d.name_key" if connection.vendor == "sqlite" else 'd.name_key COLLATE "C"'


def _position() -> str:
    return "instr" if connection.vendor == "sqlite" else "strpos"
