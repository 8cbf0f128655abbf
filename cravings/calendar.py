"""A person's own shifts as iCalendar (RFC 5545), for a program that fetches them by a private address. No Django here.

Each shift is an event of its own with moments in UTC, so no program needs to know a zone or a rule, and dated changes
and swaps are simply what is there. Nothing says what the shift is for.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Event:
    """`uid` is the same as long as it is the same shift on the same date."""

    uid: str
    starts: datetime
    ends: datetime
    title: str


def calendar(events: Iterable[Event], *, name: str, made: datetime) -> str:
    """The whole file, with the line ends and the folding that the standard wants."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Porchlight//shifts//EN", "CALSCALE:GREGORIAN"]
    lines += [f"X-WR-CALNAME:{escaped(name)}", "REFRESH-INTERVAL;VALUE=DURATION:PT1H"]
    for event in events:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{event.uid}",
            f"DTSTAMP:{stamp(made)}",
            f"DTSTART:{stamp(event.starts)}",
            f"DTEND:{stamp(event.ends)}",
            f"SUMMARY:{escaped(event.title)}",
            "CLASS:PRIVATE",
            "END:VEVENT",
        ]
    return "".join(folded(line) for line in [*lines, "END:VCALENDAR"])


def stamp(at: datetime) -> str:
    """20260115T180000Z"""
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def escaped(text: str) -> str:
    """RFC 5545 3.3.11."""
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def folded(line: str) -> str:
    """At most 75 octets a line, never inside a letter; CRLF at the end (RFC 5545 3.1)."""
    rest, room = line, 75
    found = []
    while len(rest.encode()) > room:
        at = room
        while len(rest[:at].encode()) > room:
            at -= 1
        found.append(rest[:at])
        rest, room = rest[at:], 74
    return "\r\n ".join([*found, rest]) + "\r\n"
