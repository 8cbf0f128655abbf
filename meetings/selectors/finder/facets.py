"""How many meetings each further choice would leave: asked for apart from the list, since it reads more rows.

Counted are dates in the time asked for (without one: meetings). A choice of its own kind replaces the present one (a
mode, a language, a fellowship), a type is added to those chosen. Two statements, whatever is found.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ground.wall import to_wall
from meetings.guide_types import LANGUAGES
from meetings.models import Meeting
from meetings.selectors.finder.asked import DAY_NAMES, Search
from meetings.selectors.finder.listed import main_zone
from meetings.selectors.finder.span import Span, day_bounds
from meetings.selectors.finder.statement import Statement, driver_of_all, fetch, in_time, matching

CAP = 4_000  # rows counted; where there are more, the numbers say so


@dataclass(slots=True)
class Facets:
    """Numbers by choice. `capped`: more was found than was counted, every number means at least."""

    total: int = 0
    modes: Counter[str] = field(default_factory=Counter)
    tags: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    fellowships: Counter[str] = field(default_factory=Counter)
    days: dict[str, int] = field(default_factory=dict)
    capped: bool = False


def facets(asked: Search, *, now: datetime) -> Facets:
    """Raises ValidationError as search does."""
    asked.check()
    zone = asked.zone or main_zone()
    found = Facets()
    span = Span.of(asked, now, zone)
    seen = 0
    for online, onsite, tags, fellowship, count in _groups(asked, span, now):
        seen += count
        _count(found, asked, (bool(online), bool(onsite)), tags.split(), fellowship, count)
    found.capped = seen >= CAP
    found.days = _days(asked, now, zone)
    return found


def _count(
    found: Facets, asked: Search, ways: tuple[bool, bool], marks: list[str], fellowship: str, count: int
) -> None:
    """One group of equal rows, put to every choice for which it counts."""
    online, onsite = ways
    modes = [name for name, there in ((Meeting.ONLINE, online), (Meeting.IN_PERSON, onsite)) if there]
    codes = {mark[1:].upper() for mark in marks}
    in_mode = not asked.mode or asked.mode in modes
    in_tags = codes.issuperset(asked.tags)
    in_language = not asked.language or asked.language in codes
    in_fellowship = not asked.fellowship or asked.fellowship == fellowship
    if in_mode and in_tags and in_language and in_fellowship:
        found.total += count
        for code in codes - LANGUAGES:
            found.tags[code] += count
    if in_tags and in_language and in_fellowship:
        for mode in modes:
            found.modes[mode] += count
    if in_mode and in_tags and in_fellowship:
        for code in codes & LANGUAGES:
            found.languages[code] += count
    if in_mode and in_tags and in_language and fellowship:
        found.fellowships[fellowship] += count


def _groups(asked: Search, span: Span, now: datetime) -> list[tuple[bool, bool, str, str, int]]:
    """How many rows there are of each (online, in person, types, fellowship), whatever of these is asked for."""
    wider = replace(asked, mode="", tags=(), language="", fellowship="", sort="")
    made = matching(wider, driver_of_all(wider, span))
    in_span(made, span, now)
    rows = made.text("d.online, d.onsite, d.tags, d.fellowship", "", CAP)
    text = f"SELECT online, onsite, tags, fellowship, count(*) FROM ({rows}) AS r GROUP BY 1, 2, 3, 4"  # noqa: S608
    return fetch(text, made.params)


def in_span(made: Statement, span: Span, now: datetime) -> None:
    """Dates of the time asked for; without one a row a meeting."""
    if not span.by_day:
        made.add("d.nearest = TRUE")
    in_time(made, span, now)


def _days(asked: Search, now: datetime, zone: str) -> dict[str, int]:
    """How many dates lie on each day of the coming week, for everything else that is asked for; today what is left."""
    any_day = replace(asked, day="", within=None, on_now=False, time="", sort="")
    bounds = {name: day_bounds(name, now, zone) for name in DAY_NAMES}
    today = to_wall(now, zone).weekday()
    order = [DAY_NAMES[(today + ahead) % 7] for ahead in range(7)]
    last = bounds[order[-1]][1]
    week = Span(now, last, running=True, by_day=True)
    driver = driver_of_all(any_day, week)
    made = matching(any_day, driver)
    made.add("d.next_ends_at > %s", now)
    made.add("d.next_starts_at >= %s", now - timedelta(hours=12))
    made.add("d.next_starts_at < %s", last)
    rows = made.text("d.next_starts_at AS at", "", CAP)
    edges = Statement(driver)
    sums = []
    for name in order:
        first, end = bounds[name]
        first = now - timedelta(hours=12) if name == order[0] else first
        edges.add("", first, end)
        sums.append("sum(CASE WHEN r.at >= %s AND r.at < %s THEN 1 ELSE 0 END)")
    text = f"SELECT {', '.join(sums)} FROM ({rows}) AS r"  # noqa: S608
    ((*counts,),) = fetch(text, [*edges.params, *made.params])
    if sum(int(count or 0) for count in counts) >= CAP:
        return {}  # some days would say nothing for want of counting: better no number than a wrong one
    return dict(zip(order, (int(count or 0) for count in counts), strict=True))
