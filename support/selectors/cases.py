"""Everything about a member's watches, read for many members in a fixed number of statements.

`load` reads what stands in this room, `load_facts` what the rooms below recorded. Facts change only together with a
`people.Change` row (design.md), so while none waits for a member, the snapshot of the last evaluation is what is true.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q

from groups.models import Membership
from meetings.models import Commitment, Mark, Occurrence, SelfLog, Sheet
from people.models import Change, Person
from support import streaks
from support.models import Episode, EpisodeMessage, EpisodeSupporter, Pause, Rule, RuleSpan, RuleSupporter, Watch
from support.streaks import Decision, EpisodeState, Facts, RuleTerms, Snapshot, Span

MOST_IDS = 5_000  # in one statement: SQLite takes 32,766 values
ON_THE_WAY = ("handing", "handed_over", "uncertain")  # states of a delivery that count as told while it did not bounce


@dataclass(slots=True)
class Case:
    """One member's rule, watches and open episodes as they stand in the tables."""

    rule: Rule
    spans: list[Span] = field(default_factory=list)
    pauses: list[Span] = field(default_factory=list)
    listed: dict[int, int] = field(default_factory=dict)  # supporter id -> level of the present rule
    watches: list[Watch] = field(default_factory=list)
    episodes: dict[int, Episode] = field(default_factory=dict)  # by watch id, the open ones
    rows: dict[int, list[EpisodeSupporter]] = field(default_factory=dict)  # by episode id
    messages: dict[int, list[EpisodeMessage]] = field(default_factory=dict)  # by episode id
    changed: bool = False  # a Change waits to be evaluated
    facts: Facts | None = None

    @property
    def person(self) -> Person:
        return self.rule.person

    def on_at(self, moment: datetime) -> bool:
        return self.rule.on and any(span.holds(moment) for span in self.spans)

    def paused_at(self, moment: datetime) -> bool:
        return any(span.holds(moment) for span in self.pauses)

    def terms(self, moment: datetime) -> RuleTerms:
        """The rule as it stands at `moment` (UTC)."""
        return RuleTerms(self.rule.threshold, self.rule.ok_stops, self.on_at(moment), self.paused_at(moment))

    def active(self) -> list[Watch]:
        """The watches of the rule's scope; those of another scope rest."""
        return [watch for watch in self.watches if (watch.group_id is None) == (self.rule.scope == Rule.ANY)]

    def known(self, watch: Watch) -> Snapshot:
        """The records of the last evaluation."""
        return Snapshot.from_json(watch.snapshot) if watch.snapshot else Snapshot(group=watch.group_id)

    def records(self, watch: Watch, now: datetime) -> Snapshot:
        """The records as they are now. Reads them when a change waits to be evaluated."""
        if self.facts is None and not self.changed:
            return self.known(watch)
        if self.facts is None:
            load_facts([self], now)
        assert self.facts is not None
        return streaks.snapshot(self.facts, group=watch.group_id)

    def told(self, episode: Episode) -> frozenset[int]:
        """The ids of the rows of supporters told: handed over, or leaving at this moment, and not bounced."""
        return frozenset(
            message.row_id
            for message in self.messages.get(episode.pk, [])
            if message.level is not None
            and message.row_id is not None
            and message.delivery.state in ON_THE_WAY
            and not message.delivery.bounced
        )

    def notice_attempted(self, episode: Episode) -> bool:
        """Whether a final notice of the episode was attempted, also one that bounced."""
        return any(
            message.delivery.kind == "final_notice" and message.delivery.attempted_at is not None
            for message in self.messages.get(episode.pk, [])
        )

    def state(self, episode: Episode) -> EpisodeState:
        """The episode in the terms of the arithmetic."""
        return EpisodeState(
            soft_noted=episode.soft_note_at is not None,
            heads_up=episode.heads_up_at is not None,
            decision=decision_of(episode),
            final_attempted=self.notice_attempted(episode),
            told=self.told(episode),
            suspended=episode.suspended,
            hushed=episode.hushed,
        )


def decision_of(episode: Episode) -> Decision | None:
    """The decision of the episode's final notice, None before it."""
    if episode.decided_at is None:
        return None
    assert episode.threshold is not None
    assert episode.deciding_start is not None
    return Decision(episode.threshold, episode.deciding_start, episode.deciding_group_id, episode.decided_at)


