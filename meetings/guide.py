"""Reads entries of a Meeting Guide list as real offices publish them, and says of each that it cannot read why.

Source: code4recovery/spec, and the faults seen in published lists (docs/finder.md). No Django, no database.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from json import dumps
from typing import Any
from zoneinfo import available_timezones

from meetings.fellowships import fellowship_in
from meetings.giving import is_handle
from meetings.guide_text import is_empty, line, text, written
from meetings.guide_times import USUAL_MINUTES, Refused, date_of, when
from meetings.guide_types import TYPES

IN_PERSON, ONLINE, HYBRID = "in_person", "online", "hybrid"
NO_NAME, NO_SLUG, NOT_AN_ENTRY, NO_ZONE = "no name", "no slug", "not an entry", "no zone"
# What the format carries beyond the columns of a meeting, kept under the format's own names for the way out.
PARTS = ("address", "city", "state", "postal_code", "country")  # of the place, where the list gives them one by one
EXTRA = (
    *PARTS, "group", "group_notes", "location_notes", "url", "edit_url", "feedback_url", "feedback_emails",
    "paypal", "venmo", "square", "homegroup_online", "entity", "entity_email", "entity_location", "entity_logo",
    "entity_phone", "entity_url", "entity_website_url", "district", "email", "phone", "website", "mailing_address",
    *(f"contact_{number}_{what}" for number in (1, 2, 3) for what in ("name", "email", "phone")),
)  # fmt: skip
# lists write the codes in any case (one of the spec has a small letter), tables also the names
CODES = {name.upper(): code for code, name in TYPES.items()} | {code.upper(): code for code in TYPES}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, understood. `days` counts from Monday = 0; without days or `minute` it is held by appointment.

    `minute` is the start within the local day, `minutes` the length. `zone` is empty when the entry names none.
    `on_hold`: the list says the place is closed for now and there is no way in online.
    """

    slug: str
    name: str
    days: tuple[int, ...] = ()
    minute: int | None = None
    minutes: int = USUAL_MINUTES
    zone: str = ""
    mode: str = IN_PERSON
    on_hold: bool = False
    place: str = ""
    address: str = ""
    region: str = ""
    latitude: float | None = None
    longitude: float | None = None
    approximate: bool = False
    conference_url: str = ""
    conference_phone: str = ""
    conference_notes: str = ""
    notes: str = ""
    types: tuple[str, ...] = ()
    confirmed_on: date | None = None
    extra: Mapping[str, str] = field(default_factory=dict)
    fellowship: str = ""  # a code of meetings.fellowships, where the list says it

    @property
    def by_appointment(self) -> bool:
        return not self.days or self.minute is None

    def core(self) -> str:
        """A digest of all but the slug, the days and the entry's own page: equal for the days of one meeting."""
        further = sorted((key, value) for key, value in self.extra.items() if not key.endswith("url"))
        # only where it is said: what lists said before they were asked for it is known again
        said = [self.fellowship] if self.fellowship else []
        return digest_of([getattr(self, name) for name in _CORE] + further + said)

    def digest(self) -> str:
        """A digest of everything: an entry with the same one needs no second look."""
        own = sorted((key, value) for key, value in self.extra.items() if key.endswith("url"))
        return digest_of([self.core(), self.slug, self.days, str(self.confirmed_on), own])


_CORE = tuple(f.name for f in fields(Entry) if f.name not in {"slug", "days", "confirmed_on", "extra", "fellowship"})


@dataclass(frozen=True, slots=True)
class Unread:
    """An entry that could not be read: why, and what of it helps to find it in the list."""

    reason: str
    label: str = ""
    slug: str = ""


def read(raw: object) -> Entry | Unread:
    """Understand one element of the list. Never raises, whatever it is."""
    if not isinstance(raw, Mapping):
        return Unread(NOT_AN_ENTRY, label=written(raw)[:60])
    name = line(raw.get("name"), 255)
    slug = line(raw.get("slug"), 200) or line(raw.get("id"), 60)
    label = name or slug
    if not name:
        return Unread(NO_NAME, label=label, slug=slug)
    if not slug:
        return Unread(NO_SLUG, label=label)
    try:
        days, minute, minutes = when(raw)
    except Refused as refused:
        return Unread(str(refused), label=label, slug=slug)
    return Entry(slug=slug, name=name, days=days, minute=minute, minutes=minutes, **_where(raw), **_about(raw))


# --- where ---------------------------------------------------------------------------------------------------


def _where(raw: Mapping[str, Any]) -> dict[str, Any]:
    place = line(raw.get("location"), 255)
    parts = (line(raw.get(key), 255) for key in ("address", "city", "state", "postal_code", "country"))
    formatted = line(raw.get("formatted_address"), 255)
    address = formatted or ", ".join(part for part in parts if part)
    spot, bounds = _coordinates(raw)
    approximate = _approximate(raw, formatted, bounds=bounds)
    url, stray = link_of(raw.get("conference_url"))
    phone = line(raw.get("conference_phone"), 255)
    codes = _codes(raw.get("types"))
    mode, on_hold = _mode(raw, codes, address=address, approximate=approximate, reachable=bool(url) or dials(phone))
    return {
        "place": place,
        "address": address[:255],
        "region": _region(raw),
        "latitude": spot[0] if spot else None,
        "longitude": spot[1] if spot else None,
        "approximate": approximate,
        "conference_url": url,
        "conference_phone": phone,
        "conference_notes": "\n".join(
            part
            for part in (stray, text(raw.get("conference_url_notes")), text(raw.get("conference_phone_notes")))
            if part
        ),
        "mode": mode,
        "on_hold": on_hold,
        "types": tuple(dict.fromkeys(CODES[code] for code in codes if code in CODES)),
        "zone": zone_of(raw.get("timezone")),
    }


