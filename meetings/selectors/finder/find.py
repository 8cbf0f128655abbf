"""The search: which meetings are on, or come next. Open to guests; scoped to what is public.

Rows are found by the indexed weekday rows (services.upcoming keeps their times, the database the rest). What was
cancelled or moved, and rows whose stored time is over, are computed again from the rule: no row shows a wrong time when
the worker is behind. A fixed number of queries, whatever is found.
"""

from datetime import datetime
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
from meetings.selectors.finder.stored import Key, Stored, stored
from meetings.selectors.finder.where import window_of
from meetings.selectors.held import changes_of, next_of

APPOINTMENT = "a"
NOT_SHOWN = ("extra", "folded", "created_at", "next_starts_at", "next_ends_at", "source__about", "source__trouble_said")


def search(asked: Search, *, now: datetime, after: str = "", limit: int = PAGE, most: int = MOST) -> Page:
    """Meetings by start: those in progress first, then the next ones, those by appointment last.

    At most `most` of them, whatever `limit` says: more than a page is for lists that are read as a whole. Raises
    ValidationError for a request that cannot be read. At most six queries, eight with words.
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


def _listed() -> "QuerySet[Meeting]":
    """Meetings as a list shows them, without what it never does.

    A source from BMLT holds its server's formats, tens of kilobytes that would be read again for each row.
    """
    return Meeting.objects.select_related("source").defer(*NOT_SHOWN)


# --- rows with a time -----------------------------------------------------------------------------------------


def _timed(
    asked: Search, span: Span, now: datetime, cursor: Key | None, limit: int
) -> tuple[list[tuple[Key, Found]], Key | None]:
    """(rows with a time, in order, after the cursor; the key behind which there is more than was looked at)."""
    fresh, late = stored(asked, span, now, cursor, limit)
    complete_to = fresh[-1].key if len(fresh) >= limit else None
    meetings = _listed().in_bulk({row.key.meeting for row in [*fresh, *late]})
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


# --- those by appointment -------------------------------------------------------------------------------------


def _by_appointment(asked: Search, cursor: Key | int | None, limit: int) -> list[Found]:
    """They have no time, so no weekday rows either: few, by an index of their own."""
    rows = _listed().filter(starts_local=None, closed_at=None, on_hold=False)
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
