"""From an entry of a list to a meeting's row, and what differs between the two."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from django.conf import settings
from django.utils.text import slugify

from meetings import places
from meetings.guide import Entry, first_start
from meetings.list_values import WORDS, as_text
from meetings.models import Meeting
from meetings.places_of import town_in
from meetings.schedule import weekly
from meetings.wording import folded_words

ANCHOR = date(2001, 1, 1)  # a Monday: lists name weekdays, not the day a meeting began
SLUG_ROOM = 80  # of the 96 characters; the rest tells equal slugs of two lists apart


def in_a_zone(entry: Entry, given: str) -> Entry | None:
    """The entry with a zone: its own, else that of its coordinates, else the one given; None when there is none."""
    if entry.zone:
        return entry
    zone = None
    if entry.latitude is not None and entry.longitude is not None:
        zone = places.zone_at(round(entry.latitude, 2), round(entry.longitude, 2))
    zone = zone or given
    return replace(entry, zone=zone) if zone else None


def values_of(entry: Entry, days: Iterable[int], confirmed_on: date | None) -> dict[str, Any]:
    """The columns that a list owns, for one meeting on these weekdays. What leads back to this site is left out."""
    starts_local: datetime | None = None
    rrule = ""
    kept = sorted(set(days))
    if kept and entry.minute is not None:
        rrule = weekly(kept)
        starts_local = first_start(replace(entry, days=tuple(kept)), ANCHOR).replace(tzinfo=UTC)
    latitude, longitude, approximate = entry.latitude, entry.longitude, entry.approximate
    if latitude is None and (spot := town_in(entry.address, entry.region, entry.zone)):
        (latitude, longitude), approximate = spot, True
    return {
        "name": entry.name,
        "starts_local": starts_local,
        "rrule": rrule,
        "minutes": entry.minutes,
        "zone": entry.zone,
        "mode": entry.mode,
        "on_hold": entry.on_hold,
        "place": entry.place,
        "address": entry.address,
        "region": entry.region,
        "latitude": latitude,
        "longitude": longitude,
        "approximate": approximate,
        "conference_url": entry.conference_url,
        "conference_phone": entry.conference_phone,
        "conference_notes": entry.conference_notes,
        "notes": entry.notes,
        "types": list(entry.types),
        "confirmed_on": confirmed_on,
        "extra": {key: value for key, value in entry.extra.items() if not (key.endswith("url") and _is_ours(value))},
    }


def _is_ours(address: str) -> bool:
    """Whether an address leads to this very site: our own feed, come back, says nothing by it."""
    return bool(settings.SITE_URL) and address.startswith(settings.SITE_URL + "/")


def with_extra_kept(meeting: Meeting, values: dict[str, Any], carries: Collection[str]) -> dict[str, Any]:
    """The same, with the further details for which the list's form has no place: another form brought them."""
    kept = {key: value for key, value in meeting.extra.items() if key not in carries}
    return values | {"extra": kept | values["extra"]} if kept else values


def folded_of(meeting: Meeting) -> str:
    """What the finder's text search reads: each word after a blank, and `#code` for each type."""
    parts = (meeting.name, meeting.place, meeting.address, meeting.region, meeting.extra.get("group", ""))
    return folded_words(parts, types=meeting.types, fellowship=meeting.fellowship)


def differences(meeting: Meeting, values: dict[str, Any]) -> list[str]:
    """The columns in which the row differs from what the list says now."""
    return [column for column, value in values.items() if getattr(meeting, column) != value]


def told(meeting: Meeting, values: dict[str, Any], columns: Iterable[str] | None = None) -> dict[str, tuple[str, str]]:
    """The same in a person's words: word -> (before, after), as text.

    The days are told by the entries, not by the row; a date alone is no time.
    """
    found: dict[str, tuple[str, str]] = {}
    for column in differences(meeting, values) if columns is None else columns:
        before, after = as_text(column, getattr(meeting, column)), as_text(column, values[column])
        if column == "rrule" or (column == "starts_local" and before == after):
            continue
        if column == "extra":
            before, after = _further(meeting.extra, values["extra"])
        word = WORDS[column]
        was, now = found.get(word, ("", ""))
        found[word] = (f"{was}, {before}".strip(", "), f"{now}, {after}".strip(", "))
    return found


def _further(before: dict[str, str], after: dict[str, str]) -> tuple[str, str]:
    """Of two sets of further details what differs, as `name: value`."""
    keys = [key for key in dict.fromkeys((*before, *after)) if before.get(key) != after.get(key)]
    return tuple("; ".join(f"{key}: {one[key]}" for key in keys if key in one) for one in (before, after))  # type: ignore[return-value]


def slug_for(key: str, name: str) -> str:
    """The address of a new meeting: the list's slug where it says something, else the name with it."""
    slug = slugify(key)[:SLUG_ROOM].strip("-")
    if slug.isdigit() or len(slug) < 3:
        slug = f"{slugify(name)[: SLUG_ROOM - 12]}-{slug}".strip("-")
    return slug or "meeting"
