"""Lists in every form they come in: told apart by what is in them, and read as they are meant."""

import csv
import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from meetings import guide
from meetings.feed import NotAList
from meetings.guide import Entry, Unread
from meetings.guide_times import BAD_DAY, BAD_TIME, NO_TIME
from meetings.models import Listing, Meeting, Source
from meetings.readers import bmlt, oiaa, open_lists
from meetings.services.imports import feed_import
from tests.people_of_the_story import NOW

FEEDS = Path(__file__).resolve().parents[1] / "feeds"
NEW_YORK = [str(FEEDS / f"bmlt-newyork{part}.json") for part in ("", "-formats", "-bodies")]
MONDAY = {
    "id_bigint": "7", "meeting_name": "Lamp", "weekday_tinyint": "2", "start_time": "18:45:00",
    "duration_time": "01:30:00", "latitude": "40.88", "longitude": "-73.88", "published": "1",
}  # fmt: skip
ELSEWHERE = [
    {"id": "91", "key_string": "AB", "name_string": "Abierta", "lang": "es", "world_id": "OPEN"},
    {"id": "17", "key_string": "VIR", "name_string": "Virtual", "lang": "es", "world_id": "VM"},
    {"id": "18", "key_string": "CT", "name_string": "Cerrado", "lang": "es", "world_id": "TC"},
    {"id": "19", "key_string": "MIX", "name_string": "Mixta", "lang": "es", "world_id": "HYBR"},
    {"id": "20", "key_string": "FR", "name_string": "Francés", "lang": "es", "world_id": "LANG"},
]


@pytest.fixture
def listed(tmp_path, evening):
    """Import these files, given as content by name; the first names the list."""

    def take(files, **options):
        paths = []
        for name, content in files.items():
            path = tmp_path / name
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
            paths.append(str(path))
        return feed_import(address=paths, **options)

    return take


def server(formats=()):
    found = bmlt.Server()
    found.learn_formats(formats)
    return found


def of_bmlt(known=(), **fields):
    found = bmlt.read(MONDAY | fields, server(known))
    assert isinstance(found, Entry), found
    return found


# --- BMLT -----------------------------------------------------------------------------------------------------


def test_weekday_two_is_monday_and_the_length_is_the_duration_also_where_the_minutes_carry():
    found = of_bmlt()
    assert (found.days, found.minute, found.minutes) == ((0,), 18 * 60 + 45, 90)
    assert of_bmlt(weekday_tinyint="1").days == (6,)


@pytest.mark.parametrize(("duration", "minutes"), [("00:00:00", 60), ("", 60), ("00:45:00", 45), ("12:00:00", 720)])
def test_a_duration_of_nothing_is_the_servers_usual_one(duration, minutes):
    assert of_bmlt(duration_time=duration).minutes == minutes
    own = server()
    own.learn_itself([{"defaultDuration": "01:15"}])
    read = bmlt.read(MONDAY | {"duration_time": "00:00:00"}, own)
    assert isinstance(read, Entry)
    assert read.minutes == 75


def test_format_ids_are_the_servers_own_and_are_matched_by_world_id():
    assert of_bmlt(ELSEWHERE, formats="AB", format_shared_id_list="91").types == ("O",)
    assert of_bmlt(ELSEWHERE, formats="O", format_shared_id_list="17").types == ("ONL",), "not the O of another server"
    assert of_bmlt(ELSEWHERE, formats="FR", format_shared_id_list="20").types == ("FR",)


def test_without_its_formats_the_keys_of_a_server_as_it_comes_serve():
    assert of_bmlt(formats="O,St,WC,XX").types == ("O", "ST", "X")


