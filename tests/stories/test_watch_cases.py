"""The second table of streaks.md section 7, and what sections 3 and 4 say: zones, corrections, pauses, rules."""

from datetime import UTC, datetime, timedelta

import pytest

from meetings.services.commitments import membership_leave
from meetings.services.selflogs import self_log
from support.models import Episode, EpisodeEvent
from support.services import ok_say, pause_begin, pause_end, rule_set, rule_switch
from tests.stories.driver import Story, berlin, evening, week

pytestmark = pytest.mark.django_db

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SOFT, HEADS, FINAL = "dana: soft_note", "dana: heads_up", "dana: final_notice"
SAM, BACK = "sam: nudge 1", "sam: back_in_touch"


@pytest.fixture
def story():
    with Story() as running:
        yield running


@pytest.fixture
def dana(story):
    """Weekly on Thursdays, N = 3, Sam first and Kim second. Her group's meeting is `story.meeting`."""
    story.home, story.meeting = story.group()
    dana = story.member()
    story.sam, story.kim = story.supporter(dana, "sam"), story.supporter(dana, "kim")
    story.rule(dana, 3, [story.sam], [story.kim])
    story.join(dana, story.home, story.meeting)
    return dana


def absences(story, dana, count=3, first=0):
    """So many closed absences in a row; the last one's evening is now."""
    for number in range(first, first + count):
        story.at(evening(week(number)))
        story.close(story.meeting, week(number), {dana: "absent"})


def told(story, dana):
    """A A A, and Sam was told on Friday 16 January at 20:35; only what follows is listed."""
    absences(story, dana)
    story.run_until(evening(week(2) + DAY, 20, 40))
    assert story.said() == [SOFT, HEADS, FINAL, SAM]
    story.forget()


# --- zones, quiet hours, summer time --------------------------------------------------------------------------


def test_each_supporter_is_told_by_the_day_of_their_own_zone(story):
    home, meeting = story.group()
    dana = story.member()
    zones = {"sam": "Europe/Berlin", "nyla": "America/New_York", "syd": "Australia/Sydney"}
    story.rule(dana, 1, [story.supporter(dana, name, zone) for name, zone in zones.items()])
    story.join(dana, home, meeting)
    story.at(evening(week(2)))
    story.close(meeting, week(2), {dana: "absent"})
    story.run_until(berlin(2026, 1, 17))
    assert story.messages == [
        (datetime(2026, 1, 15, 19, 35, tzinfo=UTC), "dana", "final_notice"),
        (datetime(2026, 1, 16, 19, 35, tzinfo=UTC), "nyla", "nudge", 1),
        (datetime(2026, 1, 16, 19, 35, tzinfo=UTC), "sam", "nudge", 1),
        (datetime(2026, 1, 16, 21, 0, tzinfo=UTC), "syd", "nudge", 1),  # Saturday 08:00 in Sydney
    ]


def test_a_sheet_closed_at_night_asks_in_the_morning_and_gives_the_full_grace(story, dana):
    story.rule(dana, 1, [story.sam])
    story.at(berlin(2026, 1, 15, 22, 10))
    story.close(story.meeting, week(2), {dana: "absent"})
    story.run_until(berlin(2026, 1, 17, 8))
    assert story.messages == [
        (berlin(2026, 1, 16, 8), "dana", "final_notice"),
        (berlin(2026, 1, 17, 8), "sam", "nudge", 1),
    ]


def test_the_grace_is_elapsed_time_also_over_the_change_to_summer_time(story):
    home, meeting = story.group(5, hour=18)  # Saturdays
    dana = story.member()
    story.rule(dana, 1, [story.supporter(dana)])
    story.join(dana, home, meeting)
    saturday = week(12) + 2 * DAY
    assert saturday.isoformat() == "2026-03-28"
    story.at(berlin(2026, 3, 28, 20))
    story.close(meeting, saturday, {dana: "absent"})
    story.run_until(berlin(2026, 3, 31))
    assert story.messages == [
        (berlin(2026, 3, 28, 20), "dana", "final_notice"),
        (berlin(2026, 3, 30, 8), "sam", "nudge", 1),  # Sunday 21:00 is the window's end, which is excluded
    ]


