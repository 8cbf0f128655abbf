"""Commitments, excuses, self-logged meetings, and what ends them."""

from datetime import datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from ground import clock
from ground.errors import Conflict, Settled
from groups.models import Membership
from meetings.models import Commitment, Mark, SelfLog
from meetings.selectors import attendance
from meetings.services.commitments import (
    commitment_end,
    commitment_make,
    excuse,
    excuse_undo,
    membership_leave,
    membership_remove,
)
from meetings.services.group_meetings import meeting_end
from meetings.services.selflogs import self_log, self_log_remove
from meetings.services.sheets import sheet_close, sheet_mark
from people.models import Change
from tests.concurrently import at_once
from tests.group_stories import join, make_circle, make_date, make_group, make_regular
from tests.people_of_the_story import DAY, HOUR, NOW, make_member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("evening")]
WEEK = 7 * DAY
NEXT = datetime(2026, 1, 22, 19, 0)


@pytest.fixture
def circle():
    return make_circle()


def causes(person):
    return list(Change.objects.filter(person=person).order_by("pk").values_list("cause", "ref"))


def test_a_member_commits_from_this_moment_and_a_watch_hears_of_it(circle):
    member = make_member()
    join(circle.group, member)
    made = commitment_make(actor=member, meeting=circle.meeting)
    assert (made.since, made.until) == (NOW, None)
    assert causes(member) == [("committed", circle.meeting.pk)]


def test_committing_twice_is_committing_once(circle):
    member = make_regular(circle)
    again = commitment_make(actor=member, meeting=circle.meeting)
    assert again.since < NOW
    assert Commitment.objects.count() == 1


def test_two_taps_at_once_are_one_commitment(transactional_db):
    circle = make_circle()
    member = make_member()
    join(circle.group, member)
    results = at_once([lambda: commitment_make(actor=member, meeting=circle.meeting)] * 2)
    assert {type(result) for result in results} == {Commitment}
    assert Commitment.objects.filter(person=member).count() == 1


def test_somebody_who_waits_and_an_outsider_cannot_commit(circle):
    waiting, outsider = make_member(), make_member()
    Membership.objects.create(group=circle.group, person=waiting, state="waiting", since=NOW)
    for actor in (waiting, outsider):
        with pytest.raises(PermissionDenied):
            commitment_make(actor=actor, meeting=circle.meeting)
        with pytest.raises(PermissionDenied):
            commitment_end(actor=actor, meeting=circle.meeting)
    assert not Commitment.objects.exists()


def test_nobody_commits_to_a_meeting_without_a_group(circle):
    member = make_member()
    circle.meeting.group = None
    with pytest.raises(PermissionDenied):
        commitment_make(actor=member, meeting=circle.meeting)


def test_a_group_that_counts_heads_takes_no_commitments():
    circle = make_circle(heads=True)
    member = make_member()
    join(circle.group, member)
    with pytest.raises(ValidationError, match="counts heads only"):
        commitment_make(actor=member, meeting=circle.meeting)
    with pytest.raises(ValidationError, match="counts heads only"):
        excuse(actor=member, meeting=circle.meeting, original_local=NEXT)
    assert not Commitment.objects.exists()
    assert not Mark.objects.exists()


def test_nobody_commits_to_a_meeting_that_has_ended(circle):
    member = make_regular(circle)
    meeting_end(actor=circle.facilitator, meeting=circle.meeting)
    circle.meeting.refresh_from_db()
    with pytest.raises(Settled):
        commitment_make(actor=member, meeting=circle.meeting)
    assert not Commitment.objects.filter(until=None).exists()
    assert ("uncommitted", circle.meeting.pk) in causes(member)


def test_ending_a_commitment_keeps_what_was(circle):
    member = make_regular(circle)
    with clock.frozen(NOW + DAY):
        commitment_end(actor=member, meeting=circle.meeting)
        commitment_end(actor=member, meeting=circle.meeting)
    assert member in attendance.expected(circle.occurrence), "expected at what has begun before"
    assert member not in attendance.expected(make_date(circle.meeting, NOW + WEEK)[0])
    assert [cause for cause, _ref in causes(member)].count("uncommitted") == 1


def test_expected_is_who_belonged_and_was_committed_at_the_start(circle):
    regular = make_regular(circle)
    just_in_time = make_regular(circle, since=NOW)
    too_late = make_regular(circle, since=NOW + timedelta(seconds=1))
    only_member = make_member()
    join(circle.group, only_member, since=NOW - DAY)
    assert set(attendance.expected(circle.occurrence)) == {regular, just_in_time}
    assert too_late not in attendance.expected(circle.occurrence)


def test_leaving_ends_the_commitments_to_this_group_and_no_others(circle):
    member = make_regular(circle)
    other = make_circle()
    join(other.group, member)
    commitment_make(actor=member, meeting=other.meeting)
    membership_leave(actor=member, group=circle.group)
    assert [c.meeting for c in Commitment.objects.filter(person=member, until=None)] == [other.meeting]
    assert ("left_group", circle.group.pk) in causes(member)
    with pytest.raises(PermissionDenied):
        membership_leave(actor=member, group=circle.group)


