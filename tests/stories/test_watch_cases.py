"""What a scenario file cannot say of an episode: why it ended, what its log holds, switching off, muting, releasing.

What is sent and when is held by `tests/scenarios/`.
"""

from datetime import timedelta

import pytest

from meetings.services.commitments import membership_leave
from meetings.services.group_meetings import group_end
from meetings.services.keeping import keeping_change
from support.models import Episode, EpisodeEvent
from support.selectors import words
from support.services import ok_say, pause_begin, rule_set, rule_switch
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


# --- corrections ----------------------------------------------------------------------------------------------


def test_a_correction_before_anybody_was_told_is_all_sorted(story, dana):
    absences(story, dana)
    story.at(evening(week(2)) + HOUR // 4)
    story.correct(story.meeting, week(2), {dana: "present"})
    story.run_until(berlin(2026, 1, 25))
    assert story.said() == [SOFT, HEADS, FINAL, "dana: all_sorted"]
    assert Episode.objects.get().ending == "void"


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


# --- consent, acceptance, stop --------------------------------------------------------------------------------


def test_a_muted_supporter_hears_nothing(story, dana):
    from circle.services import supporter_mute

    supporter_mute(actor=dana, supporter=story.sam)
    absences(story, dana)
    story.run_until(berlin(2026, 1, 20))
    assert story.said() == [SOFT, HEADS, FINAL]


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


def test_im_ok_changes_nothing_when_the_member_wished_so(story, dana):
    rule_set(actor=dana, ok_stops=False)
    absences(story, dana)
    story.run_until(berlin(2026, 1, 16, 9))
    assert not ok_say(actor=dana)
    story.run_until(berlin(2026, 1, 17))
    assert story.said() == [SOFT, HEADS, FINAL, SAM]
    assert EpisodeEvent.objects.filter(what="said_ok").exists()


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


def test_switching_off_ends_everything_silently_and_on_again_counts_from_then(story, dana):
    told(story, dana)
    rule_switch(actor=dana, on=False)
    story.at(berlin(2026, 1, 20))
    rule_switch(actor=dana, on=True)
    assert story.streak(dana) == 0
    absences(story, dana, 1, first=3)
    story.run_until(berlin(2026, 1, 24))
    assert (story.said(), story.streak(dana)) == ([SOFT], 1)


def test_leaving_the_group_ends_it_silently(story, dana):
    told(story, dana)
    membership_leave(actor=dana, group=story.home)
    story.run_until(berlin(2026, 1, 30))
    assert (story.said(), story.streak(dana)) == ([], 0)
    assert Episode.objects.get().ending == "left_group"


def test_a_group_that_turns_to_counting_heads_ends_it_silently_and_the_member_reads_why(story, dana):
    told(story, dana)
    keeping_change(actor=story.facilitator(story.meeting), group=story.home, head_count_only=True)
    story.run_until(berlin(2026, 1, 30))
    assert [said for said in story.said() if said != "dana: keeping_changed"] == []
    assert (story.streak(dana), Episode.objects.get().ending) == (0, "group_counts_heads")
    last = words.line(EpisodeEvent.objects.get(what="ended"))
    assert last == "The group now writes down only how many come, not who. It is settled."


def test_a_group_that_ends_says_so_in_the_timeline(story, dana):
    absences(story, dana)
    group_end(actor=story.facilitator(story.meeting), group=story.home)
    story.run_until(berlin(2026, 1, 30))
    assert (story.said(), Episode.objects.get().ending) == ([SOFT, HEADS], "group_closed")
    assert words.line(EpisodeEvent.objects.get(what="ended")) == "The group has ended. It is settled."


# --- two watches, 7 days, mass errors, outages ----------------------------------------------------------------


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


@pytest.mark.parametrize("stands_still", ["down", "mute"])
def test_when_one_nudge_is_too_late_every_other_of_the_episode_is_due_anew_after_another_notice(story, stands_still):
    """Kim's is 86 hours late; Lee's, of the second level, only 63: both wait for the member to be asked once more."""
    dana = story.member()
    home, meeting = story.group()
    first = [story.supporter(dana, "sam"), story.supporter(dana, "kim", zone="Australia/Sydney")]
    story.rule(dana, 1, first, [story.supporter(dana, "lee")])
    story.join(dana, home, meeting)
    story.at(evening(week(0)))
    story.close(meeting, week(0), {dana: "absent"})
    story.run_until(berlin(2026, 1, 2, 21))
    setattr(story, stands_still, True)
    story.run_until(berlin(2026, 1, 6, 12))
    setattr(story, stands_still, False)
    story.run_until(berlin(2026, 1, 8, 23))
    assert story.messages == [
        (berlin(2026, 1, 1, 20, 35), "dana", "final_notice"),
        (berlin(2026, 1, 2, 20, 35), "sam", "nudge", 1),
        (berlin(2026, 1, 6, 12), "dana", "final_notice"),
        (berlin(2026, 1, 7, 12), "lee", "nudge", 2),
        (berlin(2026, 1, 7, 22), "kim", "nudge", 1),
    ]
