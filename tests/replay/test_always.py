"""What is always true (docs/rules.md, section 8) over random histories, through the real services, worker and outbox.

A full run plays 1,000 histories on each of the two databases, other ones on each. An error names its number.
"""

import os
import random
from datetime import datetime, timedelta

import pytest
from django.db import transaction

from delivery.models import Delivery
from ground.wall import to_wall
from porchlight.replay.playing import Player
from porchlight.replay.scenario import read
from support import streaks
from support.models import Episode, EpisodeMessage, EpisodeSupporter
from support.selectors.cases import case_of, load_facts

pytestmark = pytest.mark.django_db

SCALED = os.environ.get("PORCHLIGHT_WAY") == "scaled"
SMALL, WHOLE = 3, 1000
VALUES = ["absent"] * 6 + ["present", "late", "excused", None]
START = datetime(2026, 1, 1, 19)
DAY = timedelta(days=1)
CLOSING = {"all_sorted", "apology", "retraction", "back_in_touch"}
TO_SUPPORTERS = {"nudge", "reminder", "retraction", "back_in_touch"}


def test_what_is_always_true_holds_in_random_histories(full, seed):
    count = WHOLE if full else SMALL
    for number in range(count):
        number += seed * 10_000 + SCALED * count
        chance = random.Random(number)
        with at_number(number):
            history = random_history(chance)
            played(history, after_step=nothing_differs)


def test_the_order_of_closing_and_a_recomputation_from_nothing_change_no_streak(full, seed):
    """The same daily sheets in two orders, all in time; and what the records say when nothing was known before."""
    for number in range(100 if full else 1):
        number += seed * 10_000 + SCALED * 1_000
        chance = random.Random(number)
        closings = [(START + n * DAY, chance.choice(VALUES)) for n in range(10)]
        terms = {"threshold": chance.randint(1, 5), "scope": chance.choice(["any", "group"])}
        found = []
        for _order in range(2):
            chance.shuffle(closings)
            events = [
                {"at": f"2026-01-11T{8 + place:02}:00", "close": ["m1", f"{day:%Y-%m-%d}"], "marks": {"dana": value}}
                for place, (day, value) in enumerate(closings)
            ]
            with at_number(number):
                found.append(played(world(events, terms, rrule="FREQ=DAILY"), after_step=nothing_differs))
        assert found[0] == found[1], f"history {number}"


class at_number:  # noqa: N801  (reads as a phrase)
    """What happens inside is taken back; an error says which history it was."""

    def __init__(self, number):
        self.number = number

    def __enter__(self):
        self.atomic = transaction.atomic()
        self.atomic.__enter__()

    def __exit__(self, kind, error, trace):
        if error is not None:
            error.add_note(f"history {self.number}")
        else:
            transaction.set_rollback(True)
        self.atomic.__exit__(kind, error, trace)


def world(events, terms, rrule="FREQ=WEEKLY"):
    since = "2025-12-20T12:00"
    accepted = {"accepted": since, "consent": ["absence", "back_in_touch"]}
    return {
        "zone": "Europe/Berlin",
        "people": {"dana": {}, "sam": {}, "kim": {"zone": "America/New_York"}, "lee": {}},
        "groups": {
            name: {
                "meetings": {meeting: {"start": f"2026-01-0{day}T19:00", "rrule": rrule, "minutes": 90}},
                "members": {"dana": {"since": since, "commits": [meeting]}},
            }
            for name, meeting, day in (("g1", "m1", 1), ("g2", "m2", 2))
        },
        "rules": {"dana": {"since": since, "levels": [["sam"], ["kim", "lee"]], **terms}},
        "supporters": {"dana": {"sam": accepted, "kim": accepted, "lee": {**accepted, "accepted": None}}},
        "events": events,
        "until": "2026-03-20T00:00",
    }


def random_history(chance):
    """Six weeks of two groups: closings, corrections, cancellings, pauses, answers, changes of the rule, outages."""
    events, closed = [], []
    now = START
    for week in range(6):
        for meeting, offset in (("m1", 0), ("m2", 1)):
            day = START + (7 * week + offset) * DAY
            if chance.random() < 0.8:
                now = max(now, day + timedelta(minutes=95))
                sheet = [meeting, f"{day:%Y-%m-%d}"]
                events.append({"at": now, "close": sheet, "marks": {"dana": chance.choice(VALUES)}})
                closed.append(sheet)
            if closed and chance.random() < 0.6:
                now += timedelta(minutes=chance.randint(1, 3000))
                events.append({"at": now, **happening(chance, closed, now)})
    for event in events:
        event["at"] = event["at"].strftime("%Y-%m-%dT%H:%M")
    terms = {"threshold": chance.randint(1, 3), "scope": chance.choice(["any", "group"])}
    return world(events, {**terms, "grace": chance.choice([12, 24, 48]), "ok_stops": chance.random() < 0.8})


