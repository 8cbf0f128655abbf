"""What supporters answer from their page, without an account: docs/rules.md 4.4 and section 6."""

from datetime import timedelta

import pytest
from django.test import Client

from circle.services import supporter_decline
from ground.errors import Settled
from support.models import Answer, Episode
from support.services import answer_give, ok_say, rule_set
from tests.stories.driver import Story, berlin, evening, week

pytestmark = pytest.mark.django_db

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
TOLD = evening(week(2) + DAY)  # Friday 16 January, 20:35 in Berlin


@pytest.fixture
def story():
    with Story() as running:
        yield running


@pytest.fixture
def dana(story):
    """A A A; Sam was told on Friday at 20:35; Kim stands second. Only what follows is listed."""
    home, story.meeting = story.group()
    dana = story.member()
    story.sam, story.kim = story.supporter(dana, "sam"), story.supporter(dana, "kim")
    story.rule(dana, 3, [story.sam], [story.kim])
    story.join(dana, home, story.meeting)
    for number in range(3):
        story.at(evening(week(number)))
        story.close(story.meeting, week(number), {dana: "absent"})
    story.run_until(TOLD + HOUR / 12)
    story.sam_token = story.token("sam", "nudge")
    story.post.attempts.clear()
    return dana


def says(story, answer, token=None):
    """Sam presses a button on the page of the link."""
    response = Client().post(f"/{token or story.sam_token}", {"answer": answer})
    assert response.status_code == 302, response.content
    story.happened()


def test_without_any_answer_the_second_level_is_asked_a_day_after_the_first(story, dana):
    story.run_until(berlin(2026, 1, 25))
    assert story.messages == [(TOLD + DAY, "kim", "nudge", 2)]


def test_a_claim_holds_the_second_level_for_three_days_and_is_reminded_after_two(story, dana):
    story.at(berlin(2026, 1, 17, 9))
    says(story, "claim")
    story.run_until(berlin(2026, 1, 25))
    assert story.messages == [
        (berlin(2026, 1, 19, 9), "sam", "reminder"),
        (berlin(2026, 1, 20, 9), "kim", "nudge", 2),
    ]


def test_a_claim_that_is_repeated_keeps_its_time(story, dana):
    story.at(berlin(2026, 1, 17, 9))
    says(story, "claim")
    story.at(berlin(2026, 1, 18, 9))
    says(story, "claim")
    assert Answer.objects.count() == 1
    story.run_until(berlin(2026, 1, 19, 9))
    assert story.messages == [(berlin(2026, 1, 19, 9), "sam", "reminder")]


def test_i_cannot_now_from_the_only_first_supporter_asks_the_second_at_once(story, dana):
    story.at(berlin(2026, 1, 17, 9))
    says(story, "cannot")
    story.run_until(berlin(2026, 1, 25))
    assert story.messages == [(berlin(2026, 1, 17, 9), "kim", "nudge", 2)]


def test_a_claim_taken_back_withdraws_its_reminder(story, dana):
    story.at(berlin(2026, 1, 17, 9))
    says(story, "claim")
    story.at(berlin(2026, 1, 18, 12))
    says(story, "cannot")
    story.run_until(berlin(2026, 1, 25))
    assert story.messages == [(berlin(2026, 1, 18, 12), "kim", "nudge", 2)]


def test_i_reached_them_ends_the_search_for_good_but_not_the_good_news(story, dana):
    story.at(berlin(2026, 1, 17, 9))
    says(story, "claim")
    says(story, "reached")
    story.at(evening(week(3)))
    story.close(story.meeting, week(3), {dana: "present"})
    story.run_until(berlin(2026, 1, 25))
    assert story.messages == [(evening(week(3)), "sam", "back_in_touch")]


def test_stop_after_a_claim_takes_it_back(story, dana):
    story.at(berlin(2026, 1, 17, 9))
    says(story, "claim")
    story.at(berlin(2026, 1, 18, 12))
    says(story, "stop")
    story.run_until(berlin(2026, 1, 25))
    assert story.messages == [(berlin(2026, 1, 18, 12), "kim", "nudge", 2)]