def running_pause(person: Person, now: datetime) -> Pause | None:
    """The pause that is on at `now` (UTC)."""
    begun = Pause.objects.filter(person=person, since__lte=now).order_by("-since")
    return next((pause for pause in begun if pause.until is None or pause.until > now), None)


def load(rules: Sequence[Rule], *, messages: bool = True, changed: bool | None = None) -> list[Case]:
    """The cases of these rules (with `person` loaded), in eight statements however many they are.

    Without `messages` nothing is known of what was sent in an episode. `changed`: what the caller knows about changes
    that wait for them; None: it is asked.
    """
    cases = {rule.person_id: Case(rule) for rule in rules}
    by_rule = {rule.pk: cases[rule.person_id] for rule in rules}
    spans = RuleSpan.objects.filter(rule__in=by_rule).order_by("since", "pk")
    for rule, since, until in spans.values_list("rule_id", "since", "until"):
        by_rule[rule].spans.append(Span(since, until))
    pauses = Pause.objects.filter(person__in=cases).order_by("since")
    for person, since, until in pauses.values_list("person_id", "since", "until"):
        cases[person].pauses.append(Span(since, until))
    listed = RuleSupporter.objects.filter(rule__in=by_rule)
    for rule, supporter, level in listed.values_list("rule_id", "supporter_id", "level"):
        by_rule[rule].listed[supporter] = level
    watches = {}
    # without its group: joined, a database may choose to read all the groups of the site
    for watch in Watch.objects.filter(person__in=cases).order_by("pk"):
        watches[watch.pk] = watch
        cases[watch.person_id].watches.append(watch)
    episodes = {}
    for episode in Episode.objects.filter(watch__in=watches, ended_at=None):
        episode.watch = watches[episode.watch_id]
        episodes[episode.pk] = episode
        cases[episode.watch.person_id].episodes[episode.watch_id] = episode
    _load_rows(cases, episodes)
    if messages:
        _load_messages(cases, episodes)
    waiting = set(cases) if changed else set()
    if changed is None:
        waiting = set(Change.objects.filter(person__in=cases).values_list("person_id", flat=True).distinct())
    for person_id in waiting:
        cases[person_id].changed = True
    return list(cases.values())


def _load_rows(cases: dict[int, Case], episodes: dict[int, Episode]) -> None:
    """The supporters of the open episodes."""
    if not episodes:
        return
    found = EpisodeSupporter.objects.filter(episode__in=episodes).order_by("level", "pk")
    for row in found.select_related("supporter__person"):
        row.episode = episodes[row.episode_id]
        row.supporter.member = cases[row.episode.watch.person_id].person
        cases[row.episode.watch.person_id].rows.setdefault(row.episode_id, []).append(row)


def _load_messages(cases: dict[int, Case], episodes: dict[int, Episode]) -> None:
    """What was decided to be said in the open episodes."""
    if not episodes:
        return
    for message in EpisodeMessage.objects.filter(episode__in=episodes).select_related("delivery").order_by("pk"):
        message.episode = episodes[message.episode_id]
        cases[message.episode.watch.person_id].messages.setdefault(message.episode_id, []).append(message)


def case_of(person: Person) -> Case | None:
    """The case of one member, None without a rule."""
    rule = Rule.objects.select_related("person").filter(person=person).first()
    return load([rule])[0] if rule else None


def horizon(cases: Iterable[Case], now: datetime) -> datetime:
    """Records that start before this moment play no part for any of these members."""
    decisions = [decision_of(episode) for case in cases for episode in case.episodes.values()]
    return min((streaks.horizon(now, one) for one in decisions), default=streaks.horizon(now))


def load_facts(cases: Sequence[Case], now: datetime) -> None:
    """Read what the rooms below recorded about these members, in five statements."""
    people = {case.person.pk: case for case in cases}
    since = horizon(cases, now)
    memberships, commitments = _memberships(people), _commitments(people, since)
    marks, logs = _marks(people, since), _logs(people, since)
    for pk, case in people.items():
        case.facts = Facts(
            marks=tuple(marks[pk]),
            self_logs=tuple(logs[pk]),
            memberships=tuple(memberships[pk]),
            commitments=tuple(commitments[pk]),
            rule=tuple(case.spans),
            pauses=tuple(case.pauses),
        )


