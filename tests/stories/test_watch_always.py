"""Section 8 of streaks.md over random stories through the real services and worker; the seed is noted on an error."""

import contextlib
import random
from datetime import timedelta

import pytest
from django.db import transaction

from delivery.models import Delivery
from ground.errors import Settled
from meetings.services.selflogs import self_log
from support import streaks
from support.models import Episode, EpisodeMessage, EpisodeSupporter, Watch
from support.selectors.cases import case_of, load_facts
from support.services import answer_give, ok_say, pause_begin, pause_end, rule_set
from tests.stories.driver import Story, evening, week

pytestmark = pytest.mark.django_db

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
VALUES = ["absent"] * 6 + ["present", "late", "excused", None]


def test_what_is_always_true_holds_in_random_stories(full, seed):
    for number in range(200 if full else 8):
        chance = random.Random(seed * 1000 + number)
        with transaction.atomic():
            try:
                play(chance)
            except Exception as error:
                error.add_note(f"seed {seed * 1000 + number}")
                raise
            transaction.set_rollback(True)


def play(chance: random.Random) -> None:
    with Story() as story:
        home, meeting = story.group(3)
        other, friday = story.group(4, name="g2")
        dana = story.member()
        people = [story.supporter(dana, name, accepted=name != "lee") for name in ("sam", "kim", "lee")]
        scope = chance.choice(["any", "group"])
        story.rule(dana, chance.randint(1, 4), people[:1], people[1:], scope=scope, grace_hours=chance.choice([12, 24]))
        story.join(dana, home, meeting)
        story.join(dana, other, friday)
        closed = []
        for number in range(9):
            for held, day in ((meeting, week(number)), (friday, week(number) + DAY)):
                if chance.random() < 0.85:
                    story.at(max(story.now, evening(day)))
                    story.close(held, day, {dana: chance.choice(VALUES)})
                    closed.append((held, day))
                for _more in range(chance.randint(0, 2)):
                    story.at(story.now + timedelta(minutes=chance.randint(1, 600)))
                    happen(chance, story, dana, people, closed)
                always_true(story, dana)
        story.run_until(story.now + 10 * DAY)
        always_true(story, dana)


def happen(chance, story, dana, people, closed):
    """One random event of the member, a supporter or a facilitator."""
    held, day = chance.choice(closed) if closed else (None, None)
    event = chance.choice(["correct", "correct", "cancel", "log", "ok", "pause", "resume", "answer", "answer", "rule"])
    if event == "correct" and held:
        story.correct(held, day, {dana: chance.choice(VALUES)})
    elif event == "cancel" and held and chance.random() < 0.3:
        story.cancel(held, day)
    elif event == "log" and chance.random() < 0.3:
        self_log(actor=dana, starts_at=story.now - timedelta(hours=chance.randint(1, 200)))
        story.happened()
    elif event == "ok" and chance.random() < 0.4:
        ok_say(actor=dana)
    elif event == "pause" and chance.random() < 0.4:
        pause_begin(actor=dana, until=chance.choice([None, story.now + 3 * DAY]))
    elif event == "resume":
        pause_end(actor=dana)
    elif event == "rule" and chance.random() < 0.3:
        rule_set(actor=dana, threshold=chance.randint(1, 5))
    elif event == "answer":
        who = chance.choice(people)
        with contextlib.suppress(Settled):
            answer_give(kind=chance.choice(["claim", "cannot", "reached"]), supporter=who, actor=who.person)


def always_true(story, dana):
    case = case_of(dana)
    assert case is not None
    load_facts([case], story.now)
    for watch in Watch.objects.filter(person=dana):
        afresh = streaks.snapshot(case.facts, group=watch.group_id)
        if watch in case.active():
            known = streaks.streak_at(case.known(watch), story.now).count
            assert known == streaks.streak_at(afresh, story.now).count, "incremental and afresh differ"
    nudges = EpisodeMessage.objects.filter(level__isnull=False).select_related("delivery", "episode")
    sent = [one for one in nudges if one.delivery.attempted_at]
    assert len({(one.episode_id, one.row_id, one.level) for one in sent}) == len(sent), "told twice"
    for one in sent:
        notices = Delivery.objects.filter(kind="final_notice", payload__episode=one.episode_id)
        first = min(notice.attempted_at for notice in notices if notice.attempted_at)
        grace = timedelta(hours=one.episode.grace_hours)
        assert one.delivery.attempted_at >= first + grace, "before the grace was over"
        local = one.delivery.attempted_at + HOUR  # winter in Berlin
        assert 8 <= local.hour < 21, "outside the window"
    assert not [row for row in EpisodeSupporter.objects.filter(supporter__name="lee") if row.told_at], "not accepted"
    for kind in ("soft_note", "heads_up", "all_sorted", "apology"):
        keys = list(Delivery.objects.filter(kind=kind).values_list("payload__episode", flat=True))
        assert len(keys) == len(set(keys)), f"{kind} twice in an episode"
    closings = list(
        EpisodeMessage.objects.filter(delivery__kind__in=["retraction", "back_in_touch"]).values_list("row", flat=True)
    )
    assert len(closings) == len(set(closings)), "two closing messages"
    for episode in Episode.objects.filter(ended_at__isnull=False):
        waiting = Delivery.objects.filter(
            topic=f"episode:{episode.pk}", state="pending", kind__in=["nudge", "reminder"]
        )
        assert not waiting.exists(), "an episode that ended has a nudge waiting"