def test_who_is_taken_out_of_the_group_is_not_expected_any_more(circle):
    member = make_regular(circle)
    membership = Membership.objects.get(person=member)
    with pytest.raises(PermissionDenied):
        membership_remove(actor=make_member(), membership=membership)
    membership_remove(actor=circle.facilitator, membership=membership)
    assert not Commitment.objects.filter(person=member, until=None).exists()


def test_the_last_facilitator_who_names_nobody_stays_with_all_commitments(circle):
    commitment_make(actor=circle.facilitator, meeting=circle.meeting)
    with pytest.raises(ValidationError, match="last facilitator"):
        membership_leave(actor=circle.facilitator, group=circle.group)
    assert Commitment.objects.filter(person=circle.facilitator, until=None).exists()


def test_a_member_excuses_themself_for_a_coming_date_and_takes_it_back(circle):
    member = make_regular(circle)
    occurrence = excuse(actor=member, meeting=circle.meeting, original_local=NEXT)
    mark = Mark.objects.get(person=member)
    assert (mark.value, mark.by, mark.expected) == ("excused", member, True)
    assert occurrence.starts_at == NOW + WEEK
    assert [date.excused for date in attendance.next_for(member, NOW + DAY, 2)] == [True, False]
    excuse(actor=member, meeting=circle.meeting, original_local=NEXT)
    excuse_undo(actor=member, meeting=circle.meeting, original_local=NEXT)
    mark.refresh_from_db()
    assert mark.value is None
    assert [(w.before, w.after) for w in mark.writes.order_by("pk")] == [(None, "excused"), ("excused", None)]


def test_an_outsider_excuses_nobody(circle):
    with pytest.raises(PermissionDenied):
        excuse(actor=make_member(), meeting=circle.meeting, original_local=NEXT)


def test_an_excuse_for_a_date_that_is_not_held_is_refused(circle):
    with pytest.raises(ValidationError, match="not held at that time"):
        excuse(actor=make_regular(circle), meeting=circle.meeting, original_local=NEXT + DAY)


def test_an_excuse_after_the_end_is_too_late(circle):
    member = make_regular(circle)
    with clock.frozen(NOW + 2 * HOUR), pytest.raises(Settled):
        excuse(actor=member, meeting=circle.meeting, original_local=NEXT - WEEK)


def test_an_excuse_does_not_write_over_what_a_facilitator_wrote(circle):
    member = make_regular(circle)
    sheet_mark(actor=circle.facilitator, sheet=circle.sheet, person=member, value="present")
    with pytest.raises(Conflict):
        excuse(actor=member, meeting=circle.meeting, original_local=NEXT - WEEK)
    assert Mark.objects.get(person=member).value == "present"


def test_an_excuse_on_a_closed_list_is_a_conflict(circle):
    member = make_regular(circle)
    sheet_close(actor=circle.facilitator, sheet=circle.sheet, rest="unknown")
    with pytest.raises(Conflict):
        excuse(actor=member, meeting=circle.meeting, original_local=NEXT - WEEK)


def test_a_member_logs_a_meeting_anywhere_and_can_take_it_back():
    member = make_member()
    logged = self_log(actor=member, starts_at=NOW - DAY)
    assert self_log(actor=member, starts_at=NOW - DAY) == logged
    assert causes(member) == [("self_logged", logged.pk)]
    with pytest.raises(PermissionDenied):
        self_log_remove(actor=make_member(), self_log_id=logged.pk)
    self_log_remove(actor=member, self_log_id=logged.pk)
    assert not SelfLog.objects.exists()
    assert len(causes(member)) == 2


@pytest.mark.parametrize(
    "starts_at", [NOW + timedelta(seconds=1), NOW - timedelta(days=367), (NOW - DAY).replace(tzinfo=None)]
)
def test_a_meeting_to_come_of_long_ago_or_without_a_zone_cannot_be_logged(starts_at):
    with pytest.raises(ValidationError):
        self_log(actor=make_member(), starts_at=starts_at)
    assert not SelfLog.objects.exists()


def test_what_comes_next_for_a_member_takes_three_queries(circle, django_assert_max_num_queries):
    member = make_regular(circle)
    more = make_circle()
    join(more.group, member)
    commitment_make(actor=member, meeting=more.meeting)
    excuse(actor=member, meeting=circle.meeting, original_local=NEXT)
    with django_assert_max_num_queries(3):
        dates = attendance.next_for(member, NOW)
    assert [date.held.starts_at for date in dates] == [NOW, NOW, NOW + WEEK]
    assert dates[0].local == datetime(2026, 1, 15, 19, 0)


def test_a_group_elsewhere_is_not_asked(circle):
    member = make_member()
    make_group(member)
    assert attendance.next_for(member, NOW) == []
