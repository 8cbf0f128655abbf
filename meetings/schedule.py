"""When a meeting is held: arithmetic over a rule in local wall time. No Django, no clock, no database.

A meeting has a first start (naive wall time), an IANA zone, a length in minutes and an RFC 5545 rule (empty: once).
Its occurrences are computed in wall time and then turned into UTC: a wall time that the zone skips is read with the
offset before the gap, one that comes twice is the first (RFC 5545, 3.3.5). The length is elapsed time.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple

from dateutil import rrule as dateutil_rrule

from ground.wall import to_utc, to_wall

DAY_CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")  # Monday is 0, as in Python
EVERY_DAY = frozenset(range(7))
FREQUENCIES = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}
DAY = timedelta(days=1)
SLACK = timedelta(days=1, hours=3)  # wall time and UTC differ by less, a changing offset included
KEY_FORMAT = "%Y%m%dT%H%M"
YEARS = range(1990, 2100)  # of dates that are asked for: a rule is counted up to them, and time itself has edges
MOST_LOOKED_AT = 600  # occurrences in a row that may be cancelled before a meeting counts as having no next one


@dataclass(frozen=True, slots=True)
class Rule:
    """`starts_local` is naive, `minutes` > 0, `rrule` without the `RRULE:` word; empty means held once."""

    starts_local: datetime
    zone: str
    minutes: int
    rrule: str = ""


class Held(NamedTuple):
    """One occurrence. `original_local` is its key: the naive wall start by the rule, also when it was moved."""

    original_local: datetime
    starts_at: datetime
    ends_at: datetime

    @property
    def key(self) -> str:
        return key_of(self.original_local)


def key_of(original_local: datetime) -> str:
    """A date's key as text, for addresses: 20260115T1900."""
    return original_local.strftime(KEY_FORMAT)


def key_read(key: str) -> datetime:
    """The naive wall start of a date's key. Raises ValueError, also for a year of no meeting."""
    local = datetime.strptime(key, KEY_FORMAT)  # noqa: DTZ007  (wall time has no zone)
    if local.year not in YEARS:
        raise ValueError(key)
    return local


class Moved(NamedTuple):
    """What was arranged for one occurrence instead of its rule's time (UTC)."""

    starts_at: datetime
    ends_at: datetime


Changes = Mapping[datetime, Moved | None]  # by original_local; None: cancelled


class BadRule(ValueError):
    """The recurrence rule cannot be read, or names a time of less than a day between two meetings."""


def weekly(days: Collection[int]) -> str:
    """The rule of a meeting on these weekdays (0 = Monday): `FREQ=WEEKLY;BYDAY=MO,WE`."""
    if not days:
        raise BadRule("a weekly meeting needs a weekday")
    return "FREQ=WEEKLY;BYDAY=" + ",".join(DAY_CODES[day] for day in sorted(set(days)))


WEEKLY, FORTNIGHTLY, MONTHLY, ONCE = "weekly", "fortnightly", "monthly", "once"
APPOINTMENT = "appointment"  # no rule and no time: one asks
LONGEST = 7 * 24 * 60  # minutes: a marathon may last a week
PLACES_IN_MONTH = (1, 2, 3, 4, -1)  # which of a month's Tuesdays; -1 is the last


def repeating(how: str, days: Collection[int], places: Collection[int] = ()) -> str:
    """The rule of one of the four ways a meeting repeats. `places`: of a monthly one, each of them on each day."""
    if how == ONCE:
        return ""
    if how == WEEKLY:
        return weekly(days)
    if how == FORTNIGHTLY:
        return weekly(days).replace("FREQ=WEEKLY", "FREQ=WEEKLY;INTERVAL=2")
    if how != MONTHLY or not days or not places or not set(places) <= set(PLACES_IN_MONTH):
        raise BadRule("a monthly meeting needs a weekday and which of the month's it is")
    wanted = [place for place in PLACES_IN_MONTH if place in places]
    return "FREQ=MONTHLY;BYDAY=" + ",".join(f"{n}{DAY_CODES[day]}" for n in wanted for day in sorted(set(days)))