def _memberships(people: dict[int, Case]) -> dict[int, list[streaks.Membership]]:
    found: dict[int, list[streaks.Membership]] = defaultdict(list)
    spans = Membership.objects.filter(person__in=people).exclude(state=Membership.WAITING)
    for person, group, start, end in spans.values_list("person_id", "group_id", "since", "until"):
        found[person].append(streaks.Membership(group, Span(start, end)))
    return found


def _commitments(people: dict[int, Case], since: datetime) -> dict[int, list[streaks.Commitment]]:
    found: dict[int, list[streaks.Commitment]] = defaultdict(list)
    spans = Commitment.objects.filter(Q(until=None) | Q(until__gt=since), person__in=people)
    for person, meeting, start, end in spans.values_list("person_id", "meeting_id", "since", "until"):
        found[person].append(streaks.Commitment(meeting, Span(start, end)))
    return found


def _marks(people: dict[int, Case], since: datetime) -> dict[int, list[streaks.Mark]]:
    found: dict[int, list[streaks.Mark]] = defaultdict(list)
    # By person, then by id: joined, a database may choose to read all that was held lately on the whole site.
    # What is a HIT or a MISS is written after the start of a date, which then moves no more; only an excuse is earlier.
    rows = Mark.objects.filter(person__in=people, value__isnull=False, at__gte=since)
    marks = list(rows.values_list("person_id", "value", "sheet_id"))
    ids = sorted({sheet for _person, _value, sheet in marks})  # many share one: each is read once
    lists: dict[int, dict[str, Any]] = {}
    for start in range(0, len(ids), MOST_IDS):
        lists |= _lists(ids[start : start + MOST_IDS], since)
    alike: dict[tuple[int, str | None], streaks.Mark] = {}  # whoever has this mark on this list has the same record
    for person, value, sheet in marks:
        mark = alike.get((sheet, value))
        if mark is None and sheet in lists:
            mark = alike[sheet, value] = streaks.Mark(value=value, **lists[sheet])
        if mark is not None:
            found[person].append(mark)
    return found


def _lists(sheets: list[int], since: datetime) -> dict[int, dict[str, Any]]:
    """What a mark says of its list and occurrence, by id of the list, for those that start at `since` or later."""
    held = "occurrence__"
    names = ("starts_at", "ends_at", "state", "meeting_id", "meeting__group_id")
    rows = Sheet.objects.filter(pk__in=sheets, occurrence__starts_at__gte=since).values_list(
        "pk", "state", "first_closed_at", "occurrence_id", *(held + name for name in names)
    )
    return {
        pk: {
            "key": occurrence_key(occurrence),
            "group": group or 0,  # the group is gone: nobody is expected there, HITs stay
            "meeting": meeting,
            "start": start,
            "end": end,
            "closed": state == Sheet.CLOSED,
            "first_closed_at": first,
            "cancelled": cancelled == Occurrence.CANCELLED,
        }
        for pk, state, first, occurrence, start, end, cancelled, meeting, group in rows
    }


def _logs(people: dict[int, Case], since: datetime) -> dict[int, list[streaks.SelfLog]]:
    found: dict[int, list[streaks.SelfLog]] = defaultdict(list)
    logs = SelfLog.objects.filter(person__in=people, starts_at__gte=since)
    for person, pk, start in logs.values_list("person_id", "pk", "starts_at"):
        found[person].append(streaks.SelfLog(f"l{pk}", start))
    return found


def occurrence_key(occurrence_id: int) -> str:
    """How records name an occurrence: it stays when the occurrence is moved."""
    return f"o{occurrence_id}"


def streaks_of(person: Person, now: datetime) -> dict[int | None, int]:
    """The streak of each watch at `now` (UTC), by group id; None is the watch over all groups. Empty without a rule."""
    case = case_of(person)
    if case is None:
        return {}
    return {watch.group_id: streaks.streak_at(case.records(watch, now), now).count for watch in case.active()}
