"""Reads what a BMLT server answers to GetSearchResults, with its formats and service bodies where they are at hand.

All values are text. Weekdays are 1 (Sunday) to 7. Ids of formats are the server's own: what a format means is told by
its world_id, and only where the server gives none by its key and English name. No Django, no database.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from meetings import guide
from meetings.fellowships import fellowship_in
from meetings.guide import (
    HYBRID,
    IN_PERSON,
    ONLINE,
    Entry,
    Unread,
    dials,
    link_of,
    number_of,
    spot_of,
    zone_of,
)
from meetings.guide_text import line, text, written
from meetings.guide_times import BAD_DAY, BAD_TIME, DAY_MINUTES, NO_TIME, USUAL_MINUTES, minute_of

NOT_PUBLISHED = "not published"

# What the answer carries beyond a meeting's columns: the parts of the address under the Meeting Guide's names, the
# rest under BMLT's own, for the way out.
EXTRA = {
    "location_street": "address",
    "location_municipality": "city",
    "location_province": "state",
    "location_postal_code_1": "postal_code",
    "location_nation": "country",
    "location_info": "location_notes",
    "email_contact": "email",
    **{
        key: key
        for key in (
            "id_bigint", "worldid_mixed", "shared_group_id_bigint", "service_body_bigint", "service_body_name",
            "formats", "format_shared_id_list", "lang_enum", "root_server_uri", "location_sub_province",
            "location_neighborhood", "location_city_subsection", "train_lines", "bus_lines",
        )
    },
    **{f"contact_{what}_{n}": f"contact_{n}_{what}" for n in (1, 2) for what in ("name", "phone", "email")},
}  # fmt: skip
CARRIES = frozenset(EXTRA.values())

BY_WORLD_ID = {
    "BEG": ("BE",), "CLOSED": ("C",), "OPEN": ("O",), "WCHR": ("X",), "VM": ("ONL",), "TC": ("TC",), "SPK": ("SP",),
    "STEP": ("ST",), "TRAD": ("TR",), "DISC": ("D",), "S-D": ("SP", "D"), "Y": ("Y",), "M": ("M",), "W": ("W",),
    "MED": ("MED",), "LIT": ("LIT",), "CAN": ("CAN",), "GL": ("LGBTQ",), "CW": ("CF",),
}  # fmt: skip
LANGUAGES = {  # keys of formats whose world_id is LANG, and what they stand for
    "EN": "EN", "ENG": "EN", "ES": "S", "SPA": "S", "FR": "FR", "FRE": "FR", "DE": "DE", "GER": "DE", "IT": "ITA",
    "ITA": "ITA", "FIN": "FI", "FI": "FI", "SV": "SV", "SWE": "SV", "DA": "DA", "DK": "DA", "NO": "NO", "NL": "NL",
    "PL": "POL", "POL": "POL", "PT": "POR", "POR": "POR", "RU": "RUS", "RUS": "RUS", "PER": "FA", "FA": "FA",
    "JA": "JA", "JPN": "JA", "HE": "HE", "AR": "AR", "EL": "EL", "GR": "EL", "KO": "KOR", "KOR": "KOR", "UK": "UK",
}  # fmt: skip
UNNAMED = {("SL", "asl"): ("ASL",), ("AG", "agnostic"): ("A",)}  # (key, English name) without a world_id
USUAL_KEYS = {  # of a server as it comes, for an answer that lies here without its formats
    "B": "BEG", "C": "CLOSED", "CL": "CAN", "CW": "CW", "D": "DISC", "GL": "GL", "M": "M", "O": "OPEN", "SD": "S-D",
    "So": "SPK", "St": "STEP", "Tr": "TRAD", "W": "W", "WC": "WCHR", "YP": "Y", "BK": "LIT", "ME": "MED", "VM": "VM",
    "TC": "TC", "HY": "HYBR",
}  # fmt: skip
VIRTUAL, CLOSED_FOR_NOW, BOTH = "VM", "TC", "HYBR"
VENUES = {"1": IN_PERSON, "2": ONLINE, "3": HYBRID}


@dataclass(frozen=True, slots=True)
class Format:
    """What one format of a server means here: its world_id, and our type codes."""

    world: str
    codes: tuple[str, ...] = ()


@dataclass(slots=True)
class Server:
    """What is known of the server besides its meetings."""

    by_id: dict[str, Format] = field(default_factory=dict)
    by_key: dict[str, Format] = field(default_factory=dict)
    bodies: dict[str, str] = field(default_factory=dict)
    usual_minutes: int = USUAL_MINUTES

    def learn_formats(self, rows: Iterable[object]) -> None:
        """Take in a server's formats, in whatever languages: the world_id is the same in each, the name is not."""
        for row in rows:
            if not isinstance(row, Mapping):
                continue
            key, lang = line(row.get("key_string"), 20), line(row.get("lang"), 10)
            name = line(row.get("name_string"), 80).lower() if lang in {"", "en"} else ""
            found = _meaning(line(row.get("world_id"), 20).upper(), key, name)
            ident = line(row.get("id"), 20)
            if ident and (found.codes or ident not in self.by_id):
                self.by_id[ident] = found
            if key and (found.codes or key not in self.by_key):
                self.by_key[key] = found

    def learn_bodies(self, rows: Iterable[object]) -> None:
        for row in rows:
            if isinstance(row, Mapping) and (ident := line(row.get("id"), 20)):
                self.bodies[ident] = line(row.get("name"), 255)

    def learn_itself(self, rows: Iterable[object]) -> None:
        """From GetServerInfo: how long a meeting lasts that says nothing."""
        for row in rows:
            if isinstance(row, Mapping) and (minutes := _minutes(row.get("defaultDuration"))):
                self.usual_minutes = minutes

    def formats_of(self, raw: Mapping[str, Any]) -> list[Format]:
        """By the ids where the server's formats are known, else by the keys of a server as it comes."""
        keys = [part.strip() for part in line(raw.get("formats"), 400).split(",") if part.strip()]
        ids = [part.strip() for part in line(raw.get("format_shared_id_list"), 400).split(",") if part.strip()]
        if self.by_id and ids:
            return [self.by_id[one] for one in ids if one in self.by_id]
        if self.by_key:
            return [self.by_key[one] for one in keys if one in self.by_key]
        return [_meaning(USUAL_KEYS[one], one, "") for one in keys if one in USUAL_KEYS]


