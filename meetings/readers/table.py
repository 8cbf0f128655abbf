"""Reads the table form of the Meeting Guide: CSV with a header row of plain names. No Django, no database.

The names are those of the fields with blanks for underscores, in any case, or those that people write instead.
Regions are split by `>`, days, types and e-mail addresses by commas; a type may be its code or its name.
"""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from django.utils.translation import gettext_noop as _

from meetings.feed import MOST_TEXT, NotAList, OnBytes, guarded
from meetings.guide import EXTRA

FIELDS = {
    "name", "slug", "day", "time", "end_time", "duration", "timezone", "types", "notes", "location", "location_notes",
    "formatted_address", "address", "city", "state", "postal_code", "country", "region", "sub_region",
    "sub_sub_region", "regions", "latitude", "longitude", "coordinates", "approximate", "conference_url",
    "conference_url_notes", "conference_phone", "conference_phone_notes", "updated", "last_contact",
    "attendance_option", *EXTRA,
}  # fmt: skip
OTHER_NAMES = {
    "id": "slug", "meeting": "name", "meeting_name": "name", "title": "name", "weekday": "day", "days": "day",
    "start": "time", "start_time": "time", "begins": "time", "end": "end_time", "ends": "end_time",
    "time_zone": "timezone", "zone": "timezone", "tz": "timezone", "type": "types", "full_address": "formatted_address",
    "street": "address", "street_address": "address", "town": "city", "province": "state", "zip": "postal_code",
    "zip_code": "postal_code", "postcode": "postal_code", "district_region": "region", "subregion": "sub_region",
    "lat": "latitude", "lon": "longitude", "lng": "longitude", "long": "longitude", "place": "location",
    "venue": "location", "location_name": "location", "meeting_url": "conference_url", "online_url": "conference_url",
    "conference_link": "conference_url", "zoom_link": "conference_url", "zoom_url": "conference_url",
    "meeting_link": "conference_url", "phone_number": "conference_phone", "group_name": "group", "link": "url",
    "last_updated": "updated", "note": "notes", "comments": "notes", "emails": "feedback_emails",
    "feedback_email": "feedback_emails", "attendance": "attendance_option",
}  # fmt: skip
DELIMITERS = ",;\t|"
HEADER_ROOM = 1 << 16


def is_table(head: bytes) -> bool:
    """Whether the first row names a meeting and when or where it is held."""
    return bool(_header(head))


def rows(path: Path, *, on_bytes: OnBytes | None, most_bytes: int) -> Iterator[dict[str, object]]:
    """The rows as entries of a list. Raises NotAList for what breaks off or is not UTF-8."""
    with path.open("rb") as raw:
        source = io.BufferedReader(_Raw(guarded(raw, on_bytes, most_bytes, quoted=False)), HEADER_ROOM)
        head = source.peek(HEADER_ROOM)
        delimiter, columns = _header(head) or (",", [])
        lines = io.TextIOWrapper(source, encoding="utf-8-sig", errors="strict", newline="")
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        count = 0
        csv.field_size_limit(MOST_TEXT)
        try:
            next(reader, None)
            for cells in reader:
                if not any(cell.strip() for cell in cells):
                    continue
                count += 1
                yield _entry(dict(zip(columns, cells, strict=False)))
        except UnicodeDecodeError as error:
            raise NotAList(
                _("The text after row %(count)s is not UTF-8: save the table as UTF-8 and import it again."),
                count=count + 1,
            ) from error
        except csv.Error as error:
            told = _("This table is broken, or was cut off, after row %(count)s: %(why)s.")
            raise NotAList(told, count=count + 1, why=str(error)) from error
    if not count:
        raise NotAList(_("The table has no rows; an empty list would close all of its meetings."))


def _header(head: bytes) -> tuple[str, list[str]] | None:
    """(what parts the cells, the fields of the columns) of a table of meetings; None when it is none."""
    first = head.removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0].decode("utf-8", "replace").strip("\r")
    for delimiter in DELIMITERS:
        try:
            cells = next(csv.reader([first], delimiter=delimiter), [])
        except csv.Error:
            continue
        names = [_plain(cell) for cell in cells]
        if "id_bigint" in names and "meeting_name" in names:
            return delimiter, names  # a BMLT answer as a table has its own names
        columns = [OTHER_NAMES.get(name, name) if name not in FIELDS else name for name in names]
        if "name" in columns and {"day", "time", "location", "address", "formatted_address"} & set(columns):
            return delimiter, columns
    return None


def _plain(cell: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", cell.strip().lower()).strip("_")


def _entry(row: dict[str, str]) -> dict[str, object]:
    found: dict[str, object] = dict(row)
    if ">" in row.get("regions", "") or ">" in row.get("region", ""):
        found["regions"] = [part.strip() for part in (row.get("regions") or row["region"]).split(">")]
    elif row.get("regions"):
        found["regions"] = [row["regions"]]
    return found


class _Raw(io.RawIOBase):
    """A guarded source as Python's own file."""

    def __init__(self, source: "BinaryIO | object") -> None:
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        piece: bytes = self._source.read(len(buffer))  # type: ignore[union-attr]
        buffer[: len(piece)] = piece
        return len(piece)