@pytest.mark.parametrize(
    ("ids", "fields", "mode", "on_hold"),
    [
        ("", {"venue_type": "1"}, guide.IN_PERSON, False),
        ("", {"venue_type": "2"}, guide.ONLINE, False),
        ("", {"venue_type": "3"}, guide.HYBRID, False),
        ("", {}, guide.IN_PERSON, False),
        ("", {"virtual_meeting_link": "https://zoom.us/j/1"}, guide.HYBRID, False),
        ("17", {"venue_type": "1"}, guide.ONLINE, False),
        ("19", {"venue_type": "1"}, guide.HYBRID, False),
        ("17,18", {"venue_type": "1"}, guide.ONLINE, False),
        ("18", {"venue_type": "1"}, guide.IN_PERSON, True),
        ("18", {"venue_type": "1", "phone_meeting_number": "+1 212 555 0100"}, guide.ONLINE, False),
        ("18,19", {"venue_type": "3"}, guide.ONLINE, False),
    ],
)
def test_virtual_hybrid_and_closed_for_now_are_told_by_formats_before_the_venue_type(ids, fields, mode, on_hold):
    found = of_bmlt(ELSEWHERE, format_shared_id_list=ids, **fields)
    assert (found.mode, found.on_hold) == (mode, on_hold)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"weekday_tinyint": "8"}, BAD_DAY),
        ({"weekday_tinyint": "0"}, BAD_DAY),
        ({"start_time": "25:00:00"}, BAD_TIME),
        ({"start_time": ""}, NO_TIME),
        ({"meeting_name": ""}, guide.NO_NAME),
        ({"id_bigint": ""}, guide.NO_SLUG),
        ({"published": "0"}, bmlt.NOT_PUBLISHED),
    ],
)
def test_what_cannot_be_read_of_a_server_is_named(fields, reason):
    found = bmlt.read(MONDAY | fields, server())
    assert isinstance(found, Unread)
    assert found.reason == reason


@pytest.mark.django_db
def test_the_zone_of_a_meeting_without_one_is_that_of_its_place(evening):
    report = feed_import(address=NEW_YORK)
    assert report.entries == 120
    assert dict(report.unread_reasons) == {"not published": 8}
    assert set(Meeting.objects.values_list("zone", flat=True)) == {"America/New_York"}
    one = Meeting.objects.get(source_key="2")
    assert one.types == ["M", "O", "ST"]
    assert one.extra["service_body_name"] == "Bronx Area Service"
    assert (one.extra["city"], one.extra["formats"]) == ("New York", "M,O,St")
    assert len(Source.objects.get().about["service_bodies"]) == 44
    assert feed_import(address=NEW_YORK).numbers()["changed"] == 0


@pytest.mark.django_db
def test_a_meeting_that_its_server_no_longer_publishes_is_closed(listed):
    listed({"na.json": json.dumps([MONDAY, MONDAY | {"id_bigint": "8"}])})
    report = listed({"na.json": json.dumps([MONDAY | {"published": "0"}, MONDAY | {"id_bigint": "8"}])})
    assert (report.removed, report.unread) == (1, 1)
    assert Meeting.objects.get(source_key="7").closed_at == NOW


@pytest.mark.django_db
def test_an_answer_with_its_formats_is_an_object_and_pages_are_one_list(listed):
    formats = [{"id": "5", "key_string": "Q", "name_string": "Offen", "world_id": "OPEN", "lang": "de"}]
    page = {"meetings": [MONDAY | {"formats": "Q", "format_shared_id_list": "5"}], "formats": formats}
    second = {"meetings": [MONDAY | {"id_bigint": "8"}, MONDAY], "formats": []}
    report = listed({"one.json": json.dumps(page), "two.json": json.dumps(second)})
    assert report.entries == 3
    assert sorted(Meeting.objects.values_list("source_key", flat=True)) == ["7", "8"], "the same id on two pages is one"
    assert Meeting.objects.get(source_key="7").types == ["O"]


@pytest.mark.django_db
def test_a_bmlt_table_is_read_like_the_answer(listed):
    out = StringIO()
    writer = csv.DictWriter(out, MONDAY)
    writer.writeheader()
    writer.writerow(MONDAY)
    assert listed({"na.csv": out.getvalue()}).added == 1
    assert Meeting.objects.get().starts_local.hour == 18


# --- OIAA -----------------------------------------------------------------------------------------------------

ONLINE = {
    "_id": {"$oid": "a"}, "slug": "sunday", "name": "Sunday", "timezone": "Europe/Madrid", "day": 7, "time": "11:00",
    "duration": 45, "groupID": {"$oid": "g"}, "types": ["O", "12x12"], "languages": ["es"],
    "conference_url": "https://zoom.us/j/1", "updatedAt": {"$date": "2025-01-30T14:13:55.582Z"},
}  # fmt: skip


