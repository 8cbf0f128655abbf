"""What the pages of the watch show its own member. What a supporter may see: `asked`."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Prefetch

from circle.models import Supporter
from circle.selectors import rests, supporters_of
from delivery.selectors import usable_ways
from delivery.services import in_window
from ground import clock
from groups.models import Membership
from meetings import schedule
from meetings.models import Commitment
from meetings.selectors.held import rule_of as schedule_of
from people.models import Link, Person
from support import streaks
from support.models import Episode, EpisodeMessage, EpisodeSupporter, Rule, RuleSupporter
from support.selectors import words
from support.selectors.cases import ON_THE_WAY, running_pause
from support.selectors.contacts import grace_of

LOOK = timedelta(days=28)  # over which the planned meetings are counted
LATEST = 10  # episodes on the member's page
JUST_LEFT = timedelta(minutes=10)  # a message handed over so shortly before a pause is mentioned as well
TO_SUPPORTERS = ("nudge", "reminder")


@dataclass(frozen=True, slots=True)
class Listed:
    """One of the member's people, and where they stand in the rule: 1, 2, or 0 for not at all."""

    pid: str
    name: str
    level: int
    accepted: bool
    rests_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Line:
    at: datetime
    words: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Who would be written to next, and when (UTC; None: the grace begins once the final notice has left).

    waits: they were written to less than a week ago.
    """

    name: str
    at: datetime | None
    waits: bool


@dataclass(frozen=True, slots=True)
class Later:
    """What else waits, in plain words. at (UTC): when it is looked at or leaves; None: nobody can say yet."""

    words: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class EpisodeView:
    """One run of missed meetings as its member sees it. stage: noted, asked (before anybody was told), told, ended."""

    ref: int
    stage: str
    opened_at: datetime
    ended_at: datetime | None
    asked: bool  # a final notice was decided
    waiting: list[Waiting]
    told: list[str]
    ok_stops: bool
    grace_words: str
    lines: list[Line] = field(default_factory=list)
    later: list[Later] = field(default_factory=list)
    paused: bool = False

    @property
    def open(self) -> bool:
        return self.ended_at is None


@dataclass(frozen=True, slots=True)
class WatchView:
    """The member's own page. Without a rule `on` is False and `threshold` the suggested one."""

    exists: bool
    on: bool
    threshold: int
    suggested: int
    scope: str
    grace_hours: int
    ok_stops: bool
    in_words: str
    grace_words: str
    suggested_words: str
    paused: bool
    paused_until: datetime | None
    people: list[Listed]
    has_group: bool
    has_commitment: bool
    reached_outside: bool
    since: datetime | None  # from when on occurrences count; None while it is off
    episodes: list[EpisodeView]
    form_people: list[Listed] | None = None  # as typed into the form, when it was refused

    @property
    def in_form(self) -> list[Listed]:
        return self.people if self.form_people is None else self.form_people

    @property
    def first(self) -> list[Listed]:
        return [one for one in self.people if one.level == 1]

    @property
    def second(self) -> list[Listed]:
        return [one for one in self.people if one.level == 2]

    @property
    def open_episodes(self) -> list[EpisodeView]:
        return [episode for episode in self.episodes if episode.open]

    @property
    def past_episodes(self) -> list[EpisodeView]:
        return [episode for episode in self.episodes if not episode.open]


def meetings_per_week(person: Person, now: datetime) -> float:
    """How many meetings a week the person planned to come to, over the next four weeks by their rules."""
    standing = Commitment.objects.standing().filter(person=person, meeting__closed_at=None).select_related("meeting")
    count = 0
    for commitment in standing:
        rule = schedule_of(commitment.meeting)
        if rule is not None:
            count += len(schedule.occurrences(rule, now, now + LOOK))
    return count / (LOOK.days / 7)


