"""When messages go, whose answers count, and what is looked at again at the send (docs/rules.md, section 4)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ground.wall import to_utc
from ground.windows import next_allowed
from support.streaks import (
    NEEDS,
    Answer,
    Contact,
    Level1Due,
    MessageKind,
    NudgeFacts,
    Purpose,
    Reason,
    Standing,
    check_closing,
    check_final_notice,
    check_heads_up,
    check_nudge,
    check_reminder,
    check_soft_note,
    level1_due,
    level2_due,
    mass_error,
    overdue,
    reachable,
    reminder_due,
    search_over,
    soft_retry_delay,
    standing,
    suggested_threshold,
    take_up_now,
    take_up_order,
    withdrawn_by_revoking,
)
from tests.support.playing import BEFORE, DAY, HOUR, berlin

SECOND = timedelta(seconds=1)
FINAL = berlin(2026, 1, 15, 20, 35)
GRACE = DAY
NUDGED = FINAL + GRACE
SAM = Contact(accepted_at=BEFORE, nudged_at=NUDGED)
KIM = Contact(accepted_at=BEFORE, nudged_at=NUDGED + HOUR)


def first(last=None, final=FINAL, grace=GRACE):
    return level1_due(final_attempt=final, grace=grace, last_nudge_handed_over_at=last)


def second(*level1, reached=False, final=FINAL, grace=GRACE):
    return level2_due(final_attempt=final, grace=grace, level1=level1, reached=reached)


def saying(contact, *answers):
    return replace(contact, answers=tuple(answers))


def after(hours):
    return NUDGED + hours * HOUR


# Level 1


def window(due, zone):
    return next_allowed(due, zone, 8 * 60, 21 * 60)


def test_the_zones_of_the_worked_example():
    due = first().at
    assert window(due, "Europe/Berlin") == berlin(2026, 1, 16, 20, 35)
    assert window(due, "America/New_York") == to_utc(datetime(2026, 1, 16, 14, 35), "America/New_York") == due
    assert window(due, "Australia/Sydney") == to_utc(datetime(2026, 1, 17, 8), "Australia/Sydney")


def test_the_grace_is_elapsed_time_over_the_change_to_summer_time():
    """Sat 28 Mar 20:00 CET + 24 h is Sun 21:00 CEST, the window's end, so Monday 08:00."""
    due = first(final=berlin(2026, 3, 28, 20)).at
    assert due == berlin(2026, 3, 29, 21)
    assert window(due, "Europe/Berlin") == berlin(2026, 3, 30, 8)


def test_a_final_notice_of_a_late_evening_counts_its_grace_from_the_morning_it_went():
    went = window(berlin(2026, 1, 15, 22, 10), "Europe/Berlin")
    assert first(final=went).at == berlin(2026, 1, 17, 8)


def test_the_attempt_may_be_given_in_any_zone():
    from zoneinfo import ZoneInfo

    local = datetime(2026, 3, 28, 20, tzinfo=ZoneInfo("Europe/Berlin"))
    assert first(final=local).at == berlin(2026, 3, 29, 21)


@pytest.mark.parametrize(
    ("last", "due"),
    [
        (NUDGED - 7 * DAY, Level1Due(NUDGED, waits=False)),
        (NUDGED - 7 * DAY + SECOND, Level1Due(NUDGED + SECOND, waits=True)),
        (NUDGED - 100 * DAY, Level1Due(NUDGED, waits=False)),
        (FINAL, Level1Due(FINAL + 7 * DAY, waits=True)),
    ],
)
def test_a_supporter_gets_one_level_1_nudge_about_a_member_in_seven_days(last, due):
    assert first(last) == due


# Answers


