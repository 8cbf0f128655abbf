"""Finds the rows that a BMLT request means. Whatever indexes can narrow is asked of the database; rows are streamed.

Only an order by something that is no column (a town within an address, a distance) holds the answer in memory.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any

from django.db.models import F, Max, Min, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Mod, NullIf

from meetings import places
from meetings.folding import fold
from meetings.models import Import, ImportChange, Listing, Meeting, MeetingDay, Source
from meetings.out.bmlt import MODES, OWN_BODY, Row, pk_of, rows_of
from meetings.out.bmlt_asked import RINGS, Asked, Chosen, Near
from meetings.out.bmlt_formats import Format, formats_of, of_list
from meetings.selectors.finder import Search
from meetings.selectors.finder.statement import meetings_with
from meetings.selectors.finder.where import window_of
from meetings.selectors.published import CHUNK, COLUMNS, open_meetings, public_of, published

# what the database can sort by, in the words of the request
ORDERS: dict[str, Any] = {
    "weekday_tinyint": Mod(F("weekday") + 1, 7),
    "start_time": F("minute"),
    "duration_time": F("meeting__minutes"),
    "meeting_name": F("meeting__name"),
    "location_text": NullIf(F("meeting__place"), Value("")).asc(nulls_last=True),
}
MOST_WORDS = 8
EARTH = (-90.0, -180.0, 90.0, 180.0)


def found(asked: Asked, now: datetime, root: str) -> Iterator[Row]:
    """The rows that are asked for, in their order and, with paging, of their page."""
    if asked.nowhere:
        return iter(())
    rows: Iterator[Row] = (row for row in _stream(asked, now) if asked.meant(row) and _says(row, asked, root))
    if asked.near:
        rows = iter(_around(rows, asked.near))
    if asked.by_distance and asked.near:
        rows = iter(sorted(rows, key=lambda row: row.km or 0.0))
    elif not _sorted_by_database(asked):
        rows = iter(sorted(rows, key=_sort_key(asked.sort, root)))
    if asked.page_size:
        return islice(rows, (asked.page - 1) * asked.page_size, asked.page * asked.page_size)
    return rows


def all_rows(now: datetime) -> Iterator[Row]:
    """Every row, by id."""
    further = formats_of_lists()
    for one in published(open_meetings()):
        yield from rows_of(one, now, further.get(one.source, {}))


def rows_of_body(body: int, now: datetime) -> Iterator[Row]:
    """The rows of one service body."""
    source = None if body == OWN_BODY else body - 1
    further = formats_of_lists()
    for one in published(open_meetings().filter(source=source)):
        yield from rows_of(one, now, further.get(one.source, {}))


def ended_of_body(body: int) -> Iterator[tuple[int, str, str]]:
    """(meeting, name, world id) of what a service body no longer lists."""
    rows = Meeting.objects.filter(source=None if body == OWN_BODY else body - 1, closed_at__isnull=False)
    for pk, name, extra in rows.order_by("pk").values_list("pk", "name", "extra").iterator(chunk_size=CHUNK):
        yield pk, name, extra.get("worldid_mixed", "")


def covered() -> tuple[float, float, float, float] | None:
    """(south, west, north, east) of the open meetings; None when none has a place."""
    corners = open_meetings().aggregate(
        south=Min("latitude"), west=Min("longitude"), north=Max("latitude"), east=Max("longitude")
    )
    if corners["south"] is None or corners["west"] is None:
        return None
    return corners["south"], corners["west"], corners["north"], corners["east"]


def changes(
    *, after: datetime | None, before: datetime | None, pks: Chosen, bodies: Chosen, most: int = 5000
) -> list[dict[str, Any]]:
    """What is known of the listed meetings' history: when each was first listed here, what its list changed since (of
    the imports that stay to be read), and when it was taken off."""
    rows = _edits(after=after, before=before, pks=pks, bodies=bodies, most=most)
    for column, kind in (("created_at", "new"), ("closed_at", "delete")):
        found = Meeting.objects.filter(**{f"{column}__isnull": False})
        if after is not None:
            found = found.filter(**{f"{column}__gte": after})
        if before is not None:
            found = found.filter(**{f"{column}__lt": before})
        if pks.wanted:
            found = found.filter(pk__in={pk_of(number) for number in pks.wanted})
        found = _of_bodies(found, "", bodies, recursive=False)
        values = found.order_by(f"-{column}", "-pk").values(
            "pk", "name", "source_id", "source__name", "closed_at", at=F(column)
        )[:most]
        rows += [{**one, "kind": kind} for one in values]
    return sorted(rows, key=lambda one: (one["at"], one["pk"]), reverse=True)[:most]


def _edits(
    *, after: datetime | None, before: datetime | None, pks: Chosen, bodies: Chosen, most: int
) -> list[dict[str, Any]]:
    """What imports changed, field by field: `fields` is [[word, before, after], …]."""
    rows = ImportChange.objects.filter(kind=ImportChange.CHANGED, of__state=Import.DONE)
    if after is not None:
        rows = rows.filter(of__settled_at__gte=after)
    if before is not None:
        rows = rows.filter(of__settled_at__lt=before)
    listing = Listing.objects.filter(source=OuterRef("of__source"), key=OuterRef("key"))
    rows = _of_bodies(rows, "of__", bodies, recursive=False).annotate(meeting=Subquery(listing.values("meeting")[:1]))
    if pks.wanted:
        rows = rows.filter(meeting__in={pk_of(number) for number in pks.wanted})
    found = list(
        rows.exclude(meeting=None).order_by("-of__settled_at", "-pk").values(
            "meeting", "fields", change=F("pk"), at=F("of__settled_at")
        )[:most]
    )  # fmt: skip
    columns = ("pk", "name", "source_id", "source__name", "closed_at")
    meetings = {
        one["pk"]: one for one in Meeting.objects.filter(pk__in={row["meeting"] for row in found}).values(*columns)
    }
    return [{**meetings[row["meeting"]], **row, "kind": "change"} for row in found if row["meeting"] in meetings]


def formats_of_lists() -> dict[int | None, dict[str, Format]]:
    """What each BMLT list has of formats that are not known here. One query."""
    rows = Source.objects.filter(kind="bmlt").values_list("pk", "about")
    return {pk: of_list(pk, about.get("formats", [])) for pk, about in rows}


def town(name: str) -> tuple[float, float] | None:
    """Where a town is, by the towns we carry: no search goes to a stranger's server."""
    cities = places.search(name, limit=1) if name else []
    return (cities[0].latitude, cities[0].longitude) if cities else None


