"""The roster, by name for each thing that the helpline systems of today get wrong, and by property."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from hypothesis import given
from hypothesis import strategies as st

from cravings import selectors, services, shifts
from cravings.models import GapWarning, Shift, ShiftMember
from cravings.services import ShiftIn
from delivery.kinds import kind_of
from delivery.models import Delivery
from ground import clock
from ground.errors import Conflict, Settled
from ground.wall import to_wall
from tests.cravings.circle_of_four import MINUTE, SECOND, claim, make_responder, make_story, offered, sent_to, tick
from tests.cravings.on_call import ZONE, make_shift, put_on
from tests.people_of_the_story import DAY, HOUR, NOW, make_member

pytestmark = pytest.mark.django_db
THURSDAY = NOW.date()  # 2026-01-15, 19:00 in Berlin
WEEK = 7 * DAY


def berlin(day, hour, minute=0):
    return shifts.to_utc(datetime.combine(day, time(hour, minute)), ZONE)


def on_call(at, duty="peer"):
    return selectors.on_call_now(at, duty)


# --- what others get wrong -----------------------------------------------------------------------------------


def test_a_shift_over_midnight_matches_on_both_sides_of_it():
    nurse = make_member("Nurse")
    put_on(make_shift(time(22), 8 * 60), nurse)
    friday = THURSDAY + DAY
    for moment in (berlin(THURSDAY, 22), berlin(THURSDAY, 23, 59), berlin(friday, 0), berlin(friday, 5, 59)):
        assert on_call(moment) == [nurse.pk]
    for moment in (berlin(THURSDAY, 21, 59), berlin(friday, 6), berlin(friday, 22), berlin(THURSDAY, 3)):
        assert on_call(moment) == []


def test_a_shift_from_sunday_night_reaches_into_monday_over_the_weeks_end():
    nurse = make_member("Nurse")
    put_on(make_shift(time(22), 8 * 60, weekday=6), nurse)
    assert on_call(berlin(date(2026, 1, 19), 5)) == [nurse.pk]  # a Monday


def test_a_shift_keeps_its_own_zone_whatever_zone_anybody_else_is_in():
    berliner, yorker = make_member("Ber"), make_member("Yor", zone="America/New_York")
    put_on(make_shift(time(20), 120), berliner)
    put_on(make_shift(time(20), 120, zone="America/New_York"), yorker)
    assert on_call(datetime(2026, 1, 15, 19, 30, tzinfo=UTC)) == [berliner.pk]
    assert on_call(datetime(2026, 1, 16, 1, 30, tzinfo=UTC)) == [yorker.pk]
    assert on_call(datetime(2026, 1, 15, 19, 30, tzinfo=UTC)) == [berliner.pk]  # asking changed nothing


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 3, 28), 7), (date(2026, 10, 24), 9), (date(2026, 3, 21), 8)],
    ids=["spring: an hour is missing", "autumn: an hour comes twice", "any other night"],
)
def test_in_the_night_when_clocks_change_a_shift_still_starts_and_ends_by_the_clock_on_the_wall(day, hours):
    nurse = make_member("Nurse")
    put_on(make_shift(time(22), 8 * 60, weekday=5), nurse)
    (turn,) = shifts.turns(selectors.roster.plans(), berlin(day, 12), berlin(day + DAY, 12))
    assert turn.ends - turn.starts == hours * HOUR
    assert to_wall(turn.ends, ZONE) == datetime.combine(day + DAY, time(6))
    for moment in (turn.starts, turn.starts + 4 * HOUR, turn.ends - MINUTE):
        assert on_call(moment) == [nurse.pk]


def test_a_person_who_is_with_somebody_already_is_not_rung():
    member, _responder, outsider, _group = make_story()
    nurse = make_member("Nurse")
    put_on(make_shift(time(0), 1440, zone="UTC"), nurse)
    claim(nurse, offered(member), NOW + 110 * SECOND)
    other = offered(outsider, NOW + 2 * MINUTE)
    assert nurse not in sent_to(other)


def test_with_nobody_on_call_it_does_not_ring_for_ever_but_says_so_and_pages_the_coordinator(coco):
    member = make_member("Dana")
    made = offered(member)
    assert selectors.press_current(member, NOW + 4 * MINUTE).nobody
    for minute in range(1, 40):
        tick(NOW + minute * MINUTE)
    made.refresh_from_db()
    assert (made.state, sent_to(made), sent_to(made, "craving_page")) == ("unanswered", [], [coco])


def test_gaps_are_warned_of_a_week_and_a_day_ahead_once_each_and_not_when_somebody_took_it(coco):
    shift = make_shift(time(22), 8 * 60, weekday=5)  # Saturdays, nobody on it
    tick(NOW)
    tick(NOW + HOUR)
    tick(NOW + 2 * HOUR)
    assert list(GapWarning.objects.values_list("ahead", flat=True)) == ["week"]
    night = berlin(THURSDAY + 2 * DAY, 22)
    tick(night - DAY)
    tick(night - DAY + HOUR)
    assert sorted(GapWarning.objects.filter(starts_at=night).values_list("ahead", flat=True)) == ["day", "week"]
    message = Delivery.objects.filter(kind="roster_gap", recipient=coco).order_by("pk").first()
    check = kind_of("roster_gap").check
    assert check(message, NOW) is None
    put_on(shift, make_member("Nurse"))
    assert check(message, NOW) == "somebody is there now"


@pytest.mark.parametrize("staffed", [(0, 0), (8 * 60, 22 * 60)], ids=["round the clock", "by day"])
def test_hours_without_a_shift_are_warned_of_once_each_day_and_not_at_every_look(staffed, coco):
    with clock.frozen(NOW):
        services.rota_set(actor=coco, zone=ZONE, staffed=staffed)
    for half_hours in range(48):
        tick(NOW + half_hours * HOUR / 2)
    warned = Delivery.objects.filter(kind="roster_gap").count()
    assert 1 <= warned <= 3
    assert GapWarning.objects.filter(ahead="day").count() <= 3  # what is left of today, tomorrow, the day after


@pytest.mark.usefixtures("coco")
def test_two_shifts_that_end_at_the_same_time_are_two_gaps():
    make_shift(time(20), 240, weekday=5)
    tick(NOW)
    make_shift(time(22), 120, weekday=5)
    tick(NOW + HOUR)
    assert GapWarning.objects.count() == 2


def test_hours_that_should_be_staffed_and_have_no_shift_at_all_are_a_gap(coco):
    nurse = make_member("Nurse")
    services.rota_set(actor=coco, zone=ZONE, staffed=(20 * 60, 6 * 60))
    put_on(make_shift(time(20), 5 * 60), nurse)
    gaps = selectors.gaps_ahead(berlin(THURSDAY, 12), DAY)
    assert [(gap.starts, gap.ends, gap.shift) for gap in gaps] == [
        (berlin(THURSDAY + DAY, 1), berlin(THURSDAY + DAY, 6), None)
    ]


def test_on_a_dated_holiday_the_shift_is_off_or_has_other_hours(coco):
    nurse = make_member("Nurse")
    shift = make_shift(time(20), 120)
    put_on(shift, nurse)
    next_one, after = THURSDAY + WEEK, THURSDAY + 2 * WEEK
    services.shift_day_set(actor=coco, shift_id=shift.pk, on=next_one, off=True)
    services.shift_day_set(actor=coco, shift_id=shift.pk, on=after, start=time(10), end=time(12))
    assert on_call(berlin(THURSDAY, 20)) == [nurse.pk]
    assert on_call(berlin(next_one, 20)) == []
    assert (on_call(berlin(after, 20)), on_call(berlin(after, 11))) == ([], [nurse.pk])
    services.shift_day_set(actor=coco, shift_id=shift.pk, on=next_one)  # as every week
    assert on_call(berlin(next_one, 20)) == [nurse.pk]
    with pytest.raises(ValidationError):
        services.shift_day_set(actor=coco, shift_id=shift.pk, on=THURSDAY + DAY, off=True)


def test_one_date_alone_can_have_a_shift_of_its_own(coco):
    nurse = make_member("Nurse")
    make_responder(nurse)
    eve = date(2026, 12, 24)
    given_in = ShiftIn(eve.weekday(), time(18), time(2), ZONE, since=eve, until=eve)
    shift = services.shift_make(actor=coco, given=given_in)
    services.shift_join(actor=coco, shift_id=shift.pk, person=nurse, since=THURSDAY)
    assert on_call(berlin(eve + DAY, 1)) == [nurse.pk]
    assert on_call(berlin(eve + WEEK, 19)) == []


def test_a_swap_between_members_holds_for_that_date_and_until_it_is_taken_it_stays_theirs():
    nurse, other, third = make_member("Nurse"), make_member("Other"), make_member("Third")
    shift = make_shift(time(20), 120)
    put_on(shift, nurse)
    put_on(make_shift(time(9), 60, weekday=0), other, third)
    on = THURSDAY + WEEK
    with clock.frozen(NOW):
        swap = services.swap_ask(actor=nurse, shift_id=shift.pk, on=on)
        assert services.swap_ask(actor=nurse, shift_id=shift.pk, on=on) == swap
        asked = Delivery.objects.filter(kind="shift_wanted")
        assert {one.recipient for one in asked} == {other, third}
        assert on_call(berlin(on, 20)) == [nurse.pk]
        assert [one.id for one in selectors.swaps_open(other, NOW)] == [swap.pk]
        with pytest.raises(Conflict):
            services.swap_take(actor=nurse, swap_id=swap.pk)
        services.swap_take(actor=other, swap_id=swap.pk)
        with pytest.raises(Settled):
            services.swap_take(actor=third, swap_id=swap.pk)
        with pytest.raises(Settled):
            services.swap_withdraw(actor=nurse, swap_id=swap.pk)
        assert on_call(berlin(on, 20)) == [other.pk]
        assert on_call(berlin(on + WEEK, 20)) == [nurse.pk]
        onward = services.swap_ask(actor=other, shift_id=shift.pk, on=on)  # and it can be given on
        services.swap_take(actor=third, swap_id=onward.pk)
        assert on_call(berlin(on, 20)) == [third.pk]
        assert Delivery.objects.filter(kind="shift_taken").count() == 2


def test_a_swap_that_nobody_took_can_be_taken_back():
    nurse = make_member("Nurse")
    shift = make_shift(time(20), 120)
    put_on(shift, nurse)
    with clock.frozen(NOW):
        swap = services.swap_ask(actor=nurse, shift_id=shift.pk, on=THURSDAY)
        assert selectors.turns_of(nurse, NOW)[0].asks == swap.pk
        services.swap_withdraw(actor=nurse, swap_id=swap.pk)
        assert selectors.turns_of(nurse, NOW)[0].asks is None
    assert on_call(berlin(THURSDAY, 20)) == [nurse.pk]


def test_several_people_have_one_shift_and_each_sees_their_own():
    one, two = make_member("One"), make_member("Two")
    shift = make_shift(time(18), 180, wanted=3)
    put_on(shift, one, two)
    assert on_call(berlin(THURSDAY, 19)) == [one.pk, two.pk]
    (gap, *_) = selectors.gaps_ahead(NOW - DAY, DAY + HOUR)
    assert gap.missing == 1
    mine = selectors.turns_of(one, NOW)
    assert (mine[0].on_now, mine[0].with_others) == (True, 1)
    with clock.frozen(NOW):
        services.shift_part(actor=one, shift_id=shift.pk, person=one)
    assert on_call(berlin(THURSDAY + WEEK, 19)) == [two.pk]


def test_an_outsider_changes_nothing_on_the_roster():
    shift, who = make_shift(time(18), 180), make_member("Out")
    acts = [
        lambda: services.shift_make(actor=who, given=ShiftIn(0, time(1), time(2), ZONE, since=THURSDAY)),
        lambda: services.shift_end(actor=who, shift_id=shift.pk, last=THURSDAY),
        lambda: services.shift_join(actor=who, shift_id=shift.pk, person=who),
        lambda: services.shift_day_set(actor=who, shift_id=shift.pk, on=THURSDAY, off=True),
        lambda: services.rota_set(actor=who, zone=ZONE, staffed=None),
        lambda: services.swap_ask(actor=who, shift_id=shift.pk, on=THURSDAY),
    ]
    for act in acts:
        with clock.frozen(NOW), pytest.raises(PermissionDenied):
            act()
    assert (ShiftMember.objects.count(), Shift.objects.count()) == (0, 1)


def test_a_peers_shift_is_for_people_who_may_answer(coco):
    plain = make_member("Plain")
    with pytest.raises(ValidationError):
        services.shift_join(actor=coco, shift_id=make_shift(time(18), 60).pk, person=plain)


def test_a_date_that_somebody_cannot_is_shown_and_told_only_to_those_who_may_take_it():
    lead, other, plain = make_member("Lead"), make_member("Other"), make_member("Plain")
    put_on(make_shift(time(20), 120, duty="lead"), lead)
    put_on(make_shift(time(9), 60, weekday=0, duty="lead"), other)
    make_responder(plain)
    with clock.frozen(NOW):
        swap = services.swap_ask(actor=lead, shift_id=lead.shifts.get().shift_id, on=THURSDAY + WEEK)
        assert [one.id for one in selectors.swaps_open(other, NOW)] == [swap.pk]
        assert selectors.swaps_open(plain, NOW) == []
        with pytest.raises(PermissionDenied):
            services.swap_take(actor=plain, swap_id=swap.pk)
        message, check = Delivery.objects.get(kind="shift_wanted"), kind_of("shift_wanted").check
        assert message.recipient == other
        assert check(message, NOW) is None
        assert check(message, NOW + 2 * WEEK) == "over"
        services.shift_part(actor=other, shift_id=other.shifts.get().shift_id, person=other)
        assert check(message, NOW) == "may not take it"


def test_who_is_on_call_is_read_in_five_statements_whatever_the_roster_holds(django_assert_num_queries):
    for hour in range(20):
        put_on(make_shift(time(hour), 120), make_member(f"P{hour}"))
    with django_assert_num_queries(5):
        selectors.on_call_now(NOW, "peer")


# --- by property ---------------------------------------------------------------------------------------------

zones = st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"])
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(lambda at: at.replace(tzinfo=UTC))


@st.composite
def plan(draw):
    return shifts.Plan(
        id=1,
        duty="peer",
        weekday=draw(st.integers(0, 6)),
        start=draw(st.times()).replace(second=0, microsecond=0),
        minutes=draw(st.integers(15, 1440)),
        zone=draw(zones),
        since=date(2025, 1, 1),
        people=(shifts.Span(7, date(2025, 1, 1)),),
    )


@given(plan(), moments)
def test_a_shift_comes_once_a_week_and_never_lasts_longer_than_its_wall_time_and_an_hour(one, at):
    found = shifts.turns([one], at, at + WEEK * 4)
    assert 4 <= len(found) <= 5
    for turn in found:
        assert to_wall(turn.starts, one.zone).weekday() in {one.weekday, (one.weekday + 1) % 7}
        assert abs((turn.ends - turn.starts) - timedelta(minutes=one.minutes)) <= HOUR


@given(plan(), moments)
def test_whoever_asks_at_any_moment_gets_the_turn_that_covers_it(one, at):
    turn = shifts.turns([one], at, at + WEEK + DAY)[0]
    for moment in (turn.starts, turn.starts + (turn.ends - turn.starts) / 2, turn.ends - timedelta(seconds=1)):
        assert [found.on for found in shifts.on_call([one], moment)] == [turn.on]
    assert not [found for found in shifts.on_call([one], turn.ends) if found.on == turn.on]


@given(st.lists(plan(), max_size=5), moments, st.integers(0, 1439), st.integers(0, 1440), zones)
def test_wished_hours_are_covered_or_a_gap_and_never_both(plans, at, start, until, zone):
    end = at + 3 * DAY
    staffed = shifts.Staffed(zone, start, until)
    gaps = [(gap.starts, gap.ends) for gap in shifts.gaps(plans, staffed, at, end) if gap.shift is None]
    wished = shifts.staffed_spans(staffed, at, end)
    stands = shifts.joined((turn.starts, turn.ends) for turn in shifts.turns(plans, at, end))
    for starts, ends in gaps:
        assert not shifts.without([(starts, ends)], wished)
        assert shifts.without([(starts, ends)], stands) == [(starts, ends)]
    left = shifts.without(wished, shifts.joined([*stands, *gaps]))
    assert left == []