def _mode(
    raw: Mapping[str, Any], codes: list[str], *, address: str, approximate: bool, reachable: bool
) -> tuple[str, bool]:
    """(mode, on hold). The list's own word first; else a link, a phone or `ONL` make it online, a street in person."""
    closed = "TC" in codes
    option = line(raw.get("attendance_option"), 20).lower()
    online = reachable or "ONL" in codes or option in {ONLINE, HYBRID}
    stated = option in {IN_PERSON, ONLINE, HYBRID}
    physical = option != ONLINE if stated else bool(address) and not approximate
    if option == "inactive" or (closed and not online):
        return (ONLINE if online else IN_PERSON), True
    if closed:
        physical = False
    if online and option != IN_PERSON:
        return (HYBRID if physical else ONLINE), False
    return IN_PERSON, False


def _approximate(raw: Mapping[str, Any], formatted: str, *, bounds: bool) -> bool:
    said = written(raw.get("approximate", "")).strip().lower()
    if said in {"yes", "true", "1"}:
        return True
    if said in {"no", "false", "0"}:
        return False
    if formatted:
        return formatted.count(",") < 3  # "Chicago, IL, USA" is a town, four parts are a street
    return bounds or is_empty(raw.get("address"))


def _coordinates(raw: Mapping[str, Any]) -> tuple[tuple[float, float] | None, bool]:
    """((lat, lon) or None, whether they are the middle of an area)."""
    numbers = [number_of(raw.get("latitude")), number_of(raw.get("longitude"))]
    bounds = False
    if None in numbers and isinstance(raw.get("coordinates"), str):
        given = [number_of(part) for part in raw["coordinates"].split(",")]
        if len(given) == 4 and None not in given:
            south, west, north, east = (number or 0.0 for number in given)
            given, bounds = [(south + north) / 2, (west + east) / 2], True
        numbers = given
    spot = spot_of(*numbers) if len(numbers) == 2 else None
    return spot, bounds and spot is not None


def spot_of(lat: float | None, lon: float | None) -> tuple[float, float] | None:
    """A place on earth; None for what is none, and for 0, 0, which stands for nothing in these lists."""
    if lat is None or lon is None or (lat, lon) == (0.0, 0.0) or not (-90 <= lat <= 90 and -180 <= lon <= 180):
        return None
    return round(lat, 6), round(lon, 6)


def _region(raw: Mapping[str, Any]) -> str:
    regions = raw.get("regions")
    parts = [line(part, 60) for part in regions] if isinstance(regions, list) else []
    parts = parts or [line(raw.get(key), 60) for key in ("region", "sub_region", "sub_sub_region")]
    return ", ".join(dict.fromkeys(part for part in parts if part))[:120].rstrip(", ")


_HOST = re.compile(r"^[\w-]+(\.[\w-]+)+([/?#:].*)?$")
_ADDRESS = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)


def link_of(value: object) -> tuple[str, str]:
    """(a link that may be put on a page, what was in its place and is none)."""
    given = line(value, 2000)
    if not given:
        return "", ""
    if found := _ADDRESS.search(given):
        return found[0], ""
    if _HOST.match(given):
        return "https://" + given, ""
    return "", given[:500]


def dials(phone: str) -> bool:
    return sum(c.isdigit() for c in phone) >= 10


# --- about ---------------------------------------------------------------------------------------------------


def _about(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "fellowship": fellowship_in(line(raw.get("entity"), 255)),
        "notes": text(raw.get("notes")),
        "confirmed_on": date_of(raw.get("last_contact")) or date_of(raw.get("updated")),
        "extra": {
            key: value for key in EXTRA if key in raw and (value := _further(raw[key])) and is_handle(key, value)
        },
    }


def _further(value: object) -> str:
    """A further field as text; of a list (e-mail addresses) its parts, split by commas as the table form has it."""
    if isinstance(value, list):
        return ", ".join(dict.fromkeys(part for part in (line(item, 254) for item in value) if part))[:1000].rstrip(
            ", "
        )
    return text(value)[:1000].strip()


def _codes(value: object) -> list[str]:
    """Type codes of a list, or of a string of them, in capitals; a type may be told by its name, as tables do."""
    if isinstance(value, str):
        items: list[Any] = []
        for part in re.split(r"[,;|]", value):
            items += [part] if part.strip().upper() in CODES else part.split()
    elif isinstance(value, list):
        items = value
    else:
        return []
    return list(
        dict.fromkeys(written(item).strip().upper() for item in items if isinstance(item, str | int) and item != "")
    )


def zone_of(value: object) -> str:
    """The IANA name of a zone; empty for anything else."""
    zone = line(value, 64)
    return zone if zone in known_zones() else ""


@lru_cache(maxsize=1)
def known_zones() -> frozenset[str]:
    """The IANA names that an entry may carry."""
    return frozenset(available_timezones()) - {"localtime", "Factory", "posixrules"}


def number_of(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if abs(number) <= 1000 else None  # NaN compares as False, too


def digest_of(value: object) -> str:
    """16 signs that stand for a value of JSON."""
    return blake2b(dumps(value, default=str).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def first_start(entry: Entry, anchor: date) -> datetime:
    """The first wall start on or after `anchor`, a Monday, of an entry that is held on weekdays."""
    assert entry.minute is not None
    start = datetime.combine(anchor, datetime.min.time())
    return start + timedelta(days=entry.days[0], minutes=entry.minute)
