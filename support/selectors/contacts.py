"""Where the supporters of open episodes stand, read at every look: answers, reachability, consent, last nudge.

The bars of docs/rules.md 4.7 live here once: the worker asks them when it takes a nudge up, the outbox when it hands
it over.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Max

from circle.models import Consent, Supporter
from circle.selectors import rests
from circle.selectors import standing as consents_standing
from delivery.models import Stop
from people.models import ContactWay
from people.selectors import alive
from support import streaks
from support.models import Answer, Episode, EpisodeSupporter
from support.selectors.cases import Case, decision_of
from support.streaks import Contact, NudgeFacts, Purpose, Reason

MUTED = "as you set it"
RESTS = "they asked for a rest"
CLOSED = "the account is closed"
GONE = "it is over"
NOT_DUE = "not due as things stand"
OVERDUE = "late by more than three days"
CLAIMED = "somebody is looking after it"
WORDS: dict[Reason, str] = {
    Reason.STREAK_LOWER: "no longer needed",
    Reason.EPISODE_ENDED: GONE,
    Reason.DECISION_VOID: "the decision no longer stands",
    Reason.PAUSED: "a pause",
    Reason.RULE_OFF: "the watch is off",
    Reason.HUSHED: "you changed your rule",
    Reason.SEARCH_OVER: "somebody reached you",
    Reason.BEFORE_GRACE: "before the time you set",
    Reason.NOT_ACCEPTED: "had not said yes in time",
    Reason.NOT_IN_LEVEL: "not on your list at this place",
    Reason.UNREACHABLE: "cannot be reached",
    Reason.NO_CONSENT: "you had not allowed it",
    Reason.NO_CLAIM: "not looking after it any more",
}

# unsent for these reasons a nudge is decided anew; for all others never again
ANEW = (NOT_DUE, OVERDUE, CLAIMED, WORDS[Reason.BEFORE_GRACE])

Said = tuple[datetime, streaks.Answer]


@dataclass(slots=True)
class People:
    """What `load` found; keys are ids of supporters, and of episodes where told."""

    answers: dict[tuple[int, int], list[Said]] = field(default_factory=lambda: defaultdict(list))
    out_at: dict[int, datetime] = field(default_factory=dict)
    last_told: dict[int, datetime] = field(default_factory=dict)
    consents: set[tuple[int, str]] = field(default_factory=set)
    alive: set[int] = field(default_factory=set)  # persons with an account that may be signed in to

    def contact(self, row: EpisodeSupporter) -> Contact:
        """The supporter of one episode in the terms of the arithmetic."""
        outs = [at for at in (self.out_at.get(row.supporter_id), row.bounced_at) if at is not None]
        out = min(outs, default=None)
        accepted = row.supporter.accepted_at
        said = tuple(self.answers[row.episode_id, row.supporter_id])
        return Contact(accepted, out_at=out, nudged_at=row.told_at, answers=(*said, *_took_back(row.supporter)))

    def standing(self, row: EpisodeSupporter) -> streaks.Standing:
        return streaks.standing(self.contact(row).answers)

    def may_hear(self, supporter: Supporter, purpose: Purpose) -> bool:
        return (supporter.pk, purpose.value) in self.consents


def _took_back(supporter: Supporter) -> tuple[Said, ...]:
    """STOP and decline take a claim back."""
    said = {Supporter.STOPPED: streaks.Answer.STOP, Supporter.DECLINED: streaks.Answer.DECLINE}.get(supporter.state)
    return () if said is None or supporter.ended_at is None else ((supporter.ended_at, said),)


def load(cases: Iterable[Case], now: datetime) -> People:
    """Where every supporter of these open episodes stands at `now` (UTC), in six statements."""
    cases = list(cases)
    rows = [row for case in cases for rows in case.rows.values() for row in rows]
    return load_rows(rows, [case.person.pk for case in cases], now)


def load_rows(rows: list[EpisodeSupporter], members: list[int], now: datetime) -> People:
    """`load` for these rows (with supporter and person) and the members they belong to."""
    people = People()
    people.alive = alive(members)
    if not rows:
        return people
    supporters = {row.supporter_id: row.supporter for row in rows}
    for answer in Answer.objects.filter(episode__in={row.episode_id for row in rows}).order_by("at", "pk"):
        people.answers[answer.episode_id, answer.supporter_id].append((answer.at, streaks.Answer(answer.kind)))
    told = EpisodeSupporter.objects.filter(supporter__in=supporters, level=1, told_at__isnull=False)
    for pk, at in told.values_list("supporter_id").annotate(last=Max("told_at")):
        people.last_told[pk] = at
    held = Consent.objects.filter(consents_standing(now), supporter__in=supporters)
    people.consents = set(held.values_list("supporter_id", "purpose"))
    people.out_at = _out(supporters.values())
    return people


def _out(supporters: Iterable[Supporter]) -> dict[int, datetime]:
    """When each stopped being reachable: declined, said STOP, or the last way refused for good (4.4)."""
    supporters = list(supporters)
    ways = defaultdict(list)
    for way in ContactWay.objects.filter(person__in={one.person_id for one in supporters}).defer("address"):
        ways[way.person_id].append(way)
    hashes = {way.address_hash for found in ways.values() for way in found}
    stops = dict(Stop.objects.filter(address_hash__in=hashes).values_list("address_hash", "at"))
    out = {}
    for one in supporters:
        times = []
        if one.state in {Supporter.STOPPED, Supporter.DECLINED} and one.ended_at is not None:
            times.append(one.ended_at)
        ends = [_way_ended(way, stops) for way in ways[one.person_id]]
        known = [end for end in ends if end is not None]
        if len(known) == len(ends):  # no way is left
            times.append(max(known, default=one.invited_at))
        if times:
            out[one.pk] = min(times)
    return out


def _way_ended(way: ContactWay, stops: dict[str, datetime]) -> datetime | None:
    ends = [at for at in (way.bounced_at, stops.get(way.address_hash)) if at is not None]
    return min(ends, default=None)


def grace_of(episode: Episode) -> timedelta:
    assert episode.grace_hours is not None
    return timedelta(hours=episode.grace_hours)


def level2_due(case: Case, episode: Episode, people: People) -> datetime | None:
    """Rule 4.4 as things stand; None: not due, or the final notice was not attempted yet."""
    if episode.notice_attempted_at is None:
        return None
    return streaks.level2_due(
        final_attempt=episode.notice_attempted_at,
        grace=grace_of(episode),
        level1=[people.contact(row) for row in case.rows.get(episode.pk, []) if row.level == 1],
        reached=episode.search_over,
    )


def nudge_barred(case: Case, row: EpisodeSupporter, people: People, now: datetime) -> str | None:
    """4.7 for a nudge, in plain words; None: it may go."""
    facts = _facts(case, row, people, now, in_level=case.listed.get(row.supporter_id) == row.level)
    barred = streaks.check_nudge(facts, now)
    return _words(barred) or _quiet(case, row.supporter, people, now)


def reminder_barred(case: Case, row: EpisodeSupporter, people: People, now: datetime) -> str | None:
    """4.7 for a reminder, in plain words; None: it may go."""
    facts = _facts(case, row, people, now, in_level=row.supporter_id in case.listed)
    claims = people.standing(row).claim_at is not None
    barred = streaks.check_reminder(facts, now, claim_stands=claims)
    return _words(barred) or _quiet(case, row.supporter, people, now)


def closing_barred(kind: streaks.MessageKind, supporter: Supporter, people: People) -> str | None:
    """4.7 for retraction and back in touch, in plain words; None: it may go."""
    barred = streaks.check_closing(
        kind,
        accepted=supporter.state == Supporter.ACCEPTED,
        reachable=supporter.pk not in people.out_at,
        consents={purpose for purpose in Purpose if people.may_hear(supporter, purpose)},
    )
    if barred is None and supporter.member_id not in people.alive:
        return CLOSED
    return _words(barred) or (MUTED if supporter.muted else None)


def _facts(case: Case, row: EpisodeSupporter, people: People, now: datetime, *, in_level: bool) -> NudgeFacts:
    episode = row.episode
    decision = decision_of(episode)
    records = case.records(episode.watch, now)
    return NudgeFacts(
        episode_open=episode.ended_at is None,
        decision_stands=decision is not None and streaks.decision_stands(records, decision),
        paused=case.paused_at(now),
        rule_on=case.on_at(now),
        hushed=episode.hushed,
        search_over=episode.search_over,
        final_attempt=episode.notice_attempted_at,
        grace=grace_of(episode),
        contact=people.contact(row),
        in_level=in_level,
        consent=people.may_hear(row.supporter, Purpose.ABSENCE),
    )


def _quiet(case: Case, supporter: Supporter, people: People, now: datetime) -> str | None:
    """What the arithmetic does not know: taken off the list, muted, a rest of theirs, the member's account closed."""
    if supporter.state != Supporter.ACCEPTED:
        return WORDS[Reason.NOT_ACCEPTED]
    if supporter.muted:
        return MUTED
    if rests(supporter, now):
        return RESTS
    return None if case.person.pk in people.alive else CLOSED


def _words(reason: Reason | None) -> str | None:
    return None if reason is None else WORDS[reason]