def _meaning(world: str, key: str, name: str) -> Format:
    if world == "LANG":
        code = LANGUAGES.get(key.upper())
        return Format(world, (code,) if code else ())
    if world:
        return Format(world, BY_WORLD_ID.get(world, ()))
    return Format("", UNNAMED.get((key.upper(), name), ()))


def read(raw: object, server: Server) -> Entry | Unread:
    """Understand one meeting of the answer. Never raises, whatever it is."""
    if not isinstance(raw, Mapping):
        return Unread(guide.NOT_AN_ENTRY, label=written(raw)[:60])
    name, slug = line(raw.get("meeting_name"), 255), line(raw.get("id_bigint"), 60)
    if not name:
        return Unread(guide.NO_NAME, label=slug, slug=slug)
    if not slug:
        return Unread(guide.NO_SLUG, label=name)
    if line(raw.get("published"), 5) in {"0", "false", "False"}:
        return Unread(NOT_PUBLISHED, label=name, slug=slug)
    found = _when(raw, server)
    if isinstance(found, str):
        return Unread(found, label=name, slug=slug)
    days, minute, minutes = found
    extra = _extra(raw, server)
    return Entry(
        slug=slug, name=name, days=days, minute=minute, minutes=minutes, zone=zone_of(raw.get("time_zone")),
        **_where(raw), **_how(raw, server.formats_of(raw)), notes=text(raw.get("comments")), extra=extra,
        fellowship=fellowship_in(extra.get("service_body_name", "")),
    )  # fmt: skip


