"""Away between two days, and one's own entries changed: pages and JSON, on the member's own word."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from rest_framework.test import APIClient

from ground import clock
from ground.errors import Conflict
from meetings.models import Mark, SelfLog
from meetings.selectors.attendance import excuses_of
from meetings.services.away import away_set, away_undo
from meetings.services.commitments import commitment_end
from meetings.services.occurrences import occurrence_cancel
from meetings.services.selflogs import self_log, self_log_edit
from meetings.services.sheets import sheet_mark
from people.models import Change
from tests.group_stories import join, make_circle, make_date, make_regular
from tests.people_of_the_story import DAY, HOUR, NOW, make_member

pytestmark = pytest.mark.django_db
WEEK = 7 * DAY
TODAY = date(2026, 1, 15)


@pytest.fixture(autouse=True)
def _in_the_afternoon():
    with clock.frozen(NOW - 4 * HOUR):
        yield


@pytest.fixture
def circle():
    return make_circle()


def as_(person):
    client = Client()
    client.force_login(person.account)
    return client


def excused(person):
    rows = Mark.objects.filter(person=person, value="excused").order_by("sheet__occurrence__starts_at")
    return list(rows.values_list("sheet__occurrence__starts_at", flat=True))


def test_three_weeks_away_excuse_every_date_in_them_and_can_be_taken_back(circle):
    member = make_regular(circle)
    done = away_set(actor=member, first=TODAY, last=TODAY + timedelta(days=14))
    assert (done.excused, done.kept) == (3, 0)
    assert excused(member) == [NOW, NOW + WEEK, NOW + 2 * WEEK]
    assert away_set(actor=member, first=TODAY, last=TODAY + timedelta(days=14)).excused == 0, "twice is once"
    assert away_undo(actor=member, first=TODAY + timedelta(days=7), last=TODAY + timedelta(days=7)).excused == 1
    assert excused(member) == [NOW, NOW + 2 * WEEK]


def test_the_days_are_those_of_the_members_own_zone(circle):
    member = make_regular(circle)
    member.zone = "Pacific/Auckland"  # 19:00 in Berlin is 07:00 there, the next day
    member.save(update_fields=["zone"])
    away_set(actor=member, first=TODAY + timedelta(days=1), last=TODAY + timedelta(days=1))
    assert excused(member) == [NOW]


def test_what_is_not_planned_is_cancelled_or_is_marked_already_stays_as_it_is(circle):
    member, other = make_regular(circle), make_circle()
    join(other.group, member)
    coming, _sheet = make_date(circle.meeting, NOW + WEEK)
    occurrence_cancel(actor=circle.facilitator, occurrence=coming)
    with clock.frozen(NOW + HOUR):
        sheet_mark(actor=circle.facilitator, sheet=circle.sheet, person=member, value="late")
        done = away_set(actor=member, first=TODAY, last=TODAY + timedelta(days=14))
    assert (done.excused, done.kept) == (1, 1)
    assert excused(member) == [NOW + 2 * WEEK]
    commitment_end(actor=member, meeting=circle.meeting)
    assert away_set(actor=member, first=TODAY + timedelta(days=20), last=TODAY + timedelta(days=30)).excused == 0


def test_an_excuse_by_a_facilitator_is_not_taken_back_by_the_member(circle):
    member = make_regular(circle)
    with clock.frozen(NOW + HOUR):
        sheet_mark(actor=circle.facilitator, sheet=circle.sheet, person=member, value="excused")
        assert away_undo(actor=member, first=TODAY, last=TODAY).excused == 0
    assert excused(member) == [NOW]


@pytest.mark.parametrize(
    ("first", "last"),
    [(0, -1), (-9, -8), (0, 92), (390, 399), (5, 4)],
    ids=["backwards today", "over", "too long", "too far", "backwards"],
)
def test_days_that_cannot_be_are_refused_and_nothing_is_written(circle, first, last):
    member = make_regular(circle)
    with pytest.raises(ValidationError):
        away_set(actor=member, first=TODAY + timedelta(days=first), last=TODAY + timedelta(days=last))
    assert not Mark.objects.exists()


def test_three_months_cost_hardly_more_than_one_day(circle, django_assert_max_num_queries):
    member = make_regular(circle)
    for days in (0, 91):
        with django_assert_max_num_queries(17):
            away_set(actor=member, first=TODAY, last=TODAY + timedelta(days=days))
    assert len(excused(member)) == 14
    with django_assert_max_num_queries(1):
        assert len(excuses_of(member, NOW)) == 14


def test_the_page_excuses_shows_and_takes_back_and_refuses_a_day_that_does_not_exist(circle):
    member = make_regular(circle)
    client = as_(member)
    assert client.get("/me/away/").status_code == 200
    wrong = client.post("/me/away/", {"first": "2026-02-30", "last": "2026-03-01", "action": "set"})
    assert wrong.status_code == 400
    assert "2026-02-30" in wrong.content.decode(), "what was typed is still there"
    client.post("/me/away/", {"first": "2026-01-15", "last": "2026-01-22", "action": "set"})
    page = client.get("/me/away/").content.decode()
    assert page.count("I can after all") == 2
    client.post("/me/away/", {"first": "2026-01-15", "last": "2026-01-15", "action": "undo"})
    assert excused(member) == [NOW + WEEK]


def test_away_by_json_and_its_refusals(circle):
    member = make_regular(circle)
    client = APIClient()
    client.force_authenticate(member.account)
    sent = client.post("/api/v1/me/away/", {"first": "2026-01-15", "last": "2026-01-22"}, format="json")
    assert (sent.status_code, sent.json()) == (200, {"excused": 2, "kept": 0})
    for body in ({}, {"first": "2026-02-30", "last": "2026-03-01"}, {"first": 5, "last": "2026-03-01"}):
        assert client.post("/api/v1/me/away/", body, format="json").status_code == 400
    assert client.delete("/api/v1/me/away/?first=2026-01-15&last=2026-01-22").json()["excused"] == 2
    assert excused(member) == []


def test_one_excuse_takes_one_tap_on_today_and_one_to_take_back(circle):
    member = make_regular(circle)
    key = "20260115T1900"
    assert "Can't this time" in as_(member).get("/today/").content.decode().replace("&#x27;", "'")
    as_(member).post(f"/meetings/{circle.meeting.slug}/dates/{key}/", {"action": "excuse"})
    assert excused(member) == [NOW]
    as_(member).post(f"/meetings/{circle.meeting.slug}/dates/{key}/", {"action": "undo"})
    assert excused(member) == []
    assert (
        as_(member).post(f"/meetings/{circle.meeting.slug}/dates/20260230T1900/", {"action": "excuse"}).status_code
        == 404
    )


def test_ones_own_entry_gets_another_time_and_the_watch_hears_of_it():
    member = make_member()
    logged, other = self_log(actor=member, starts_at=NOW - DAY), self_log(actor=member, starts_at=NOW - 2 * DAY)
    Change.objects.all().delete()
    assert self_log_edit(actor=member, self_log_id=logged.pk, starts_at=NOW - 3 * DAY).starts_at == NOW - 3 * DAY
    assert list(Change.objects.values_list("cause", "ref")) == [("self_logged", logged.pk)]
    self_log_edit(actor=member, self_log_id=logged.pk, starts_at=NOW - 3 * DAY)
    assert Change.objects.count() == 1, "the same time changes nothing"
    with pytest.raises(Conflict):
        self_log_edit(actor=member, self_log_id=logged.pk, starts_at=other.starts_at)
    with pytest.raises(ValidationError):
        self_log_edit(actor=member, self_log_id=logged.pk, starts_at=NOW + DAY)
    with pytest.raises(PermissionDenied):
        self_log_edit(actor=make_member(), self_log_id=logged.pk, starts_at=NOW - 4 * DAY)


def test_an_entry_is_changed_on_its_page_and_by_json_and_is_nobody_elses():
    member, other = make_member(), make_member()
    logged = self_log(actor=member, starts_at=NOW - DAY)
    page = f"/me/attendance/log/{logged.pk}/"
    assert as_(other).get(page).status_code == 404
    assert "2026-01-14T19:00" in as_(member).get(page).content.decode()
    assert as_(member).post(page, {"starts": "2026-02-30T19:00"}).status_code == 400
    assert as_(member).post(page, {"starts": "2026-01-13T18:30"}).status_code == 302
    logged.refresh_from_db()
    assert logged.starts_at == NOW - 2 * DAY - HOUR / 2
    client = APIClient()
    client.force_authenticate(member.account)
    door = f"/api/v1/me/meetings/{logged.pk}/"
    assert client.patch(door, {"starts_at": "2026-01-12T18:00:00Z"}, format="json").status_code == 200
    assert client.patch(door, {"starts_at": "2026-02-30T18:00:00Z"}, format="json").status_code == 400
    assert client.get("/api/v1/me/meetings/").json()["results"] == [
        {"id": logged.pk, "starts_at": "2026-01-12T18:00:00Z"}
    ]
    client.force_authenticate(other.account)
    assert client.patch(door, {"starts_at": "2026-01-11T18:00:00Z"}, format="json").status_code == 403
    assert client.get("/api/v1/me/meetings/").json()["results"] == []
    assert SelfLog.objects.count() == 1