def test_the_latest_of_claim_and_cannot_counts_and_repeating_keeps_its_time():
    claim, cannot = Answer.CLAIM, Answer.CANNOT
    assert standing([(after(1), claim), (after(5), claim)]) == Standing(claim_at=after(1))
    assert standing([(after(1), cannot), (after(5), cannot)]) == Standing(cannot_at=after(1))
    back = standing([(after(1), claim), (after(2), cannot)])
    assert back == Standing(cannot_at=after(2), taken_back_at=after(2))
    again = standing([(after(1), claim), (after(2), cannot), (after(3), claim)])
    assert (again.claim_at, again.cannot_at) == (after(3), None)
    assert standing([]) == Standing()


@pytest.mark.parametrize("how", [Answer.STOP, Answer.DECLINE])
def test_stop_and_decline_take_a_claim_back(how):
    assert standing([(after(1), Answer.CLAIM), (after(2), how)]) == Standing(taken_back_at=after(2))
    assert standing([(after(2), how)]) == Standing()


def test_answers_count_in_order_of_time_however_they_are_read():
    assert standing([(after(2), Answer.CANNOT), (after(1), Answer.CLAIM)]).cannot_at == after(2)


def test_i_reached_them_ends_the_search_for_good_and_leaves_a_claim_as_it_is():
    answers = [(after(1), Answer.CLAIM), (after(2), Answer.REACHED), (after(3), Answer.CANNOT)]
    assert search_over(answers)
    assert not search_over(answers[:1])
    assert standing(answers[:2]).claim_at == after(1)


def test_a_claimer_is_reminded_48_hours_after_the_claim_that_stands_and_once():
    claimed = standing([(after(1), Answer.CLAIM), (after(2), Answer.CANNOT), (after(3), Answer.CLAIM)])
    assert reminder_due(claimed, reminded=False) == after(3 + 48)
    assert reminder_due(claimed, reminded=True) is None
    assert reminder_due(Standing(cannot_at=after(1), taken_back_at=after(1)), reminded=False) is None


# Level 2


def test_level_2_is_due_24_hours_after_the_first_nudge_that_did_not_bounce():
    assert second(SAM, KIM) == NUDGED + DAY
    bounced = replace(SAM, nudged_at=None, out_at=NUDGED)
    assert second(bounced, KIM) == NUDGED + HOUR + DAY


def test_level_2_is_not_due_while_no_nudge_went_and_somebody_may_answer():
    assert second(replace(SAM, nudged_at=None)) is None


def test_level_2_is_due_at_once_when_every_reachable_supporter_cannot():
    cannot = saying(SAM, (after(2), Answer.CANNOT))
    assert second(cannot) == after(2)
    assert second(cannot, saying(KIM, (after(5), Answer.CANNOT))) == after(5)
    assert second(cannot, KIM) == NUDGED + DAY
    assert second(cannot, replace(KIM, out_at=after(3))) == after(3)
    assert second(replace(cannot, out_at=after(9))) == after(2)


def test_level_2_is_due_with_the_grace_when_nobody_of_level_1_can_be_reached():
    never = Contact(accepted_at=None)
    too_late = Contact(accepted_at=FINAL)
    gone = Contact(accepted_at=BEFORE, out_at=FINAL - DAY)
    for level1 in ((), (never,), (too_late, gone)):
        assert second(*level1) == FINAL + GRACE
    assert second(never, replace(SAM, nudged_at=None)) is None


def test_a_claim_of_level_1_holds_level_2_until_72_hours_after_the_earliest_that_stands():
    sam, kim = saying(SAM, (after(2), Answer.CLAIM)), saying(KIM, (after(4), Answer.CLAIM))
    assert second(sam, kim) == after(2 + 72)
    sam = saying(SAM, (after(2), Answer.CLAIM), (after(10), Answer.CANNOT))
    assert second(sam, kim) == after(4 + 72)


@pytest.mark.parametrize(("hours", "due"), [(5, 24), (30, 30)])
def test_a_claim_taken_back_lets_the_day_count_again_at_the_earliest_at_once(hours, due):
    back = saying(SAM, (after(2), Answer.CLAIM), (after(hours), Answer.CANNOT))
    assert second(back, KIM) == after(due)


