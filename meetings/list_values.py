"""The columns that a list owns, as a person reads them and as JSON keeps them. No Django, no database."""

from datetime import date, datetime
from typing import Any

from meetings.guide_types import TYPES

# the row's columns, by the word a person would use for them in "what changed"
WORDS = {
    "name": "name",
    "starts_local": "time",
    "minutes": "length",
    "zone": "zone",
    "mode": "mode",
    "on_hold": "open or closed",
    "place": "place",
    "address": "address",
    "region": "region",
    "latitude": "coordinates",
    "longitude": "coordinates",
    "approximate": "coordinates",
    "conference_url": "link",
    "conference_phone": "phone",
    "conference_notes": "how to join",
    "notes": "notes",
    "types": "types",
    "fellowship": "fellowship",
    "confirmed_on": "confirmed on",
    "extra": "further details",
}


# what a group takes over or keeps together, and in which order it is shown
UNITS: dict[str, tuple[str, ...]] = {
    "when": ("starts_local", "rrule", "minutes", "zone"),
    "where": ("place", "address", "region", "latitude", "longitude", "approximate"),
    "how": ("mode", "conference_url", "conference_phone", "conference_notes"),
    "name": ("name",),
    "notes": ("notes",),
    "types": ("types",),
    "fellowship": ("fellowship",),
    "hold": ("on_hold",),
    "confirmed": ("confirmed_on",),
    "further": ("extra",),
}


def as_text(column: str, value: Any) -> str:
    """A column's value as a line that is shown beside another one."""
    if value is None:
        return ""
    if column == "types":
        return ", ".join(TYPES.get(code, code) for code in value)
    if column == "minutes":
        return f"{value // 60}:{value % 60:02}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:%H:%M}" if column == "starts_local" else str(value)


def plain(column: str, value: Any) -> Any:
    """A column's value as JSON keeps it."""
    return value.isoformat() if isinstance(value, date) else value  # a datetime is a date


def revived(column: str, value: Any) -> Any:
    """A column's value from what `plain` made of it."""
    if isinstance(value, str) and column in {"starts_local", "closed_at"}:
        return datetime.fromisoformat(value)
    if isinstance(value, str) and column == "confirmed_on":
        return date.fromisoformat(value)
    return value