def test_declining_after_a_claim_takes_it_back(story, dana):
    story.at(berlin(2026, 1, 17, 9))
    says(story, "claim")
    story.at(berlin(2026, 1, 18, 12))
    supporter_decline(supporter=story.sam, actor=story.sam.person)
    story.happened()
    story.run_until(berlin(2026, 1, 25))
    assert story.messages == [(berlin(2026, 1, 18, 12), "kim", "nudge", 2)]


def test_a_claim_withdraws_a_second_nudge_that_waits_for_the_morning(story, dana):
    """Both first supporters: at 22:00 Lee cannot, so Kim would be asked at 08:00; at 23:00 Sam says "I'm on it"."""
    story.at(berlin(2026, 1, 17, 22))
    # 24 h after Sam's nudge lie inside the window here, so Kim was asked already: begin anew with a later notice
    ok_say(actor=dana)
    rule_set(actor=dana, grace_hours=12)
    story.at(berlin(2026, 1, 22, 22))
    story.close(story.meeting, week(3), {dana: "absent"})  # notice Friday 08:00; Sam may hear again at 20:35
    story.post.attempts.clear()
    story.at(berlin(2026, 1, 23, 22))
    says(story, "cannot", story.token("sam", "nudge"))
    story.at(berlin(2026, 1, 23, 23))
    says(story, "claim", story.token("sam", "nudge"))
    story.run_until(berlin(2026, 1, 26, 12))
    assert story.messages == [
        (berlin(2026, 1, 23, 8), "dana", "final_notice"),
        (TOLD + 7 * DAY, "sam", "nudge", 1),
        (berlin(2026, 1, 26, 8), "sam", "reminder"),
    ]


def test_an_answer_after_the_episode_ended_is_settled_and_changes_nothing(story, dana):
    link = story.sam_token
    ok_say(actor=dana)
    story.settle()
    response = Client().post(f"/{link}", {"answer": "claim"})
    assert (response.status_code, Answer.objects.count()) == (410, 0)
    assert b"This is settled" in response.content


def test_one_answer_counts_for_every_open_episode_of_that_member(story):
    home, meeting = story.group()
    other, friday = story.group(4, name="g2")
    dana = story.member()
    sam = story.supporter(dana)
    story.rule(dana, 1, [sam], scope="group")
    for group, held in ((home, meeting), (other, friday)):
        story.join(dana, group, held)
    story.at(evening(week(0)))
    story.close(meeting, week(0), {dana: "absent"})
    story.at(evening(week(0) + DAY))
    story.close(friday, week(0) + DAY, {dana: "absent"})
    story.run_until(evening(week(1) + 2 * DAY))
    answer_give(kind="claim", supporter=sam, actor=sam.person)
    assert Answer.objects.count() == Episode.objects.count() == 2


def test_nobody_answers_who_was_not_told(story, dana):
    with pytest.raises(Settled):
        answer_give(kind="claim", supporter=story.kim, actor=story.kim.person)
    assert not Answer.objects.exists()


def test_two_first_supporters_one_cannot_the_other_still_may(story):
    home, meeting = story.group()
    dana = story.member()
    sam, lee, kim = (story.supporter(dana, name) for name in ("sam", "lee", "kim"))
    story.rule(dana, 1, [sam, lee], [kim])
    story.join(dana, home, meeting)
    story.at(evening(week(0)))
    story.close(meeting, week(0), {dana: "absent"})
    story.run_until(evening(week(0) + DAY))
    story.at(berlin(2026, 1, 3, 9))
    says(story, "cannot", story.token("sam", "nudge"))
    story.run_until(berlin(2026, 1, 3, 12))
    assert [line[1] for line in story.messages if line[2] == "nudge"] == ["lee", "sam"]
    says(story, "cannot", story.token("lee", "nudge"))
    story.run_until(berlin(2026, 1, 3, 13))
    assert story.messages[-1] == (berlin(2026, 1, 3, 12), "kim", "nudge", 2)
