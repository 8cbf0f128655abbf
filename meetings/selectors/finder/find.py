"""The search: which meetings are on, or come next. Open to guests; scoped to what is public.

Rows are found by the indexed weekday rows (services.upcoming keeps their times, the database the rest). What was
cancelled or moved, and rows whose stored time is over, are computed again from the rule: no row shows a wrong time when
the worker is behind. A fixed number of queries, whatever is found.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import ExpressionWrapper, F, FloatField, Q, QuerySet, Value
from django.db.models.functions import Cos, Power, Radians, Sin
from django.utils.translation import gettext as _

from ground.wall import to_wall
from meetings import places
from meetings.kind_names import marks_of
from meetings.models import Meeting
from meetings.schedule import Held
from meetings.selectors.finder.asked import BY_DISTANCE, BY_NAME, MOST, PAGE, Found, Page, Search
from meetings.selectors.finder.listed import main_zone
from meetings.selectors.finder.span import Span
from meetings.selectors.finder.statement import Statement, chord, driver_of, fetch, matching, moment_of, name_key
from meetings.selectors.finder.where import window_of
from meetings.selectors.held import BACK, changes_of, next_of

LATE = 200  # rows whose stored time is over (the worker is behind) that one search looks at
APPOINTMENT = "a"
FOUND = "d.meeting_id, d.weekday, d.next_starts_at, d.next_ends_at, d.name_key"


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


def search(asked: Search, *, now: datetime, after: str = "", limit: int = PAGE, most: int = MOST) -> Page:
    """Meetings by start: those in progress first, then the next ones, those by appointment last.

    At most `most` of them, whatever `limit` says: more than a page is for lists that are read as a whole. Raises
    ValidationError for a request that cannot be read. At most six queries.
    """
    asked.check()
    cursor = _cursor(after, asked)
    limit = max(1, min(limit, most))
    zone = asked.zone or main_zone()
    span = Span.of(asked, now, zone)
    rows: list[tuple[Key, Found]] = []
    behind: Key | None = None
    if not isinstance(cursor, int):
        rows, behind = _timed(asked, span, now, cursor, limit + 1)
    found = [row for _key, row in rows]
    if len(rows) > limit:
        return Page(found[:limit], _written(rows[limit - 1][0]), zone)
    if behind:
        return Page(found, _written(behind), zone)
    if span.last is None:
        asked_first = _by_appointment(asked, cursor, limit + 1 - len(rows))
        found += asked_first
        if len(found) > limit:
            last = found[limit - 1]
            return Page(found[:limit], _after(last, rows), zone)
    return Page(found, "", zone)


def _after(last: Found, rows: list[tuple[Key, Found]]) -> str:
    return f"{APPOINTMENT}.{last.meeting.pk}" if last.held is None else _written(rows[-1][0])


# --- rows with a time -----------------------------------------------------------------------------------------


def _timed(
    asked: Search, span: Span, now: datetime, cursor: Key | None, limit: int
) -> tuple[list[tuple[Key, Found]], Key | None]:
    """(rows with a time, in order, after the cursor; the key behind which there is more than was looked at)."""
    fresh, late = _stored(asked, span, now, cursor, limit)
    complete_to = fresh[-1].key if len(fresh) >= limit else None
    meetings = Meeting.objects.select_related("source").in_bulk({row.key.meeting for row in [*fresh, *late]})
    changes = changes_of(list(meetings.values()), now)
    found: dict[tuple[int, int], tuple[Key, Found]] = {}
    for row, is_late in [(row, False) for row in fresh] + [(row, True) for row in late]:
        meeting = meetings.get(row.key.meeting)
        if meeting is None:
            continue  # gone since
        change = changes.get(meeting.pk)
        held: Held | None
        if is_late or change:
            held = _again(meeting, row, span, now, change)
        else:
            held = Held(to_wall(row.starts_at, meeting.zone), row.starts_at, row.ends_at)
        if held is None or not span.holds(held, now):
            continue
        key = Key(row.key.rank, int(held.starts_at.timestamp()), meeting.pk)
        if (cursor and key <= cursor) or (complete_to and key > complete_to):
            continue  # shown before, or to come on a later page
        on_now = held.starts_at <= now < held.ends_at
        found[meeting.pk, row.weekday if span.by_day else -1] = key, Found(meeting, held, on_now, _km(meeting, asked))
    return sorted(found.values(), key=lambda pair: pair[0])[:limit], complete_to


def _again(meeting: Meeting, row: Stored, span: Span, now: datetime, change: Any) -> Held | None:
    """The row's date by the rule and what was arranged."""
    weekday = row.weekday if span.by_day else None
    held = next_of(meeting, now if span.running else span.first, change, weekday=weekday)
    if held and not span.running and held.starts_at < span.first:  # began before the day that is asked for
        held = next_of(meeting, held.ends_at, change, weekday=weekday)
    return held