def test_an_online_meeting_counts_days_from_monday_and_has_languages_and_a_group():
    groups = oiaa.groups_of([{"_id": {"$oid": "g"}, "name": "Sol", "email": "sol@example.org", "recordID": "1"}])
    found = oiaa.read(ONLINE, groups)
    assert isinstance(found, Entry)
    assert (found.days, found.minutes, found.mode) == ((6,), 45, guide.ONLINE)
    assert found.types == ("O", "12x12", "S")
    assert found.extra["group"] == "Sol"
    assert found.confirmed_on is not None


@pytest.mark.parametrize(
    ("fields", "reason"),
    [({"day": 0}, BAD_DAY), ({"day": 8}, BAD_DAY), ({"archived": True}, oiaa.ARCHIVED)],
)
def test_an_online_meeting_of_no_day_or_archived_is_unread(fields, reason):
    found = oiaa.read(ONLINE | fields, {})
    assert isinstance(found, Unread)
    assert found.reason == reason


@pytest.mark.django_db
def test_online_meetings_come_with_their_groups_in_22_zones(evening):
    report = feed_import(address=[str(FEEDS / "oiaa-online.json"), str(FEEDS / "oiaa-groups.json")])
    assert (report.entries, report.read) == (160, 149)
    assert dict(report.unread_reasons) == {"no zone": 10, "day not understood": 1}
    assert Meeting.objects.values("zone").distinct().count() == 22
    assert Meeting.objects.filter(extra__group__isnull=False).count() == Meeting.objects.count()


# --- the table ------------------------------------------------------------------------------------------------

TABLE = """\ufeffName;ID;Weekday;Start Time;End Time;Time Zone;Types;Regions;Formatted Address;Feedback Emails\r
Lamp;lamp;Monday;7:00 PM;8:30 PM;Europe/Berlin;"Open, Big Book";Berlin > Mitte;"1 Mill Lane, Berlin";a@e.org,b@e.org\r
\r
"Two
lines";two;Tue, Thu;19.30;;Europe/Berlin;C;;;\r
Nobody;;1;19:00;;Europe/Berlin;;;;\r
"""


@pytest.mark.django_db
def test_a_table_with_plain_names_is_read_like_the_list(listed):
    report = listed({"office.csv": TABLE})
    assert (report.entries, report.read, dict(report.unread_reasons)) == (3, 2, {"no slug": 1})
    lamp, two = Meeting.objects.order_by("source_key")
    assert (lamp.name, lamp.rrule, lamp.minutes, lamp.types) == ("Lamp", "FREQ=WEEKLY;BYDAY=MO", 90, ["O", "B"])
    assert (lamp.region, lamp.extra["feedback_emails"]) == ("Berlin, Mitte", "a@e.org,b@e.org")
    assert (two.name, two.rrule, two.types) == ("Two lines", "FREQ=WEEKLY;BYDAY=TU,TH", ["C"])
    assert listed({"office.csv": TABLE}).numbers()["changed"] == 0
    assert Source.objects.get().kind == "table"


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (TABLE.replace("Mill", "M\u00fchl").encode("latin-1", "ignore"), "not UTF-8"),
        (b"Name,Day,Time\n", "no rows"),
        (b'Name,Day,Time\nLamp,1,"19:00', "cut off"),
        (b"Article,Price\nLamp,3\n", "nor a table"),
    ],
)
def test_a_broken_table_is_refused_in_one_sentence(content, word, tmp_path):
    file = tmp_path / "table.csv"
    file.write_bytes(content)
    with pytest.raises(NotAList, match=word):
        list(open_lists([file]).elements())


# --- told apart -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["bmlt-newyork-formats", "bmlt-newyork-bodies", "oiaa-groups"])
def test_what_lies_beside_meetings_is_no_list_of_its_own(name):
    with pytest.raises(NotAList, match="together with the meetings"):
        open_lists([FEEDS / f"{name}.json"])


def test_lists_of_two_kinds_are_not_mixed():
    with pytest.raises(NotAList, match="several kinds"):
        open_lists([FEEDS / "oiaa-online.json", FEEDS / "sf-marin.json"])