def test_a_stop_after_a_claim_takes_it_back_too():
    stopped = replace(saying(SAM, (after(2), Answer.CLAIM), (after(40), Answer.STOP)), out_at=after(40))
    assert second(stopped, KIM) == after(40)
    assert second(stopped) == after(40)


def test_i_reached_them_from_anybody_means_no_level_2():
    assert second(SAM, reached=True) is None
    assert second(saying(SAM, (after(1), Answer.REACHED)), KIM) is None


def test_after_a_further_final_notice_level_2_waits_for_its_grace():
    further = NUDGED + 5 * DAY
    assert second(saying(SAM, (after(2), Answer.CANNOT)), final=further) == further + GRACE


def test_level_2_is_never_before_the_grace():
    stopped = Contact(accepted_at=BEFORE, out_at=FINAL + HOUR)
    assert second(stopped, grace=72 * HOUR) == FINAL + 72 * HOUR


def test_reachable_is_accepted_before_the_attempt_and_not_out():
    assert reachable(SAM, FINAL)
    assert not reachable(replace(SAM, accepted_at=FINAL), FINAL)
    assert not reachable(replace(SAM, accepted_at=None), FINAL)
    assert not reachable(replace(SAM, out_at=after(1)), FINAL)


# At the send

GOOD = NudgeFacts(
    episode_open=True,
    decision_stands=True,
    paused=False,
    rule_on=True,
    hushed=False,
    search_over=False,
    final_attempt=FINAL,
    grace=GRACE,
    contact=SAM,
    in_level=True,
    consent=True,
)


def test_a_nudge_goes_when_all_of_4_7_holds():
    assert check_nudge(GOOD, NUDGED) is None


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"episode_open": False}, Reason.EPISODE_ENDED),
        ({"decision_stands": False}, Reason.DECISION_VOID),
        ({"paused": True}, Reason.PAUSED),
        ({"rule_on": False}, Reason.RULE_OFF),
        ({"hushed": True}, Reason.HUSHED),
        ({"search_over": True}, Reason.SEARCH_OVER),
        ({"final_attempt": None}, Reason.BEFORE_GRACE),
        ({"grace": GRACE + SECOND}, Reason.BEFORE_GRACE),
        ({"contact": replace(SAM, accepted_at=None)}, Reason.NOT_ACCEPTED),
        ({"contact": replace(SAM, accepted_at=FINAL)}, Reason.NOT_ACCEPTED),
        ({"in_level": False}, Reason.NOT_IN_LEVEL),
        ({"contact": replace(SAM, out_at=FINAL)}, Reason.UNREACHABLE),
        ({"consent": False}, Reason.NO_CONSENT),
    ],
)
def test_a_nudge_or_reminder_that_lacks_one_thing_is_suppressed_with_its_reason(changed, reason):
    lacking = replace(GOOD, **changed)
    assert check_nudge(lacking, NUDGED) is reason
    # the grace has nothing to say of a reminder: it may stand beside a further notice
    expected = None if reason is Reason.BEFORE_GRACE else reason
    assert check_reminder(lacking, NUDGED, claim_stands=True) is expected


def test_a_reminder_needs_a_claim_that_stands():
    assert check_reminder(GOOD, after(50), claim_stands=True) is None
    assert check_reminder(GOOD, after(50), claim_stands=False) is Reason.NO_CLAIM


def test_what_the_members_own_messages_need():
    assert [check_soft_note(s) for s in (0, 1)] == [Reason.STREAK_LOWER, None]
    assert [check_heads_up(s, 3) for s in (1, 2, 3)] == [Reason.STREAK_LOWER, None, None]
    assert check_final_notice(decision_stands=True, paused=True) is None
    assert check_final_notice(decision_stands=False) is Reason.DECISION_VOID
    assert check_final_notice(decision_stands=True, further=True, paused=True) is Reason.PAUSED