def _asked_for(asked: Search, span: Span, driver: str, few: list[int] | None = None) -> Statement:
    """What is asked for but for the time."""
    made = matching(asked, driver, few)
    if not span.by_day:
        made.add("d.nearest = TRUE")
    return made


def _fresh(made: Statement, asked: Search, span: Span, now: datetime, cursor: Key | None) -> Statement:
    """Rows whose stored time holds."""
    made.add("d.next_ends_at > %s", now)
    made.add("d.next_starts_at >= %s", now - BACK if span.running else span.first)
    if span.last is not None:
        made.add("d.next_starts_at < %s", span.last)
    if span.parts:
        either = " OR ".join("d.next_starts_at >= %s AND d.next_starts_at < %s" for _part in span.parts)
        made.add(f"({either})", *[edge for part in span.parts for edge in part])
    if cursor:
        at = datetime.fromtimestamp(cursor.start, UTC)
        if asked.sort == BY_DISTANCE:
            line, spots = chord(asked)
            made.add(
                f"({line} > %s OR ({line} = %s AND (d.next_starts_at, d.meeting_id) > (%s, %s)))",
                *spots, cursor.rank, *spots, cursor.rank, at, cursor.meeting,
            )  # fmt: skip
        elif asked.sort == BY_NAME:
            made.add(f"({name_key()}, d.next_starts_at, d.meeting_id) > (%s, %s, %s)", cursor.rank, at, cursor.meeting)
        else:
            made.add("(d.next_starts_at, d.meeting_id) > (%s, %s)", at, cursor.meeting)
    return made


def _stored(
    asked: Search, span: Span, now: datetime, cursor: Key | None, limit: int
) -> tuple[list[Stored], list[Stored]]:
    """(rows whose stored time holds, in order; rows whose stored time is over: few, unless the worker is behind)."""
    driver, few = driver_of(asked, span)
    rank, before = "''", list[float]()
    order = "d.next_starts_at, d.meeting_id"
    if asked.sort == BY_DISTANCE:
        rank, before = chord(asked)
        order = f"5, {order}"
    elif asked.sort == BY_NAME:
        rank = "d.name_key"
        order = f"{name_key()}, {order}"
    select = f"d.meeting_id, d.weekday, d.next_starts_at, d.next_ends_at, {rank}"
    first, params = "", list[Any]()
    if driver == "meetings":  # both halves are read out of their rows: these are read once
        base = _asked_for(asked, span, driver, few)
        first = f"WITH found AS MATERIALIZED ({base.text(FOUND, '', None)}) "
        params, fresh, late = base.params, Statement("found"), Statement("found")
    else:
        fresh = _asked_for(asked, span, driver)
        late = _asked_for(asked, span, "late" if driver in {"start", "nearest", "online", "name"} else driver)
    _fresh(fresh, asked, span, now, cursor)
    _late(late, now)
    text = (
        f"{first}SELECT f.*, 0 FROM ({fresh.text(select, order, limit)}) AS f UNION ALL "  # noqa: S608
        f"SELECT l.*, 1 FROM ({late.text(select, 'd.next_ends_at', LATE)}) AS l"
    )
    params = [*params, *before, *fresh.params, *before, *late.params]
    found: tuple[list[Stored], list[Stored]] = [], []
    for *columns, is_late in fetch(text, params):
        meeting, weekday, starts, ends, ranked = columns
        starts_at = moment_of(starts)
        key = Key(ranked, int(starts_at.timestamp()), meeting)
        found[is_late].append(Stored(key, weekday, starts_at, moment_of(ends)))
    return found


