"""Taking a list in: again, changed, shortened, split, and by a group that has claimed a meeting of it."""

import json
import time
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.test import Client

from groups.services import group_found
from meetings.feed import NotAList
from meetings.models import Listing, Meeting, MeetingDay, Source
from meetings.selectors import finder
from meetings.selectors.held import dates_of
from meetings.services import import_writing
from meetings.services.imports import feed_import
from tests.people_of_the_story import NOW, make_member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("evening")]
FEEDS = Path(__file__).resolve().parent.parent / "feeds"
WHOLE = Path(__file__).resolve().parents[3] / "shared" / "feeds"
needs_whole = pytest.mark.skipif(not WHOLE.is_dir(), reason="the whole lists lie beside the project where it is built")


@pytest.fixture
def take(tmp_path):
    """Import these entries as the list "office"."""

    def taken(*entries, zone="", dry_run=False):
        file = tmp_path / "office.json"
        file.write_text(json.dumps(entries))
        return feed_import(address=str(file), zone=zone, dry_run=dry_run)

    return taken


def entry(slug="lamp", **fields):
    basis = {"slug": slug, "name": "Lamp", "day": 1, "time": "19:00", "end_time": "20:00", "timezone": "Europe/Berlin"}
    place = {"formatted_address": "1 Mill Lane, Berlin, 10115, Germany", "latitude": 52.53, "longitude": 13.38}
    return {**basis, **place, **fields}


def counts(report):
    return report.added, report.changed, report.removed, report.unread


def rows():
    """Everything that an import could have written."""
    return [list(model.objects.order_by("pk").values()) for model in (Source, Meeting, MeetingDay, Listing)]


def test_a_new_entry_is_a_meeting_with_its_next_time(take):
    assert counts(take(entry())) == (1, 0, 0, 0)
    meeting = Meeting.objects.get()
    assert (meeting.name, meeting.slug, meeting.zone, meeting.rrule) == (
        "Lamp", "lamp", "Europe/Berlin", "FREQ=WEEKLY;BYDAY=MO",
    )  # fmt: skip
    assert meeting.next_starts_at.isoformat() == "2026-01-19T18:00:00+00:00"
    assert [(day.weekday, day.minute) for day in meeting.days.all()] == [(0, 19 * 60)]


def test_another_order_of_the_same_list_changes_nothing(take):
    entries = [entry("alpha"), entry("alpha-2", day=3), entry("alpha-3", day=5), entry("beta", name="Other")]
    take(*entries)
    assert counts(take(*reversed(entries))) == (0, 0, 0, 0)


def test_a_changed_list_reports_each_field_and_writes_it(take):
    take(entry())
    report = take(entry(time="18:30", name="Lantern", latitude=52.54, updated="2026-01-02 10:00:00"))
    assert counts(report) == (0, 1, 0, 0)
    assert report.changed_entries == [("lamp", ["confirmed on", "coordinates", "length", "name", "time"])]
    meeting = Meeting.objects.get()
    assert (meeting.name, meeting.minutes, meeting.confirmed_on) == ("Lantern", 90, date(2026, 1, 2))
    assert meeting.next_starts_at.isoformat() == "2026-01-19T17:30:00+00:00"
    assert " lantern " in meeting.folded


def test_a_moved_day_moves_the_day_filter_too(take):
    take(entry(day=1))
    report = take(entry(day=2))
    assert report.changed_entries == [("lamp", ["days"])]
    assert [day.weekday for day in MeetingDay.objects.all()] == [1]


def test_what_is_no_longer_listed_is_closed_and_comes_back_with_its_entry(take):
    take(entry("alpha"), entry("beta", name="Other"))
    assert counts(take(entry("alpha"))) == (0, 0, 1, 0)
    gone = Meeting.objects.get(slug="beta")
    assert gone.closed_at == NOW
    assert gone.next_starts_at is None
    assert counts(take(entry("alpha"))) == (0, 0, 0, 0), "it is removed once, not at every import"
    assert counts(take(entry("alpha"), entry("beta", name="Other", notes="We are back"))) == (1, 0, 0, 0)
    back = Meeting.objects.get(slug="beta")
    assert (back.pk, back.closed_at, back.notes) == (gone.pk, None, "We are back")
    assert back.next_starts_at is not None


