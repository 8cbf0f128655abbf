"""GET /client_interface/{json,jsonp,csv,tsml}/?switcher=…: the BMLT semantic API, for every client that speaks it.

What cannot be answered is refused with 422 and a sentence. Unpublished meetings are not here, whatever is asked.
"""

import csv
import io
import json
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.urls import re_path
from django.views.decorators.http import require_safe

from ground import clock
from ground.site import site_url
from meetings.api.feeds import page_of
from meetings.api.public import CSV, JSON, JSONP, refuse, send
from meetings.kind_names import names_in
from meetings.out import guide, naws
from meetings.out.bmlt import DESCRIBED, KEYS, OWN_BODY, Row, body_of, service_bodies
from meetings.out.bmlt_asked import Asked, Refused, asked_from, callback_of, chosen, flag, text, values_of
from meetings.out.bmlt_formats import LANGUAGE, Format, by_key, languages_of
from meetings.out.public import joined
from meetings.selectors import bmlt, published

FORMATS = ("json", "jsonp", "csv", "tsml")
MOST_LANGUAGES = 10
DAY, LAST_DAY = timedelta(days=1), datetime(9999, 12, 31, tzinfo=UTC)
VERSION = (4, 2, 7)  # of the server whose answers these are

Record = dict[str, Any]


@require_safe
def client_interface(request: HttpRequest, kind: str) -> HttpResponseBase:
    params = request.GET
    try:
        return _answer(request, kind.lower(), params)
    except Refused as refused:
        return refuse(str(refused), 422)


def _answer(request: HttpRequest, kind: str, params: QueryDict) -> HttpResponseBase:
    switcher = text(params, "switcher")
    if kind not in FORMATS:
        raise Refused(f"“{kind}” is no format here: json, jsonp, csv or tsml.")
    key = "bmlt " + _canonical(params)
    if switcher == "GetNAWSDump":
        if kind != "csv":
            raise Refused("GetNAWSDump is answered as csv only.")
        dump = _naws_dump(params)
        return send(request, dump, content_type=CSV, key=f"{key} naws", filename="naws.csv")
    if switcher not in SWITCHERS:
        raise Refused(f"“{switcher[:40]}” is no switcher here: {', '.join([*SWITCHERS, 'GetNAWSDump'])}.")
    if kind == "tsml":
        if switcher != "GetSearchResults":
            raise Refused("Only GetSearchResults is answered as tsml.")
        entries = _tsml(asked_from(params, bmlt.town))
        return send(request, lambda: joined(_array(entries())), content_type=JSON, key=f"{key} tsml")
    make = SWITCHERS[switcher](params)
    if kind == "csv":
        return send(request, lambda: joined(_csv(make)), content_type=CSV, key=f"{key} csv", filename=f"{switcher}.csv")
    if kind == "jsonp":
        around = (f"/**/{callback_of(params)}(".encode(), b");\n")
        return send(request, lambda: joined(make.json()), content_type=JSONP, key=f"{key} json", around=around)
    return send(request, lambda: joined(make.json()), content_type=JSON, key=f"{key} json")


def _canonical(params: QueryDict) -> str:
    """The request without what makes no difference to the body."""
    left_out = {"callback", "_", "advanced_published", "root_server_ids"}
    return repr(sorted((key, values) for key, values in params.lists() if key not in left_out))


def languages_asked(params: QueryDict) -> list[str]:
    """`lang_enum` of formats' names, the first first; `es-MX` is `es`. None asked: the server's own."""
    return list(
        dict.fromkeys(value.lower().partition("-")[0] for value in values_of(params, "lang_enum")[:MOST_LANGUAGES])
    )


def told(language: str, code: str) -> str:
    return names_in(language).get(code, "")


# --- answers --------------------------------------------------------------------------------------------------


class _List:
    """An answer that is an array of records."""

    def __init__(self, records: Callable[[], Iterable[Record]]) -> None:
        self.records = records

    def json(self) -> Iterator[bytes]:
        return _array(self.records())


class _Search(_List):
    """The answer to GetSearchResults: an array, or an object with the formats that its meetings use."""

    def __init__(self, asked: Asked, languages: Collection[str]) -> None:
        super().__init__(self._meetings)
        self.asked = asked
        self.languages = languages
        self.used: dict[int, Format] = {}

    def _meetings(self) -> Iterator[Record]:
        root = site_url()
        for row in bmlt.found(self.asked, clock.now(), root):
            self.used |= {one.id: one for one in row.formats}
            record = row.record(root)
            yield {key: record[key] for key in self.asked.fields} if self.asked.fields else record

    def json(self) -> Iterator[bytes]:
        self.used = {}
        if self.asked.formats_only:
            for _ in self._meetings():
                pass
            yield b'{"formats":'
        elif self.asked.used_formats:
            yield b'{"meetings":'
            yield from _array(self._meetings())
            yield b',"formats":'
        else:
            yield from _array(self._meetings())
            return
        used = sorted(self.used.values(), key=lambda one: one.id)
        yield from _array(record for one in used for record in one.records(site_url(), self.languages, told))
        yield b"}"


