"""The last day of a series, set ahead: what is held, who is expected, and what happens when it is over."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from rest_framework.test import APIClient

from ground import clock
from ground.errors import Settled
from meetings import worker
from meetings.models import Commitment, Mark, Meeting, Occurrence, Sheet
from meetings.schedule import ending, last_day
from meetings.selectors import attendance
from meetings.services import group_meetings
from meetings.services.commitments import commitment_make, excuse
from meetings.services.occurrences import occurrence_get, occurrence_move, occurrences_prepare
from people.models import Change
from tests.group_stories import PLAN, make_circle, make_regular
from tests.people_of_the_story import DAY, HOUR, NOW, make_member

pytestmark = pytest.mark.django_db
WEEK = 7 * DAY
TODAY = date(2026, 1, 15)  # a Thursday; the circle meets at this moment
NEXT, AFTER_NEXT = datetime(2026, 1, 22, 19, 0), datetime(2026, 1, 29, 19, 0)
LATER = NOW + 2 * HOUR


@pytest.fixture(autouse=True)
def _now():
    with clock.frozen(LATER):
        yield


@pytest.fixture
def circle():
    return make_circle()


def end_on(circle, last: date | None) -> Meeting:
    return group_meetings.meeting_last_set(actor=circle.facilitator, meeting=circle.meeting, last=last)


def starts_of(circle) -> list[datetime]:
    return list(
        Occurrence.objects.filter(meeting=circle.meeting).order_by("starts_at").values_list("starts_at", flat=True)
    )


def as_(person) -> APIClient:
    client = APIClient()
    client.force_authenticate(person.account)
    return client


@pytest.mark.parametrize("rule", ["FREQ=WEEKLY;BYDAY=TH", "FREQ=WEEKLY;BYDAY=TH;COUNT=4", "FREQ=MONTHLY;BYDAY=1TH"])
def test_a_rule_takes_a_last_day_and_lets_it_go_again(rule):
    ended = ending(rule, date(2026, 1, 22))
    assert last_day(ended) == date(2026, 1, 22)
    assert "COUNT" not in ended
    assert last_day(ending(ended, None)) is None
    assert last_day("") is None


def test_the_last_day_itself_is_held_and_nothing_after_it(circle):
    end_on(circle, date(2026, 1, 29))
    assert [one.key for one in attendance.dates_of([circle.meeting], now=LATER, count=9)] == [
        "20260122T1900",
        "20260129T1900",
    ]
    with pytest.raises(ValidationError, match="not held at that time"):
        occurrence_get(meeting=circle.meeting, original_local=AFTER_NEXT + timedelta(days=7))


def test_what_was_said_about_dates_after_it_goes_and_what_has_begun_stays(circle):
    member = make_regular(circle)
    for local in (NEXT, AFTER_NEXT):
        excuse(actor=member, meeting=circle.meeting, original_local=local)
    end_on(circle, date(2026, 1, 28))
    assert starts_of(circle) == [NOW, NOW + WEEK]
    assert Mark.objects.filter(person=member).count() == 1
    assert Commitment.objects.filter(person=member, until=None).exists(), "still expected on the dates that are left"


def test_a_date_that_was_moved_past_the_last_day_is_still_held(circle):
    held = occurrence_get(meeting=circle.meeting, original_local=NEXT)
    occurrence_move(actor=circle.facilitator, occurrence=held, starts_local=datetime(2026, 2, 3, 18, 0))
    end_on(circle, date(2026, 1, 22))
    assert [one.local for one in attendance.dates_of([circle.meeting], now=LATER, count=9)] == [
        datetime(2026, 2, 3, 18, 0)
    ]
    assert Meeting.objects.get(pk=circle.meeting.pk).next_starts_at is not None


def test_after_the_last_date_nothing_is_prepared_and_nobody_is_expected(circle):
    make_regular(circle)
    end_on(circle, date(2026, 1, 22))
    for days in range(1, 30):
        with clock.frozen(LATER + days * DAY):
            worker.tick(clock.now())
    assert starts_of(circle) == [NOW, NOW + WEEK]
    assert Sheet.objects.count() == 2
    assert occurrences_prepare(LATER + 30 * DAY) == 0


def test_a_list_of_the_last_date_opens_also_after_an_outage_that_outlasted_the_series(circle):
    end_on(circle, date(2026, 1, 29))
    with clock.frozen(LATER + 3 * WEEK):
        worker.tick(clock.now())
        worker.tick(clock.now())
    assert starts_of(circle) == [NOW, NOW + WEEK, NOW + 2 * WEEK]
    assert Sheet.objects.count() == 3


def test_a_series_that_ran_out_is_held_again_and_who_comes_says_so_again(circle):
    member = make_regular(circle)
    end_on(circle, date(2026, 1, 22))
    with clock.frozen(LATER + 2 * WEEK):
        worker.tick(clock.now())
        Change.objects.all().delete()
        end_on(circle, None)
        assert not Commitment.objects.filter(person=member, until=None).exists()
        assert [change.person for change in Change.objects.all()] == [member]
        commitment_make(actor=member, meeting=circle.meeting)
        assert attendance.dates_of([circle.meeting], now=clock.now(), count=1)[0].key == "20260205T1900"


def test_a_series_that_goes_on_longer_before_its_end_keeps_its_people(circle):
    member = make_regular(circle)
    end_on(circle, date(2026, 1, 22))
    end_on(circle, date(2026, 3, 5))
    assert Commitment.objects.filter(person=member, until=None).exists()


@pytest.mark.parametrize("last", [date(2026, 1, 21), TODAY, date(2020, 1, 1)])
def test_a_last_day_that_leaves_no_date_is_refused_and_changes_nothing(circle, last):
    with pytest.raises(ValidationError) as refused:
        end_on(circle, last)
    assert set(refused.value.message_dict) == {"last"}
    with pytest.raises(ValidationError):
        group_meetings.meeting_make(actor=circle.facilitator, group=circle.group, plan=replace(PLAN, last=last))
    assert last_day(Meeting.objects.get(pk=circle.meeting.pk).rrule) is None
    assert Meeting.objects.filter(group=circle.group).count() == 1


def test_the_form_sets_it_shows_it_and_takes_it_away(circle, client):
    client.force_login(circle.facilitator.account)
    page = f"/g/{circle.group.slug}/meetings/{circle.meeting.pk}/"
    posted = {"title": "Circle", "weekdays": ["3"], "starts": "19:00", "minutes": "90", "mode": "in_person"}
    posted |= {"zone": "Europe/Berlin", "last": "2026-02-12"}
    assert client.post(page, posted).status_code == 302
    shown = client.get(page).content.decode()
    assert 'value="2026-02-12"' in shown
    assert "The last day is 12 February 2026." in shown
    refused = client.post(page, posted | {"last": "2026-02-30"})
    assert refused.status_code == 400
    refused = client.post(page, posted | {"last": "2026-01-16"})
    assert (refused.status_code, "No date to come lies before this day." in refused.content.decode()) == (400, True)
    assert 'name="date" value="20260212T1900"' in refused.content.decode(), "the page shows the series as it is"
    assert client.post(page, posted | {"last": ""}).status_code == 302
    assert "The last day" not in client.get(page).content.decode()


def test_a_page_of_a_series_that_ran_out_says_so(circle, client):
    end_on(circle, date(2026, 1, 22))
    client.force_login(circle.facilitator.account)
    with clock.frozen(LATER + 2 * WEEK):
        shown = client.get(f"/g/{circle.group.slug}/meetings/{circle.meeting.pk}/").content.decode()
    assert "The last day was 22 January 2026." in shown
    assert "Cancel the ticked dates" not in shown


def test_by_json_a_facilitator_sets_the_last_day(circle):
    door = f"/api/v1/meetings/{circle.meeting.slug}/last-day/"
    facilitator = as_(circle.facilitator)
    answer = facilitator.put(door, {"last": "2026-01-29"}, format="json")
    assert (answer.status_code, answer.json()["last"]) == (200, "2026-01-29")
    for wrong in ({"last": "2026-02-30"}, {"last": 5}, {}, {"last": "2026-01-29", "first": 1}, {"last": "2026-01-16"}):
        assert facilitator.put(door, wrong, format="json").status_code == 400
    assert as_(make_regular(circle)).put(door, {"last": None}, format="json").status_code == 403
    assert APIClient().put(door, {"last": None}, format="json").status_code in {401, 403}
    assert last_day(Meeting.objects.get(pk=circle.meeting.pk).rrule) == date(2026, 1, 29)
    assert facilitator.put(door, {"last": None}, format="json").json()["last"] is None


def test_by_json_a_facilitator_cancels_from_day_to_day_or_by_date(circle):
    door = f"/api/v1/meetings/{circle.meeting.slug}/cancelled/"
    facilitator = as_(circle.facilitator)
    answer = facilitator.post(door, {"first": "2026-01-20", "last": "2026-01-31"}, format="json")
    assert answer.json() == {"cancelled": ["20260122T1900", "20260129T1900"]}
    assert facilitator.post(door, {"dates": ["20260205T1900"]}, format="json").json()["cancelled"] == ["20260205T1900"]
    assert Occurrence.objects.filter(state="cancelled").count() == 3
    wrongs: tuple[object, ...] = (
        {"first": "2026-01-20"},
        {"first": "2026-02-30", "last": "2026-03-30"},
        {"first": "2026-01-31", "last": "2026-01-20"},
        {"dates": ["20260212T1900", "20260213T1900"]},
        {"dates": "20260212T1900"},
        {"dates": ["soon"]},
        {"dates": ["20260212T1900"], "first": "2026-01-20"},
        {"days": 3},
        [],
    )
    for wrong in wrongs:
        assert facilitator.post(door, wrong, format="json").status_code == 400, wrong
    assert Occurrence.objects.filter(state="cancelled").count() == 3, "all or none"
    assert as_(make_member()).post(door, {"dates": ["20260212T1900"]}, format="json").status_code == 403


def test_what_another_facilitator_wrote_meanwhile_stands(circle):
    same = Meeting.objects.select_related("group").get(pk=circle.meeting.pk)
    group_meetings.meeting_edit(actor=circle.facilitator, meeting=same, plan=replace(PLAN, place="The new hall"))
    end_on(circle, TODAY + 14 * DAY)
    circle.meeting.refresh_from_db()
    assert circle.meeting.place == "The new hall"
    assert last_day(circle.meeting.rrule) == TODAY + 14 * DAY


def test_who_changes_a_meeting_that_was_ended_meanwhile_does_not_list_it_again(circle):
    same = Meeting.objects.select_related("group").get(pk=circle.meeting.pk)
    group_meetings.meeting_end(actor=circle.facilitator, meeting=same)
    with pytest.raises(Settled):
        group_meetings.meeting_edit(actor=circle.facilitator, meeting=circle.meeting, plan=PLAN)
    assert not circle.meeting.days.filter(next_starts_at__isnull=False).exists()
