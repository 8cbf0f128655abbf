"""What is a HIT, a MISS or neither, and the streak (docs/rules.md, sections 1, 2 and the first table of 7)."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from support.streaks import (
    Commitment,
    Decision,
    Kind,
    Mark,
    Membership,
    Record,
    SelfLog,
    Snapshot,
    Span,
    classify,
    decision_stands,
    expected,
    horizon,
    snapshot,
    streak_at,
)
from tests.support.playing import BEFORE, DAY, HOUR, Played, berlin, facts, mark, meeting

ROOT = Path(__file__).resolve().parents[2]
SECOND = timedelta(seconds=1)
NOTE, UP, FINAL, NUDGE, BACK = "soft_note", "heads_up", "final_notice", "nudge", "back_in_touch"


def count(what, at, group=None):
    return streak_at(snapshot(what, group=group), at).count


# The first table of section 7


@pytest.mark.parametrize(
    ("marks", "streak", "messages"),
    [
        ("P A P A", 1, [NOTE, NOTE]),
        ("P A A", 2, [NOTE, UP]),
        ("P A A A", 3, [NOTE, UP, FINAL, NUDGE]),
        ("P A A ? A", 3, [NOTE, UP, FINAL, NUDGE]),
        ("P A E A", 2, [NOTE, UP]),
        ("P A A C A", 3, [NOTE, UP, FINAL, NUDGE]),
        ("P A A L", 0, [NOTE, UP]),
        ("P A A A A A", 5, [NOTE, UP, FINAL, NUDGE]),
        ("P A A A P A A A", 3, [NOTE, UP, FINAL, NUDGE, BACK, NOTE, UP, FINAL, NUDGE]),
        ("A A Z Z Z A", 3, [NOTE, UP, FINAL, NUDGE]),
        ("? ? ?", 0, []),
        ("E E E E", 0, []),
    ],
)
def test_the_marks_in_order_give_the_streak_and_the_messages_of_the_table(marks, streak, messages):
    dana = Played().marks(marks)
    assert (dana.streak, dana.said()) == (streak, messages)


def test_a_pause_ends_the_episode_silently_and_the_first_new_miss_after_it_opens_one():
    dana = Played().marks("A A Z Z Z")
    assert (dana.endings, dana.episode) == (["paused"], None)
    dana.marks("A", first_week=5)
    assert dana.episode.decision.deciding_start == meeting(5)


def test_absences_before_joining_do_not_count():
    dana = Played()
    dana.facts = facts(since=meeting(1) + DAY)
    dana.marks("- - A A A")
    assert (dana.streak, dana.said()) == (3, [NOTE, UP, FINAL, NUDGE])


def test_two_groups_in_scope_group_are_two_stories():
    one, two = Played(scope_group=1), Played(scope_group=2)
    for dana in (one, two):
        dana.marks("A", group=1)
        dana.marks("P", group=2)
        dana.marks("A", group=1, first_week=1)
        dana.marks("A", group=2, first_week=1)
    assert (one.streak, one.said()) == (2, [NOTE, UP])
    assert (two.streak, two.said()) == (1, [NOTE])


def test_two_groups_in_scope_any_are_one_story():
    dana = Played()
    dana.marks("A", group=1)
    dana.marks("P", group=2)
    dana.marks("A", group=1, first_week=1)
    dana.marks("A", group=2, first_week=1)
    assert (dana.streak, dana.said()) == (2, [NOTE, NOTE, UP])


@pytest.mark.parametrize(("n", "marks", "messages"), [(1, "P A", [FINAL, NUDGE]), (2, "P A A", [UP, FINAL, NUDGE])])
def test_a_low_threshold_skips_the_gentler_words(n, marks, messages):
    assert Played(threshold=n).marks(marks).said() == messages


def test_four_absences_entered_at_once_are_one_final_notice_and_no_burst():
    """The sheets were closed in time, without a mark for Dana: 2.5 looks at the first closing."""
    dana = Played().marks("? ? ? ?")
    dana.correct(meeting(3) + DAY, *(mark(week, "absent") for week in range(4)))
    assert (dana.streak, dana.said()) == (4, [FINAL])


def test_four_sheets_closed_at_once_within_14_days_are_one_final_notice():
    dana = Played()
    dana.close(*(mark(week, "absent", group) for week in (0, 1) for group in (1, 2)))
    assert (dana.streak, dana.said()) == (4, [FINAL])


def test_of_four_weekly_sheets_closed_at_once_only_those_of_the_last_14_days_count():
    dana = Played()
    dana.close(*(mark(week, "absent") for week in range(4)))
    assert (dana.streak, dana.said()) == (2, [UP])


# What is a HIT, what a MISS


def test_an_absence_of_an_expected_person_on_a_closed_sheet_is_a_miss():
    assert classify(mark(0, "absent"), facts()) is Kind.MISS


@pytest.mark.parametrize("value", ["present", "late", "online"])
@pytest.mark.parametrize("odd", [{"closed": False}, {"cancelled": True}, {"group": 7, "meeting": 70}])
def test_coming_always_counts_also_on_an_open_sheet_cancelled_paused_or_as_no_member(value, odd):
    paused = facts(pauses=(Span(BEFORE),), rule=())
    assert classify(mark(0, value, **odd), paused) is Kind.HIT


@pytest.mark.parametrize("value", ["excused", None])
def test_excused_and_no_mark_are_neutral(value):
    assert classify(mark(0, value), facts()) is Kind.NEUTRAL


@pytest.mark.parametrize(
    ("marked", "known"),
    [
        (mark(0, "absent", closed=False), facts()),
        (mark(0, "absent", cancelled=True), facts()),
        (mark(0, "absent"), facts(pauses=(Span(meeting(0) - DAY, meeting(0) + DAY),))),
        (mark(0, "absent"), facts(memberships=())),
        (mark(0, "absent"), facts(commitments=())),
        (mark(0, "absent"), facts(rule=())),
        (mark(0, "absent"), facts(since=meeting(0) + SECOND)),
        (mark(0, "absent"), facts(commitments=(Commitment(20, Span(BEFORE)),))),
    ],
    ids=["open sheet", "cancelled", "paused", "no member", "no commitment", "no rule", "joined later", "other meeting"],
)
def test_an_absence_that_fails_one_condition_is_neutral(marked, known):
    assert classify(marked, known) is Kind.NEUTRAL


def test_misses_of_an_ended_membership_are_neutral_for_good_also_after_joining_again_and_its_hits_stay():
    left = Membership(1, Span(BEFORE, meeting(2)))
    again = Membership(1, Span(meeting(3) - DAY))
    rejoined = facts(mark(0, "present"), mark(1, "absent"), mark(3, "absent"), memberships=(left, again))
    assert [classify(one, rejoined) for one in rejoined.marks] == [Kind.HIT, Kind.NEUTRAL, Kind.MISS]
    assert expected(rejoined.marks[1], rejoined)


def test_a_commitment_given_up_leaves_its_earlier_misses():
    given_up = facts(commitments=(Commitment(10, Span(BEFORE, meeting(1))),))
    assert classify(mark(0, "absent"), given_up) is Kind.MISS
    assert classify(mark(1, "absent"), given_up) is Kind.NEUTRAL


def test_a_rule_switched_on_again_counts_from_then_on():
    again = facts(rule=(Span(BEFORE, meeting(1)), Span(meeting(2))))
    kinds = [classify(mark(week, "absent"), again) for week in range(3)]
    assert kinds == [Kind.NEUTRAL, Kind.NEUTRAL, Kind.MISS]


# The limits of rule 8


def test_spans_include_their_first_moment_and_exclude_their_last():
    start = meeting(0)
    assert classify(mark(0, "absent"), facts(since=start)) is Kind.MISS
    assert classify(mark(0, "absent"), facts(pauses=(Span(start, start + HOUR),))) is Kind.NEUTRAL
    assert classify(mark(0, "absent"), facts(pauses=(Span(start - HOUR, start),))) is Kind.MISS
    assert classify(mark(0, "absent"), facts(commitments=(Commitment(10, Span(BEFORE, start)),))) is Kind.NEUTRAL


def test_a_sheet_first_closed_exactly_14_days_after_the_end_counts_and_a_second_later_does_not():
    end = meeting(0) + timedelta(minutes=90)
    assert classify(mark(0, "absent", first_closed_at=end + 14 * DAY), facts()) is Kind.MISS
    assert classify(mark(0, "absent", first_closed_at=end + 14 * DAY + SECOND), facts()) is Kind.NEUTRAL
    assert classify(mark(0, "present", first_closed_at=end + 30 * DAY), facts()) is Kind.HIT


def test_the_streak_looks_back_90_days_that_day_included():
    once = facts(mark(0, "absent"))
    assert count(once, meeting(0) + 90 * DAY) == 1
    assert count(once, meeting(0) + 90 * DAY + SECOND) == 0


def test_ninety_days_are_elapsed_time_also_over_the_change_to_summer_time():
    """1 January 19:00 CET and 90 days is 1 April 20:00 CEST."""
    once = facts(mark(0, "absent"))
    assert count(once, berlin(2026, 4, 1, 20)) == 1
    assert count(once, berlin(2026, 4, 1, 20, 0, 1)) == 0


@pytest.mark.parametrize(("apart", "streak"), [(2 * HOUR, 0), (2 * HOUR + SECOND, 1), (timedelta(), 0)])
def test_a_meeting_elsewhere_within_two_hours_before_makes_a_miss_neutral_in_scope_any(apart, streak):
    away = facts(mark(0, "absent"), self_logs=(SelfLog("s1", meeting(0) - apart),))
    assert count(away, meeting(0) + DAY) == streak


def test_in_scope_group_self_logged_meetings_do_not_count_and_nothing_overlaps():
    known = facts(
        mark(0, "absent"),
        mark(0, "present", group=2, start=meeting(0) + HOUR),
        mark(1, "absent"),
        self_logs=(SelfLog("s1", meeting(1) + DAY),),
    )
    assert [count(known, meeting(2), group) for group in (None, 1, 2)] == [0, 2, 0]


def test_in_scope_group_a_hit_does_not_silence_a_later_miss_of_the_same_evening():
    known = facts(mark(0, "present"), mark(0, "absent", key="late", start=meeting(0) + HOUR))
    assert [count(known, meeting(1), group) for group in (None, 1)] == [0, 1]


def test_a_hit_that_has_left_the_90_days_still_overlaps():
    known = facts(mark(0, "absent"), self_logs=(SelfLog("s1", meeting(0) - HOUR),))
    assert count(known, meeting(0) + 90 * DAY) == 0


def test_a_miss_that_starts_later_than_the_moment_does_not_count_yet():
    assert count(facts(mark(0, "absent")), meeting(0) - SECOND) == 0
    assert count(facts(mark(0, "absent")), meeting(0)) == 1


def test_weekly_at_19_in_berlin_is_18_utc_in_winter_and_17_utc_in_summer():
    assert meeting(12) - DAY * 4 == datetime(2026, 3, 22, 18, tzinfo=UTC)
    assert berlin(2026, 3, 29, 19) == datetime(2026, 3, 29, 17, tzinfo=UTC)
    over = facts(mark(11, "absent"), mark(12, "absent"), mark(13, "absent"))
    assert count(over, meeting(13) + DAY) == 3


# The decision


def test_a_decision_looks_only_at_records_up_to_the_deciding_miss():
    three = facts(*(mark(week, "absent") for week in range(3)))
    decision = Decision(3, meeting(2), 1, meeting(2) + 2 * HOUR)
    later = replace(three, self_logs=(SelfLog("s1", meeting(2) + HOUR),))
    earlier = replace(three, self_logs=(SelfLog("s1", meeting(2) - HOUR),))
    assert decision_stands(snapshot(three), decision)
    assert decision_stands(snapshot(later), decision)
    assert not decision_stands(snapshot(earlier), decision)


def test_time_alone_never_voids_a_decision_and_its_records_are_kept_for_it():
    known = snapshot(facts(*(mark(week, "absent") for week in range(3))))
    decision = Decision(3, meeting(2), 1, meeting(0) + 90 * DAY)
    much_later = meeting(0) + 400 * DAY
    assert decision_stands(known.since(horizon(much_later, decision)), decision)
    assert known.since(horizon(much_later)) == Snapshot()
    assert not decision_stands(known, replace(decision, decided_at=decision.decided_at + SECOND))


# Keeping and refusing


def test_a_snapshot_survives_the_json_column():
    known = facts(mark(0, "present"), mark(1, "absent"), self_logs=(SelfLog("s1", BEFORE),))
    for group in (None, 1):
        kept = snapshot(known, group=group)
        assert Snapshot.from_json(kept.to_json()) == kept


@pytest.mark.parametrize(
    "value",
    [
        {},
        [],
        {"records": []},
        {"group": None, "records": [[1]]},
        {"group": None, "records": [["soon", "hit", 1, "k"]]},
        {"group": None, "records": [["2026-01-01T18:00:00", "hit", 1, "k"]]},
        {"group": None, "records": [["2026-01-01T18:00:00+00:00", "neutral", 1, "k"]]},
    ],
)
def test_what_is_no_snapshot_is_refused_with_a_clear_word(value):
    with pytest.raises(ValueError, match="not a snapshot"):
        Snapshot.from_json(value)


def test_a_mark_that_is_none_and_a_moment_without_zone_are_refused():
    with pytest.raises(ValueError, match="no such mark"):
        mark(0, "ill")
    with pytest.raises(ValueError, match="zone is missing"):
        Mark("k", 1, 10, datetime(2026, 1, 1, 19), datetime(2026, 1, 1, 20), None, closed=False)
    with pytest.raises(ValueError, match="closed at some time"):
        mark(0, "absent", first_closed_at=None)
    with pytest.raises(ValueError, match="neutral"):
        Record(BEFORE, "k", Kind.NEUTRAL, 1)


def test_moments_of_any_zone_are_the_same_instant():
    from zoneinfo import ZoneInfo

    there = meeting(0).astimezone(ZoneInfo("Australia/Sydney"))
    assert mark(0, "absent", start=there) == mark(0, "absent")


@pytest.mark.embedded
def test_the_arithmetic_needs_no_framework():
    code = "import sys, support.streaks; sys.exit(any(m.split('.')[0] in {'django', 'ground'} for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