def test_several_days_in_one_entry_are_one_meeting(take):
    take(entry(day=[0, "3", "Friday"]), entry("second", name="Second list of days", day=["1", "6"]))
    assert {m.slug: m.rrule for m in Meeting.objects.all()} == {
        "lamp": "FREQ=WEEKLY;BYDAY=WE,FR,SU",
        "second": "FREQ=WEEKLY;BYDAY=MO,SA",
    }


def test_slug_and_slug_2_that_differ_in_the_day_only_are_one_meeting(take):
    report = take(entry("lamp-2", day=3), entry("lamp"), entry("lamp-3", day=5), entry("lamp-4", day=6, name="Other"))
    assert counts(report) == (4, 0, 0, 0), "counted in entries, as the list does"
    assert {m.slug: m.rrule for m in Meeting.objects.all()} == {
        "lamp": "FREQ=WEEKLY;BYDAY=MO,WE,FR",
        "lamp-4": "FREQ=WEEKLY;BYDAY=SA",
    }


def test_the_same_slug_twice_is_one_meeting_when_only_the_day_differs_and_two_otherwise(take):
    report = take(entry(), entry(day=4), entry(day=4, time="07:00", end_time="08:00"))
    assert report.read == 3
    assert {(m.slug, m.rrule) for m in Meeting.objects.all()} == {
        ("lamp", "FREQ=WEEKLY;BYDAY=MO,TH"),
        ("lamp3", "FREQ=WEEKLY;BYDAY=TH"),
    }
    assert counts(take(entry(), entry(day=4), entry(day=4, time="07:00", end_time="08:00"))) == (0, 0, 0, 0)


def test_a_day_that_is_dropped_or_goes_its_own_way_leaves_the_other_days(take):
    take(entry("lamp"), entry("lamp-2", day=3), entry("lamp-3", day=5))
    assert counts(take(entry("lamp"), entry("lamp-3", day=5))) == (0, 0, 1, 0)
    assert Meeting.objects.get().rrule == "FREQ=WEEKLY;BYDAY=MO,FR"
    assert counts(take(entry("lamp"), entry("lamp-3", day=5, time="07:00", end_time="08:00"))) == (0, 1, 0, 0)
    assert {m.slug: m.rrule for m in Meeting.objects.filter(closed_at=None)} == {
        "lamp": "FREQ=WEEKLY;BYDAY=MO",
        "lamp-3": "FREQ=WEEKLY;BYDAY=FR",
    }
    assert counts(take(entry("lamp"), entry("lamp-3", day=5, time="07:00", end_time="08:00"))) == (0, 0, 0, 0)


def test_an_entry_that_cannot_be_read_this_time_leaves_its_meeting_as_it_was(take):
    take(entry("alpha"), entry("beta", name="Other"), entry("beta-2", day=3, name="Other"))
    report = take(entry("alpha", time="25:99"), entry("beta", name="Other"), entry("beta-2", day="?", name="Other"))
    assert counts(report) == (0, 0, 0, 2)
    assert {m.slug: m.rrule for m in Meeting.objects.filter(closed_at=None)} == {
        "alpha": "FREQ=WEEKLY;BYDAY=MO",
        "beta": "FREQ=WEEKLY;BYDAY=MO,WE",
    }


def test_a_list_of_which_nothing_can_be_read_closes_nothing(take):
    take(entry("alpha"))
    report = take(entry("alpha", timezone=None, latitude=None))
    assert (report.read, report.unread, dict(report.unread_reasons)) == (0, 1, {"no zone": 1})
    assert Meeting.objects.get().closed_at is None


def test_every_fault_of_published_lists_is_read_or_named(take):
    report = feed_import(address=str(FEEDS / "made_faults.json"))
    assert report.entries == report.read + report.unread == 20
    assert dict(report.unread_reasons) == {
        "not an entry": 2, "no zone": 1, "no name": 1, "no slug": 1, "day not understood": 1,
        "time not understood": 1, "day without a time": 1,
    }  # fmt: skip
    found = {m.name: m for m in Meeting.objects.all()}
    assert "Joe’s & Friends" in found
    assert found["Joe’s & Friends"].notes == 'Ring "2"\nTea & cake'
    assert found["Integer slug"].starts_local.hour == 20
    assert found["US date"].confirmed_on == date(2022, 8, 25)
    assert found["Listed twice"].rrule == "FREQ=WEEKLY;BYDAY=MO,TH,FR"
    assert found["Past midnight"].minutes == 60
    assert "\x00" not in found["Zero byte"].name


