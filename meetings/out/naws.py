"""Writes rows as the CSV that NA World Services takes (BMLT GetNAWSDump): 52 columns, deleted meetings marked D."""

from meetings.guide import ONLINE
from meetings.out.bmlt import Row
from meetings.out.public import address_parts, clock_text

COLUMNS = (
    "Committee", "CommitteeName", "AddDate", "AreaRegion", "ParentName", "ComemID", "ContactID", "ContactName",
    "CompanyName", "ContactAddrID", "ContactAddress1", "ContactAddress2", "ContactCity", "ContactState", "ContactZip",
    "ContactCountry", "ContactPhone", "MeetingID", "Room", "Closed", "WheelChr", "Day", "Time", "Language1",
    "Language2", "Language3", "LocationId", "Place", "Address", "City", "LocBorough", "State", "Zip", "Country",
    "Directions", "Institutional", "Format1", "Format2", "Format3", "Format4", "Format5", "Delete", "LastChanged",
    "Longitude", "Latitude", "ContactGP", "PhoneMeetingNumber", "VirtualMeetingLink", "VirtualMeetingInfo", "TimeZone",
    "bmlt_id", "unpublished",
)  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
IN_COLUMNS_OF_THEIR_OWN = {"OPEN", "CLOSED", "WCHR", "LANG"}
FIRST = ("VM", "TC", "HYBR", "W", "M", "GL")  # must not fall off the end of five


def row(found: Row) -> list[str]:
    """One meeting."""
    one, worlds = found.one, [format_.world for format_ in found.formats if format_.world]
    parts = address_parts(one)
    formats = [world for world in dict.fromkeys(worlds) if world not in IN_COLUMNS_OF_THEIR_OWN]
    formats.sort(key=lambda world: FIRST.index(world) if world in FIRST else len(FIRST))
    borough, hood = (one.extra.get(f"location_{what}", "") for what in ("city_subsection", "neighborhood"))
    spot = one.mode != ONLINE or not one.approximate
    cells = {
        "Committee": one.extra.get("worldid_mixed", ""),
        "CommitteeName": one.name,
        "ParentName": one.source_name,
        "Room": ", ".join(format_.name for format_ in found.formats if not format_.world),
        "Closed": "OPEN" if "OPEN" in worlds and "CLOSED" not in worlds else "CLOSED",  # default_closed_status is 1
        "WheelChr": "TRUE" if "WCHR" in worlds else "FALSE",
        "Day": DAYS[found.day],
        "Time": clock_text(one.minute).replace(":", ""),
        "Language1": next((format_.key for format_ in found.formats if format_.kind == "LANG"), ""),
        "Place": one.place,
        "Address": parts.street,
        "City": borough or parts.city or hood,
        "LocBorough": hood,
        "State": parts.state,
        "Zip": parts.postal_code,
        "Country": parts.country,
        "Directions": ", ".join(said for said in (one.extra.get("location_notes", ""), one.notes) if said),
        "Institutional": "FALSE",
        "Longitude": "" if one.longitude is None or not spot else repr(one.longitude),
        "Latitude": "" if one.latitude is None or not spot else repr(one.latitude),
        "PhoneMeetingNumber": one.conference_phone,
        "VirtualMeetingLink": one.conference_url,
        "VirtualMeetingInfo": one.conference_notes,
        "TimeZone": one.zone,
        "bmlt_id": str(found.ident),
        **{f"Format{number}": world for number, world in enumerate(formats[:5], start=1)},
    }
    return [cells.get(column, "") for column in COLUMNS]


def deleted(pk: int, name: str, world: str) -> list[str]:
    """A meeting that is no longer listed."""
    cells = {"Committee": world, "CommitteeName": name, "Delete": "D", "bmlt_id": str(pk * 10)}
    return [cells.get(column, "") for column in COLUMNS]
