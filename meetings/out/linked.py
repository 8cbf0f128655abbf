"""Writes a meeting as JSON-LD (schema.org Event) for search engines and assistants: what its public page says."""

import json
from datetime import datetime
from typing import Any

from ground.wall import to_wall
from meetings.guide import HYBRID, IN_PERSON, ONLINE
from meetings.out.public import Public, address_parts, clock_text
from meetings.schedule import Held

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ATTENDANCE = {IN_PERSON: "Offline", ONLINE: "Online", HYBRID: "Mixed"}
ESCAPED = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}  # so that no text ends the script


def event(one: Public, following: Held | None, *, page: str, now: datetime) -> dict[str, Any]:
    """The event with its next date and, where it is weekly, its schedule. Without a date: only what and where."""
    found: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Event",
        "name": one.name,
        "url": page,
        "isAccessibleForFree": True,
        "eventAttendanceMode": f"https://schema.org/{ATTENDANCE[one.mode]}EventAttendanceMode",
        "eventStatus": f"https://schema.org/{'EventPostponed' if one.on_hold else 'EventScheduled'}",
        "location": _where(one, page),
    }
    if one.notes:
        found["description"] = one.notes
    if following:
        found["startDate"] = _offset(following.starts_at, one.zone)
        found["endDate"] = _offset(following.ends_at, one.zone)
    if days := one.weekdays(now):
        found["eventSchedule"] = {
            "@type": "Schedule",
            "repeatFrequency": "P1W",
            "byDay": [f"https://schema.org/{DAYS[day]}" for day in days],
            "startTime": clock_text(one.minute) + ":00",
            "endTime": clock_text(one.minute + one.minutes) + ":00",
            "duration": f"PT{one.minutes}M",
            "scheduleTimezone": one.zone,
        }
    return found


def script(data: dict[str, Any]) -> str:
    """The text of a script element that no name or note can break out of."""
    return json.dumps(data, ensure_ascii=False).translate(ESCAPED)


def _where(one: Public, page: str) -> Any:
    online = {"@type": "VirtualLocation", "url": one.conference_url or page}
    if one.mode == ONLINE:
        return online
    parts = address_parts(one)
    place: dict[str, Any] = {"@type": "Place", "name": one.place or one.address or one.region}
    told = {
        "streetAddress": parts.street,
        "addressLocality": parts.city,
        "addressRegion": parts.state,
        "postalCode": parts.postal_code,
        "addressCountry": parts.country,
    }
    place["address"] = {"@type": "PostalAddress", **{key: value for key, value in told.items() if value}}
    if one.latitude is not None and one.longitude is not None and not one.approximate:
        place["geo"] = {"@type": "GeoCoordinates", "latitude": one.latitude, "longitude": one.longitude}
    return [place, online] if one.mode == HYBRID else place


def _offset(moment: datetime, zone: str) -> str:
    """ISO 8601 in the meeting's own time, with its offset."""
    local = to_wall(moment, zone)
    minutes = round((local - moment.replace(tzinfo=None)).total_seconds() / 60)
    sign = "-" if minutes < 0 else "+"
    return f"{local:%Y-%m-%dT%H:%M:%S}{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
