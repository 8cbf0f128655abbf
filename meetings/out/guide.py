"""Writes meetings as entries of a Meeting Guide feed (code4recovery/spec), one for each weekday. No database.

The spec is weekly: a meeting that is held otherwise (every second week, the first Monday) is left out, since every
reader would show it on wrong dates. What is written here comes back unchanged (docs/finder.md, "Out and in again").
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from meetings.guide import EXTRA
from meetings.guide_slugs import slug_out
from meetings.out.public import Public, clock_text

MOST_NAME, MOST_REGION = 255, 60
LISTS = {"feedback_emails"}  # fields of `extra` that the format has as a list
ENTITY = ("entity_email", "entity_location", "entity_logo", "entity_phone", "entity_website_url", "entity_url")

Taken = Callable[[str], bool]


def entries(one: Public, *, now: datetime, page: str, taken: Taken) -> Iterator[dict[str, Any]]:
    """The entries of one meeting, none when the spec cannot say when it is held. `page`: its address here.

    `taken` says whether another meeting has a slug already; its number is then skipped.
    """
    if one.rule is None:
        yield {"slug": slug_out(one.slug), **_about(one, page)}
        return
    about: dict[str, Any] | None = None
    turn = 0
    for day in one.weekdays(now):
        about = about or _about(one, page)
        turn += 1
        while turn > 1 and taken(slug_out(one.slug, turn)):
            turn += 1
        yield {
            "slug": slug_out(one.slug, turn),
            "day": (day + 1) % 7,
            "time": clock_text(one.minute),
            "end_time": clock_text(one.minute + one.minutes),
            "duration": one.minutes,
            **about,
        }


def _about(one: Public, page: str) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": one.name[:MOST_NAME],
        "timezone": one.zone,
        "attendance_option": "inactive" if one.on_hold else one.mode,
        "approximate": "yes" if one.approximate else "no",
        "types": list(one.types),
    }
    texts = {
        "formatted_address": one.address or _town_of_zone(one),
        "url": page if one.source is None else "",  # a list's own page, or none: it must come back as it was
        "location": one.place,
        "notes": one.notes,
        "conference_url": one.conference_url,
        "conference_phone": one.conference_phone,
        "conference_url_notes": one.conference_notes,
        "last_contact": one.confirmed_on.isoformat() if one.confirmed_on else "",
        "updated": f"{one.confirmed_on.isoformat()} 00:00:00" if one.confirmed_on else "",  # UTC, as the spec has it
    }
    entry |= {key: value for key, value in texts.items() if value}
    if regions := _regions(one.region):
        entry["regions"] = regions
    if one.latitude is not None and one.longitude is not None:
        entry |= {"latitude": one.latitude, "longitude": one.longitude}
    for key in EXTRA:
        if value := one.extra.get(key):
            entry[key] = value.split(", ") if key in LISTS else value
    return _with_entity(entry, one)


def _town_of_zone(one: Public) -> str:
    """Readers drop an entry without a place: an online meeting founded here stands at its zone's town.

    What a list gave without a place stays so: it must come back as it was.
    """
    return "" if one.source is not None else one.zone.rpartition("/")[2].replace("_", " ")


def _regions(region: str) -> list[str]:
    parts = [part for part in region.split(", ") if part]
    # a part that stands twice was one name with a comma in it: read back in two it would be shortened
    return parts if len(set(parts)) == len(parts) else [region[:MOST_REGION]]


def _with_entity(entry: dict[str, Any], one: Public) -> dict[str, Any]:
    """`entity` is required where another entity field stands; its address is read under two names, so it has both."""
    if any(key in entry for key in ENTITY):
        entry.setdefault("entity", one.source_name or one.name)
    address = entry.get("entity_website_url") or entry.get("entity_url")
    if address:
        entry["entity_website_url"] = entry["entity_url"] = address
    return entry