# --- the stream -----------------------------------------------------------------------------------------------


def _stream(asked: Asked, now: datetime) -> Iterator[Row]:
    """Rows by weekday, as far as the database narrows them."""
    days = _narrowed(asked)
    order = [ORDERS[key] for key in asked.sort if key in ORDERS] if _sorted_by_database(asked) else []
    columns = [f"meeting__{column}" for column in COLUMNS if column != "pk"]
    further = formats_of_lists()
    wanted = days.order_by(*order, "meeting_id", "weekday").values_list("weekday", "meeting_id", *columns)
    for weekday, *values in wanted.iterator(chunk_size=CHUNK):
        one = public_of(values)
        if weekday in one.weekdays(now):
            yield Row(one, weekday, formats_of(one, further.get(one.source, {})))


def _narrowed(asked: Asked) -> QuerySet[MeetingDay]:
    days = MeetingDay.objects.filter(meeting__closed_at=None)
    if asked.ids.wanted:
        days = days.filter(meeting_id__in={pk_of(number) for number in asked.ids.wanted})
    if asked.weekdays.wanted:
        days = days.filter(weekday__in={(number - 2) % 7 for number in asked.weekdays.wanted})
    modes = {mode for number, mode in MODES.items() if number in asked.venues}
    if len(modes) < len(MODES):
        days = days.filter(meeting__mode__in=modes)
    if words := fold(asked.words).split()[:MOST_WORDS]:
        days = days.filter(meeting_id__in=meetings_with(words))
    if asked.near:
        days = days.filter(**_window(asked.near))
    return _of_bodies(days, "meeting__", asked.services, recursive=asked.recursive)


def _window(near: Near) -> dict[str, Any]:
    """The columns of all that can lie within the width or the widest ring; the distance itself is measured later."""
    radius = RINGS[-1] * near.unit if near.least else near.km
    south, west, north, east = window_of(Search(near=(near.latitude, near.longitude), radius=radius)) or EARTH
    found = {"meeting__latitude__range": (south, north)}
    return found if west < -180 or east > 180 else found | {"meeting__longitude__range": (west, east)}


def _of_bodies(rows: QuerySet[Any], to: str, bodies: Chosen, *, recursive: bool) -> QuerySet[Any]:
    """Rows of the asked service bodies; with `recursive` the site's own stands for all under it."""

    def of(numbers: frozenset[int]) -> Q:
        where = Q(**{f"{to}source_id__in": [number - 1 for number in numbers if number != OWN_BODY]})
        return where | Q(**{f"{to}source_id": None}) if OWN_BODY in numbers else where

    if bodies.wanted and not (recursive and OWN_BODY in bodies.wanted):
        rows = rows.filter(of(bodies.wanted))
    if bodies.refused:
        rows = rows.none() if recursive and OWN_BODY in bodies.refused else rows.exclude(of(bodies.refused))
    return rows


def _says(row: Row, asked: Asked, root: str) -> bool:
    return not asked.key or row.record(root)[asked.key] in asked.values


def _around(rows: Iterable[Row], near: Near) -> list[Row]:
    """Rows with a place within the width, or within the smallest ring that holds at least so many."""
    measured = [
        replace(row, km=places.distance_km(near.latitude, near.longitude, row.one.latitude, row.one.longitude))
        for row in rows
        if row.one.latitude is not None and row.one.longitude is not None
    ]
    if not near.least:
        return [row for row in measured if (row.km or 0.0) <= near.km]
    for ring in RINGS:
        within = [row for row in measured if (row.km or 0.0) <= ring * near.unit]
        if len(within) >= near.least:
            return within
    return within


def _sorted_by_database(asked: Asked) -> bool:
    return not asked.by_distance and all(key in ORDERS for key in asked.sort)


def _sort_key(keys: tuple[str, ...], root: str) -> Callable[[Row], tuple[Any, ...]]:
    """Rows that do not say it come last."""

    def key(row: Row) -> tuple[Any, ...]:
        record = row.record(root)
        parts = ((not record[name], _number(record[name]), record[name].casefold()) for name in keys)
        return (*parts, row.ident)

    return key


def _number(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        return 0.0
