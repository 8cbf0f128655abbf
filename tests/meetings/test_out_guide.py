"""/meetings.json: a Meeting Guide feed that a strict reader accepts, that holds what is public, and that comes back."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ground import clock
from meetings.models import Meeting
from meetings.services.group_meetings import group_found_from_meeting
from meetings.services.imports import feed_import
from tests.conftest import FULL
from tests.meetings.meeting_guide_spec import faults, has_a_place
from tests.people_of_the_story import NOW, make_account

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("evening")]
FEEDS = Path(__file__).resolve().parents[1] / "feeds"
WHOLE = Path(__file__).resolve().parents[3] / "shared" / "feeds"
NO_LISTS = ("formats", "bodies", "groups", "GetFormats", "GetServiceBodies", "server-info")
LISTS = [
    file
    for folder in ([FEEDS, WHOLE] if FULL else [FEEDS])  # the whole lists are long
    if folder.is_dir()
    for file in sorted(folder.glob("*.json"))
    if not any(word in file.name for word in NO_LISTS)
]
PLACE = {"timezone": "America/New_York", "formatted_address": "1 Main St, Albany, NY 12207, USA"}


def body_of(answer):
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def ask(path="/meetings.json", params=None, **more):
    answer = Client(**more).get(path, params or {})
    assert answer.status_code == 200, answer.content
    return json.loads(body_of(answer))


def take_in(tmp_path, *entries, source="office"):
    file = tmp_path / f"{source}.json"
    file.write_text(json.dumps(entries))
    feed_import(address=str(file), name=source)


def own(slug="own", **columns):
    """A meeting that stands here without any list."""
    columns = {
        "name": slug, "zone": "Europe/Berlin", "created_at": NOW, "rrule": "FREQ=WEEKLY;BYDAY=TH", "address": "Weg 1",
        "starts_local": datetime(2026, 1, 1, 19, 0, tzinfo=UTC),
    } | columns  # fmt: skip
    return Meeting.objects.create(slug=slug, **columns)


@pytest.mark.parametrize("file", LISTS, ids=lambda file: file.stem)
def test_the_feed_of_a_list_passes_the_spec_and_is_read_back_without_a_difference(file, tmp_path):
    first = feed_import(address=str(file), zone="America/New_York", name="office")
    assert first.added == first.read > 0
    answer = Client().get("/meetings.json", {"source": "office"})
    out = tmp_path / "ours.json"
    out.write_bytes(body_of(answer))
    feed = json.loads(out.read_text())
    assert faults(feed) == []
    assert len(feed) >= first.read
    back = feed_import(address=str(out), name="office", dry_run=True)
    assert (back.changed_entries, back.added_entries, back.removed_entries) == ([], [], [])
    assert (back.added, back.changed, back.removed, back.unread) == (0, 0, 0, 0)


def test_two_entries_of_several_days_each_are_written_a_day_at_a_time(tmp_path):
    """tsml-ui cannot load a feed with two entries whose day is an array."""
    take_in(
        tmp_path,
        {"slug": "alpha", "name": "A", "day": [1, 3], "time": "19:00", **PLACE},
        {"slug": "beta", "name": "B", "day": [0, 6, 2], "time": "07:00", **PLACE},
    )
    feed = ask()
    assert [(one["slug"], one["day"]) for one in feed] == [
        ("alpha", 1), ("alpha-2", 3), ("beta", 2), ("beta-2", 6), ("beta-3", 0),
    ]  # fmt: skip


def test_a_number_behind_a_slug_is_skipped_where_another_meeting_has_that_name():
    own("lamp", rrule="FREQ=WEEKLY;BYDAY=MO,WE")
    own("lamp-2", name="Another")
    assert sorted(one["slug"] for one in ask()) == ["lamp", "lamp-2", "lamp-3"]


def test_a_meeting_past_midnight_ends_on_the_clock_and_says_how_long_it_is():
    own("late", starts_local=datetime(2026, 1, 4, 23, 30, tzinfo=UTC), rrule="FREQ=WEEKLY;BYDAY=SU")
    (one,) = ask()
    assert (one["day"], one["time"], one["end_time"], one["duration"]) == (0, "23:30", "00:30", 60)


def test_times_are_of_24_hours_and_entities_are_plain_text(tmp_path):
    take_in(tmp_path, {"slug": "e", "name": "Joe&#8217;s &amp;amp; Friends", "day": 5, "time": "8:00 PM", **PLACE})
    (one,) = ask()
    assert (one["name"], one["time"], one["timezone"]) == ("Joe’s & Friends", "20:00", "America/New_York")


def test_updated_is_in_utc_and_the_day_of_confirmation_is_told(tmp_path):
    take_in(tmp_path, {"slug": "u", "name": "U", "day": 5, "time": "20:00", "updated": "2025-08-29 23:56:59", **PLACE})
    (one,) = ask()
    assert (one["updated"], one["last_contact"]) == ("2025-08-29 00:00:00", "2025-08-29")


def test_the_entitys_address_stands_under_both_of_its_names(tmp_path):
    entity = {"entity": "Office", "entity_url": "https://office.example/"}
    take_in(tmp_path, {"slug": "n", "name": "N", "day": 5, "time": "20:00", **PLACE, **entity})
    (one,) = ask()
    assert one["entity_url"] == one["entity_website_url"] == "https://office.example/"


def test_what_is_not_weekly_or_has_not_begun_or_is_over_is_left_out_of_a_weekly_list():
    own("monthly", rrule="FREQ=MONTHLY;BYDAY=1MO")
    own("fortnight", rrule="FREQ=WEEKLY;INTERVAL=2;BYDAY=TH")
    own("once", rrule="")
    own("later", starts_local=datetime(2026, 3, 5, 19, 0, tzinfo=UTC))
    own("over", rrule="FREQ=WEEKLY;BYDAY=TH;UNTIL=20260108")
    own("closed", closed_at=NOW)
    own("daily", rrule="FREQ=DAILY")
    own("ending", rrule="FREQ=WEEKLY;BYDAY=TH;UNTIL=20260401")
    own("soon", starts_local=datetime(2026, 1, 21, 19, 0, tzinfo=UTC), rrule="FREQ=WEEKLY;BYDAY=WE")
    own("asking", starts_local=None, rrule="")
    assert {one["name"] for one in ask()} == {"daily", "ending", "soon", "asking"}


def test_a_meeting_on_hold_is_inactive_and_no_group_of_days_is_lost(tmp_path):
    take_in(tmp_path, {"slug": "h", "name": "H", "day": [1, 2], "time": "20:00", "types": ["TC"], **PLACE})
    assert [(one["attendance_option"], one["types"]) for one in ask()] == [("inactive", ["TC"])] * 2


def test_an_online_meeting_founded_here_stands_at_its_zones_town_so_that_readers_show_it():
    own("online", mode="online", address="", zone="America/New_York")
    (one,) = ask()
    assert one["formatted_address"] == "New York"
    assert has_a_place(one)
    assert faults([one]) == []


class TestWhatIsPublic:
    JOIN = {"conference_url": "https://zoom.us/j/1", "conference_url_notes": "Passcode 99", "notes": "Code 99"}

    def test_the_link_of_a_public_list_stays_public_until_a_group_here_has_the_meeting(self, tmp_path):
        """Zoom-bombing (12-step-meeting-list#192): a group's passcodes are in no feed."""
        entry = {
            "slug": "zoomed",
            "name": "Zed",
            "day": 5,
            "time": "20:00",
            "contact_1_phone": "555 1",
            "group_notes": "Code 99",
            "location_notes": "Code 99",
            "mailing_address": "Marta, Weg 99",
            **PLACE,
            **self.JOIN,
        }
        take_in(tmp_path, entry)
        (one,) = ask()
        assert (one["conference_url"], one["conference_url_notes"]) == ("https://zoom.us/j/1", "Passcode 99")
        member = make_account("Marta").person
        group_found_from_meeting(actor=member, meeting=Meeting.objects.get(slug="zoomed"))
        (one,) = ask()
        assert one["name"] == "Zed"
        assert not {"conference_url", "conference_url_notes", "notes", "contact_1_phone"} & set(one)
        assert "99" not in json.dumps(one)

    def test_a_cookie_changes_nothing(self, tmp_path):
        take_in(tmp_path, {"slug": "zoomed", "name": "Zed", "day": 5, "time": "20:00", **PLACE, **self.JOIN})
        account = make_account("Marta")
        member = account.person
        group_found_from_meeting(actor=member, meeting=Meeting.objects.get(slug="zoomed"))
        client = Client()
        client.force_login(account)
        as_member, as_guest = client.get("/meetings.json"), Client().get("/meetings.json")
        assert body_of(as_member) == body_of(as_guest)
        for answer in (as_member, as_guest):
            assert not answer.cookies
            assert "Cookie" not in answer.headers.get("Vary", "")
            assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
            assert answer.headers["Cache-Control"].startswith("public")


class TestHowItIsServed:
    def test_an_asker_who_has_it_already_is_sent_nothing(self):
        own()
        first = Client().get("/meetings.json")
        again = Client().get("/meetings.json", headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        own("more")
        changed = Client().get("/meetings.json", headers={"If-None-Match": first.headers["ETag"]})
        assert changed.status_code == 200

    def test_an_answer_is_kept_for_a_minute_and_then_made_anew(self, settings, tmp_path):
        settings.FEEDS_FOLDER, settings.FEEDS_KEPT_SECONDS = tmp_path, 60
        own()
        assert len(ask()) == 1
        own("more")
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert len(ask()) == 1
        assert len(asked) == 0
        with clock.frozen(NOW + timedelta(seconds=61)):
            assert len(ask()) == 2
        assert len(list(tmp_path.iterdir())) == 1, "an old answer does not stay"

    def test_the_number_of_queries_does_not_grow_with_the_list(self):
        own()
        with CaptureQueriesContext(connection) as few:
            ask()
        for number in range(50):
            own(f"more-{number}x")
        with CaptureQueriesContext(connection) as many:
            assert len(ask()) == 51
        assert len(few) == len(many) == 2

    def test_an_empty_site_has_an_empty_list(self):
        assert ask() == []
        assert ask(params={"source": "nobody's"}) == []

    def test_only_reading_is_possible(self):
        assert Client().post("/meetings.json").status_code == 405