def repeats_of(rule: str) -> tuple[str, list[int]]:
    """(how a rule of `repeating` repeats, its places in the month)."""
    if not rule:
        return ONCE, []
    parts = _parts(rule)
    if parts["FREQ"] == "MONTHLY" and "BYDAY" in parts:
        found = {int(code[:-2]) for code in parts["BYDAY"].split(",") if code[:-2]}
        return MONTHLY, [place for place in PLACES_IN_MONTH if place in found]
    return (FORTNIGHTLY if parts.get("INTERVAL", "1") == "2" else WEEKLY), []


def first_after(rule: Rule, wall: datetime) -> datetime | None:
    """The first wall start of the rule later than `wall` (naive); None when there is none."""
    return next((local for local in _locals(rule, wall) if local > wall), None)


def ending(rule: str, last: date | None) -> str:
    """`rule` with `last` as its last possible day (wall time, included), or without an end."""
    parts = {name: value for name, value in _parts(rule).items() if name not in {"UNTIL", "COUNT"}}
    if last is not None:
        parts["UNTIL"] = f"{last:%Y%m%d}".rjust(8, "0")
    return ";".join(f"{name}={value}" for name, value in parts.items())


def last_day(rule: str) -> date | None:
    """The day that `ending` wrote into `rule`; None for a rule without an end."""
    until = _parts(rule).get("UNTIL", "") if rule else ""
    return date.fromisoformat(until[:8]) if until else None


def check(rule: str) -> str:
    """Return `rule` when it can be kept; raise BadRule with a sentence otherwise."""
    if rule and _parts(rule).get("FREQ") not in FREQUENCIES:
        raise BadRule("A rule repeats DAILY, WEEKLY, MONTHLY or YEARLY.")
    if rule:
        parts = _parts(rule)
        if {"BYHOUR", "BYMINUTE", "BYSECOND"} & set(parts):
            raise BadRule("The time of day is the meeting's own, not the rule's.")
        _generic(rule, datetime.combine(date(2024, 1, 1), time()), "UTC")
    return rule


def weekdays(rule: Rule) -> frozenset[int]:
    """The weekdays (0 = Monday) on which the rule can fall."""
    parts = _parts(rule.rrule) if rule.rrule else {}
    if "BYDAY" in parts:
        return frozenset(DAY_CODES.index(code[-2:]) for code in parts["BYDAY"].split(","))
    if parts.get("FREQ") in {None, "WEEKLY"}:
        return frozenset({rule.starts_local.weekday()})
    return EVERY_DAY


def occurrences(rule: Rule, after: datetime, before: datetime, changes: Changes | None = None) -> list[Held]:
    """All that end later than `after` and start earlier than `before` (aware), by start. Cancelled ones are left out.

    One that was moved counts where it was moved to.
    """
    changes = changes or {}
    found = [
        held
        for local in _locals(rule, to_wall(after, rule.zone), before_local=to_wall(before, rule.zone) + SLACK)
        if local not in changes
        for held in [_held(rule, local)]
        if held.ends_at > after and held.starts_at < before
    ]
    found += [
        Held(local, moved.starts_at, moved.ends_at)
        for local, moved in changes.items()
        if moved is not None and moved.ends_at > after and moved.starts_at < before
    ]
    return sorted(found, key=lambda held: held.starts_at)


def next_held(rule: Rule, now: datetime, changes: Changes | None = None, *, weekday: int | None = None) -> Held | None:
    """The occurrence in progress at `now` (start included, end excluded), else the next; None when there is none.

    With `weekday` only those whose original wall start falls on it.
    """
    changes = changes or {}
    best: Held | None = None
    for local, moved in changes.items():
        if moved is None or moved.ends_at <= now or weekday not in {None, local.weekday()}:
            continue
        if best is None or moved.starts_at < best.starts_at:
            best = Held(local, moved.starts_at, moved.ends_at)
    for looked_at, local in enumerate(_locals(rule, to_wall(now, rule.zone))):
        if looked_at > MOST_LOOKED_AT:
            break
        if local in changes or weekday not in {None, local.weekday()}:
            continue
        held = _held(rule, local)
        if held.ends_at <= now:
            continue
        return held if best is None or held.starts_at < best.starts_at else best
    return best


