"""A person's own shifts as iCalendar (RFC 5545), by the icalendar library, for a program that fetches them by a private
address. No Django here.

Each shift is an event of its own with moments in UTC, so no program needs to know a zone or a rule, and dated changes
and swaps are simply what is there. Nothing says what the shift is for.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import icalendar

PRODUCT = "-//Porchlight//Shifts//EN"
AGAIN = timedelta(hours=1)  # how often a subscriber is asked to look again


@dataclass(frozen=True, slots=True)
class Event:
    """`uid` is the same as long as it is the same shift on the same date."""

    uid: str
    starts: datetime
    ends: datetime
    title: str


def calendar(events: Iterable[Event], *, name: str, made: datetime) -> bytes:
    """The whole file."""
    found = icalendar.Calendar()
    found.add("prodid", PRODUCT)
    found.add("version", "2.0")
    found.add("calscale", "GREGORIAN")
    found.add("x-wr-calname", name)
    found.add("refresh-interval", icalendar.vDuration(AGAIN), parameters={"VALUE": "DURATION"})
    for event in events:
        entry = icalendar.Event()
        entry.add("uid", event.uid)
        entry.add("dtstamp", made.astimezone(UTC))
        entry.add("dtstart", event.starts.astimezone(UTC))
        entry.add("dtend", event.ends.astimezone(UTC))
        entry.add("summary", event.title)
        entry.add("class", "PRIVATE")
        found.add_component(entry)
    return bytes(found.to_ical())
