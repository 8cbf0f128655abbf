"""The list that goes on paper: what a search finds, by the days of the coming week in one zone."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ground.wall import to_utc, to_wall
from meetings.out.public import Public
from meetings.schedule import occurrences
from meetings.selectors import finder
from meetings.selectors.finder import Search
from meetings.selectors.first_found import first_found
from meetings.selectors.published import published_by_pk

MOST = 2000  # meetings on one list


@dataclass(frozen=True, slots=True)
class Line:
    """One date of one meeting, in wall time of the list's zone; without `starts` it is by appointment."""

    one: Public
    starts: datetime | None
    ends: datetime | None


@dataclass(frozen=True, slots=True)
class Printed:
    """`days` in order, each with its lines by time; `asking`: by appointment. `more`: not all fitted on the list."""

    zone: str
    first: date
    days: list[tuple[date, list[Line]]]
    asking: list[Line]
    more: bool


def printed(asked: Search, *, now: datetime) -> Printed:
    """The seven days from today, cancelled dates left out and moved ones where they were moved to.

    Raises ValidationError. Queries grow with the hundreds of meetings only.
    """
    zone = asked.zone or finder.main_zone()
    pks, more = first_found(asked, now=now, most=MOST)
    today = to_wall(now, zone).date()
    start, end = _midnight(today, zone), _midnight(today + timedelta(days=7), zone)
    lines: list[Line] = []
    asking: list[Line] = []
    for one in published_by_pk(pks, now):
        if one.rule is None:
            asking.append(Line(one, None, None))
            continue
        lines += [
            Line(one, to_wall(held.starts_at, zone), to_wall(held.ends_at, zone))
            for held in occurrences(one.rule, start, end, one.changes)
            if held.starts_at >= start
        ]
    lines.sort(key=lambda line: (str(line.starts), line.one.name.casefold()))
    days: list[tuple[date, list[Line]]] = []
    for line in lines:
        assert line.starts is not None
        if not days or days[-1][0] != line.starts.date():
            days.append((line.starts.date(), []))
        days[-1][1].append(line)
    asking.sort(key=lambda line: line.one.name.casefold())
    return Printed(zone, today, days, asking, more=more)


def _midnight(day: date, zone: str) -> datetime:
    return to_utc(datetime.combine(day, datetime.min.time()), zone)