def in_progress(held: Held, now: datetime) -> bool:
    """Whether `now` lies between start (included) and end (excluded)."""
    return held.starts_at <= now < held.ends_at


def _held(rule: Rule, local: datetime) -> Held:
    starts_at = to_utc(local, rule.zone)
    return Held(local, starts_at, starts_at + timedelta(minutes=rule.minutes))


def _locals(rule: Rule, after_local: datetime, before_local: datetime | None = None) -> Iterator[datetime]:
    """Wall starts from a little before `after_local` less the length, in order, without end where the rule has none."""
    low = after_local - timedelta(minutes=rule.minutes) - SLACK
    if not rule.rrule:
        candidates: Iterator[datetime] = iter([rule.starts_local] if rule.starts_local >= low else [])
    elif (week := _plain_week(rule.rrule)) is not None:
        candidates = _weekly_locals(rule.starts_local, week, low)
    else:
        candidates = _generic(rule.rrule, rule.starts_local, rule.zone).xafter(low, inc=True)
    for local in candidates:
        if before_local is not None and local >= before_local:
            return
        yield local


def _weekly_locals(first: datetime, days: frozenset[int], low: datetime) -> Iterator[datetime]:
    """Every wall start on `days` from max(first, low) on: the case of nearly all meetings, without dateutil."""
    local = first
    if low > first:
        local = datetime.combine(low.date(), first.time())
        if local < low:
            local += DAY
    while True:
        if local.weekday() in days:
            yield local
        try:
            local += DAY
        except OverflowError:  # the year 9999 is over
            return


@lru_cache(maxsize=4096)
def _plain_week(rule: str) -> frozenset[int] | None:
    """The weekdays of a rule that says no more than every week on these days, or every day; None for other rules."""
    parts = dict(_parts(rule))
    if parts.pop("INTERVAL", "1") != "1":
        return None
    parts.pop("WKST", None)
    if parts == {"FREQ": "DAILY"}:
        return EVERY_DAY
    if set(parts) == {"FREQ", "BYDAY"} and parts["FREQ"] == "WEEKLY":
        return frozenset(DAY_CODES.index(code) for code in parts["BYDAY"].split(","))
    return None


@lru_cache(maxsize=4096)
def _parts(rule: str) -> dict[str, str]:
    """The rule's NAME=VALUE parts in capitals; raises BadRule. The result is shared: do not change it."""
    parts: dict[str, str] = {}
    for part in rule.upper().removeprefix("RRULE:").split(";"):
        name, equals, value = part.partition("=")
        if not (name and equals and value) or name in parts:
            raise BadRule(f"“{rule}” is not a recurrence rule.")
        parts[name] = value
    codes = parts.get("BYDAY", "MO").split(",")
    if any(code[-2:] not in DAY_CODES for code in codes):
        raise BadRule(f"“{rule}” names no weekday.")
    return parts


@lru_cache(maxsize=4096)
def _generic(rule: str, first: datetime, zone: str) -> dateutil_rrule.rrule:
    """dateutil's reading of the rule in naive wall time; UNTIL in UTC becomes wall time. Raises BadRule."""
    parts = dict(_parts(rule))
    try:
        until = parts.get("UNTIL", "")
        if until.endswith("Z"):
            moment = datetime.strptime(until, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            parts["UNTIL"] = to_wall(moment, zone).strftime("%Y%m%dT%H%M%S")
        elif len(until) == 8:  # a date alone includes that day
            parts["UNTIL"] = until + "T235959"
        text = ";".join(f"{name}={value}" for name, value in parts.items())
        read = dateutil_rrule.rrulestr(text, dtstart=first, cache=True)
    except (ValueError, TypeError, KeyError) as error:
        raise BadRule(f"“{rule}” is not a recurrence rule.") from error
    assert isinstance(read, dateutil_rrule.rrule)
    return read
