"""Writes meetings as rows of the BMLT semantic API (bmlt-enabled/bmlt-server). All values are text. No database.

That world knows one weekday a meeting: each of ours is a row for each of its weekdays, whose id is the meeting's with
the weekday (1 = Sunday) as its last digit, the same for ever. Other rules than weekly ones cannot be said and are left
out, as are meetings by appointment. Nobody's contact is in a row.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from meetings.guide import HYBRID, IN_PERSON, ONLINE
from meetings.out.bmlt_formats import Format, Known, formats_of
from meetings.out.public import Public, address_parts, clock_text

VENUES = {IN_PERSON: "1", ONLINE: "2", HYBRID: "3"}
MODES = {1: IN_PERSON, 2: ONLINE, 3: HYBRID}
MILES = 1.609344
OWN_BODY = 1  # the site itself: meetings of no list; a list's body is its id and one
DESCRIBED = {
    "id_bigint": "ID",
    "worldid_mixed": "World ID",
    "shared_group_id_bigint": "Shared Group ID",
    "service_body_bigint": "Service Body ID",
    "service_body_name": "Service Body Name",
    "weekday_tinyint": "Weekday",
    "venue_type": "Venue Type",
    "start_time": "Start Time",
    "duration_time": "Duration",
    "time_zone": "Time Zone",
    "formats": "Formats",
    "lang_enum": "Language",
    "longitude": "Longitude",
    "latitude": "Latitude",
    "distance_in_km": "Distance in Kilometers",
    "distance_in_miles": "Distance in Miles",
    "email_contact": "Email Contact",
    "published": "Published",
    "root_server_uri": "Root Server URI",
    "format_shared_id_list": "Format IDs",
    "meeting_name": "Meeting Name",
    "location_text": "Location Name",
    "location_info": "Additional Location Information",
    "location_street": "Street Address",
    "location_city_subsection": "Borough",
    "location_neighborhood": "Neighborhood",
    "location_municipality": "Town",
    "location_sub_province": "County",
    "location_province": "State",
    "location_postal_code_1": "Zip Code",
    "location_nation": "Nation",
    "comments": "Comments",
    "train_lines": "Train Lines",
    "bus_lines": "Bus Lines",
    "phone_meeting_number": "Phone Meeting Dial-in Number",
    "virtual_meeting_link": "Virtual Meeting Link",
    "virtual_meeting_additional_info": "Virtual Meeting Additional Info",
}
KEYS = tuple(DESCRIBED)


@dataclass(frozen=True, slots=True)
class Row:
    """One weekday (0 = Monday) of one meeting, before it is written. `km`: from where somebody asked."""

    one: Public
    day: int
    formats: tuple[Format, ...]
    km: float | None = None

    @property
    def ident(self) -> int:
        return ident(self.one.pk, self.day)

    @property
    def weekday(self) -> int:
        return bmlt_day(self.day)

    def record(self, root: str) -> dict[str, str]:
        """The row as text, in the order of a server's own."""
        one, extra = self.one, self.one.extra
        parts = address_parts(one)
        return {
            "id_bigint": str(self.ident),
            "worldid_mixed": extra.get("worldid_mixed", ""),
            "shared_group_id_bigint": "",
            "service_body_bigint": str(body_of(one.source)),
            "service_body_name": one.source_name or "Porchlight",
            "weekday_tinyint": str(self.weekday),
            "venue_type": VENUES[one.mode],
            "start_time": f"{clock_text(one.minute)}:00",
            "duration_time": f"{one.minutes // 60:02}:{one.minutes % 60:02}:00",
            "time_zone": one.zone,
            "formats": ",".join(found.key for found in self.formats),
            "lang_enum": extra.get("lang_enum", "en"),
            "longitude": "" if one.longitude is None else repr(one.longitude),
            "latitude": "" if one.latitude is None else repr(one.latitude),
            "distance_in_km": "" if self.km is None else repr(round(self.km, 6)),
            "distance_in_miles": "" if self.km is None else repr(round(self.km / MILES, 6)),
            "email_contact": "",
            "published": "1",
            "root_server_uri": root,
            "format_shared_id_list": ",".join(str(number) for number in sorted(found.id for found in self.formats)),
            "meeting_name": one.name,
            "location_text": one.place,
            "location_info": extra.get("location_notes", ""),
            "location_street": parts.street,
            "location_city_subsection": extra.get("location_city_subsection", ""),
            "location_neighborhood": extra.get("location_neighborhood", _neighborhood(one)),
            "location_municipality": parts.city,
            "location_sub_province": extra.get("location_sub_province", ""),
            "location_province": parts.state,
            "location_postal_code_1": parts.postal_code,
            "location_nation": parts.country,
            "comments": one.notes,
            "train_lines": extra.get("train_lines", ""),
            "bus_lines": extra.get("bus_lines", ""),
            "phone_meeting_number": one.conference_phone,
            "virtual_meeting_link": one.conference_url,
            "virtual_meeting_additional_info": one.conference_notes,
        }


def rows_of(one: Public, now: datetime, further: Known) -> Iterator[Row]:
    """A row for each weekday; none for a meeting that a weekly list cannot say."""
    if days := one.weekdays(now):
        formats = formats_of(one, further)
        for day in days:
            yield Row(one, day, formats)


def ident(pk: int, day: int) -> int:
    return pk * 10 + bmlt_day(day)


def pk_of(number: int) -> int:
    """The meeting of a row's id."""
    return number // 10


def bmlt_day(day: int) -> int:
    """1 = Sunday … 7 = Saturday of 0 = Monday."""
    return (day + 1) % 7 + 1


def body_of(source: int | None) -> int:
    return OWN_BODY if source is None else source + 1


def service_bodies(sources: Mapping[int, tuple[str, str]], own_name: str, root: str) -> list[dict[str, str]]:
    """The site, and under it one service body for each list that was imported."""
    found = [_body(OWN_BODY, 0, own_name, "RS", root)]
    return found + [_body(body_of(pk), OWN_BODY, name, "AS", address) for pk, (name, address) in sources.items()]


def _body(number: int, parent: int, name: str, kind: str, url: str) -> dict[str, str]:
    return {
        "id": str(number), "parent_id": str(parent), "name": name, "description": "", "type": kind, "url": url,
        "helpline": "", "world_id": "",
    }  # fmt: skip


def _neighborhood(one: Public) -> str:
    """A list's region says where it is; a BMLT list's own was made of the three fields and is not said twice."""
    return "" if "service_body_bigint" in one.extra else one.region
