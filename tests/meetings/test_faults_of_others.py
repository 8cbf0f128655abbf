"""What other finders get wrong and what their members ask for, where no other test tells it; docs/faults.md has all.

The table there names a test for each fault and each wish; one test here holds that every test it names exists.
"""

import ast
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from meetings.folding import fold
from meetings.models import Meeting
from meetings.selectors.finder import Search, search
from meetings.selectors.held import next_of
from meetings.selectors.printed import printed
from meetings.services.group_meetings import group_found_afresh, meeting_edit
from meetings.services.imports import feed_import
from meetings.services.upcoming import schedule_write
from own.services import favourites_keep
from tests.group_stories import PLAN
from tests.meetings.bmlt_door import search as bmlt_search
from tests.people_of_the_story import NOW, make_account, make_member

ROOT = Path(__file__).resolve().parents[2]
FEEDS = ROOT / "tests" / "feeds"
BERLIN = {"timezone": "Europe/Berlin", "formatted_address": "1 Mill Lane, Berlin, 10115, Germany"}
NEW_YORK = {"timezone": "America/New_York", "formatted_address": "1 Elm St, Albany, NY 12207, USA"}
THURSDAY = 4  # NOW is 19:00 of one in Berlin
WEEK = 7 * 24 * 60  # minutes


@pytest.fixture(autouse=True)
def _nothing_is_remembered():
    cache.clear()


@pytest.fixture
def take(tmp_path, evening):
    """Take in these entries as the list "office"; what each leaves out is a Thursday meeting in Berlin."""

    def taken(*entries):
        basis = {"day": THURSDAY, "time": "20:00", **BERLIN}
        file = tmp_path / "office.json"
        file.write_text(json.dumps([{**basis, "name": one["slug"].title(), **one} for one in entries]))
        return feed_import(address=str(file))

    return taken


def names(now=NOW, **asked):
    return [row.meeting.name for row in search(Search(**asked), now=now, limit=100).rows]


def test_every_fault_and_every_wish_names_tests_that_exist():
    table = (ROOT / "docs" / "faults.md").read_text()
    rows = [line for line in table.splitlines() if re.match(r"\| (a4|d)\.\d+", line)]
    assert [row.split()[1] for row in rows] == [*(f"a4.{n}" for n in range(1, 14)), *(f"d.{n}" for n in range(1, 21))]
    for row in rows:
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row)
        assert named or "Does not apply" in row, row
        for file, test in named:
            defined = {one.name for one in ast.walk(ast.parse((ROOT / file).read_text())) if hasattr(one, "name")}
            assert test in defined, f"{file}::{test}"


# --- faults ---------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_days_in_the_middle_of_a_span_are_not_lost(take):
    """Ranges over more than one midnight lose them at central-query, which builds two ranges of text."""
    days = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
    take(*({"slug": name, "day": number} for number, name in enumerate(days)))
    assert names(within=3 * 24 * 60) == ["Thursday", "Friday", "Saturday"]
    assert names(within=WEEK) == ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"]
    assert len(printed(Search(zone="Europe/Berlin"), now=NOW).days) == 7


@pytest.mark.django_db
def test_the_widget_shows_a_meeting_as_on_by_its_own_clock_until_it_ends(take):
    """crumb-widget holds the visitor's clock against the meeting's local time, and is "on" for 10 minutes."""
    take({"slug": "long", "time": "17:30", "end_time": "19:30"}, {"slug": "far", "time": "19:00", **NEW_YORK})
    answer = Client().get("/widget.json", {"zone": "America/New_York"})
    rows = [row for day in json.loads(b"".join(answer.streaming_content))["days"] for row in day["meetings"]]
    assert [(row["name"], row["time"], row["in_progress"]) for row in rows] == [
        ("Long", "11:30", True),
        ("Far", "19:00", False),
    ]


