"""The stretch of time that a search means."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from ground.wall import to_utc, to_wall
from meetings.schedule import Held
from meetings.selectors.finder.asked import DAY_NAMES, TIMES, Search

WEEK = 8  # days ahead in which a part of the day is looked for: every weekday once, and the rest of today
NARROW = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class Span:
    """Starts from `first` (included) to `last` (excluded); with `running` also what began earlier and is not over.

    With `parts` (of days) only starts within one of them.
    """

    first: datetime
    last: datetime | None
    running: bool
    by_day: bool  # ask every weekday's row: the span may lie beyond a meeting's very next date
    parts: tuple[tuple[datetime, datetime], ...] = ()

    @property
    def narrow(self) -> bool:
        """Few meetings in the whole world start in it."""
        return self.last is not None and self.last - self.first <= NARROW

    def holds(self, held: Held, now: datetime) -> bool:
        if self.parts and not any(first <= held.starts_at < last for first, last in self.parts):
            return False
        if held.starts_at < self.first:
            return self.running and held.starts_at <= now < held.ends_at
        return self.last is None or held.starts_at < self.last

    @classmethod
    def of(cls, asked: Search, now: datetime, zone: str) -> "Span":
        parts = _parts(asked.time, now, zone) if asked.time else ()
        if asked.on_now:
            return cls(now, now + timedelta(microseconds=1), running=True, by_day=False, parts=parts)
        first, last, running, by_day = now, None, True, bool(parts)
        if asked.day:
            first, last = day_bounds(asked.day, now, zone)
            running, by_day = first <= now, True
            first = max(first, now)
        if asked.within is not None:
            end = now + timedelta(minutes=asked.within, microseconds=1)  # "within the hour" includes the hour
            last, running = min(last, end) if last else end, False
            by_day = by_day or asked.within > 12 * 60  # a daily meeting that is on now may be within it again
        if parts and last is None:
            last = parts[-1][1]
        return cls(first, last, running, by_day, parts)


def day_bounds(day: str, now: datetime, zone: str) -> tuple[datetime, datetime]:
    """The first and last moment (UTC) of a day in `zone`."""
    today = to_wall(now, zone).date()
    ahead = {"today": 0, "tomorrow": 1}.get(day)
    if ahead is None:
        ahead = (DAY_NAMES.index(day) - today.weekday()) % 7
    return _at(today + timedelta(days=ahead), 0, zone), _at(today + timedelta(days=ahead + 1), 0, zone)


def _parts(name: str, now: datetime, zone: str) -> tuple[tuple[datetime, datetime], ...]:
    """That part of yesterday (a night lasts into today) and of each day of the coming week."""
    first, last = TIMES[name]
    today = to_wall(now, zone).date()
    days = (today + timedelta(days=ahead) for ahead in range(-1, WEEK))
    found = ((_at(day, first, zone), _at(day, last, zone)) for day in days)
    return tuple((begin, end) for begin, end in found if end > now)


def _at(day: date, hour: int, zone: str) -> datetime:
    return to_utc(datetime.combine(day, time()) + timedelta(hours=hour), zone)