def watch_page(person: Person, now: datetime) -> WatchView:
    """Everything on "My watch"."""
    rule = Rule.objects.select_related("person").filter(person=person).first()
    per_week = meetings_per_week(person, now)
    suggested = streaks.suggested_threshold(per_week)
    threshold = rule.threshold if rule else suggested
    pause = running_pause(person, now)
    levels = dict(RuleSupporter.objects.filter(rule=rule).values_list("supporter_id", "level")) if rule else {}
    return WatchView(
        exists=rule is not None,
        on=rule is not None and rule.on,
        threshold=threshold,
        suggested=suggested,
        scope=rule.scope if rule else Rule.ANY,
        grace_hours=rule.grace_hours if rule else 24,
        ok_stops=rule.ok_stops if rule else True,
        in_words=words.rule_in_words(threshold, per_week),
        grace_words=words.grace_in_words(rule.grace_hours if rule else 24),
        suggested_words=words.rule_in_words(suggested, per_week),
        paused=pause is not None,
        paused_until=pause.until if pause else None,
        people=[_listed(one, levels, now) for one in supporters_of(person)],
        has_group=Membership.objects.standing().filter(person=person).exists(),
        has_commitment=per_week > 0,
        reached_outside=bool(usable_ways(person)),
        since=_since(rule),
        episodes=episodes_of(person),
    )


def levels_of(person: Person) -> dict[int, int]:
    """By supporter id, where each stands in the member's rule while it is on: 1 or 2."""
    listed = RuleSupporter.objects.filter(rule__person=person, rule__on=True)
    return dict(listed.values_list("supporter_id", "level"))


def _since(rule: Rule | None) -> datetime | None:
    if rule is None or not rule.on:
        return None
    return rule.spans.filter(until=None).values_list("since", flat=True).first()


@dataclass(frozen=True, slots=True)
class Leaving:
    """A message to a supporter that passed the gate so shortly ago that no withdrawal could reach it; `at` in UTC."""

    name: str
    at: datetime


def leaving_now(person: Person, now: datetime) -> list[Leaving]:
    """What was already leaving when the member paused or said "I'm fine" at `now`: for the page to say so."""
    sent = EpisodeMessage.objects.filter(
        episode__watch__person=person,
        delivery__kind__in=TO_SUPPORTERS,
        delivery__state__in=ON_THE_WAY,
        delivery__bounced=False,
        delivery__attempted_at__gt=now - JUST_LEFT,
    )
    found = sent.order_by("delivery__attempted_at", "pk").values_list("row__supporter__name", "delivery__attempted_at")
    return [Leaving(name, at) for name, at in found if name is not None and at is not None]


def _listed(supporter: Supporter, levels: dict[int, int], now: datetime) -> Listed:
    return Listed(
        pid=str(supporter.person.pid),
        name=supporter.name,
        level=levels.get(supporter.pk, 0),
        accepted=supporter.state == Supporter.ACCEPTED,
        rests_until=supporter.rests_until if rests(supporter, now) else None,
    )


def episodes_of(person: Person, limit: int = LATEST) -> list[EpisodeView]:
    """The member's own episodes, latest first, each with its log, in a fixed number of statements."""
    latest = Episode.objects.filter(watch__person=person).order_by("-opened_at", "-pk")
    found = list(
        latest.select_related("watch__person").prefetch_related(
            "events", "supporters__supporter__person", _pending_messages()
        )[:limit]
    )
    rule = Rule.objects.filter(person=person).first()
    paused = running_pause(person, clock.now()) is not None
    return [_episode_view(episode, ok_stops=rule.ok_stops if rule else True, paused=paused) for episode in found]


def _pending_messages() -> "Prefetch[str]":
    """What was decided and has not passed the gate, as `pending`."""
    waiting = EpisodeMessage.objects.filter(open=True, delivery__state__in=["pending", "sending"])
    return Prefetch("messages", waiting.select_related("delivery", "row__supporter").order_by("pk"), to_attr="pending")


