"""/client_interface/: as JSON, JSONP, a table or Meeting Guide; refused in a sentence; for any site."""

import csv
import io
import json
import re
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from meetings.models import Meeting, MeetingDay
from tests.meetings.bmlt_door import EVERY, ask, get, search
from tests.people_of_the_story import NOW, make_account

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("town")]


@pytest.mark.parametrize(
    "path",
    ["/client_interface/json/", "/client_interface/json", "//client_interface//json//",
     "/main_server/client_interface/json/"],
)  # fmt: skip
def test_old_clients_repeat_slashes(path):
    answer = Client().get("/", {"switcher": "GetServerInfo"}, PATH_INFO=path)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("kind", "query"),
    [
        ("json", ""),
        ("json", "switcher=DropTables"),
        ("xml", "switcher=GetSearchResults"),
        ("json", "switcher=GetNAWSDump&sb_id=1"),
        ("csv", "switcher=GetNAWSDump"),
        ("json", "switcher=GetSearchResults&weekdays=monday"),
        ("json", "switcher=GetSearchResults&lat_val=north&long_val=1"),
        ("json", "switcher=GetSearchResults&lat_val=nan&long_val=1&geo_width=1"),
        ("json", "switcher=GetSearchResults&meeting_key=secret&meeting_key_value=1"),
        ("json", "switcher=GetFieldValues&meeting_key=secret"),
        ("json", "switcher=GetChanges&start_date=yesterday"),
        ("tsml", "switcher=GetFormats"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_a_sentence(kind, query):
    answer, body = get(query, kind)
    assert answer.status_code == 422
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert body.decode().strip().endswith(".")


def test_nothing_found_is_an_empty_array():
    assert search("weekdays=7") == []


@pytest.mark.parametrize("name", ["cb", "jQuery_123.call", "$x", "a" * 64])
def test_jsonp_calls_the_name_that_is_given(name):
    answer, body = get(f"switcher=GetSearchResults&weekdays=1&callback={name}", "jsonp")
    assert answer.headers["Content-Type"].startswith("application/javascript")
    called = re.fullmatch(r"/\*\*/(.+?)\((.*)\);\n", body.decode(), re.DOTALL)
    assert called[1] == name
    assert json.loads(called[2])[0]["meeting_name"] == "Midnight"


@pytest.mark.parametrize("name", ["alert(1)", "a b", "1x", "a" * 65, "<script>", "x;y", "é"])
def test_jsonp_calls_nothing_but_a_name(name):
    answer, body = get(f"switcher=GetSearchResults&callback={name}", "jsonp")
    assert answer.status_code == 422
    assert name.encode() not in body


def test_a_line_separator_does_not_break_the_script(town):
    Meeting.objects.filter(name="Morning").update(notes="one\u2028two</script>")
    _answer, body = get("switcher=GetSearchResults&callback=cb", "jsonp")
    assert "\u2028" not in body.decode()


def test_as_a_table():
    answer, body = get("switcher=GetSearchResults", "csv")
    rows = list(csv.DictReader(io.StringIO(body.decode())))
    assert [one["meeting_name"] for one in rows] == EVERY
    assert answer.headers["Content-Disposition"].startswith("attachment")
    _answer, body = get("switcher=GetFormats&show_all", "csv")
    assert body.startswith(b'"key_string","name_string"')


def test_the_meeting_guide_form_has_the_zone_and_says_online():
    """BMLT's own tsml export leaves the zone out, and its test for online meetings never matches."""
    found = {one["name"]: one for one in ask("switcher=GetSearchResults", "tsml")}
    assert found["Screen"]["timezone"] == "America/New_York"
    assert found["Screen"]["attendance_option"] == "online"
    assert found["Midnight"]["end_time"] == "00:30"


def test_cookies_are_ignored_and_any_site_may_read_it():
    client = Client()
    client.force_login(make_account("Marta"))
    answer = client.get("/client_interface/jsonp/", {"switcher": "GetServerInfo", "callback": "cb"})
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert not answer.cookies
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert answer.headers["ETag"]


def test_the_number_of_queries_does_not_grow_with_the_list():
    with CaptureQueriesContext(connection) as few:
        search("get_used_formats")
    Meeting.objects.bulk_create(
        Meeting(name="More", slug=f"more-{n}", zone="UTC", created_at=NOW, rrule="FREQ=WEEKLY;BYDAY=MO",
                starts_local=datetime(2026, 1, 5, 9, 0, tzinfo=UTC)) for n in range(40)
    )  # fmt: skip
    MeetingDay.objects.bulk_create(
        MeetingDay(meeting=one, weekday=0, minute=540) for one in Meeting.objects.filter(name="More")
    )
    with CaptureQueriesContext(connection) as many:
        assert len(search("get_used_formats")["meetings"]) == 46
    assert len(few) == len(many) == 2