# --- wishes ---------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_series_is_listed_for_its_first_day_and_no_more_after_its_last(evening):
    one = Meeting.objects.create(
        slug="spring", name="Spring", zone="Europe/Berlin", created_at=NOW, folded=" spring ",
        starts_local=datetime(2026, 3, 5, 19, 0, tzinfo=UTC), rrule="FREQ=WEEKLY;BYDAY=TH;UNTIL=20260326",
    )  # fmt: skip
    schedule_write(meetings=[one])
    assert names(day="today") == names(day="thu", zone="Europe/Berlin") == []
    (row,) = search(Search(), now=NOW).rows
    assert row.held.starts_at == datetime(2026, 3, 5, 18, 0, tzinfo=UTC)
    after = datetime(2026, 3, 27, tzinfo=UTC)
    assert next_of(one, after) is None
    assert names(now=after) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    "ways",
    [
        {"conference_url": "https://rooms.nobody-knows.example/a?b=1"},
        {"conference_url": "rooms.nobody-knows.example/a"},
        {"conference_phone": "215.555.0100 x4"},
        {"conference_phone": "tel:+1-215-555-0100,,123#"},
        {"conference_url": "https://zoom.us/j/1", "types": ["TC"]},
    ],
)
def test_a_host_that_nobody_knows_or_an_odd_number_makes_no_meeting_inactive(take, ways):
    """tsml-ui knows 21 hosts; what is elsewhere is inactive there."""
    take({"slug": "lamp", "formatted_address": "Berlin, Germany", **ways})
    assert names(mode="online") == ["Lamp"]
    assert names(mode="in_person") == []


@pytest.mark.django_db
def test_closed_for_now_stays_so_through_other_changes_and_ends_when_the_list_says_so(take):
    """An update of the plugin made every meeting that was closed one in person (12-step-meeting-list#484)."""
    take({"slug": "lamp", "types": ["TC", "O"]}, {"slug": "porch"})
    report = take({"slug": "lamp", "types": ["TC", "O", "X"], "time": "21:00"}, {"slug": "porch"})
    assert report.changed == 1
    assert names() == ["Porch"]
    take({"slug": "lamp", "types": ["O"], "time": "21:00"}, {"slug": "porch"})
    assert names(mode="in_person") == ["Porch", "Lamp"]


@pytest.mark.django_db
def test_one_meeting_is_saved_in_as_many_statements_beside_many_as_beside_few(take):
    """It took about a minute beside 2,127 others (12-step-meeting-list#229)."""
    actor = make_account("Fred").person
    group = group_found_afresh(actor=actor, name="Circle", zone="Europe/Berlin", plan=PLAN)
    with CaptureQueriesContext(connection) as few:
        meeting_edit(actor=actor, meeting=Meeting.objects.get(group=group), plan=replace(PLAN, minutes=45))
    take(*({"slug": f"other-{number}x"} for number in range(60)))
    with CaptureQueriesContext(connection) as many:
        meeting_edit(actor=actor, meeting=Meeting.objects.get(group=group), plan=replace(PLAN, minutes=75))
    assert len(many) == len(few)


@pytest.mark.django_db
def test_a_favourite_that_is_no_longer_listed_says_so(take):
    """Others tell nobody that a meeting was deleted or is no longer published (12-step-meeting-list#503)."""
    take({"slug": "lamp"}, {"slug": "porch"}, {"slug": "door"})
    dana = make_member("Dana")
    favourites_keep(actor=dana, slugs=["lamp", "porch", "door"])
    take({"slug": "porch", "types": ["TC"]}, {"slug": "door"})
    client = Client()
    client.force_login(dana.account)
    shown = client.get("/favourites/").content.decode()
    assert shown.index("Door") < shown.index("no longer listed") < shown.index("Lamp")
    assert "closed for now" in shown
    assert "<small>ask</small>" not in shown
    answer = Client().get("/meetings/lamp/")
    assert answer.status_code == 410
    assert "no longer listed" in answer.content.decode()


@pytest.mark.django_db
def test_every_word_of_every_name_finds_every_meeting_that_has_it(evening):
    """MySQL's full text lost 15 to 25 % of the results of a BMLT server (bmlt-server#1519)."""
    files = [str(FEEDS / f"bmlt-newyork{part}.json") for part in ("", "-formats", "-bodies")]
    feed_import(address=files, zone="America/New_York", name="ny")
    known = {one.name: fold(one.name).split() for one in Meeting.objects.all()}
    words = sorted({word for folded in known.values() for word in folded if len(word) > 2})
    assert len(words) > 100
    for word in words[:: max(1, len(words) // 25)]:
        meant = {name for name, folded in known.items() if any(one.startswith(word) for one in folded)}
        assert meant <= set(names(text=word)), word
        assert meant <= {one["meeting_name"] for one in bmlt_search(f"SearchString={word}")}, word


@pytest.mark.django_db
def test_the_day_of_an_update_is_that_of_utc_whatever_the_zone(take):
    """`updated` is UTC by the spec; tsml-ui reads it as local time."""
    take({"slug": "lamp", "updated": "2026-01-10 23:59:59", "timezone": "America/Los_Angeles"})
    assert Meeting.objects.get().confirmed_on == datetime(2026, 1, 10, tzinfo=UTC).date()