@pytest.mark.parametrize(
    ("kind", "changed", "reason"),
    [
        (MessageKind.RETRACTION, {}, None),
        (MessageKind.RETRACTION, {"consents": {Purpose.BACK_IN_TOUCH}}, Reason.NO_CONSENT),
        (MessageKind.BACK_IN_TOUCH, {}, Reason.NO_CONSENT),
        (MessageKind.BACK_IN_TOUCH, {"consents": {Purpose.BACK_IN_TOUCH}}, Reason.NO_CONSENT),
        (MessageKind.BACK_IN_TOUCH, {"consents": set(Purpose)}, None),
        (MessageKind.RETRACTION, {"accepted": False}, Reason.NOT_ACCEPTED),
        (MessageKind.BACK_IN_TOUCH, {"reachable": False}, Reason.UNREACHABLE),
        (MessageKind.APOLOGY, {"accepted": False, "reachable": False, "consents": set()}, None),
    ],
)
def test_what_closing_messages_need(kind, changed, reason):
    given = {"accepted": True, "reachable": True, "consents": {Purpose.ABSENCE}} | changed
    assert check_closing(kind, **given) is reason


def test_revoking_a_consent_withdraws_the_messages_that_need_it():
    assert withdrawn_by_revoking(Purpose.ABSENCE) == set(NEEDS)
    assert withdrawn_by_revoking(Purpose.BACK_IN_TOUCH) == {MessageKind.BACK_IN_TOUCH}


# Many, late, and broken


def test_the_twenty_first_nudge_of_a_group_within_an_hour_is_held():
    twenty = [NUDGED + n * SECOND for n in range(20)]
    at = NUDGED + 30 * SECOND
    assert mass_error(at, twenty)
    assert not mass_error(at, twenty[:19])
    assert mass_error(NUDGED, [NUDGED] * 20)
    assert not mass_error(NUDGED + HOUR, twenty)
    assert mass_error(NUDGED + HOUR - SECOND, twenty)


def test_what_is_due_is_taken_up_in_the_order_of_4_6():
    def item(**changed):
        whole = {"due": NUDGED, "member": "dana", "group": "", "recipient": "sam", "kind": "nudge", "level": 1}
        return take_up_order(**(whole | changed))

    queue = [
        item(due=NUDGED - SECOND, member="zoe"),
        item(group="", recipient="kim"),
        item(kind="final_notice", level=None),
        item(),
        item(level=2),
        item(group="g1"),
        item(member="eve"),
    ]
    assert sorted([*queue[3:], *queue[:3]]) == queue


def test_a_nudge_is_overdue_when_more_than_72_hours_late():
    assert not overdue(NUDGED, NUDGED + 72 * HOUR)
    assert overdue(NUDGED, NUDGED + 72 * HOUR + SECOND)


def test_after_an_outage_only_a_nudge_more_than_72_hours_late_is_taken_up_outside_the_window():
    night, morning = berlin(2026, 1, 20, 2), berlin(2026, 1, 20, 8)

    def taken(due, **changed):
        return take_up_now(**({"nudge": True, "due": due, "now": night, "next_allowed": morning} | changed))

    assert taken(NUDGED)
    assert not taken(night - 72 * HOUR)
    assert not taken(NUDGED, nudge=False)
    assert taken(night - HOUR, next_allowed=night)
    assert not taken(night + SECOND, next_allowed=night)


def test_a_soft_error_is_tried_again_after_1_5_and_30_minutes_and_2_hours_then_it_is_a_hard_one():
    minutes = [soft_retry_delay(n) for n in range(1, 6)]
    assert minutes == [timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), 2 * HOUR, None]
    with pytest.raises(ValueError, match="number 1"):
        soft_retry_delay(0)


def test_the_suggested_threshold_is_3_from_two_meetings_a_week_on():
    assert [suggested_threshold(n) for n in (0, 1, 1.9, 2, 5)] == [2, 2, 2, 3, 3]


def test_a_moment_without_zone_is_refused():
    with pytest.raises(ValueError, match="zone is missing"):
        first(final=datetime(2026, 1, 1))
    assert first(final=datetime(2026, 1, 1, tzinfo=UTC)).at == datetime(2026, 1, 2, tzinfo=UTC)