def episode_view(link: Link) -> EpisodeView:
    """The episode of a member's link. Raises Episode.DoesNotExist when it is not theirs."""
    found = Episode.objects.select_related("watch__person").prefetch_related(_pending_messages())
    episode = found.get(pk=link.subject, watch__person=link.person_id)
    rule = Rule.objects.filter(person=link.person_id).first()
    paused = running_pause(link.person, clock.now()) is not None
    return _episode_view(episode, ok_stops=rule.ok_stops if rule else True, paused=paused)


def _episode_view(episode: Episode, *, ok_stops: bool, paused: bool) -> EpisodeView:
    rows = list(episode.supporters.all())
    told = [row.supporter.name for row in rows if row.told_at is not None]
    lines = [Line(event.at, words.line(event)) for event in sorted(episode.events.all(), key=lambda e: (e.at, e.pk))]
    if episode.ended_at is not None:
        stage = "ended"
    elif told:
        stage = "told"
    else:
        stage = "asked" if episode.decided_at is not None else "noted"
    return EpisodeView(
        ref=episode.pk,
        stage=stage,
        opened_at=episode.opened_at,
        ended_at=episode.ended_at,
        asked=episode.decided_at is not None,
        waiting=_waiting(episode, rows),
        told=told,
        ok_stops=ok_stops,
        grace_words=words.grace_in_words(episode.grace_hours or 24),
        lines=[line for line in lines if line.words],
        later=_later(episode, rows),
        paused=paused and episode.ended_at is None,
    )


def _later(episode: Episode, rows: list[EpisodeSupporter]) -> list[Later]:
    """What waits beside the nudges that have their time: messages on their way out, and who may still be asked."""
    found = []
    for message in getattr(episode, "pending", []):
        name = message.row.supporter.name if message.row else ""
        found.append(Later(words.waits(message.delivery.kind, name), message.delivery.not_before))
    if episode.ended_at is not None:
        return found
    attempted = episode.notice_attempted_at or _notice_attempted(episode)
    for row in sorted(rows, key=lambda row: (row.level, row.pk)):
        if row.state == EpisodeSupporter.HELD:
            found.append(Later(words.held(row.supporter.name)))
        elif row.state == EpisodeSupporter.WAITING and _asleep(row, _due(episode, row, attempted)):
            found.append(Later(words.asleep(row.supporter.name)))
        elif row.state == EpisodeSupporter.WAITING and row.level == 2 and row.due_at is None:
            found.append(Later(words.second(row.supporter.name)))
        if row.reminder_at is not None:
            found.append(Later(words.waits("reminder", row.supporter.name), row.reminder_at))
    return found


def _waiting(episode: Episode, rows: list[EpisodeSupporter]) -> list[Waiting]:
    """Whose nudge is to come. A member may open the notice's link before the watch has read that it left."""
    if episode.ended_at is not None or episode.decided_at is None:
        return []
    attempted = episode.notice_attempted_at or _notice_attempted(episode)
    found = []
    for row in sorted(rows, key=lambda row: (row.level, row.pk)):
        if row.state == EpisodeSupporter.WAITING and (row.level == 1 or row.due_at is not None):
            due = _due(episode, row, attempted)
            if not _asleep(row, due):
                found.append(Waiting(row.supporter.name, due, row.waits))
    return found


def _due(episode: Episode, row: EpisodeSupporter, attempted: datetime | None) -> datetime | None:
    """When a waiting nudge is due, where that is known or follows from the notice's attempt."""
    if row.due_at is None and row.level == 1 and attempted:
        return in_window(row.supporter.person, attempted + grace_of(episode))
    return row.due_at


def _asleep(row: EpisodeSupporter, due: datetime | None) -> bool:
    """Whether a nudge that is due then falls into a rest of that supporter, and will not go."""
    return due is not None and rests(row.supporter, due)


def _notice_attempted(episode: Episode) -> datetime | None:
    """When the latest final notice was attempted, as the outbox knows it."""
    notices = episode.messages.filter(delivery__kind="final_notice").order_by("-pk")
    return notices.values_list("delivery__attempted_at", flat=True).first()