# --- corrections ----------------------------------------------------------------------------------------------


def test_a_correction_before_anybody_was_told_is_all_sorted(story, dana):
    absences(story, dana)
    story.at(evening(week(2)) + HOUR // 4)
    story.correct(story.meeting, week(2), {dana: "present"})
    story.run_until(berlin(2026, 1, 25))
    assert story.said() == [SOFT, HEADS, FINAL, "dana: all_sorted"]
    assert Episode.objects.get().ending == "void"


def test_a_correction_before_the_final_notice_itself_went_is_silent(story, dana):
    absences(story, dana, 2)
    story.at(berlin(2026, 1, 15, 22, 0))
    story.close(story.meeting, week(2), {dana: "absent"})
    story.at(berlin(2026, 1, 15, 23, 0))
    story.correct(story.meeting, week(2), {dana: "present"})
    story.run_until(berlin(2026, 1, 25))
    assert story.said() == [SOFT, HEADS]


def test_a_correction_after_somebody_was_told_is_retracted_with_an_apology_and_nothing_on_top(story, dana):
    told(story, dana)
    story.at(berlin(2026, 1, 17, 12))
    story.correct(story.meeting, week(2), {dana: "present"})
    story.run_until(berlin(2026, 1, 30))
    assert story.messages == [
        (berlin(2026, 1, 17, 12), "dana", "apology"),
        (berlin(2026, 1, 17, 12), "sam", "retraction"),
    ]
    assert Episode.objects.get().false_alert


def test_a_later_self_logged_meeting_is_back_in_touch(story, dana):
    told(story, dana)
    story.at(berlin(2026, 1, 17, 12))
    self_log(actor=dana, starts_at=berlin(2026, 1, 17, 10))
    story.run_until(berlin(2026, 1, 30))
    assert story.said() == [BACK]


def test_a_meeting_logged_late_that_was_before_the_deciding_one_is_our_error(story, dana):
    told(story, dana)
    story.at(berlin(2026, 1, 17, 12))
    self_log(actor=dana, starts_at=berlin(2026, 1, 14, 10))
    story.run_until(berlin(2026, 1, 30))
    assert story.said() == ["dana: apology", "sam: retraction"]


def test_a_correction_to_absent_sends_only_a_final_notice_with_a_full_grace(story, dana):
    absences(story, dana, 2)
    story.at(evening(week(2)))
    story.close(story.meeting, week(2), {dana: "present"})
    story.run_until(berlin(2026, 1, 16, 12))
    story.forget()
    story.correct(story.meeting, week(2), {dana: "absent"})
    story.run_until(berlin(2026, 1, 17, 12))
    assert story.messages == [
        (berlin(2026, 1, 16, 12), "dana", "final_notice"),
        (berlin(2026, 1, 17, 12), "sam", "nudge", 1),
    ]


def test_a_correction_to_absent_below_the_threshold_says_nothing(story, dana):
    story.at(evening(week(0)))
    story.close(story.meeting, week(0), {dana: "present"})
    story.correct(story.meeting, week(0), {dana: "absent"})
    story.run_until(berlin(2026, 1, 3))
    assert (story.said(), story.streak(dana)) == ([], 1)


def test_a_meeting_cancelled_after_marks_were_made_is_no_absence(story, dana):
    absences(story, dana)
    story.run_until(evening(week(2)))
    story.cancel(story.meeting, week(2))
    story.run_until(berlin(2026, 1, 30))
    assert sorted(story.said()) == sorted([SOFT, HEADS, FINAL, "dana: all_sorted"])
    assert story.streak(dana) == 2


def test_no_mark_is_never_an_absence_however_often(story, dana):
    for number in range(8):
        story.at(evening(week(number)))
        story.close(story.meeting, week(number), {dana: None})
    story.run_until(berlin(2026, 3, 10))
    assert (story.said(), story.streak(dana)) == ([], 0)


def test_a_sheet_closed_more_than_two_weeks_late_counts_for_nothing(story, dana):
    absences(story, dana, 2)
    story.at(berlin(2026, 1, 29, 20, 31))  # the third meeting ended on the 15th at 20:30
    story.close(story.meeting, week(2), {dana: "absent"})
    story.run_until(berlin(2026, 2, 2))
    assert (story.said(), story.streak(dana)) == ([SOFT, HEADS], 2)


def test_a_soft_note_is_not_sent_for_a_sheet_closed_four_days_late(story, dana):
    story.at(berlin(2026, 1, 5, 12))
    story.close(story.meeting, week(0), {dana: "absent"})
    story.run_until(berlin(2026, 1, 6))
    assert (story.said(), story.streak(dana)) == ([], 1)


# --- consent, acceptance, stop --------------------------------------------------------------------------------


def test_consent_revoked_between_decision_and_hand_over_sends_nothing(story, dana):
    absences(story, dana)
    story.run_until(berlin(2026, 1, 16, 12))
    story.revoke(story.sam)
    story.run_until(berlin(2026, 1, 30))
    assert story.said() == [SOFT, HEADS, FINAL]  # and revoking never brings the second level forward


def test_without_consent_for_good_news_nothing_follows_a_nudge(story, dana):
    told(story, dana)
    story.revoke(story.sam, "back_in_touch")
    story.at(evening(week(3)))
    story.close(story.meeting, week(3), {dana: "present"})
    story.run_until(berlin(2026, 1, 30))
    assert story.said() == ["kim: nudge 2", "kim: back_in_touch"]


def test_who_has_not_accepted_is_never_told(story, dana):
    lee = story.supporter(dana, "lee", accepted=False)
    rule_set(actor=dana, levels=[[lee], []])
    absences(story, dana)
    story.run_until(berlin(2026, 1, 20))
    assert story.said() == [SOFT, HEADS, FINAL]


def test_who_accepts_after_the_final_notice_was_sent_is_not_told_in_this_episode(story, dana):
    absences(story, dana, 2)
    lee = story.supporter(dana, "lee", accepted=False)
    rule_set(actor=dana, levels=[[lee], []])
    absences(story, dana, 1, first=2)
    story.run_until(berlin(2026, 1, 16, 9))
    story.accept(lee)
    story.run_until(berlin(2026, 1, 20))
    assert story.said() == [SOFT, HEADS, FINAL]


def test_stop_from_the_only_first_supporter_brings_the_second_forward_but_not_before_the_grace(story, dana):
    absences(story, dana)
    story.run_until(berlin(2026, 1, 16, 9))
    story.stop(story.sam)
    story.run_until(berlin(2026, 1, 20))
    assert story.messages[3:] == [(evening(week(2) + DAY), "kim", "nudge", 2)]


def test_stop_after_being_told_means_no_closing_message(story, dana):
    told(story, dana)
    story.stop(story.sam)
    story.at(evening(week(3)))
    story.close(story.meeting, week(3), {dana: "present"})
    story.run_until(berlin(2026, 1, 30))
    assert story.said() == ["kim: nudge 2", "kim: back_in_touch"]


def test_a_muted_supporter_hears_nothing(story, dana):
    from circle.services import supporter_mute

    supporter_mute(actor=dana, supporter=story.sam)
    absences(story, dana)
    story.run_until(berlin(2026, 1, 20))
    assert story.said() == [SOFT, HEADS, FINAL]


def test_two_first_supporters_are_told_at_the_same_minute(story, dana):
    lee = story.supporter(dana, "lee")
    rule_set(actor=dana, levels=[[story.sam, lee], [story.kim]])
    absences(story, dana)
    story.run_until(evening(week(2) + DAY, 20, 40))
    friday = evening(week(2) + DAY)
    assert story.messages[3:] == [(friday, "lee", "nudge", 1), (friday, "sam", "nudge", 1)]
    notice = next(m for _at, _to, m, _b in story.post.attempts if m.kind == "final_notice")
    assert notice.text.startswith("Hi dana, as you asked, we'd write to sam and 1 on Fri 20:35. Fine, or not needed?")


def test_a_supporter_put_on_the_list_after_the_decision_is_not_told(story, dana):
    absences(story, dana)
    story.run_until(berlin(2026, 1, 16, 9))
    rule_set(actor=dana, levels=[[story.sam, story.supporter(dana, "lee")], []])
    story.run_until(berlin(2026, 1, 30))
    assert story.said() == [SOFT, HEADS, FINAL, SAM]


def test_a_supporter_taken_out_of_the_rule_before_the_send_is_not_told(story, dana):
    absences(story, dana)
    story.run_until(berlin(2026, 1, 16, 9))
    rule_set(actor=dana, levels=[[], [story.kim]])
    story.run_until(berlin(2026, 1, 30))
    assert story.said() == [SOFT, HEADS, FINAL]
    reasons = EpisodeEvent.objects.filter(what="suppressed").values_list("detail__reason", flat=True)
    assert list(reasons) == ["not on your list at this place"]


# --- I'm OK, pause, rule, leaving -----------------------------------------------------------------------------


def test_im_ok_before_anybody_was_told_ends_it_and_nobody_hears(story, dana):
    absences(story, dana)
    story.run_until(berlin(2026, 1, 16, 9))
    assert ok_say(actor=dana)
    story.run_until(berlin(2026, 1, 20))
    assert story.said() == [SOFT, HEADS, FINAL]
    assert Episode.objects.get().ending == "said_ok"


def test_im_ok_after_somebody_was_told_is_good_news_for_them(story, dana):
    told(story, dana)
    ok_say(actor=dana)
    story.run_until(berlin(2026, 1, 20))
    assert story.said() == [BACK]


def test_im_ok_changes_nothing_when_the_member_wished_so(story, dana):
    rule_set(actor=dana, ok_stops=False)
    absences(story, dana)
    story.run_until(berlin(2026, 1, 16, 9))
    assert not ok_say(actor=dana)
    story.run_until(berlin(2026, 1, 17))
    assert story.said() == [SOFT, HEADS, FINAL, SAM]
    assert EpisodeEvent.objects.filter(what="said_ok").exists()


def test_after_im_ok_the_next_absence_asks_again_at_once(story, dana):
    absences(story, dana)
    story.settle()
    ok_say(actor=dana)
    story.forget()
    absences(story, dana, 1, first=3)
    story.run_until(berlin(2026, 1, 25))
    assert story.said() == [FINAL, SAM, "kim: nudge 2"]


def test_a_pause_before_anybody_was_told_ends_it_silently(story, dana):
    absences(story, dana)
    story.run_until(berlin(2026, 1, 16, 9))
    pause_begin(actor=dana)
    story.run_until(berlin(2026, 2, 20))
    assert story.said() == [SOFT, HEADS, FINAL]
    assert Episode.objects.get().ending == "paused"


def test_a_nudge_taken_up_during_a_pause_is_suppressed_for_good(story, dana):
    told(story, dana)
    pause_begin(actor=dana, until=berlin(2026, 1, 18, 12))
    story.run_until(berlin(2026, 1, 30))
    assert story.said() == []  # Kim's would have been on the 17th
    assert Episode.objects.get().ended_at is None


def test_a_nudge_taken_up_after_the_pause_goes(story, dana):
    told(story, dana)
    pause_begin(actor=dana)
    story.at(berlin(2026, 1, 17, 20))
    pause_end(actor=dana)
    story.run_until(berlin(2026, 1, 18))
    assert story.messages == [(evening(week(2) + 2 * DAY), "kim", "nudge", 2)]


def test_endings_are_not_held_by_a_pause(story, dana):
    told(story, dana)
    pause_begin(actor=dana)
    story.at(evening(week(3)))
    story.close(story.meeting, week(3), {dana: "present"})
    story.run_until(berlin(2026, 1, 30))
    assert story.said() == [BACK]


def test_an_absence_inside_a_pause_counts_for_nothing_and_speaks_to_nobody(story, dana):
    absences(story, dana, 2)
    story.at(berlin(2026, 1, 14))
    pause_begin(actor=dana)
    story.forget()
    absences(story, dana, 1, first=2)
    story.run_until(berlin(2026, 1, 20))
    assert (story.said(), story.streak(dana)) == ([], 2)


def test_lowering_the_threshold_never_fires_by_itself_the_next_absence_does(story, dana):
    absences(story, dana, 2)
    story.run_until(berlin(2026, 1, 10))
    rule_set(actor=dana, threshold=2)
    story.run_until(berlin(2026, 1, 14))
    assert story.said() == [SOFT, HEADS]
    absences(story, dana, 1, first=2)
    story.run_until(berlin(2026, 1, 16, 12))
    assert story.said() == [SOFT, HEADS, FINAL]


def test_raising_the_threshold_before_anybody_was_told_ends_it_silently(story, dana):
    absences(story, dana)
    story.run_until(berlin(2026, 1, 16, 9))
    rule_set(actor=dana, threshold=5)
    story.run_until(berlin(2026, 1, 30))
    assert story.said() == [SOFT, HEADS, FINAL]


def test_raising_it_after_somebody_was_told_stops_the_search_and_keeps_the_good_ending(story, dana):
    told(story, dana)
    rule_set(actor=dana, threshold=5)
    story.at(evening(week(3)))
    story.close(story.meeting, week(3), {dana: "present"})
    story.run_until(berlin(2026, 1, 30))
    assert story.said() == [BACK]


def test_the_grace_of_an_episode_is_the_one_at_its_decision(story, dana):
    absences(story, dana)
    story.run_until(berlin(2026, 1, 16, 9))
    rule_set(actor=dana, grace_hours=72)
    story.run_until(berlin(2026, 1, 17))
    assert story.messages[-1] == (evening(week(2) + DAY), "sam", "nudge", 1)


def test_switching_off_ends_everything_silently_and_on_again_counts_from_then(story, dana):
    told(story, dana)
    rule_switch(actor=dana, on=False)
    story.at(berlin(2026, 1, 20))
    rule_switch(actor=dana, on=True)
    assert story.streak(dana) == 0
    absences(story, dana, 1, first=3)
    story.run_until(berlin(2026, 1, 24))
    assert (story.said(), story.streak(dana)) == ([SOFT], 1)


def test_a_change_of_scope_ends_open_episodes_silently_and_old_absences_send_nothing(story, dana):
    told(story, dana)
    rule_set(actor=dana, scope="group")
    story.run_until(berlin(2026, 1, 21))
    assert (story.said(), story.streak(dana, story.home)) == ([], 3)
    absences(story, dana, 1, first=3)
    story.run_until(berlin(2026, 1, 23))
    assert story.said() == [FINAL]
    rule_set(actor=dana, scope="any")
    story.run_until(berlin(2026, 2, 20))
    assert story.said() == [FINAL]


def test_leaving_the_group_ends_it_silently(story, dana):
    told(story, dana)
    membership_leave(actor=dana, group=story.home)
    story.run_until(berlin(2026, 1, 30))
    assert (story.said(), story.streak(dana)) == ([], 0)
    assert Episode.objects.get().ending == "left_group"


# --- two watches, 7 days, mass errors, outages ----------------------------------------------------------------


def test_one_supporter_is_nudged_about_one_member_once_in_seven_days(story, dana):
    told(story, dana)
    ok_say(actor=dana)
    story.settle()
    story.forget()
    absences(story, dana, 1, first=3)  # final notice on the 22nd at 20:35; the last nudge was on the 16th
    story.run_until(berlin(2026, 1, 24))
    assert story.messages == [
        (evening(week(3)), "dana", "final_notice"),
        (evening(week(3) + DAY), "sam", "nudge", 1),  # seven days are over exactly then
    ]


def test_a_nudge_that_must_wait_for_the_seven_days_goes_when_they_are_over(story, dana):
    rule_set(actor=dana, threshold=1, scope="group")
    other, meeting = story.group(4, name="g2")
    story.join(dana, other, meeting)
    story.at(evening(week(2)))
    story.close(story.meeting, week(2), {dana: "absent"})
    story.at(evening(week(2) + DAY))
    story.close(meeting, week(2) + DAY, {dana: "absent"})
    story.run_until(berlin(2026, 1, 30))
    nudges = [line for line in story.messages if line[2:] == ("nudge", 1)]
    assert nudges == [
        (evening(week(2) + DAY), "sam", "nudge", 1),
        (evening(week(3) + DAY), "sam", "nudge", 1),
    ]


def test_a_worker_down_for_36_hours_sends_what_is_due_once(story, dana):
    absences(story, dana)
    story.run_until(berlin(2026, 1, 16, 9))
    story.down = True
    story.at(berlin(2026, 1, 17, 21, 30))
    story.down = False
    story.run_until(berlin(2026, 1, 18, 12))
    assert story.messages[3:] == [(berlin(2026, 1, 18, 8), "sam", "nudge", 1)]


def test_what_an_outage_kept_past_the_evening_waits_for_the_morning_whatever_its_kind(story, dana):
    absences(story, dana, 2)
    story.settle()
    story.down = True
    absences(story, dana, 1, first=2)
    story.at(berlin(2026, 1, 15, 21, 30))
    story.down = False
    story.run_until(berlin(2026, 1, 17, 8))
    assert story.messages[2:] == [
        (berlin(2026, 1, 16, 8), "dana", "final_notice"),
        (berlin(2026, 1, 17, 8), "sam", "nudge", 1),
    ]


def test_a_nudge_more_than_72_hours_late_asks_the_member_anew(story, dana):
    absences(story, dana)
    story.run_until(berlin(2026, 1, 16, 9))
    story.down = True
    story.at(berlin(2026, 1, 20, 12))
    story.down = False
    story.run_until(berlin(2026, 1, 22))
    assert story.messages[3:] == [
        (berlin(2026, 1, 20, 12), "dana", "final_notice"),
        (berlin(2026, 1, 21, 12), "sam", "nudge", 1),
    ]


def test_a_nudge_that_is_barred_and_late_is_suppressed_without_asking_again(story, dana):
    absences(story, dana)
    story.run_until(berlin(2026, 1, 16, 9))
    story.down = True
    story.at(berlin(2026, 1, 17))
    story.stop(story.sam)
    rule_set(actor=dana, levels=[[], []])
    story.at(berlin(2026, 1, 21, 12))
    story.down = False
    story.run_until(berlin(2026, 1, 25))
    assert story.said() == [SOFT, HEADS, FINAL]


def test_a_contact_that_no_way_reaches_is_named_to_the_member_once(story, dana):
    story.post.refused = {"sam@example.org"}
    absences(story, dana)
    story.run_until(berlin(2026, 1, 18))
    friday = evening(week(2) + DAY)
    assert story.messages[3:] == [
        (friday, "dana", "unreachable"),
        (friday, "kim", "nudge", 2),
        (friday, "sam", "nudge", 1, "bounced"),
    ]


def test_twenty_nudges_of_one_group_within_the_hour_hold_the_next(story):
    from support.models import EpisodeSupporter
    from support.services import nudge_release
    from tests.people_of_the_story import make_account

    home, meeting = story.group()
    members = [story.member(f"m{number:02}") for number in range(22)]
    for member in members:
        story.rule(member, 1, [story.supporter(member, f"s-{member.name}")])
        story.join(member, home, meeting)
    story.at(evening(week(0)))
    story.close(meeting, week(0), dict.fromkeys(members, "absent"))
    story.run_until(evening(week(0) + DAY, 21, 0))
    nudged = [line[1] for line in story.messages if line[2] == "nudge"]
    assert nudged == [f"s-m{number:02}" for number in range(20)]
    held = EpisodeSupporter.objects.filter(state="held")
    assert sorted(row.supporter.name for row in held) == ["s-m20", "s-m21"]
    coordinator = make_account("coco")
    coordinator.is_coordinator = True
    coordinator.save()
    nudge_release(actor=coordinator.person, row_id=held.first().pk)
    story.run_until(evening(week(0) + 2 * DAY))
    assert len([line for line in story.messages if line[2] == "nudge"]) == 21
