"""What the pages of the watch show: the member's own, and the little that a supporter may see (rule D5)."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from circle.models import Supporter
from circle.selectors import supporters_of
from delivery.selectors import usable_ways
from delivery.services import in_window
from groups.models import Membership
from meetings import schedule
from meetings.models import Commitment
from meetings.selectors.held import rule_of as schedule_of
from people.models import Link, Person
from support import streaks
from support.models import Answer, Episode, EpisodeSupporter, Pause, Rule, RuleSupporter
from support.selectors import words
from support.selectors.contacts import grace_of

OPENS = timedelta(days=7)  # a link opens while its episode is open and so long after
LOOK = timedelta(days=28)  # over which the planned meetings are counted
LATEST = 10  # episodes on the member's page


@dataclass(frozen=True, slots=True)
class Listed:
    """One of the member's people, and where they stand in the rule: 1, 2, or 0 for not at all."""

    pid: str
    name: str
    level: int
    accepted: bool


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
    episodes: list[EpisodeView]

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
        people=[_listed(one, levels) for one in supporters_of(person)],
        has_group=Membership.objects.standing().filter(person=person).exists(),
        has_commitment=per_week > 0,
        reached_outside=bool(usable_ways(person)),
        episodes=episodes_of(person),
    )


def _listed(supporter: Supporter, levels: dict[int, int]) -> Listed:
    return Listed(
        pid=str(supporter.person.pid),
        name=supporter.name,
        level=levels.get(supporter.pk, 0),
        accepted=supporter.state == Supporter.ACCEPTED,
    )


def running_pause(person: Person, now: datetime) -> Pause | None:
    """The pause that is on at `now` (UTC)."""
    begun = Pause.objects.filter(person=person, since__lte=now).order_by("-since")
    return next((pause for pause in begun if pause.until is None or pause.until > now), None)


def episodes_of(person: Person, limit: int = LATEST) -> list[EpisodeView]:
    """The member's own episodes, latest first, each with its log, in a fixed number of statements."""
    latest = Episode.objects.filter(watch__person=person).order_by("-opened_at", "-pk")
    found = list(
        latest.select_related("watch__person").prefetch_related("events", "supporters__supporter__person")[:limit]
    )
    rule = Rule.objects.filter(person=person).first()
    return [_episode_view(episode, ok_stops=rule.ok_stops if rule else True) for episode in found]


def episode_view(link: Link) -> EpisodeView:
    """The episode of a member's link. Raises Episode.DoesNotExist when it is not theirs."""
    episode = Episode.objects.select_related("watch__person").get(pk=link.subject, watch__person=link.person_id)
    rule = Rule.objects.filter(person=link.person_id).first()
    return _episode_view(episode, ok_stops=rule.ok_stops if rule else True)


def link_is_over(ended_at: datetime | None, now: datetime) -> bool:
    """A link opens while its episode is open and 7 days after."""
    return ended_at is not None and now >= ended_at + OPENS


def _episode_view(episode: Episode, *, ok_stops: bool) -> EpisodeView:
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
    )


def _waiting(episode: Episode, rows: list[EpisodeSupporter]) -> list[Waiting]:
    """Whose nudge is to come. A member may open the notice's link before the watch has read that it left."""
    if episode.ended_at is not None or episode.decided_at is None:
        return []
    attempted = episode.notice_attempted_at or _notice_attempted(episode)
    found = []
    for row in sorted(rows, key=lambda row: (row.level, row.pk)):
        if row.state == EpisodeSupporter.WAITING and (row.level == 1 or row.due_at is not None):
            due = in_window(row.supporter.person, attempted + grace_of(episode)) if attempted else None
            found.append(Waiting(row.supporter.name, row.due_at or due, row.waits))
    return found


def _notice_attempted(episode: Episode) -> datetime | None:
    """When the latest final notice was attempted, as the outbox knows it."""
    notices = episode.messages.filter(delivery__kind="final_notice").order_by("-pk")
    return notices.values_list("delivery__attempted_at", flat=True).first()


# --- the supporter's page -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NudgeView:
    """All that a supporter may ever see (rule D5). face: open, ended (nothing is asked any more), settled, stopped."""

    face: str
    sender_name: str
    name: str
    told_at: datetime | None
    answer: str  # their own latest: claim, reached, cannot, or empty


def nudge_row(link: Link) -> EpisodeSupporter:
    """The row of a nudge's link. Raises EpisodeSupporter.DoesNotExist when the link is not theirs."""
    rows = EpisodeSupporter.objects.select_related("episode", "supporter__person", "supporter__member")
    return rows.get(pk=link.subject, supporter__person=link.person_id)


def nudge_view(row: EpisodeSupporter, now: datetime, *, settled: bool = False) -> NudgeView:
    """What the link's page shows at `now` (UTC)."""
    supporter, ended = row.supporter, row.episode.ended_at
    face = "open"
    if supporter.state == Supporter.STOPPED:
        face = "stopped"
    elif settled or link_is_over(ended, now):
        face = "settled"
    elif ended is not None:
        face = "ended"
    last = Answer.objects.filter(episode=row.episode, supporter=supporter).order_by("-at", "-pk").first()
    return NudgeView(face, supporter.sender_name, supporter.name, row.told_at, last.kind if last else "")