def happening(chance, closed, now):
    sheet, who = chance.choice(closed), chance.choice(["sam", "kim"])
    logged = f"{now - timedelta(hours=chance.randint(1, 300)):%Y-%m-%dT%H:%M}"
    return chance.choice(
        [
            {"correct": sheet, "marks": {"dana": chance.choice(VALUES)}},
            {"correct": sheet, "marks": {"dana": "absent"}},
            {chance.choice(["cancel", "uncancel"]): sheet},
            {"selflog": "dana", "start": logged},
            {chance.choice(["pause", "resume", "ok"]): "dana"},
            {"rule": "dana", "threshold": chance.randint(1, 4)},
            {chance.choice(["claim", "cannot", "reached", "stop"]): [who, "dana"]},
            {chance.choice(["claim", "cannot"]): [who, "dana"]},
            {"revoke": ["dana", who, chance.choice(["absence", "back_in_touch"])]},
            {chance.choice(["leave", "join"]): ["dana", "g2"]},
            {"bounce": who},
            {chance.choice(["down", "up", "up"]): "worker"},
        ]
    )


def played(values, after_step):
    player = Player(read(values), after_step)
    result = player.play()
    after_step(player)
    about_messages(player, result.messages)
    return result.streaks


def nothing_differs(player):
    """The incremental result and the one from nothing are the same; what was said stays said."""
    case = case_of(player.world.people["dana"])
    if case is None:
        return
    load_facts([case], player.now)
    for watch in case.active():
        afresh = streaks.snapshot(case.facts, group=watch.group_id)
        counted = streaks.streak_at(afresh, player.now)
        assert streaks.streak_at(case.known(watch), player.now) == counted, "incremental and afresh differ"
        hits = [record.start for record in afresh.records if record.kind is streaks.Kind.HIT]
        assert not counted.misses or not hits or max(hits) < counted.misses[0].start, "a HIT later than a MISS counted"
    said = set(Delivery.objects.filter(attempted_at__isnull=False).values_list("dedupe_key", "attempted_at"))
    assert getattr(player, "said", set()) <= said, "something said was unsaid"
    player.said = said


def about_messages(player, messages):
    assert not [one for one in messages if one.to == "lee"], "had not accepted"
    attempted = EpisodeMessage.objects.filter(delivery__attempted_at__isnull=False)
    sent = list(attempted.select_related("delivery__recipient", "episode", "row"))
    nudges = [one for one in sent if one.level is not None]
    assert len({(one.episode_id, one.row_id, one.level) for one in nudges}) == len(nudges), "told twice"
    consents = {(c.supporter_id, c.purpose): c for c in consents_of(player)}
    for one in sent:
        delivery = one.delivery
        local = to_wall(delivery.attempted_at, delivery.recipient.zone)
        assert 8 <= local.hour < 21, "outside the window"
        if delivery.kind not in TO_SUPPORTERS:
            continue
        notices = [n.delivery for n in sent if n.episode_id == one.episode_id and n.delivery.kind == "final_notice"]
        first = min(notice.attempted_at for notice in notices if notice.attempted_at)
        assert delivery.attempted_at >= first + timedelta(hours=one.episode.grace_hours), "before the grace was over"
        for purpose in ["absence"] + ["back_in_touch"] * (delivery.kind == "back_in_touch"):
            consent = consents[one.row.supporter_id, purpose]
            assert consent.revoked_at is None or delivery.attempted_at < consent.revoked_at, "without consent"
    for kind in ("soft_note", "heads_up", "all_sorted", "apology"):
        of = [one.episode_id for one in sent if one.delivery.kind == kind]
        assert len(of) == len(set(of)), f"{kind} twice in an episode"
    closings = [one.row_id for one in sent if one.delivery.kind in CLOSING and one.row_id]
    assert len(closings) == len(set(closings)), "two closing messages"
    for episode in Episode.objects.filter(ended_at__isnull=False):
        waiting = Delivery.objects.filter(
            topic=f"episode:{episode.pk}", state="pending", kind__in=["nudge", "reminder"]
        )
        assert not waiting.exists(), "an episode that ended has a nudge waiting"
        assert not EpisodeSupporter.objects.filter(episode=episode, state="waiting").exists()


def consents_of(player):
    from circle.models import Consent

    return Consent.objects.filter(supporter__in=[one.pk for one in player.world.contacts.values()]).order_by("pk")