def _late(made: Statement, now: datetime) -> Statement:
    """Rows whose stored time is over."""
    made.add("d.next_ends_at <= %s", now)
    if made.driver in {"cell", "area"}:
        made.add("d.next_starts_at < %s", now)
    return made


# --- those by appointment -------------------------------------------------------------------------------------


def _by_appointment(asked: Search, cursor: Key | int | None, limit: int) -> list[Found]:
    """They have no time, so no weekday rows either: few, by an index of their own."""
    rows = Meeting.objects.select_related("source").filter(starts_local=None, closed_at=None, on_hold=False)
    for word, kinds in zip(asked.words, marks_of(asked.words), strict=True):
        has = Q(folded__contains=f" {word}") | Q(folded__startswith=word)
        for kind in kinds:
            has |= Q(folded__contains=f" {kind} ")
        rows = rows.filter(has)
    for mark in asked.marks:
        rows = rows.filter(folded__contains=f" {mark} ")
    if asked.mode:
        rows = rows.filter(mode__in=[asked.mode, Meeting.HYBRID])
    if asked.fellowship:
        rows = rows.filter(fellowship=asked.fellowship)
    rows = _around(rows, asked)
    if isinstance(cursor, int):
        rows = rows.filter(pk__gt=cursor)
    return [Found(meeting, None, False, _km(meeting, asked)) for meeting in rows.order_by("pk")[:limit]]


def _around(rows: "QuerySet[Meeting]", asked: Search) -> "QuerySet[Meeting]":
    window = window_of(asked)
    if window is None:
        return rows
    south, west, north, east = window
    rows = rows.filter(mode__in=[Meeting.IN_PERSON, Meeting.HYBRID], latitude__gte=south, latitude__lte=north)
    if west >= -180 and east <= 180:
        rows = rows.filter(longitude__gte=west, longitude__lte=east)
    elif asked.box:
        rows = rows.filter(Q(longitude__gte=west) | Q(longitude__lte=east - 360))
    if asked.near is None:
        return rows
    lat, lon = asked.near
    phi, lam = F("latitude"), F("longitude")
    bow = Power(Sin(Radians(phi - Value(lat)) / 2.0), 2) + Value(_cos(lat)) * Cos(Radians(phi)) * Power(
        Sin(Radians(lam - Value(lon)) / 2.0), 2
    )
    within = _half_chord(asked.radius)
    return rows.alias(bow=ExpressionWrapper(bow, output_field=FloatField())).filter(bow__lte=within)


def _cos(lat: float) -> float:
    x, y, _z = places.on_globe(lat, 0.0)
    return x + y


def _half_chord(radius: float) -> float:
    from math import sin  # noqa: PLC0415

    return sin(radius / places.EARTH_KM / 2) ** 2


def _km(meeting: Meeting, asked: Search) -> float | None:
    if asked.near is None or meeting.latitude is None or meeting.longitude is None:
        return None
    return round(places.distance_km(*asked.near, meeting.latitude, meeting.longitude), 1)


# --- the cursor -----------------------------------------------------------------------------------------------


def _written(key: Key) -> str:
    """`START.MEETING`, with the rank before it where there is one."""
    tail = f"{key.start}.{key.meeting}"
    return f"{tail}.{key.rank!r}" if isinstance(key.rank, float) else f"{tail}.{key.rank}" if key.rank else tail


def _cursor(after: str, asked: Search) -> Key | int | None:
    """The key of the last row shown; the number of the last meeting shown that is by appointment; None at the start."""
    if not after:
        return None
    start, _dot, rest = after.partition(".")
    meeting, _dot, rank = rest.partition(".")
    readable = meeting.isdecimal() and len(meeting) < 19 and len(rank) <= 64 and "\0" not in rank
    if readable and start == APPOINTMENT and not rank:
        return int(meeting)
    if readable and start.isdecimal() and len(start) < 12:
        if asked.sort == BY_NAME:
            return Key(rank, int(start), int(meeting))
        try:
            return Key(float(rank) if asked.sort == BY_DISTANCE else "", int(start), int(meeting))
        except ValueError:
            pass
    raise ValidationError({"after": _("This is no place in the list. Start again without it.")})
