"""Occurrences of groups' meetings: prepared by the worker, cancelled, taken up; series made, changed and ended."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from ground import clock
from ground.errors import Conflict, Settled
from groups import selectors as group_selectors
from groups.models import Group
from meetings.models import Commitment, Meeting, Occurrence, Sheet, Source
from meetings.selectors import attendance, series
from meetings.services import group_meetings, sheets
from meetings.services.commitments import excuse
from meetings.services.occurrences import (
    occurrence_cancel,
    occurrence_duty_set,
    occurrence_get,
    occurrence_uncancel,
    occurrences_cancel,
    occurrences_prepare,
    occurrences_rematch,
)
from meetings.services.upcoming import upcoming_refresh
from people.models import Change
from tests.concurrently import at_once
from tests.group_stories import PLAN, join, make_circle, make_group, make_regular
from tests.people_of_the_story import DAY, HOUR, NOW, make_contact, make_member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("evening")]
WEEK = 7 * DAY
TODAY = datetime(2026, 1, 15, 19, 0)
NEXT = datetime(2026, 1, 22, 19, 0)


@pytest.fixture
def circle():
    return make_circle()


def make_listed(**more) -> Meeting:
    """An imported meeting, Thursdays at 19:00 in Berlin, that no group has claimed."""
    given = {
        "slug": "listed",
        "name": "Listed",
        "zone": "Europe/Berlin",
        "source": Source.objects.create(name="A list"),
        "starts_local": datetime(2025, 10, 2, 19, 0, tzinfo=UTC),
        "rrule": "FREQ=WEEKLY;BYDAY=TH",
        "created_at": NOW - WEEK,
    }
    meeting = Meeting.objects.create(**given | more)
    upcoming_refresh(meeting_ids=[meeting.pk])
    return meeting


def test_an_occurrence_is_made_once_and_keyed_by_its_wall_start(circle):
    first = occurrence_get(meeting=circle.meeting, original_local=NEXT)
    assert first == occurrence_get(meeting=circle.meeting, original_local=NEXT)
    assert (first.starts_at, first.ends_at) == (NOW + WEEK, NOW + WEEK + timedelta(minutes=90))


@pytest.mark.parametrize("local", [NEXT + DAY, NEXT + HOUR, datetime(2020, 1, 2, 19, 0)])
def test_a_date_that_the_rule_does_not_have_is_refused(circle, local):
    with pytest.raises(ValidationError, match="not held at that time"):
        occurrence_get(meeting=circle.meeting, original_local=local)


def test_a_meeting_without_a_group_has_no_occurrences_here():
    with pytest.raises(ValidationError, match="no group"):
        occurrence_get(meeting=make_listed(), original_local=TODAY)


def test_two_people_asking_for_one_date_at_once_get_one_row(transactional_db):
    circle = make_circle()
    results = at_once([lambda: occurrence_get(meeting=circle.meeting, original_local=NEXT)] * 3)
    assert len({result.pk for result in results}) == 1


def test_the_worker_keeps_the_next_date_ready_and_opens_the_list_at_the_start(circle):
    Occurrence.objects.all().delete()
    Meeting.objects.filter(pk=circle.meeting.pk).update(created_at=NOW - DAY)
    Group.objects.filter(pk=circle.group.pk).update(created_at=NOW - DAY)
    occurrences_prepare(NOW - timedelta(seconds=1))
    assert list(Occurrence.objects.values_list("starts_at", flat=True)) == [NOW]
    assert not Sheet.objects.exists()
    assert occurrences_prepare(NOW) == 2
    assert list(Occurrence.objects.order_by("starts_at").values_list("starts_at", flat=True)) == [NOW, NOW + WEEK]
    assert Sheet.objects.get().opened_at == NOW
    assert occurrences_prepare(NOW) == 0, "a tick that finds nothing to do says so"


def test_after_an_outage_every_list_of_the_last_thirty_days_is_opened(circle):
    occurrences_prepare(NOW)
    Sheet.objects.all().delete()
    Occurrence.objects.filter(starts_at__gt=NOW).delete()
    occurrences_prepare(NOW + 3 * WEEK)
    assert list(Sheet.objects.order_by("occurrence__starts_at").values_list("occurrence__starts_at", flat=True)) == [
        NOW + week * WEEK for week in range(4)
    ]


def test_nothing_is_prepared_for_listed_meetings_closed_groups_and_times_before_the_group(circle):
    make_listed()
    other = make_circle()
    group_meetings.group_end(actor=other.facilitator, group=other.group)
    with clock.frozen(NOW + HOUR):
        late = make_group(make_member())
        group_meetings.meeting_make(actor=group_selectors.facilitators(late)[0], group=late, plan=PLAN)
    Occurrence.objects.all().delete()
    occurrences_prepare(NOW + 2 * HOUR)
    assert set(Sheet.objects.values_list("occurrence__meeting__group", flat=True)) == {circle.group.pk}
    assert set(Occurrence.objects.filter(meeting__group=late).values_list("starts_at", flat=True)) == {NOW + WEEK}


def test_an_excuse_far_ahead_leaves_no_date_before_it_without_a_list(circle):
    member = make_regular(circle)
    excuse(actor=member, meeting=circle.meeting, original_local=NEXT + 2 * WEEK)
    for week in range(4):
        occurrences_prepare(NOW + week * WEEK)
    assert Sheet.objects.filter(occurrence__starts_at__gte=NOW).count() == 4


def test_a_date_more_than_400_days_ahead_is_refused(circle):
    member = make_regular(circle)
    with pytest.raises(ValidationError, match="too far ahead"):
        excuse(actor=member, meeting=circle.meeting, original_local=NEXT + 60 * WEEK)


def test_no_list_is_opened_for_a_cancelled_date(circle):
    coming = occurrence_get(meeting=circle.meeting, original_local=NEXT)
    occurrence_cancel(actor=circle.facilitator, occurrence=coming)
    occurrences_prepare(NOW + WEEK)
    assert not Sheet.objects.filter(occurrence=coming).exists()


def test_preparing_costs_the_same_for_one_group_as_for_twelve(django_assert_max_num_queries):
    for _n in range(12):
        make_circle()
    Occurrence.objects.all().delete()
    with django_assert_max_num_queries(8):
        occurrences_prepare(NOW)


def test_two_workers_preparing_at_once_make_each_row_once(transactional_db):
    circle = make_circle()
    Occurrence.objects.all().delete()
    at_once([lambda: occurrences_prepare(NOW)] * 2)
    rows = Occurrence.objects.filter(meeting=circle.meeting)
    assert rows.count() == rows.values("original_local").distinct().count()


def test_cancelling_is_heard_by_everybody_on_the_list_once(circle):
    member = make_regular(circle)
    Change.objects.all().delete()
    for _n in range(2):
        occurrence_cancel(actor=circle.facilitator, occurrence=circle.occurrence)
    occurrence_uncancel(actor=circle.facilitator, occurrence=circle.occurrence)
    assert list(Change.objects.order_by("pk").values_list("person", "cause", "ref")) == [
        (member.pk, "occurrence_cancelled", circle.occurrence.pk),
        (member.pk, "occurrence_uncancelled", circle.occurrence.pk),
    ]


def test_a_holiday_of_two_weeks_is_cancelled_in_one_go(circle):
    with clock.frozen(NOW + HOUR):
        cancelled = occurrences_cancel(actor=circle.facilitator, meeting=circle.meeting, count=2)
        dates = attendance.dates_of([circle.meeting], now=NOW + 2 * HOUR, count=3)
    assert [row.starts_at for row in cancelled] == [NOW + WEEK, NOW + 2 * WEEK]
    assert [date.cancelled for date in dates] == [True, True, False]
    circle.meeting.refresh_from_db()
    with clock.frozen(NOW + 2 * HOUR):
        upcoming_refresh(meeting_ids=[circle.meeting.pk])
    circle.meeting.refresh_from_db()
    assert circle.meeting.next_starts_at == NOW + 3 * WEEK, "the finder never lists a cancelled date as on"


def test_one_wrong_date_cancels_none(circle):
    with pytest.raises(ValidationError):
        occurrences_cancel(actor=circle.facilitator, meeting=circle.meeting, originals=[NEXT, NEXT + DAY])
    with pytest.raises(ValidationError):
        occurrences_cancel(actor=circle.facilitator, meeting=circle.meeting)
    assert not Occurrence.objects.filter(state="cancelled").exists()


def test_only_facilitators_cancel_take_up_and_name_who_is_on_duty(circle):
    member = make_regular(circle)
    for actor in (member, make_member()):
        with pytest.raises(PermissionDenied):
            occurrence_cancel(actor=actor, occurrence=circle.occurrence)
        with pytest.raises(PermissionDenied):
            occurrence_uncancel(actor=actor, occurrence=circle.occurrence)
        with pytest.raises(PermissionDenied):
            occurrences_cancel(actor=actor, meeting=circle.meeting, count=2)
        with pytest.raises(PermissionDenied):
            occurrence_duty_set(actor=actor, occurrence=circle.occurrence, person=actor)
    with pytest.raises(ValidationError):
        occurrence_duty_set(actor=circle.facilitator, occurrence=circle.occurrence, person=member)
    occurrence_duty_set(actor=circle.facilitator, occurrence=circle.occurrence, person=circle.facilitator)
    circle.occurrence.refresh_from_db()
    assert circle.occurrence.on_duty == circle.facilitator


def test_a_cancelled_date_may_be_marked_and_closed(circle):
    member = make_regular(circle)
    occurrence_cancel(actor=circle.facilitator, occurrence=circle.occurrence)
    assert sheets.sheet_close(actor=circle.facilitator, sheet=circle.sheet, marks={member: "present"}).revision == 1


def test_a_group_is_founded_from_a_listed_meeting_and_has_it_from_then_on():
    member, listed = make_member(), make_listed()
    group = group_meetings.group_found_from_meeting(actor=member, meeting=listed)
    listed.refresh_from_db()
    assert (listed.group, group.name, group.zone) == (group, "Listed", "Europe/Berlin")
    with pytest.raises(Conflict, match="has a group"):
        group_meetings.group_found_from_meeting(actor=make_member(), meeting=listed)
    assert Group.objects.count() == 1, "the second founding leaves no group behind"


def test_two_founders_of_one_meeting_at_once_make_one_group(transactional_db):
    listed = make_listed()
    founders = [make_member(), make_member()]
    results = at_once(
        [lambda p=person: group_meetings.group_found_from_meeting(actor=p, meeting=listed) for person in founders]
    )
    assert sorted(type(result).__name__ for result in results) == ["Conflict", "Group"]
    assert Group.objects.count() == 1


def test_a_meeting_that_is_no_longer_held_founds_nothing():
    with pytest.raises(Settled):
        group_meetings.group_found_from_meeting(actor=make_member(), meeting=make_listed(closed_at=NOW))


def test_a_person_without_an_account_founds_nothing_from_a_meeting():
    with pytest.raises(PermissionDenied):
        group_meetings.group_found_from_meeting(actor=make_contact(), meeting=make_listed())


def test_a_group_is_founded_afresh_with_its_first_meeting_or_not_at_all():
    member = make_member()
    plan = replace(PLAN, weekdays=(0, 3), starts=time(18, 30))
    group = group_meetings.group_found_afresh(actor=member, name="Fresh", zone="Europe/Berlin", plan=plan)
    (meeting,) = series.meetings_of(group)
    assert (meeting.rrule, meeting.starts_local) == (
        "FREQ=WEEKLY;BYDAY=MO,TH",
        datetime(2026, 1, 19, 18, 30, tzinfo=UTC),
    )
    assert meeting.next_starts_at == datetime(2026, 1, 19, 17, 30, tzinfo=UTC)
    with pytest.raises(ValidationError):
        group_meetings.group_found_afresh(
            actor=member, name="Again", zone="Europe/Berlin", plan=replace(PLAN, minutes=0)
        )
    assert Group.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"weekdays": ()}, "weekdays"),
        ({"weekdays": (7,)}, "weekdays"),
        ({"minutes": 7 * 1440 + 1}, "minutes"),
        ({"zone": "Mars/Base"}, "zone"),
        ({"conference_url": "javascript:alert(1)"}, "conference_url"),
        ({"mode": "online"}, "conference_url"),
        ({"place": "x" * 256}, "place"),
    ],
)
def test_a_meeting_that_cannot_be_is_refused_with_the_field_that_is_wrong(circle, wrong, field):
    with pytest.raises(ValidationError) as refused:
        group_meetings.meeting_make(actor=circle.facilitator, group=circle.group, plan=replace(PLAN, **wrong))
    assert field in refused.value.message_dict
    assert Meeting.objects.count() == 1


def test_a_series_that_is_changed_keeps_its_past_and_drops_what_was_to_come(circle):
    member = make_regular(circle)
    excuse(actor=member, meeting=circle.meeting, original_local=NEXT)
    with clock.frozen(NOW + HOUR):
        occurrences_prepare(NOW + HOUR)
        occurrence_get(meeting=circle.meeting, original_local=NEXT + WEEK)
        group_meetings.meeting_edit(
            actor=circle.facilitator, meeting=circle.meeting, plan=replace(PLAN, weekdays=(4,), starts=time(20, 0))
        )
        occurrences_prepare(NOW + HOUR)
    starts = list(Occurrence.objects.order_by("starts_at").values_list("original_local", flat=True))
    assert [start.replace(tzinfo=None) for start in starts] == [TODAY, datetime(2026, 1, 16, 20, 0)]


def test_a_list_that_changed_its_time_leaves_no_stale_date_behind(circle):
    occurrences_prepare(NOW)
    Meeting.objects.filter(pk=circle.meeting.pk).update(starts_local=datetime(2025, 10, 9, 20, 0, tzinfo=UTC))
    assert occurrences_rematch(meetings=[circle.meeting], now=NOW) == 1
    occurrences_prepare(NOW)
    assert Occurrence.objects.filter(starts_at__gt=NOW).get().starts_at == NOW + HOUR


def test_a_changed_length_reaches_the_coming_date(circle):
    occurrences_prepare(NOW)
    group_meetings.meeting_edit(actor=circle.facilitator, meeting=circle.meeting, plan=replace(PLAN, minutes=60))
    coming = Occurrence.objects.get(starts_at=NOW + WEEK)
    assert coming.ends_at == NOW + WEEK + HOUR


def test_a_meeting_of_a_list_ends_there(circle):
    Meeting.objects.filter(pk=circle.meeting.pk).update(source=Source.objects.create(name="A list"))
    circle.meeting.refresh_from_db()
    with pytest.raises(ValidationError, match="comes from a list"):
        group_meetings.meeting_end(actor=circle.facilitator, meeting=circle.meeting)


def test_only_facilitators_make_change_and_end_series_and_groups(circle):
    member = make_regular(circle)
    for actor in (member, make_member()):
        with pytest.raises(PermissionDenied):
            group_meetings.meeting_make(actor=actor, group=circle.group, plan=PLAN)
        with pytest.raises(PermissionDenied):
            group_meetings.meeting_edit(actor=actor, meeting=circle.meeting, plan=PLAN)
        with pytest.raises(PermissionDenied):
            group_meetings.meeting_end(actor=actor, meeting=circle.meeting)
        with pytest.raises(PermissionDenied):
            group_meetings.group_end(actor=actor, group=circle.group)


def test_a_series_that_ended_is_over(circle):
    group_meetings.meeting_end(actor=circle.facilitator, meeting=circle.meeting)
    circle.meeting.refresh_from_db()
    assert circle.meeting.next_starts_at is None
    with pytest.raises(Settled):
        group_meetings.meeting_end(actor=circle.facilitator, meeting=circle.meeting)


def test_a_group_that_ends_lets_its_listed_meeting_go_on_for_others():
    founder, listed = make_member(), make_listed()
    group = group_meetings.group_found_from_meeting(actor=founder, meeting=listed)
    group_meetings.group_end(actor=founder, group=group)
    listed.refresh_from_db()
    assert listed.closed_at is None
    again = group_meetings.group_found_from_meeting(actor=make_member(), meeting=listed)
    listed.refresh_from_db()
    assert listed.group == again


def test_a_group_that_ends_ends_commitments_and_its_own_meetings(circle):
    member = make_regular(circle)
    group_meetings.group_end(actor=circle.facilitator, group=circle.group)
    circle.meeting.refresh_from_db()
    assert circle.meeting.closed_at == NOW
    assert not Commitment.objects.filter(until=None).exists()
    assert Change.objects.filter(person=member, cause="group_closed").exists()


def test_a_new_facilitator_opens_the_lists_of_before(circle):
    heir = make_member()
    join(circle.group, heir, role="facilitator")
    assert sheets.sheet_read(actor=heir, occurrence_id=circle.occurrence.pk).meeting == circle.meeting
