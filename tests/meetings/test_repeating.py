"""A facilitator says how often a meeting is held: every second week, some weeks of the month, once."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from ground import clock
from meetings import schedule
from meetings.models import Meeting
from meetings.selectors.finder import Search, search
from meetings.selectors.held import rule_of
from meetings.selectors.series import plan_of
from meetings.services.group_meetings import meeting_edit, meeting_make
from tests.group_stories import PLAN, THURSDAY
from tests.people_of_the_story import NOW, make_account

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("evening")]
WEEKS = timedelta(weeks=1)


@pytest.fixture
def fred():
    return make_account("Fred").person


@pytest.fixture
def group(fred):
    from groups.services import group_found

    return group_found(actor=fred, name="Thursday circle", zone="Europe/Berlin")


def dates(meeting, count=4):
    """The wall days of the coming dates."""
    held = schedule.occurrences(rule_of(meeting), NOW, NOW + timedelta(days=400))
    return [one.original_local.date().isoformat() for one in held[:count]]


def test_every_second_week_is_counted_from_the_day_that_was_said(fred, group):
    plan = replace(PLAN, repeats="fortnightly", first=date(2026, 1, 22))
    meeting = meeting_make(actor=fred, group=group, plan=plan)
    assert meeting.rrule == "FREQ=WEEKLY;INTERVAL=2;BYDAY=TH"
    assert dates(meeting) == ["2026-01-22", "2026-02-05", "2026-02-19", "2026-03-05"]


def test_a_change_of_the_hour_keeps_the_weeks(fred, group):
    plan = replace(PLAN, repeats="fortnightly", first=date(2026, 1, 22))
    meeting = meeting_make(actor=fred, group=group, plan=plan)
    with clock.frozen(NOW + 3 * WEEKS):  # 5 February at 19:00, the second date begins
        again = plan_of(meeting)
        assert again["repeats"] == "fortnightly"
        assert again["first"] == date(2026, 2, 19)
        meeting_edit(actor=fred, meeting=meeting, plan=replace(plan, minutes=45, first=again["first"]))
        assert dates(meeting, 2) == ["2026-02-19", "2026-03-05"]


def test_a_first_day_that_has_passed_still_says_which_weeks(fred, group):
    plan = replace(PLAN, repeats="fortnightly", first=date(2026, 1, 1))
    assert dates(meeting_make(actor=fred, group=group, plan=plan), 2) == ["2026-01-29", "2026-02-12"]


def test_the_second_and_the_last_of_a_month(fred, group):
    plan = replace(PLAN, repeats="monthly", places=(2, -1))
    meeting = meeting_make(actor=fred, group=group, plan=plan)
    assert meeting.rrule == "FREQ=MONTHLY;BYDAY=2TH,-1TH"
    assert dates(meeting) == ["2026-01-29", "2026-02-12", "2026-02-26", "2026-03-12"]
    assert plan_of(meeting)["places"] == [2, -1]
    assert plan_of(meeting)["weekdays"] == [THURSDAY]


def test_once_is_one_day_and_the_finder_knows_it_until_it_is_over(fred, group):
    plan = replace(PLAN, repeats="once", weekdays=(), first=date(2026, 2, 1))
    meeting = meeting_make(actor=fred, group=group, plan=plan)
    assert meeting.rrule == ""
    assert dates(meeting) == ["2026-02-01"]
    assert [row.meeting for row in search(Search(), now=NOW).rows] == [meeting]
    later = datetime(2026, 2, 2, tzinfo=UTC)
    assert search(Search(), now=later).rows == []


def test_a_last_day_ends_a_monthly_meeting(fred, group):
    plan = replace(PLAN, repeats="monthly", places=(1,), last=date(2026, 3, 5))
    assert dates(meeting_make(actor=fred, group=group, plan=plan)) == ["2026-02-05", "2026-03-05"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"repeats": "yearly"}, "repeats"),
        ({"repeats": "monthly"}, "places"),
        ({"repeats": "monthly", "places": (6,)}, "places"),
        ({"repeats": "once"}, "first"),
        ({"repeats": "once", "first": date(2026, 1, 14)}, "first"),
        ({"repeats": "once", "first": date(2036, 1, 14)}, "first"),
        ({"weekdays": ()}, "weekdays"),
        ({"repeats": "fortnightly", "weekdays": ()}, "weekdays"),
    ],
)
def test_what_names_no_date_is_refused_beside_its_field(fred, group, changes, field):
    with pytest.raises(ValidationError) as refused:
        meeting_make(actor=fred, group=group, plan=replace(PLAN, **changes))
    assert set(refused.value.message_dict) == {field}
    assert not Meeting.objects.exists()


def test_the_form_takes_a_monthly_meeting_and_shows_it_again(fred, group):
    client = Client()
    client.force_login(fred.account)
    typed = {"title": "Steps", "weekdays": ["1"], "repeats": "monthly", "places": ["1", "3"], "starts": "19:30"}
    typed |= {"minutes": "60", "mode": "in_person", "zone": "Europe/Berlin", "place": "Hall"}
    answer = client.post(f"/g/{group.slug}/meetings/new/", typed)
    assert answer.status_code == 302, answer.content.decode()
    meeting = Meeting.objects.get()
    assert meeting.rrule == "FREQ=MONTHLY;BYDAY=1TU,3TU"
    page = client.get(f"/g/{group.slug}/meetings/{meeting.pk}/").content.decode()
    assert '<option value="monthly" selected>' in page
    assert 'name="places" value="3" checked' in page
    assert 'name="places" value="2" checked' not in page
