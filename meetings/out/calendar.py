"""Writes meetings as iCalendar (RFC 5545), by the icalendar library. No Django, no database.

A series is one event with its rule in the zone's own time; a cancelled date is an EXDATE, a moved one an event of its
own with RECURRENCE-ID. The length is a DURATION: it is elapsed time, also over a change of the clocks.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vDuration, vRecur

from ground.wall import to_utc, to_wall
from meetings.out.public import Public
from meetings.schedule import Moved, Rule, key_of, occurrences

PRODUCT = "-//Porchlight//Meetings//EN"
AGAIN = timedelta(hours=12)  # how often a subscriber is asked to look again
FAR = timedelta(days=366 * 6)
REACH = timedelta(days=800)  # of a date that is asked for alone

Page = Callable[[Public], str]


def calendar(rows: Iterable[Public], *, name: str, host: str, page: Page, now: datetime) -> bytes:
    """A calendar of these meetings; those by appointment, on hold or over have no date and are left out."""
    made = _begun(name)
    made.add("refresh-interval", vDuration(AGAIN), parameters={"VALUE": "DURATION"})
    for one in rows:
        if one.rule is None or one.on_hold or (first := first_start(one.rule, one.created_at)) is None:
            continue
        for event in _events(one, one.rule, first, host, page(one)):
            made.add_component(event)
    return _written(made, now)


def date_of(one: Public, local: datetime, *, host: str, page: str, now: datetime) -> bytes | None:
    """One date alone, an event of its own that no series changes later; None when the meeting is not held then.

    `local` is the naive wall start by the rule. One that was moved stands where it was moved to. Dates beyond two years
    are not looked at: a rule is counted up to them, and time itself has edges.
    """
    if one.rule is None or one.on_hold or one.changes.get(local, local) is None:
        return None
    if abs(local - now.replace(tzinfo=None)) > REACH:
        return None
    start = to_utc(local, one.zone)
    held = [date for date in occurrences(one.rule, start, start + timedelta(minutes=1)) if date.original_local == local]
    if not held:
        return None
    starts_at, ends_at = one.changes.get(local) or held[0][1:]
    event = _event(one, host, page, key=f"-{key_of(local)}")
    event.add("dtstart", to_wall(starts_at, one.zone).replace(tzinfo=ZoneInfo(one.zone)))
    event.add("duration", ends_at - starts_at)
    made = _begun(one.name)
    made.add_component(event)
    return _written(made, now)


def _begun(name: str) -> Calendar:
    made = Calendar()
    made.add("prodid", PRODUCT)
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    made.add("name", name)
    made.add("x-wr-calname", name)
    return made


def _written(made: Calendar, now: datetime) -> bytes:
    stamp = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)  # the same for an hour: so is the ETag
    for event in made.events:
        event.add("dtstamp", stamp)
    made.add_missing_timezones(first_date=date(now.year - 1, 1, 1), last_date=date(now.year + 10, 1, 1))
    return bytes(made.to_ical())


def first_start(rule: Rule, known_since: datetime | None) -> datetime | None:
    """The wall start of the event's first date: one that the rule gives, as RFC 5545 wants it.

    A plain weekly series begins where it was first known here, not at the beginning of its list's time.
    """
    since = to_utc(rule.starts_local, rule.zone) - timedelta(days=1)
    counted = any(part in rule.rrule.upper() for part in ("COUNT=", "INTERVAL="))
    if known_since is not None and not counted:
        since = max(since, known_since - timedelta(days=7))
    found = occurrences(rule, since, since + FAR)
    return found[0].original_local if found else None


def rule_text(rule: Rule) -> str:
    """The rule as RFC 5545 wants it beside a start with a zone: its end in UTC."""
    parts = []
    for part in rule.rrule.upper().removeprefix("RRULE:").split(";"):
        name, _, value = part.partition("=")
        if name == "UNTIL" and not value.endswith("Z"):
            local = datetime.strptime(value if "T" in value else value + "T235959", "%Y%m%dT%H%M%S")  # noqa: DTZ007
            value = f"{to_utc(local, rule.zone):%Y%m%dT%H%M%SZ}"
        parts.append(f"{name}={value}")
    return ";".join(parts)


def _events(one: Public, rule: Rule, first: datetime, host: str, page: str) -> Iterable[Event]:
    zone = ZoneInfo(one.zone)
    series = _event(one, host, page)
    series.add("dtstart", first.replace(tzinfo=zone))
    series.add("duration", timedelta(minutes=rule.minutes))
    if rule.rrule:
        series.add("rrule", vRecur.from_ical(rule_text(rule)))
    changes = {local: moved for local, moved in sorted(one.changes.items()) if local >= first}
    if not rule.rrule and changes.get(first, False) is None:  # a single date that is cancelled
        series.add("status", "CANCELLED")
    elif cancelled := [local for local, moved in changes.items() if moved is None]:
        series.add("exdate", [local.replace(tzinfo=zone) for local in cancelled])
    yield series
    for local, moved in changes.items():
        if moved is not None:
            yield _moved(one, local, moved, host, page)


def _moved(one: Public, local: datetime, moved: Moved, host: str, page: str) -> Event:
    zone = ZoneInfo(one.zone)
    event = _event(one, host, page)
    event.add("recurrence-id", local.replace(tzinfo=zone))
    event.add("dtstart", to_wall(moved.starts_at, one.zone).replace(tzinfo=zone))
    event.add("duration", moved.ends_at - moved.starts_at)
    return event


def _event(one: Public, host: str, page: str, *, key: str = "") -> Event:
    event = Event()
    event.add("uid", f"meeting-{one.slug}{key}@{host}")
    event.add("summary", one.name)
    event.add("url", page)
    where = ", ".join(part for part in (one.place, one.address) if part) if one.mode != "online" else ""
    if where or one.conference_url:
        event.add("location", where or one.conference_url)
    if one.latitude is not None and one.longitude is not None and where and not one.approximate:
        event.add("geo", (one.latitude, one.longitude))
    told = (one.conference_url, one.conference_phone, one.conference_notes, one.notes, page)
    event.add("description", "\n".join(part for part in told if part))
    event.add("transp", "OPAQUE")
    return event
