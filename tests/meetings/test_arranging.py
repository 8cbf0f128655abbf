"""What facilitators arrange for single dates: a holiday, another time, who is on duty; pages and JSON."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from rest_framework.test import APIClient

from ground import clock
from ground.errors import Settled
from meetings.models import Occurrence, SelfLog, Sheet
from meetings.selectors import attendance
from meetings.services.group_meetings import meeting_edit
from meetings.services.occurrences import (
    occurrence_cancel,
    occurrence_get,
    occurrence_move,
    occurrences_cancel_between,
    occurrences_prepare,
)
from tests.group_stories import PLAN, join, make_circle, make_regular
from tests.people_of_the_story import DAY, HOUR, NOW, make_member

pytestmark = pytest.mark.django_db
WEEK = 7 * DAY
NEXT = datetime(2026, 1, 22, 19, 0)
KEY = "20260122T1900"


@pytest.fixture(autouse=True)
def _after_the_meeting():
    with clock.frozen(NOW + 2 * HOUR):
        yield


@pytest.fixture
def circle():
    found = make_circle()
    occurrences_prepare(NOW + 2 * HOUR)
    return found


def as_(person):
    client = Client()
    client.force_login(person.account)
    return client


def coming(circle):
    return occurrence_get(meeting=circle.meeting, original_local=NEXT)


def dates(circle, now=NOW + 2 * HOUR, count=3):
    return [(one.held.starts_at, one.moved) for one in attendance.dates_of([circle.meeting], now=now, count=count)]


def test_two_weeks_of_holiday_are_one_form(circle):
    page = f"/g/{circle.group.slug}/meetings/{circle.meeting.pk}/"
    assert "Cancel every date in between" in as_(circle.facilitator).get(page).content.decode()
    as_(circle.facilitator).post(page + "holiday/", {"first": "2026-01-20", "last": "2026-02-02"})
    cancelled = Occurrence.objects.filter(state="cancelled").order_by("starts_at")
    assert list(cancelled.values_list("starts_at", flat=True)) == [NOW + WEEK, NOW + 2 * WEEK]


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2026-02-30", "2026-03-01"),
        ("2026-02-02", "2026-01-20"),
        ("2026-01-16", "2026-01-17"),
        ("2026-01-15", "2026-01-15"),
    ],
    ids=["no such day", "backwards", "no date in it", "today's has begun"],
)
def test_a_holiday_that_cannot_be_cancels_nothing(circle, first, last):
    page = f"/g/{circle.group.slug}/meetings/{circle.meeting.pk}/holiday/"
    answer = as_(circle.facilitator).post(page, {"first": first, "last": last}, follow=True)
    assert "notice-attention" in answer.content.decode()
    assert not Occurrence.objects.filter(state="cancelled").exists()


def test_one_date_is_moved_and_the_next_ones_stay(circle):
    moved = occurrence_move(actor=circle.facilitator, occurrence=coming(circle), starts_local=NEXT + DAY + HOUR)
    assert (moved.starts_at, moved.ends_at) == (
        NOW + WEEK + DAY + HOUR,
        NOW + WEEK + DAY + HOUR + timedelta(minutes=90),
    )
    assert dates(circle) == [(NOW + WEEK + DAY + HOUR, True), (NOW + 2 * WEEK, False), (NOW + 3 * WEEK, False)]
    circle.meeting.refresh_from_db()
    assert circle.meeting.next_starts_at == NOW + WEEK + DAY + HOUR, "the finder shows the new time"
    back = occurrence_move(actor=circle.facilitator, occurrence=moved, starts_local=NEXT)
    assert (back.starts_at, back.moved) == (NOW + WEEK, False)


@pytest.mark.parametrize("days", [-4, 10])
def test_no_date_and_no_list_is_left_out_wherever_one_was_moved(circle, days):
    occurrence_move(actor=circle.facilitator, occurrence=coming(circle), starts_local=NEXT + days * DAY)
    for day in range(1, 29):
        with clock.frozen(NOW + day * DAY):
            occurrences_prepare(NOW + day * DAY)
            assert occurrences_prepare(NOW + day * DAY) == 0
    opened = set(Sheet.objects.values_list("occurrence__starts_at", flat=True))
    usual = {NOW + week * WEEK for week in (0, 2, 3, 4)}
    assert opened >= usual | {NOW + WEEK + days * DAY}
    assert NOW + WEEK not in opened


def test_a_moved_date_keeps_its_time_when_the_series_gets_another_length(circle):
    occurrence_move(actor=circle.facilitator, occurrence=coming(circle), starts_local=NEXT + DAY)
    meeting_edit(actor=circle.facilitator, meeting=circle.meeting, plan=replace(PLAN, minutes=60))
    row = Occurrence.objects.get(moved=True)
    assert (row.starts_at, row.ends_at) == (NOW + WEEK + DAY, NOW + WEEK + DAY + HOUR)


def test_a_date_is_not_moved_into_the_past_too_far_onto_another_or_after_it_began(circle):
    row = coming(circle)
    for local in (NEXT - 8 * DAY, NEXT + 61 * DAY, NEXT + WEEK):
        if local == NEXT + WEEK:
            occurrence_get(meeting=circle.meeting, original_local=local)
        with pytest.raises(ValidationError):
            occurrence_move(actor=circle.facilitator, occurrence=row, starts_local=local)
    with pytest.raises(Settled):
        occurrence_move(actor=circle.facilitator, occurrence=circle.occurrence, starts_local=NEXT)
    with pytest.raises(PermissionDenied):
        occurrence_move(actor=make_regular(circle), occurrence=row, starts_local=NEXT + DAY)
    occurrence_cancel(actor=circle.facilitator, occurrence=row)
    with pytest.raises(Settled):
        occurrence_move(actor=circle.facilitator, occurrence=row, starts_local=NEXT + DAY)
    assert not Occurrence.objects.filter(moved=True).exists()


def test_a_date_is_moved_and_given_to_somebody_on_its_page(circle):
    second = make_member("Second Sue")
    join(circle.group, second, role="facilitator")
    client, page = as_(circle.facilitator), f"/g/{circle.group.slug}/meetings/{circle.meeting.pk}/dates/{KEY}/"
    assert "2026-01-22T19:00" in client.get(page).content.decode()
    assert client.post(page, {"action": "move", "starts": "2026-02-30T19:00"}).status_code == 400
    assert client.post(page, {"action": "move", "starts": "2026-01-23T18:30"}).status_code == 302
    assert client.post(page, {"action": "duty", "person": str(second.pid)}).status_code == 302
    assert client.post(page, {"action": "duty", "person": str(make_member().pid)}).status_code == 400
    row = Occurrence.objects.get(moved=True)
    assert (row.on_duty, row.starts_at) == (second, NOW + WEEK + DAY - HOUR / 2)
    assert client.get(page.replace(KEY, "20260123T1900")).status_code == 404
    assert client.get(page.replace(KEY, "20260230T1900")).status_code == 404
    for person in (make_regular(circle), make_member()):
        assert as_(person).post(page, {"action": "duty", "person": ""}).status_code == 403


def test_the_same_by_json(circle):
    client, door = APIClient(), f"/api/v1/meetings/{circle.meeting.slug}/dates/{KEY}/"
    client.force_authenticate(circle.facilitator.account)
    pid = str(circle.facilitator.pid)
    assert client.put(door + "duty/", {"person": pid}, format="json").status_code == 204
    assert Occurrence.objects.get(original_local__day=22, original_local__month=1).on_duty == circle.facilitator
    wrong_people: list[dict[str, object]] = [
        {},
        {"person": "x"},
        {"person": 5},
        {"person": []},
        {"person": str(make_member().pid)},
    ]
    for wrong in wrong_people:
        assert client.put(door + "duty/", wrong, format="json").status_code == 400
    assert client.put(door + "duty/", {"person": None}, format="json").status_code == 204
    assert client.put(door + "start/", {"starts": "2026-01-23T18:30"}, format="json").status_code == 200
    for bad in ({}, {"starts": "2026-02-30T18:30"}, {"starts": "2026-01-23T18:30Z"}):
        assert client.put(door + "start/", bad, format="json").status_code == 400
    client.force_authenticate(make_regular(circle).account)
    assert client.put(door + "duty/", {"person": None}, format="json").status_code == 403
    with pytest.raises(PermissionDenied):
        occurrences_cancel_between(
            actor=make_member(), meeting=circle.meeting, first=date(2026, 1, 20), last=date(2026, 2, 2)
        )


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
def test_a_date_at_the_edges_of_time_is_not_there_and_is_not_counted_up_to(circle, zone):
    meeting, fred = circle.meeting, circle.facilitator
    meeting_edit(actor=fred, meeting=meeting, plan=replace(PLAN, zone=zone, repeats="monthly", places=(1,)))
    browser, door = as_(fred), f"/api/v1/meetings/{meeting.slug}"
    far = {"starts": "9999-12-31T23:59"}, {"starts": "0001-01-01T00:00"}
    for key in ("00010101T0000", "99991231T2359", "90000204T1900"):
        for way in ("cancelled", "excuse"):
            assert browser.post(f"{door}/dates/{key}/{way}/").status_code == 404, (key, way)
        page = f"/g/{meeting.group.slug}/meetings/{meeting.pk}/dates/{key}/"
        assert browser.get(page).status_code == 404
    coming = attendance.dates_of([meeting], now=clock.now(), count=1)[0].key
    for body in far:
        sent = browser.put(f"{door}/dates/{coming}/start/", body, content_type="application/json")
        assert (sent.status_code, set(sent.json()["error"]["fields"])) == (400, {"starts"})
    days = {"first": "0001-01-01", "last": "9999-12-31"}
    assert browser.post(f"{door}/cancelled/", days, content_type="application/json").status_code == 400
    for day in ("0001-01-01T00:00", "9999-12-31T23:59"):
        assert browser.post("/me/attendance/log/", {"starts": day}).status_code < 500
    assert not SelfLog.objects.exists()
    last = browser.put(f"{door}/last-day/", {"last": "9999-12-31"}, content_type="application/json")
    assert last.status_code == 200