def test_a_cut_off_answer_with_formats_is_refused(tmp_path):
    file = tmp_path / "cut.json"
    file.write_bytes((FEEDS / "bmlt-yap-monday.json").read_bytes()[:9000])
    with pytest.raises(NotAList, match="cut off"):
        list(open_lists([file]).elements())


# --- counted in dates -----------------------------------------------------------------------------------------

ONE = {"name": "Lamp", "slug": "lamp", "day": [1, 3], "time": "19:00", "timezone": "Europe/Berlin"}


@pytest.mark.django_db
def test_a_day_that_moves_from_one_entry_to_another_of_its_meeting_is_no_news(listed):
    listed({"a.json": json.dumps([ONE])})
    apart = [ONE | {"day": 1}, ONE | {"slug": "lamp-2", "day": 3}]
    report = listed({"a.json": json.dumps(apart)})
    assert (report.added, report.changed, report.removed) == (0, 0, 0)
    assert Meeting.objects.get().rrule == "FREQ=WEEKLY;BYDAY=MO,WE"
    more = listed({"a.json": json.dumps([*apart, ONE | {"slug": "lamp-3", "day": 5}])})
    assert (more.added, more.changed) == (1, 0), "a day more is one"
    back = listed({"a.json": json.dumps([ONE])})
    assert (back.added, back.removed) == (0, 1), "and a day less"


@pytest.mark.django_db
def test_an_entry_that_is_written_as_it_was_is_not_read_again(listed, monkeypatch):
    others = [ONE | {"slug": f"other-{n}", "name": f"Other {n}"} for n in range(5)]
    listed({"a.json": json.dumps([ONE, *others])})
    assert Listing.objects.filter(raw="").count() == 0
    read = []
    whole = guide.read

    def noted(raw):
        read.append(raw["slug"])
        return whole(raw)

    monkeypatch.setattr(guide, "read", noted)
    report = listed({"a.json": json.dumps([ONE | {"name": "Lantern"}, *others])})
    assert (report.read, report.changed) == (6, 1)
    assert read == ["lamp"]


@pytest.mark.django_db
def test_another_zone_for_entries_without_one_is_read_anew(listed):
    bare = {key: value for key, value in ONE.items() if key != "timezone"}
    listed({"a.json": json.dumps([bare])}, zone="Asia/Tokyo")
    assert listed({"a.json": json.dumps([bare])}, zone="Europe/Berlin").changed == 1
    assert Meeting.objects.get().zone == "Europe/Berlin"


# --- undone ---------------------------------------------------------------------------------------------------


def rows():
    skipped = {"raw", "core"}
    return [
        [{k: v for k, v in row.items() if k not in skipped} for row in model.objects.order_by("pk").values()]
        for model in (Meeting, Listing)
    ]


@pytest.mark.django_db
def test_an_import_is_undone_to_the_last_column(listed):
    other = ONE | {"slug": "other", "name": "Other"}
    listed({"a.json": json.dumps([ONE, other])})
    before = rows()
    listed({"a.json": json.dumps([ONE | {"time": "20:00", "notes": "Ring"}, ONE | {"slug": "new", "name": "New"}])})
    out = StringIO()
    call_command("importmeetings", undo=True, source="a", json=True, stdout=out)
    assert json.loads(out.getvalue().splitlines()[-1]) == {"meetings": 3, "left": 0}
    meetings, listings = rows()
    assert [row for row in meetings if row["name"] != "New"] == before[0]
    assert [row for row in listings if row["key"] != "new"] == before[1]
    assert Meeting.objects.get(name="New").closed_at == NOW, "closed, never deleted"
    with pytest.raises(CommandError, match="nothing to undo"):
        call_command("importmeetings", undo=True, source="a")


@pytest.mark.django_db
def test_what_was_changed_here_since_is_left_alone_by_an_undo(listed):
    listed({"a.json": json.dumps([ONE])})
    listed({"a.json": json.dumps([ONE | {"notes": "Ring", "name": "Lantern"}])})
    Meeting.objects.update(name="Our own name")
    out = StringIO()
    call_command("importmeetings", undo=True, source="a", stdout=out)
    meeting = Meeting.objects.get()
    assert (meeting.name, meeting.notes) == ("Our own name", "")
    assert "changed here since" in out.getvalue()
