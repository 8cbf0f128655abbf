"""What one change does to one watch (docs/rules.md, section 3 and the second table of 7)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from support.streaks import (
    AllSorted,
    Apology,
    BackInTouch,
    Cause,
    ChangeInfo,
    Decision,
    EndEpisode,
    Ending,
    EpisodeState,
    FinalNotice,
    FirstClosing,
    HeadsUp,
    Hush,
    MessageKind,
    OpenEpisode,
    Resume,
    Retract,
    RuleTerms,
    Snapshot,
    SoftNote,
    Suspend,
    Withdraw,
    decide,
    snapshot,
)
from tests.support.playing import DAY, HOUR, Played, facts, mark, meeting

SECOND = timedelta(seconds=1)
SOON = meeting(2) + 3 * HOUR  # the final notice of A A A went out, nobody is told yet
AFTER = meeting(2) + 3 * DAY  # the supporter was told


def told():
    """A A A, the supporter was told a day later."""
    dana = Played().marks("A A A")
    assert dana.episode.told == {1}
    return dana


def asked():
    """A A A, the final notice was attempted, the grace runs."""
    dana = Played(has_supporter=False).marks("A A A")
    assert dana.episode.decision
    assert not dana.episode.told
    return dana


# Opening and speaking


def test_the_first_miss_opens_an_episode_with_a_soft_note():
    assert Played().close(mark(0, "absent")) == (OpenEpisode(), SoftNote())


def test_a_heads_up_withdraws_a_soft_note_and_a_final_notice_both():
    dana = Played()
    dana.close(mark(0, "absent"))
    assert dana.close(mark(1, "absent")) == (Withdraw((MessageKind.SOFT_NOTE,)), HeadsUp(3))
    both = Withdraw((MessageKind.SOFT_NOTE, MessageKind.HEADS_UP))
    decision = Decision(3, meeting(2), 1, meeting(2) + timedelta(minutes=95))
    assert dana.close(mark(2, "absent")) == (both, FinalNotice(decision))


def test_a_jump_over_several_steps_takes_only_the_highest():
    dana = Played(threshold=4)
    dana.close(mark(0, "absent"))
    two_at_once = dana.close(mark(1, "absent"), mark(1, "absent", group=2))
    assert two_at_once == (Withdraw((MessageKind.SOFT_NOTE,)), HeadsUp(4))


def test_between_soft_note_and_heads_up_nothing_is_said():
    assert Played(threshold=5).marks("A A A A").said() == ["soft_note", "heads_up"]


@pytest.mark.parametrize(("late", "effects"), [(72 * HOUR, 2), (72 * HOUR + SECOND, 0)])
def test_a_soft_note_goes_for_a_sheet_closed_within_72_hours_that_limit_included(late, effects):
    sheet = mark(0, "absent")
    assert len(Played().close(sheet, at=sheet.end + late)) == effects


def test_one_sheet_in_time_among_several_is_enough_for_a_heads_up():
    dana = Played()
    assert dana.close(mark(0, "absent"), mark(1, "absent")) == (OpenEpisode(), HeadsUp(3))


def test_a_sheet_in_time_without_a_miss_that_counts_is_not_enough():
    dana = Played()
    late, excused = mark(0, "absent"), mark(1, "excused")
    assert dana.close(late, excused) == ()


def test_a_final_notice_goes_however_late_the_sheets_were_closed():
    dana = Played(threshold=1)
    sheet = mark(0, "absent")
    assert [type(one) for one in dana.close(sheet, at=sheet.end + 10 * DAY)] == [OpenEpisode, FinalNotice]


@pytest.mark.parametrize(("marks", "fixed", "says"), [("P", 0, []), ("A P", 1, []), ("A A P", 2, ["final_notice"])])
def test_a_correction_to_absent_can_only_send_a_final_notice(marks, fixed, says):
    dana = Played().marks(marks)
    before = len(dana.messages)
    dana.correct(meeting(fixed) + DAY, mark(fixed, "absent"))
    assert (dana.streak, dana.said()[before:]) == (fixed + 1, says)


def test_an_uncancel_can_only_send_a_final_notice():
    dana = Played().marks("A C A")
    said = dana.said()
    dana.correct(meeting(2) + DAY, mark(1, "absent"))
    assert dana.said()[len(said) :] == ["final_notice"]
    other = Played().marks("A C")
    other.correct(meeting(1) + DAY, mark(1, "absent"))
    assert other.said() == ["soft_note"]


def test_after_the_final_notice_the_episode_sends_no_second_one():
    dana = told()
    assert dana.close(mark(3, "absent")) == ()


def test_a_soft_note_and_a_heads_up_come_once_per_episode():
    dana = Played(threshold=4).marks("A A A")
    assert dana.said() == ["soft_note", "heads_up"]
    dana.correct(meeting(2) + DAY, mark(2, "excused"))
    assert dana.close(mark(3, "absent")) == ()


# Ending silently


def test_an_episode_without_final_notice_ends_silently_when_no_miss_is_left():
    dana = Played().marks("A A")
    assert dana.close(mark(2, "present")) == (EndEpisode(Ending.FADED),)


def test_an_episode_whose_misses_grew_older_than_90_days_ends_at_the_next_change_and_a_new_one_opens():
    dana = Played().marks("A")
    assert dana.close(mark(13, "absent")) == (EndEpisode(Ending.FADED), OpenEpisode(), SoftNote())


def test_a_meeting_logged_in_between_leaves_the_episode_open_while_a_miss_is_left():
    dana = Played().marks("A A")
    assert dana.log(meeting(0) + DAY, at=meeting(1) + DAY) == ()
    assert dana.close(mark(2, "absent")) == ()  # the heads-up was said already in this episode


# After the final notice


def test_coming_again_before_anybody_was_told_ends_it_without_a_word():
    assert asked().close(mark(3, "present")) == (EndEpisode(Ending.HIT),)


def test_coming_again_after_somebody_was_told_says_back_in_touch():
    assert told().close(mark(3, "late")) == (EndEpisode(Ending.HIT), BackInTouch((1,)))


def test_a_later_meeting_logged_by_the_member_ends_it_whatever_the_streak_is_then():
    dana = told()
    dana.close(mark(3, "absent"))
    assert dana.log(meeting(2) + DAY, at=meeting(3) + DAY) == (EndEpisode(Ending.HIT), BackInTouch((1,)))
    assert dana.streak == 1


def test_a_correction_before_the_send_is_all_sorted():
    assert asked().correct(AFTER, mark(2, "present")) == (EndEpisode(Ending.VOID), AllSorted())


def test_a_correction_before_the_final_notice_itself_was_attempted_is_without_a_word():
    dana = asked()
    dana.episode = replace(dana.episode, final_attempted=False)
    assert dana.correct(SOON, mark(2, "present")) == (EndEpisode(Ending.VOID),)


def test_a_correction_after_the_send_retracts_and_apologises_with_no_back_in_touch_on_top():
    dana = told()
    dana.close(mark(3, "absent"))
    effects = dana.correct(meeting(3) + DAY, mark(1, "present"), mark(3, "present"))
    assert effects == (EndEpisode(Ending.VOID), Retract((1,)), Apology())


def test_a_meeting_logged_before_the_deciding_miss_after_the_send_retracts():
    effects = told().log(meeting(2) - HOUR, at=AFTER)
    assert effects == (EndEpisode(Ending.VOID), Retract((1,)), Apology())


def test_a_meeting_logged_an_hour_after_the_deciding_miss_is_back_in_touch_not_a_retraction():
    assert told().log(meeting(2) + HOUR, at=AFTER) == (EndEpisode(Ending.HIT), BackInTouch((1,)))


def test_cancelled_after_the_marks_were_made_counts_as_a_correction():
    effects = asked().correct(AFTER, mark(1, "absent", cancelled=True))
    assert effects == (EndEpisode(Ending.VOID), AllSorted())


def test_a_correction_that_leaves_enough_misses_changes_nothing():
    dana = Played(threshold=2).marks("A A")
    dana.close(mark(2, "absent"))
    assert dana.correct(meeting(2) + DAY, mark(2, "excused")) == ()


def test_after_a_void_decision_the_next_new_miss_opens_a_new_episode_with_a_final_notice():
    dana = Played(threshold=2).marks("A A")
    dana.correct(meeting(1) + 3 * DAY, mark(0, "excused"))
    dana.marks("A", first_week=2)
    assert dana.said()[-3:] == ["apology", "final_notice", "nudge"]


def test_one_change_may_end_an_episode_and_open_the_next():
    dana = Played(threshold=2).marks("A A")
    closings = [FirstClosing("g1w2", mark(2, None).end, meeting(3))]
    dana.write(mark(0, "present"), mark(2, "absent"))
    effects = dana.change(meeting(3), closings=closings)
    assert effects == (EndEpisode(Ending.VOID), Retract((1,)), Apology())
    assert dana.streak == 2  # not more than the two before the change, so nothing opens
    dana.close(mark(3, "absent"))
    assert dana.said()[-1] == "final_notice"


def test_a_hit_and_a_longer_run_of_misses_in_one_change_end_one_episode_and_open_another():
    dana = Played(threshold=1).marks("A")
    closed_at = meeting(3) + 2 * HOUR
    dana.write(mark(1, "present"), mark(2, "absent"), mark(3, "absent"))
    effects = dana.change(
        closed_at, closings=[FirstClosing(f"g1w{w}", mark(w, None).end, closed_at) for w in (1, 2, 3)]
    )
    assert [type(one) for one in effects] == [EndEpisode, BackInTouch, OpenEpisode, FinalNotice]


# What the member says


def test_i_am_ok_ends_every_open_episode_and_tells_those_told():
    assert told().change(AFTER, Cause.SAID_OK) == (EndEpisode(Ending.SAID_OK), BackInTouch((1,)))
    assert asked().change(SOON, Cause.SAID_OK) == (EndEpisode(Ending.SAID_OK),)
    assert Played().marks("A").change(SOON, Cause.SAID_OK) == (EndEpisode(Ending.SAID_OK),)
    assert Played().change(SOON, Cause.SAID_OK) == ()


def test_i_am_ok_changes_nothing_when_the_rule_says_so():
    dana = told()
    dana.terms = replace(dana.terms, ok_stops=False)
    assert dana.change(AFTER, Cause.SAID_OK) == ()


def test_after_i_am_ok_the_streak_stays_and_the_next_miss_asks_again():
    dana = told()
    dana.change(AFTER, Cause.SAID_OK)
    assert dana.streak == 3
    assert [type(one) for one in dana.close(mark(3, "absent"))] == [OpenEpisode, FinalNotice]


def test_a_pause_before_anybody_was_told_ends_it_silently():
    assert asked().pause(AFTER) == (EndEpisode(Ending.PAUSED),)
    assert Played().marks("A").pause(AFTER) == (EndEpisode(Ending.PAUSED),)


def test_a_pause_after_somebody_was_told_suspends_and_the_resume_goes_on():
    dana = told()
    assert dana.pause(AFTER) == (Suspend(),)
    assert dana.change(AFTER + HOUR) == ()
    assert dana.resume(AFTER + DAY) == (Resume(),)
    assert dana.episode.told == {1}


def test_endings_are_not_held_by_a_pause():
    dana = told()
    dana.pause(AFTER)
    assert dana.log(AFTER, at=AFTER + HOUR) == (EndEpisode(Ending.HIT), BackInTouch((1,)))


def test_a_rise_during_a_pause_says_nothing_and_the_next_new_miss_after_it_does():
    dana = Played().marks("A A")
    dana.pause(meeting(2) + HOUR)
    assert dana.close(mark(2, "absent")) == ()
    assert dana.streak == 3
    assert dana.resume(meeting(3) - DAY) == ()
    assert [type(one) for one in dana.close(mark(3, "absent"))] == [OpenEpisode, FinalNotice]


def test_a_pause_that_came_and_went_within_one_evaluation_still_ends_what_nobody_was_told_of():
    assert asked().change(AFTER, Cause.PAUSED, Cause.RESUMED) == (EndEpisode(Ending.PAUSED),)
    assert told().change(AFTER, Cause.PAUSED, Cause.RESUMED) == ()


# Leaving


def test_leaving_the_group_of_the_misses_ends_the_episode_silently_even_when_somebody_was_told():
    for dana in (told(), asked(), Played().marks("A A")):
        assert dana.leave(AFTER, group=1) == (EndEpisode(Ending.LEFT_GROUP),)


def test_an_episode_goes_on_when_its_decision_stands_without_the_misses_of_the_group_left():
    dana = Played(threshold=2).marks("A A")
    dana.close(mark(2, "absent", group=2))
    assert dana.leave(meeting(2) + 2 * DAY, group=2) == ()


def test_an_episode_without_decision_goes_on_while_a_miss_is_left():
    dana = Played(threshold=4).marks("A")
    dana.close(mark(1, "absent", group=2))
    assert dana.leave(meeting(1) + 2 * DAY, group=2) == ()
    assert dana.leave(meeting(1) + 3 * DAY, group=1) == (EndEpisode(Ending.LEFT_GROUP),)


# The rule


def test_lowering_the_threshold_never_fires_by_itself_but_the_next_miss_does():
    dana = Played(threshold=4).marks("A A")
    assert dana.rule(meeting(1) + DAY, threshold=2) == ()
    assert isinstance(dana.close(mark(2, "absent"))[-1], FinalNotice)


def test_raising_the_threshold_above_the_streak_ends_silently_what_nobody_was_told_of():
    assert asked().rule(AFTER, threshold=4) == (EndEpisode(Ending.RAISED),)
    assert Played().marks("A").rule(AFTER, threshold=4) == (EndEpisode(Ending.RAISED),)


def test_raising_the_threshold_to_the_streak_or_below_changes_nothing_and_the_decision_keeps_its_own():
    dana = Played(threshold=2, has_supporter=False).marks("A A A")
    assert dana.rule(AFTER, threshold=3) == ()
    assert dana.correct(AFTER + HOUR, mark(2, "excused")) == ()


def test_raising_the_threshold_after_somebody_was_told_hushes_the_episode_until_its_ending():
    dana = told()
    assert dana.rule(AFTER, threshold=5) == (Hush(),)
    assert dana.rule(AFTER + HOUR, threshold=6) == ()
    assert dana.rule(AFTER + 2 * HOUR, threshold=3) == ()
    assert dana.episode.hushed
    assert dana.close(mark(3, "present")) == (EndEpisode(Ending.HIT), BackInTouch((1,)))


def test_a_change_of_scope_or_switching_off_ends_everything_silently():
    for dana in (told(), asked(), Played().marks("A")):
        assert dana.change(AFTER, Cause.SCOPE_CHANGED) == (EndEpisode(Ending.SCOPE_CHANGED),)
    for dana in (told(), asked(), Played().marks("A")):
        dana.terms = replace(dana.terms, on=False)
        assert dana.change(AFTER, Cause.RULE_OFF) == (EndEpisode(Ending.RULE_OFF),)
        assert dana.close(mark(3, "absent")) == ()


def test_switched_off_is_off_also_when_it_is_noticed_at_another_change():
    unnoticed, back_on = asked(), asked()
    unnoticed.terms = replace(unnoticed.terms, on=False)
    assert unnoticed.change(AFTER) == (EndEpisode(Ending.RULE_OFF),)
    assert back_on.change(AFTER, Cause.RULE_OFF) == (EndEpisode(Ending.RULE_OFF),)


def test_a_rule_changed_without_raising_the_threshold_leaves_a_young_episode_alone():
    dana = Played(threshold=5).marks("A")
    assert dana.rule(AFTER, threshold=5) == ()
    assert dana.rule(AFTER, threshold=4) == ()


# Refusing


def test_a_threshold_outside_1_to_10_is_refused():
    for wrong in (0, 11):
        with pytest.raises(ValueError, match="1 to 10"):
            RuleTerms(threshold=wrong)


def test_records_of_two_scopes_are_not_compared():
    with pytest.raises(ValueError, match="one scope"):
        decide(
            before=Snapshot(),
            after=Snapshot(group=1),
            now=SOON,
            terms=RuleTerms(3),
            episode=None,
            change=ChangeInfo(),
        )


def test_several_told_are_named_in_order():
    three = snapshot(facts(*(mark(week, "absent") for week in range(3)), mark(3, "present")))
    state = EpisodeState(decision=Decision(3, meeting(2), 1, SOON), final_attempted=True, told=frozenset({9, 4}))
    effects = decide(before=three, after=three, now=meeting(4), terms=RuleTerms(3), episode=state, change=ChangeInfo())
    assert effects == (EndEpisode(Ending.HIT), BackInTouch((4, 9)))