def _search(params: QueryDict) -> _List:
    return _Search(asked_from(params, bmlt.town), languages_asked(params))


def _formats(params: QueryDict) -> _List:
    """All of them with show_all or when some are named; else those that a meeting here uses."""
    ids, keys = chosen(params, "format_ids"), set(values_of(params, "key_strings"))
    languages = languages_asked(params)

    def records() -> Iterator[Record]:
        lists = bmlt.formats_of_lists().values()
        meant = [*by_key().values(), *(one for own in lists for one in own.values())]
        if not (flag(params, "show_all") or ids or keys):
            used = {one.id for row in bmlt.all_rows(clock.now()) for one in row.formats}
            meant = [one for one in meant if one.id in used]
        for one in sorted(meant, key=lambda found: found.id):
            if one.id in ids and (not keys or one.key in keys):
                yield from one.records(site_url(), languages, told)

    return _List(records)


def _bodies(params: QueryDict) -> _List:
    asked = chosen(params, "services")
    below, above = flag(params, "recursive"), flag(params, "parents")

    def records() -> Iterator[Record]:
        for body in service_bodies(published.source_names(), settings.SENDER_LABEL, site_url()):
            number = int(body["id"])
            meant = number in asked
            meant = meant or (below and OWN_BODY in asked.wanted and number not in asked.refused)
            meant = meant or (above and number == OWN_BODY and bool(asked.wanted))
            if meant:
                yield body

    return _List(records)


def _changes(params: QueryDict) -> _List:
    after, before = _day(params, "start_date"), _day(params, "end_date")
    ids, bodies = chosen(params, "meeting_id"), chosen(params, "service_body_id")

    def records() -> Iterator[Record]:
        end = before + DAY if before and before < LAST_DAY else None  # the last day is included
        for one in bmlt.changes(after=after, before=end, pks=ids, bodies=bodies):
            yield _change(one)

    return _List(records)


# what of an edit is told with its values: never how to join, and nothing about people
TOLD = {"days", "name", "time", "length", "zone", "mode", "open or closed", "place", "address", "region", "types"}


def _change(one: Record) -> Record:
    moment: datetime = one["at"]
    name = one["name"]
    said = {"new": "was added", "change": "was changed", "delete": "was removed"}[one["kind"]]
    number = f"{one['pk']}{2 if one['kind'] == 'delete' else 1}"
    before = {"meeting_name": name} if one["kind"] == "delete" else None
    after = None if one["kind"] == "delete" else {"meeting_name": name}
    if one["kind"] == "change":
        number = f"{one['change']}3"
        said += f": {', '.join(word for word, _was, _is in one['fields'])}"
        told = [field for field in one["fields"] if field[0] in TOLD]
        before, after = {word: was for word, was, _is in told}, {word: now for word, _was, now in told}
    return {
        "date_int": str(int(moment.timestamp())),
        "date_string": moment.astimezone(UTC).strftime("%I:%M %p, %m/%d/%Y").lstrip("0"),
        "change_type": f"comdef_change_type_{one['kind']}",
        "change_id": number,
        "meeting_id": str(one["pk"] * 10),
        "meeting_name": name,
        "user_id": "",
        "user_name": "",
        "service_body_id": str(body_of(one["source_id"])),
        "service_body_name": one["source__name"] or settings.SENDER_LABEL,
        "meeting_exists": "0" if one["closed_at"] else "1",
        "details": f"{name} {said}.",
        "json_data": {"before": before, "after": after},
    }


def _field_keys(params: QueryDict) -> _List:
    return _List(lambda: [{"key": key, "description": said} for key, said in DESCRIBED.items()])


def _field_values(params: QueryDict) -> _List:
    """Every value that a field has here, with the ids of its rows; none is written NULL.

    Of `formats` the values are ids. With `specific_formats` only those are told apart, and rows with none of them
    (with `all_formats`: without one of them) are left out.
    """
    key = text(params, "meeting_key")
    if key not in KEYS:
        raise Refused(f"“{key[:40]}” is no field of a meeting: see GetFieldKeys.")
    specific = chosen(params, "specific_formats").wanted if key == "formats" else frozenset()
    every = flag(params, "all_formats")

    def value_of(row: Row) -> str | None:
        if key != "formats":
            return row.record(site_url())[key]
        have = {one.id for one in row.formats}
        told = have & specific if specific else have
        if specific and (not told or (every and told != specific)):
            return None
        return ",".join(map(str, sorted(told)))

    def records() -> Iterator[Record]:
        found: dict[str, list[int]] = {}
        for row in bmlt.all_rows(clock.now()):
            if (value := value_of(row)) is not None:
                found.setdefault(value, []).append(row.ident)
        for value in sorted(found):
            yield {key: value or "NULL", "ids": ",".join(map(str, sorted(found[value])))}

    return _List(records)


