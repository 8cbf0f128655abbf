"""The finder's map: how many meetings lie where in the window that a map shows, and which ones, once they are few.

The same search as the list, but for its place: that is the window. Up to FEW meetings are named, in the list's order
and with its times; more are counted in cells of a grid by the database. A window of up to 20 degrees is counted whole,
and so is a larger one that is not full; else it shows the next CAP meetings to start. At most nine statements, each by
an index. Meetings by appointment have no row to be counted by: they are there once the window holds few.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from math import floor, log2

from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from meetings.selectors.finder.asked import MOST_DEGREES, RADIUS_KM, Box, Found, Search, is_on_earth
from meetings.selectors.finder.facets import CAP, in_span
from meetings.selectors.finder.find import search
from meetings.selectors.finder.listed import main_zone
from meetings.selectors.finder.span import Span
from meetings.selectors.finder.statement import Statement, between, driver_of_all, fetch, matching
from meetings.selectors.finder.where import AREAS, numbers_of

FEW = 200  # meetings that are named
MOST_COUNTED = 20_000  # rows of a large window that are counted whole
ACROSS = 40  # cells at most, either way
DEEPEST = 22  # a map's zoom; a step halves a cell
APART = 16  # from this zoom on every place is shown by itself
WHOLE_CELL = 90.0  # degrees of a cell at zoom 0: about 64 points of a screen
SAME_SPOT = 5  # decimals, about a metre


@dataclass(frozen=True, slots=True)
class Place:
    """One place, or several that lie close together: then `box` is wider than a point, and nobody is named.

    `rows` are its meetings in the order of the list, none where there are many. `approximate`: no meeting here has
    more than about a place.
    """

    latitude: float
    longitude: float
    count: int
    box: Box
    rows: tuple[Found, ...] = ()
    approximate: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """What a map shows in a window. `capped`: more lie in it, these are the next to start."""

    places: list[Place]
    total: int
    capped: bool
    zone: str


@dataclass(frozen=True, slots=True)
class OffMap:
    """Meetings that fit and are on no map: held online alone, or at no place that is known. `capped`: at least."""

    online: int
    unplaced: int
    capped: bool


def on_map(asked: Search, window: Box, zoom: int, *, now: datetime) -> Shown:
    """The window is (south, west, north, east); west greater than east: over the date line.

    Raises ValidationError for what cannot be read, as search does.
    """
    _check(window, zoom)
    anywhere = _anywhere(asked)
    anywhere.check()
    zone = asked.zone or main_zone()
    cell = WHOLE_CELL / 2 ** _depth(window, zoom)
    places, capped = _counted(anywhere, window, cell, Span.of(anywhere, now, zone), now)
    total = sum(place.count for place in places)
    if total <= FEW and not _is_wide(window):
        page = search(replace(anywhere, box=window), now=now, limit=2 * FEW, most=2 * FEW)
        if not page.after:
            places = _named(page.rows, cell, apart=zoom >= APART)
            total = sum(place.count for place in places)
    return Shown(places, total, capped, zone)


def off_map(asked: Search, *, now: datetime) -> OffMap:
    """Counted for all that is asked but for the place. One statement."""
    anywhere = _anywhere(asked)
    anywhere.check()
    span = Span.of(anywhere, now, asked.zone or main_zone())
    driver = driver_of_all(anywhere, span)
    made = matching(anywhere, driver if driver == "words" or span.narrow else "cell")
    made.add("d.cell IS NULL")
    in_span(made, span, now)
    rows = made.text("d.meeting_id AS meeting, CASE WHEN d.onsite = TRUE THEN 0 ELSE 1 END AS online", "", CAP)
    text = f"SELECT online, count(DISTINCT meeting), count(*) FROM ({rows}) AS r GROUP BY online"  # noqa: S608
    found = {int(online): (int(meetings), int(dates)) for online, meetings, dates in fetch(text, made.params)}
    dates = sum(dates for _meetings, dates in found.values())
    return OffMap(found.get(1, (0, 0))[0], found.get(0, (0, 0))[0], dates >= CAP)


def _anywhere(asked: Search) -> Search:
    return replace(asked, near=None, radius=RADIUS_KM, box=None, sort="")


def _check(window: Box, zoom: int) -> None:
    if not is_on_earth(window):
        raise ValidationError({"window": _("Four numbers: south,west,north,east.")})
    if not 0 <= zoom <= DEEPEST:
        raise ValidationError({"zoom": _("A number from 0 to 22.")})


def _width(window: Box) -> float:
    _south, west, _north, east = window
    return (east - west) % 360 or 360.0


def _is_wide(window: Box) -> bool:
    return window[2] - window[0] > MOST_DEGREES or _width(window) > MOST_DEGREES


def _depth(window: Box, zoom: int) -> int:
    """The zoom by which cells are cut: not so deep that a window has more than ACROSS of them either way."""
    most = WHOLE_CELL * ACROSS / max(window[2] - window[0], _width(window))  # may be infinite
    return min(zoom, max(0, floor(log2(min(most, 2**DEEPEST)))))


def _counted(asked: Search, window: Box, cell: float, span: Span, now: datetime) -> tuple[list[Place], bool]:
    """(the places, whether more lie there than were counted)."""
    made, limit = _in_window(asked, window, span)
    in_span(made, span, now)
    rows = made.text(
        "d.meeting_id AS meeting, d.latitude AS lat, d.longitude AS lon", "d.next_starts_at" if limit else "", limit
    )
    number = "count(DISTINCT meeting)" if span.by_day else "count(*)"
    text = (
        f"SELECT avg(lat), avg(lon), {number}, min(lat), min(lon), max(lat), max(lon)"  # noqa: S608
        f" FROM ({rows}) AS r GROUP BY floor((lat + 90.0) / %s), floor((lon + 180.0) / %s)"
    )
    found = fetch(text, [*made.params, cell, cell])
    places = [Place(lat, lon, int(count), (s, w, n, e)) for lat, lon, count, s, w, n, e in found]
    return _in_order(places), limit is not None and sum(place.count for place in places) >= limit


def _in_window(asked: Search, window: Box, span: Span) -> tuple[Statement, int | None]:
    """(what is asked for in the window, how many rows in the order of time; None: all).

    All, where the window is small or holds few: then its cells lead there. A large and full one is gone through in the
    order of time, which soon finds enough.
    """
    if not _is_wide(window):
        boxed = replace(asked, box=window)
        return matching(boxed, driver_of_all(boxed, span)), None
    south, west, north, east = window
    whole = south, west, north, east if east > west else east + 360
    filled = _filled()
    areas = [area for area in numbers_of(whole, *AREAS) if area in filled]
    few = sum(filled[area] for area in areas) <= MOST_COUNTED
    driver = driver_of_all(asked, span)
    made = matching(asked, "area" if few and driver != "words" else driver)
    if made.driver == "area":
        made.add(f"d.area IN ({', '.join(map(str, areas)) or 'NULL'})")
    between(made, whole)
    return made, None if few else CAP


def _filled() -> dict[int, int]:
    """How many rows each area of two degrees holds. Kept 5 minutes: it only chooses the way to count."""
    found: dict[int, int] | None = cache.get("finder:areas")
    if found is None:
        rows = fetch("SELECT area, count(*) FROM meetings_meetingday WHERE area IS NOT NULL GROUP BY area", [])
        found = {int(area): int(count) for area, count in rows}
        cache.set("finder:areas", found, 300 if found else 5)
    return found


def _named(rows: list[Found], cell: float, *, apart: bool) -> list[Place]:
    """The rows by place; places that share a cell are one, without names, unless all stand apart."""
    cells: dict[tuple[float, float], dict[tuple[float, float], dict[int, Found]]] = defaultdict(dict)
    for row in rows:
        lat, lon = row.meeting.latitude, row.meeting.longitude
        if lat is None or lon is None:
            continue  # it lost its place meanwhile
        spot = round(lat, SAME_SPOT), round(lon, SAME_SPOT)
        of_cell = spot if apart else (floor((lat + 90) / cell), floor((lon + 180) / cell))
        cells[of_cell].setdefault(spot, {}).setdefault(row.meeting.pk, row)  # of several dates the first
    return _in_order(_place(spots) for spots in cells.values())


def _place(spots: dict[tuple[float, float], dict[int, Found]]) -> Place:
    rows = [row for meetings in spots.values() for row in meetings.values()]
    lats, lons = [lat for lat, _lon in spots], [lon for _lat, lon in spots]
    box = min(lats), min(lons), max(lats), max(lons)
    alone = len(spots) == 1
    return Place(
        latitude=sum(lats) / len(lats),
        longitude=sum(lons) / len(lons),
        count=len(rows),
        box=box,
        rows=tuple(rows) if alone else (),
        approximate=alone and all(row.meeting.approximate for row in rows),
    )


def _in_order(places: Iterable[Place]) -> list[Place]:
    """From north to south: the order in which one moves through them by key."""
    return sorted(places, key=lambda place: (-place.latitude, place.longitude))
