"""The list: marking, closing with "Absent or Don't know?", correcting, counting heads; who may, and who may look."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from ground import clock
from ground.errors import Conflict, Settled
from groups.models import Membership
from meetings.models import Mark, MarkWrite, Sheet
from meetings.selectors import attendance, open_lists
from meetings.services import sheets
from meetings.services.reminders import sheets_due
from people.models import AccessLog, Change
from tests.concurrently import at_once
from tests.group_stories import join, make_circle, make_date, make_regular
from tests.people_of_the_story import DAY, HOUR, NOW, make_member

pytestmark = pytest.mark.django_db
WEEK = 7 * DAY
AFTER = NOW + 2 * HOUR


@pytest.fixture(autouse=True)
def _after_the_meeting():
    with clock.frozen(AFTER):
        yield


@pytest.fixture
def circle():
    return make_circle()


def changes(cause):
    return sorted(Change.objects.filter(cause=cause).values_list("person_id", "ref"))


def values(sheet):
    return dict(Mark.objects.filter(sheet=sheet).values_list("person_id", "value"))


def test_present_counts_as_soon_as_it_is_recorded(circle):
    member = make_regular(circle)
    mark = sheets.sheet_mark(actor=circle.facilitator, sheet=circle.sheet, person=member, value="present")
    assert (mark.value, mark.expected, mark.by, mark.at) == ("present", True, circle.facilitator, AFTER)
    assert changes("marked") == [(member.pk, circle.sheet.pk)]


def test_absent_or_excused_on_an_open_list_is_no_change_for_a_watch(circle):
    member = make_regular(circle)
    for value in ("absent", "excused", None):
        sheets.sheet_mark(actor=circle.facilitator, sheet=circle.sheet, person=member, value=value)
    assert changes("marked") == []


def test_taking_present_off_again_is_heard_too(circle):
    member = make_regular(circle)
    for value in ("present", None):
        sheets.sheet_mark(actor=circle.facilitator, sheet=circle.sheet, person=member, value=value)
    assert len(changes("marked")) == 2
    assert [(w.before, w.after, w.revision) for w in MarkWrite.objects.order_by("pk")] == [
        (None, "present", 0),
        ("present", None, 0),
    ]


def test_the_same_tap_twice_is_one_write(circle):
    member = make_regular(circle)
    for _n in range(2):
        sheets.sheet_mark(actor=circle.facilitator, sheet=circle.sheet, person=member, value="late")
    assert MarkWrite.objects.count() == 1


def test_a_member_who_did_not_commit_can_be_there(circle):
    member = make_member()
    join(circle.group, member)
    mark = sheets.sheet_mark(actor=circle.facilitator, sheet=circle.sheet, person=member, value="present")
    assert not mark.expected


def test_somebody_who_has_left_can_be_there(circle):
    former = make_member()
    Membership.objects.create(
        group=circle.group, person=former, state="ended", since=NOW - 50 * DAY, until=NOW - 20 * DAY
    )
    assert sheets.sheet_mark(actor=circle.facilitator, sheet=circle.sheet, person=former, value="present")


def test_a_stranger_and_somebody_who_waits_cannot_be_marked(circle):
    waiting = make_member()
    Membership.objects.create(group=circle.group, person=waiting, state="waiting", since=NOW)
    for person in (make_member(), waiting):
        with pytest.raises(PermissionDenied):
            sheets.sheet_mark(actor=circle.facilitator, sheet=circle.sheet, person=person, value="present")
        with pytest.raises(PermissionDenied):
            sheets.sheet_close(actor=circle.facilitator, sheet=circle.sheet, marks={person: "absent"})
    circle.sheet.refresh_from_db()
    assert circle.sheet.state == "open", "nothing is half-written"
    assert not Mark.objects.exists()


@pytest.mark.parametrize("value", ["here", "", "PRESENT", "missing"])
def test_an_unknown_mark_is_refused(circle, value):
    member = make_regular(circle)
    with pytest.raises(ValidationError):
        sheets.sheet_mark(actor=circle.facilitator, sheet=circle.sheet, person=member, value=value)
    with pytest.raises(ValidationError):
        sheets.sheet_close(actor=circle.facilitator, sheet=circle.sheet, marks={member: value})


def test_nothing_is_marked_counted_or_closed_before_the_start(circle):
    member = make_regular(circle)
    with clock.frozen(NOW - timedelta(seconds=1)):
        with pytest.raises(ValidationError, match="when the meeting begins"):
            sheets.sheet_mark(actor=circle.facilitator, sheet=circle.sheet, person=member, value="present")
        with pytest.raises(ValidationError, match="when the meeting begins"):
            sheets.sheet_close(actor=circle.facilitator, sheet=circle.sheet, rest="absent")
        with pytest.raises(ValidationError, match="when the meeting begins"):
            sheets.sheet_read(actor=circle.facilitator, occurrence_id=circle.occurrence.pk)


def test_an_outsider_and_a_plain_member_close_nothing(circle):
    member = make_regular(circle)
    for actor in (make_member(), member):
        with pytest.raises(PermissionDenied):
            sheets.sheet_close(actor=actor, sheet=circle.sheet, rest="absent")
        with pytest.raises(PermissionDenied):
            sheets.sheet_mark(actor=actor, sheet=circle.sheet, person=member, value="present")
        with pytest.raises(PermissionDenied):
            sheets.sheet_read(actor=actor, occurrence_id=circle.occurrence.pk)
        with pytest.raises(PermissionDenied):
            sheets.attendance_recent(actor=actor, group=circle.group)
    circle.sheet.refresh_from_db()
    assert circle.sheet.state == "open"
    assert not AccessLog.objects.exists()


def test_a_facilitator_of_another_group_closes_nothing_here(circle):
    other = make_circle()
    with pytest.raises(PermissionDenied):
        sheets.sheet_close(actor=other.facilitator, sheet=circle.sheet, rest="absent")


def test_closing_asks_about_who_has_no_mark_and_nothing_is_preselected(circle):
    here, _left, _right = (make_regular(circle) for _n in range(3))
    with pytest.raises(ValidationError, match="2 not marked: Absent, or Don’t know") as asked:
        sheets.sheet_close(actor=circle.facilitator, sheet=circle.sheet, marks={here: "present"})
    assert set(asked.value.error_dict) == {sheets.REST_ASKED}
    circle.sheet.refresh_from_db()
    assert (circle.sheet.state, Mark.objects.count(), changes("sheet_closed")) == ("open", 0, [])


def test_an_answer_that_is_neither_is_refused(circle):
    make_regular(circle)
    with pytest.raises(ValidationError):
        sheets.sheet_close(actor=circle.facilitator, sheet=circle.sheet, rest="perhaps")


@pytest.mark.parametrize(("rest", "value"), [("absent", "absent"), ("unknown", None)])
def test_closing_writes_a_row_for_every_expected_person(circle, rest, value):
    here, excused, left = (make_regular(circle) for _n in range(3))
    guest = make_member()
    join(circle.group, guest)
    closed = sheets.sheet_close(
        actor=circle.facilitator, sheet=circle.sheet, marks={here: "late", excused: "excused"}, rest=rest
    )
    assert values(circle.sheet) == {here.pk: "late", excused.pk: "excused", left.pk: value}
    assert (closed.state, closed.revision, closed.first_closed_at, closed.closed_by) == (
        "closed", 1, AFTER, circle.facilitator,
    )  # fmt: skip
    assert changes("sheet_closed") == sorted((p.pk, circle.sheet.pk) for p in (here, excused, left))
    assert guest.pk not in values(circle.sheet)


def test_a_list_on_which_everybody_is_marked_asks_nothing(circle):
    member = make_regular(circle)
    sheets.sheet_mark(actor=circle.facilitator, sheet=circle.sheet, person=member, value="present")
    assert sheets.sheet_close(actor=circle.facilitator, sheet=circle.sheet).state == "closed"


def test_closing_tells_also_about_who_was_marked_without_being_expected(circle):
    guest = make_member()
    join(circle.group, guest)
    sheets.sheet_mark(actor=circle.facilitator, sheet=circle.sheet, person=guest, value="present")
    sheets.sheet_close(actor=circle.facilitator, sheet=circle.sheet)
    assert changes("sheet_closed") == [(guest.pk, circle.sheet.pk)]


def test_a_closed_list_is_neither_marked_nor_closed_again(circle):
    member = make_regular(circle)
    sheets.sheet_close(actor=circle.facilitator, sheet=circle.sheet, rest="absent")
    with pytest.raises(Conflict, match="has closed this list"):
        sheets.sheet_close(actor=circle.facilitator, sheet=circle.sheet, rest="unknown")
    with pytest.raises(Conflict):
        sheets.sheet_mark(actor=circle.facilitator, sheet=circle.sheet, person=member, value="present")
    assert values(circle.sheet) == {member.pk: "absent"}


def test_a_page_that_is_behind_is_told_so(circle):
    with pytest.raises(Conflict):
        sheets.sheet_close(actor=circle.facilitator, sheet=circle.sheet, revision=3)


def test_two_facilitators_closing_at_once_close_it_once(transactional_db):
    circle = make_circle()
    second = make_member()
    join(circle.group, second, role="facilitator")
    member = make_regular(circle)
    results = at_once(
        [
            lambda: sheets.sheet_close(actor=circle.facilitator, sheet=circle.sheet, rest="absent"),
            lambda: sheets.sheet_close(actor=second, sheet=circle.sheet, rest="unknown"),
        ]
    )
    assert sorted(type(result).__name__ for result in results) == ["Conflict", "Sheet"]
    circle.sheet.refresh_from_db()
    assert circle.sheet.revision == 1
    assert len(changes("sheet_closed")) == 1
    assert MarkWrite.objects.filter(mark__person=member).count() == 1


def test_a_mark_and_a_closing_at_once_leave_nobody_between(transactional_db):
    circle = make_circle()
    member = make_regular(circle)
    marked, closed = at_once(
        [
            lambda: sheets.sheet_mark(actor=circle.facilitator, sheet=circle.sheet, person=member, value="present"),
            lambda: sheets.sheet_close(actor=circle.facilitator, sheet=circle.sheet, rest="absent"),
        ]
    )
    assert isinstance(closed, Sheet)
    expected = "absent" if isinstance(marked, Conflict) else "present"
    assert values(circle.sheet) == {member.pk: expected}


def test_two_facilitators_correcting_different_people_at_once_both_win(transactional_db):
    circle = make_circle()
    second = make_member()
    join(circle.group, second, role="facilitator")
    one, other = make_regular(circle), make_regular(circle)
    sheets.sheet_close(actor=circle.facilitator, sheet=circle.sheet, rest="absent")
    at_once(
        [
            lambda: sheets.sheet_correct(actor=circle.facilitator, sheet=circle.sheet, marks={one: "present"}),
            lambda: sheets.sheet_correct(actor=second, sheet=circle.sheet, marks={other: "present"}),
        ]
    )
    assert values(circle.sheet) == {one.pk: "present", other.pk: "present"}
    circle.sheet.refresh_from_db()
    assert circle.sheet.revision == 3


def test_a_correction_changes_only_whom_it_names_and_both_writes_stay(circle):
    one, other = make_regular(circle), make_regular(circle)
    sheets.sheet_close(actor=circle.facilitator, sheet=circle.sheet, rest="absent")
    second = make_member()
    join(circle.group, second, role="facilitator")
    with clock.frozen(AFTER + DAY):
        corrected = sheets.sheet_correct(actor=second, sheet=circle.sheet, marks={one: "present"})
    assert values(circle.sheet) == {one.pk: "present", other.pk: "absent"}
    assert (corrected.revision, corrected.first_closed_at) == (2, AFTER)
    history = MarkWrite.objects.filter(mark__person=one).order_by("pk").values_list("before", "after", "revision", "by")
    assert list(history) == [(None, "absent", 1, circle.facilitator.pk), ("absent", "present", 2, second.pk)]
    assert changes("sheet_corrected") == [(one.pk, circle.sheet.pk)]


def test_a_correction_back_to_no_mark_is_possible(circle):
    member = make_regular(circle)
    sheets.sheet_close(actor=circle.facilitator, sheet=circle.sheet, rest="absent")
    sheets.sheet_correct(actor=circle.facilitator, sheet=circle.sheet, marks={member: None})
    assert values(circle.sheet) == {member.pk: None}


def test_a_correction_that_changes_nothing_makes_no_revision(circle):
    member = make_regular(circle)
    sheets.sheet_close(actor=circle.facilitator, sheet=circle.sheet, rest="absent")
    sheets.sheet_correct(actor=circle.facilitator, sheet=circle.sheet, marks={member: "absent"})
    circle.sheet.refresh_from_db()
    assert circle.sheet.revision == 1
    assert changes("sheet_corrected") == []


def test_an_open_list_is_closed_not_corrected_and_an_outsider_corrects_nothing(circle):
    member = make_regular(circle)
    with pytest.raises(Conflict):
        sheets.sheet_correct(actor=circle.facilitator, sheet=circle.sheet, marks={member: "present"})
    sheets.sheet_close(actor=circle.facilitator, sheet=circle.sheet, rest="absent")
    with pytest.raises(PermissionDenied):
        sheets.sheet_correct(actor=make_member(), sheet=circle.sheet, marks={member: "present"})
    with pytest.raises(PermissionDenied):
        sheets.sheet_correct(actor=circle.facilitator, sheet=circle.sheet, marks={make_member(): "present"})


def test_an_expired_list_may_still_be_marked_and_closed(circle):
    member = make_regular(circle)
    end = circle.occurrence.ends_at
    assert sheets_due(now=end + WEEK - timedelta(seconds=1)) == 1
    circle.sheet.refresh_from_db()
    assert circle.sheet.state == "open"
    assert sheets_due(now=end + WEEK) == 1
    assert sheets_due(now=end + WEEK) == 0
    with clock.frozen(end + WEEK):
        sheets.sheet_mark(actor=circle.facilitator, sheet=circle.sheet, person=member, value="present")
        circle.sheet.refresh_from_db()
        assert circle.sheet.state == "expired"
        assert sheets.sheet_close(actor=circle.facilitator, sheet=circle.sheet).state == "closed"


def test_a_group_that_counts_heads_keeps_a_number_and_no_row_about_anybody():
    circle = make_circle(heads=True)
    member = make_member()
    join(circle.group, member)
    with pytest.raises(ValidationError, match="counts heads only"):
        sheets.sheet_mark(actor=circle.facilitator, sheet=circle.sheet, person=member, value="present")
    with pytest.raises(ValidationError, match="counts heads only"):
        sheets.sheet_close(actor=circle.facilitator, sheet=circle.sheet, marks={member: "present"})
    Change.objects.all().delete()
    sheets.sheet_count(actor=circle.facilitator, sheet=circle.sheet, head_count=14)
    counted = sheets.sheet_count(actor=circle.facilitator, sheet=circle.sheet, head_count=15)
    assert (counted.state, counted.head_count, counted.revision) == ("closed", 15, 2)
    assert not Mark.objects.exists()
    assert not Change.objects.exists()
    assert sheets.sheet_read(actor=circle.facilitator, occurrence_id=circle.occurrence.pk).rows == []


@pytest.mark.parametrize("count", [-1, 1000])
def test_a_head_count_that_cannot_be_is_refused(count):
    circle = make_circle(heads=True)
    with pytest.raises(ValidationError):
        sheets.sheet_count(actor=circle.facilitator, sheet=circle.sheet, head_count=count)


def test_heads_are_not_counted_where_names_are_kept_nor_by_outsiders(circle):
    with pytest.raises(ValidationError):
        sheets.sheet_count(actor=circle.facilitator, sheet=circle.sheet, head_count=3)
    with pytest.raises(PermissionDenied):
        sheets.sheet_count(actor=make_member(), sheet=make_circle(heads=True).sheet, head_count=3)


def test_reading_a_list_is_logged_for_everybody_on_it_and_not_for_oneself(circle):
    member = make_regular(circle)
    view = sheets.sheet_read(actor=circle.facilitator, occurrence_id=circle.occurrence.pk)
    assert [row.person for row in view.rows] == [member, circle.facilitator]
    assert [(log.person, log.reader, log.reader_name) for log in AccessLog.objects.all()] == [
        (member, circle.facilitator, circle.facilitator.name)
    ]


def test_facilitators_see_the_latest_eight_lists_and_no_older_one(circle):
    for week in range(1, 9):
        make_date(circle.meeting, NOW + week * WEEK)
    with clock.frozen(NOW + 8 * WEEK - HOUR):
        assert sheets.sheet_read(actor=circle.facilitator, occurrence_id=circle.occurrence.pk)
    with clock.frozen(NOW + 8 * WEEK), pytest.raises(Settled, match="latest eight"):
        sheets.sheet_read(actor=circle.facilitator, occurrence_id=circle.occurrence.pk)


def test_the_look_back_shows_who_was_there_never_who_was_not(circle):
    here, away = make_regular(circle), make_regular(circle)
    sheets.sheet_close(actor=circle.facilitator, sheet=circle.sheet, marks={here: "online", away: "absent"})
    assert sheets.attendance_recent(actor=circle.facilitator, group=circle.group) == [(circle.occurrence, [here])]
    assert [log.person for log in AccessLog.objects.all()] == [here]


def test_a_facilitators_link_opens_one_list_and_ends_a_week_after_the_closing(circle):
    make_regular(circle)
    token = sheets.sheet_link_give(actor=circle.facilitator, sheet=circle.sheet)
    assert token == sheets.sheet_link_give(actor=circle.facilitator, sheet=circle.sheet)
    assert sheets.sheet_link_read(actor=circle.facilitator, sheet_id=circle.sheet.pk)
    sheets.sheet_close(actor=circle.facilitator, sheet=circle.sheet, rest="unknown")
    with clock.frozen(AFTER + WEEK - timedelta(seconds=1)):
        assert sheets.sheet_link_read(actor=circle.facilitator, sheet_id=circle.sheet.pk)
    with clock.frozen(AFTER + WEEK), pytest.raises(Settled):
        sheets.sheet_link_read(actor=circle.facilitator, sheet_id=circle.sheet.pk)


def test_the_link_of_somebody_who_is_no_facilitator_any_more_opens_nothing(circle):
    second = make_member()
    membership = join(circle.group, second, role="facilitator")
    sheets.sheet_link_give(actor=second, sheet=circle.sheet)
    Membership.objects.filter(pk=membership.pk).update(role="member")
    with pytest.raises(PermissionDenied):
        sheets.sheet_link_read(actor=second, sheet_id=circle.sheet.pk)
    with pytest.raises(PermissionDenied):
        sheets.sheet_link_give(actor=make_member(), sheet=circle.sheet)


@pytest.mark.parametrize("people", [3, 25])
def test_a_list_costs_the_same_for_three_as_for_twenty_five(circle, people, django_assert_max_num_queries):
    regulars = [make_regular(circle) for _n in range(people)]
    with django_assert_max_num_queries(9):
        sheets.sheet_read(actor=circle.facilitator, occurrence_id=circle.occurrence.pk)
    with django_assert_max_num_queries(11):
        sheets.sheet_mark(actor=circle.facilitator, sheet=circle.sheet, person=regulars[0], value="present")
    with django_assert_max_num_queries(15):
        sheets.sheet_close(actor=circle.facilitator, sheet=circle.sheet, marks={regulars[1]: "late"}, rest="absent")
    with django_assert_max_num_queries(11):
        sheets.sheet_correct(actor=circle.facilitator, sheet=circle.sheet, marks=dict.fromkeys(regulars[1:], "present"))


def test_lists_owed_are_begun_not_closed_not_cancelled_and_mine(circle):
    named, second = make_member(), make_member()
    for person in (named, second):
        join(circle.group, person, role="facilitator")
    assert [owed.sheet_id for owed in open_lists.sheets_owed(circle.facilitator, AFTER)] == [circle.sheet.pk]
    assert open_lists.sheets_owed(circle.facilitator, NOW - HOUR) == []
    assert open_lists.sheets_owed(make_regular(circle), AFTER) == []
    circle.occurrence.on_duty = named
    circle.occurrence.save(update_fields=["on_duty"])
    assert open_lists.sheets_owed(second, AFTER) == []
    assert len(open_lists.sheets_owed(named, AFTER)) == 1
    sheets.sheet_close(actor=circle.facilitator, sheet=circle.sheet, rest="unknown")
    assert open_lists.sheets_owed(named, AFTER) == []


def test_ones_own_record_shows_who_wrote_what(circle):
    member = make_regular(circle)
    sheets.sheet_close(actor=circle.facilitator, sheet=circle.sheet, rest="absent")
    sheets.sheet_correct(actor=circle.facilitator, sheet=circle.sheet, marks={member: "present"})
    (entry,) = attendance.own_record(member)
    assert (entry.value, entry.title) == ("present", "Thursday circle")
    assert [(write.before, write.after, write.by) for write in entry.writes] == [
        (None, "absent", circle.facilitator),
        ("absent", "present", circle.facilitator),
    ]