def _server_info(params: QueryDict) -> _List:
    def records() -> Iterator[Record]:
        south, west, north, east = bmlt.covered() or (0.0, 0.0, 0.0, 0.0)
        own = [one for formats in bmlt.formats_of_lists().values() for one in formats.values()]
        known = languages_of([*by_key().values(), *own]) | {code for code, _name in settings.LANGUAGES}
        major, minor, fix = VERSION
        yield {
            "version": f"{major}.{minor}.{fix}",
            "versionInt": f"{major}{minor:03}{fix:03}",
            "langs": ",".join(sorted(known)),
            "nativeLang": LANGUAGE,
            "centerLongitude": f"{(west + east) / 2:.6f}",
            "centerLatitude": f"{(south + north) / 2:.6f}",
            "centerZoom": "6",
            "defaultDuration": "01:00",
            "regionBias": "",
            "charSet": "UTF-8",
            "distanceUnits": "mi",
            "semanticAdmin": "0",
            "changesPerMeeting": "2",
            "meeting_states_and_provinces": "",
            "meeting_counties_and_sub_provinces": "",
            "available_keys": ",".join(KEYS),
            "google_api_key": "",
            "dbVersion": "0",
            "dbPrefix": "",
            "phpVersion": "",
            "auto_geocoding_enabled": "",
            "commit": "",
            "default_closed_status": "1",
            "aggregator_mode_enabled": "",
        }

    return _List(records)


def _coverage(params: QueryDict) -> _List:
    def records() -> Iterator[Record]:
        if corners := bmlt.covered():
            south, west, north, east = corners
            yield {
                "nw_corner_longitude": repr(west),
                "nw_corner_latitude": repr(north),
                "se_corner_longitude": repr(east),
                "se_corner_latitude": repr(south),
            }

    return _List(records)


SWITCHERS: dict[str, Callable[[QueryDict], _List]] = {
    "GetSearchResults": _search,
    "GetFormats": _formats,
    "GetServiceBodies": _bodies,
    "GetChanges": _changes,
    "GetFieldKeys": _field_keys,
    "GetFieldValues": _field_values,
    "GetServerInfo": _server_info,
    "GetCoverageArea": _coverage,
}


def _naws_dump(params: QueryDict) -> Callable[[], Iterator[bytes]]:
    bodies = chosen(params, "sb_id").wanted
    if len(bodies) != 1:
        raise Refused("GetNAWSDump needs sb_id, the id of one service body.")
    (body,) = bodies

    def make() -> Iterator[bytes]:
        rows: Iterator[Row] = bmlt.rows_of_body(body, clock.now())
        yield _line(naws.COLUMNS)
        yield from joined(_line(naws.row(row)) for row in rows)
        yield from joined(_line(naws.deleted(*ended)) for ended in bmlt.ended_of_body(body))

    return make


def _tsml(asked: Asked) -> Callable[[], Iterator[Record]]:
    def entries() -> Iterator[Record]:
        now, numbered = clock.now(), published.numbered_slugs()
        seen: set[int] = set()
        for row in bmlt.found(asked, now, site_url()):
            if row.one.pk not in seen:
                seen.add(row.one.pk)
                yield from guide.entries(row.one, now=now, page=page_of(row.one), taken=numbered.__contains__)

    return entries


# --- writing --------------------------------------------------------------------------------------------------


def _array(records: Iterable[Record]) -> Iterator[bytes]:
    between = b"["
    for record in records:
        yield between + json.dumps(record, ensure_ascii=True, separators=(",", ":")).encode()
        between = b","
    yield b"[]" if between == b"[" else b"]"


def _csv(answer: _List) -> Iterator[bytes]:
    """A head line with the keys, then a line a record. An object of formats is written as its formats."""
    records = answer.records()
    if isinstance(answer, _Search) and answer.asked.formats_only:
        records = json.loads(b"".join(answer.json()))["formats"]
    keys: list[str] | None = None
    for record in records:
        if keys is None:
            keys = list(record)
            yield _line(keys)
        yield _line([_cell(record[key]) for key in keys])


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _line(cells: Iterable[str]) -> bytes:
    """One line of the table, every cell in quotation marks."""
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(cells)
    return out.getvalue().encode()


def _day(params: QueryDict, name: str) -> datetime | None:
    value = text(params, name)
    if not value:
        return None
    try:
        return datetime.combine(date.fromisoformat(value), time(), UTC)
    except ValueError:
        raise Refused(f"{name} is a date like 2026-01-31, not “{value[:40]}”.") from None


# repeated slashes, and the folder that a BMLT server usually lies in, so that old addresses go on working
urls = [re_path(r"^(?:/+)?(?:main_server/+)?client_interface/+(?P<kind>[A-Za-z]+)/*$", client_interface)]