def test_a_crash_in_the_middle_leaves_nothing_half_written(take, monkeypatch):
    take(entry("alpha"))
    before = rows()
    monkeypatch.setattr(import_writing, "BATCH", 2)
    made = import_writing.Walk._add
    calls = []

    def crash(self, batch):
        calls.append(batch)
        if len(calls) == 2:
            raise RuntimeError("the power went")
        made(self, batch)

    monkeypatch.setattr(import_writing.Walk, "_add", crash)
    with pytest.raises(RuntimeError):
        take(*(entry(f"n{i}", name=f"New {i}") for i in range(6)))
    assert rows() == before


def test_a_meeting_that_a_group_has_claimed_follows_its_list_but_is_not_closed_by_it(take):
    take(entry("alpha"), entry("beta", name="Other"))
    meeting = Meeting.objects.get(slug="alpha")
    group = group_found(actor=make_member("facilitator"), name="Lamp group", zone="Europe/Berlin")
    Meeting.objects.filter(pk=meeting.pk).update(group=group)
    take(entry("alpha", time="18:00"), entry("beta", name="Other"))
    meeting.refresh_from_db()
    assert meeting.starts_local.hour == 18
    assert counts(take(entry("beta", name="Other"))) == (0, 0, 1, 0)
    meeting.refresh_from_db()
    assert (meeting.closed_at, meeting.source) == (None, None), "the group keeps it from now on"
    take(entry("alpha", time="17:00"), entry("beta", name="Other"))
    meeting.refresh_from_db()
    assert (meeting.source.name, meeting.starts_local.hour) == ("office", 17)


def test_an_imported_public_link_stays_public_until_a_group_has_the_meeting(take):
    take(entry("alpha", conference_url="https://zoom.us/j/1", conference_url_notes="code 7", notes="PW 88f64f"))
    page = Client().get("/meetings/alpha/").content.decode()
    assert "https://zoom.us/j/1" in page
    assert "code 7" in page
    assert "PW 88f64f" in page
    owner = make_member("facilitator")
    group = group_found(actor=owner, name="Lamp group", zone="Europe/Berlin")
    Meeting.objects.update(group=group)
    page = Client().get("/meetings/alpha/").content.decode()
    assert "zoom.us" not in page
    assert "code 7" not in page
    assert "88f64f" not in page, "passcodes often stand in the notes"
    assert "88f64f" not in Client().get("/api/v1/meetings/alpha/").content.decode()
    meeting = Meeting.objects.get()
    held = dates_of(meeting, NOW)[0]
    before = held.starts_at - timedelta(minutes=15)
    assert finder.can_see_join(owner, meeting, held, NOW)
    assert not finder.can_see_join(make_member("outsider"), meeting, held, before)
    meeting.join_shown = Meeting.SOON
    assert finder.can_see_join(None, meeting, held, before)
    assert not finder.can_see_join(None, meeting, held, before - timedelta(seconds=1))
    assert not finder.can_see_join(None, meeting, held, held.ends_at)


# --- lists of real offices ------------------------------------------------------------------------------------


@needs_whole
def test_the_whole_philadelphia_list_of_october_differs_from_june_by_116_467_and_81():
    feed_import(address=str(WHOLE / "mg_philadelphia_2021-06.json"), name="philadelphia")
    report = feed_import(address=str(WHOLE / "mg_philadelphia_2021-10.json"), name="philadelphia")
    assert counts(report) == (116, 467, 81, 0)


def test_a_text_of_escaped_quotation_marks_without_end_is_refused_at_once(tmp_path):
    file = tmp_path / "endless.json"
    file.write_bytes(b'[{"name":"' + b'\\"' * 25_000_000 + b'"}]')
    busy = time.process_time()
    with pytest.raises(NotAList):
        feed_import(address=str(file))
    assert time.process_time() - busy < 60  # of this process alone, whatever else the machine does
    assert not Source.objects.exists()