def _when(raw: Mapping[str, Any], server: Server) -> tuple[tuple[int, ...], int | None, int] | str:
    """(days, minute, minutes), or the reason why not."""
    weekday, start = line(raw.get("weekday_tinyint"), 5), line(raw.get("start_time"), 20)
    if not weekday and not start:
        return (), None, USUAL_MINUTES
    if weekday not in {"1", "2", "3", "4", "5", "6", "7"}:
        return BAD_DAY
    if not start:
        return NO_TIME
    minute = minute_of(start)
    if minute is None or minute == DAY_MINUTES:
        return BAD_TIME
    return ((int(weekday) - 2) % 7,), minute, _minutes(raw.get("duration_time")) or server.usual_minutes


def _minutes(value: object) -> int:
    """Of a duration `01:30:00`; 0 for none, for 00:00:00 and for what is none."""
    hours, _, rest = line(value, 10).partition(":")
    minutes = rest.partition(":")[0]
    if not (hours.isdecimal() and minutes.isdecimal()):
        return 0
    length = int(hours) * 60 + int(minutes)
    return length if length <= DAY_MINUTES else 0


def _where(raw: Mapping[str, Any]) -> dict[str, Any]:
    street, town, state, code, nation = (
        line(raw.get(f"location_{part}"), 255)
        for part in ("street", "municipality", "province", "postal_code_1", "nation")
    )
    district = " ".join(part for part in (state, code) if part)
    area = ("sub_province", "city_subsection", "neighborhood")
    names = [line(raw.get(f"location_{part}"), 60) for part in area]
    spot = spot_of(number_of(raw.get("latitude")), number_of(raw.get("longitude")))
    return {
        "place": line(raw.get("location_text"), 255),
        "address": ", ".join(part for part in (street, town, district, nation) if part)[:255].strip(", "),
        "region": ", ".join(dict.fromkeys(name for name in (names if any(names) else [town]) if name))[:120].strip(
            ", "
        ),
        "latitude": spot[0] if spot else None,
        "longitude": spot[1] if spot else None,
        "approximate": not street,
    }


def _how(raw: Mapping[str, Any], formats: list[Format]) -> dict[str, Any]:
    """Mode, ways in and types. VM, HY and TC among the formats say more than venue_type, which is often left at 1."""
    worlds = {one.world for one in formats}
    url, stray = link_of(raw.get("virtual_meeting_link"))
    phone = line(raw.get("phone_meeting_number"), 255)
    reachable = bool(url) or dials(phone)
    mode = VENUES.get(line(raw.get("venue_type"), 5), HYBRID if reachable else IN_PERSON)
    if BOTH in worlds:
        mode = HYBRID
    elif VIRTUAL in worlds:
        mode = ONLINE
    on_hold = False
    if CLOSED_FOR_NOW in worlds:  # the house is closed: what is left is the way in online, if there is one
        online = mode != IN_PERSON or reachable
        mode, on_hold = (ONLINE, False) if online else (IN_PERSON, True)
    notes = (stray, text(raw.get("virtual_meeting_additional_info")))
    return {
        "mode": mode,
        "on_hold": on_hold,
        "conference_url": url,
        "conference_phone": phone,
        "conference_notes": "\n".join(part for part in notes if part),
        "types": tuple(dict.fromkeys(code for one in formats for code in one.codes)),
    }


def _extra(raw: Mapping[str, Any], server: Server) -> dict[str, str]:
    found = {ours: value for theirs, ours in EXTRA.items() if (value := text(raw.get(theirs))[:1000].strip())}
    if "service_body_name" not in found and (name := server.bodies.get(found.get("service_body_bigint", ""), "")):
        found["service_body_name"] = name
    return found
