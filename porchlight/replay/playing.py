"""Time runs: events at their moments, and between them the worker exactly at each due time."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby

from django.core.exceptions import PermissionDenied, ValidationError

import delivery.worker
import support.worker
from circle.models import Consent, Supporter
from circle.services import consent_grant, consent_revoke, supporter_accept, supporter_decline, supporter_stop
from delivery import transports
from delivery.models import Delivery
from delivery.transports.recording import RecordingTransport
from ground import clock
from ground.errors import Settled
from groups.selectors import token_of
from groups.services import invitation_make, invitation_use
from meetings.models import Sheet
from meetings.services.commitments import commitment_end, commitment_make, membership_leave
from meetings.services.occurrences import occurrence_cancel, occurrence_get, occurrence_uncancel, sheet_get
from meetings.services.selflogs import self_log
from meetings.services.sheets import sheet_close, sheet_correct, sheet_marks
from people.services import link_give, link_open
from porchlight.replay.loading import Malformed
from porchlight.replay.scenario import RECORDS, SENT, Event, Rule, Scenario, Sent
from porchlight.replay.world import CONSENT_DAYS, RENEWED_AFTER, World, guests_let_in, member_make, world_of
from support.models import EpisodeMessage, Stumble
from support.selectors.cases import streaks_of
from support.services import answer_give, ok_say, pause_begin, pause_end, rule_set

BEFORE = timedelta(hours=1)  # the world stands so long before the first thing happens
ROUNDS = 10_000  # of the worker at one instant; more is an error of ours

Streaks = dict[str, int | dict[str, int]]


class Stumbled(Exception):
    """The program itself failed, not the scenario."""


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a scenario."""

    messages: tuple[Sent, ...]
    streaks: Streaks


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happens at a moment; steps of one `change` at one moment are evaluated together."""

    at: datetime
    do: Callable[[], None]
    change: str = ""


def play(scenario: Scenario) -> Played:
    """Play a scenario on an empty database, inside the caller's transaction, which is to be taken back afterwards.

    Raises Malformed when a service refuses an event, Stumbled when the program fails.
    """
    return Player(scenario).play()


class Player:
    """One scenario. The caller may look at `world` and the tables afterwards, and after each step (`after_step`)."""

    world: World

    def __init__(self, scenario: Scenario, after_step: Callable[["Player"], None] | None = None) -> None:
        self.scenario = scenario
        self.post = RecordingTransport()
        self.steps = _steps(self, scenario)
        self.now = min([scenario.until, *(step.at for step in self.steps)]) - BEFORE
        self.down = False
        self._after_step = after_step
        self._due: tuple[datetime | None, datetime | None] | None = None  # of the watch and the outbox; None: unknown
        self._pauses_to_come: set[str] = set()
        self._clock = ExitStack()

    def play(self) -> Played:
        with transports.replaced({"email": self.post}), self._clock:
            self._freeze(self.now)
            self.world = world_of(self.scenario)
            for at, steps in groupby(self.steps, key=lambda step: step.at):
                self._run_to(at)
                for change, together in groupby(steps, key=lambda step: step.change):
                    found = list(together)
                    for one in [found] if change else [[step] for step in found]:
                        for step in one:
                            step.do()
                        self._due = None
                        self._evaluate()
                if self._after_step:
                    self._settle()
                    self._after_step(self)
                    self._due = None
            self._run_to(self.scenario.until)
            self._settle()
            self._refuse_stumbles()
            return Played(tuple(self._messages()), self._streaks())

    # --- time -------------------------------------------------------------------------------------------------

    def _run_to(self, moment: datetime) -> None:
        """What is due before `moment` happens; then it is `moment`."""
        while self.now < moment:
            due = self._settle()
            self._freeze(moment if due is None else min(due, moment))

    def _settle(self) -> datetime | None:
        """The worker acts at this instant until nothing is left to do; return when it acts next."""
        idle = 0  # rounds in a row that handled nothing; the first may have put something off until later
        for _round in range(ROUNDS):
            if self.down:
                return None
            watch, outbox = self._next_due()
            due = min((time for time in (watch, outbox) if time is not None), default=None)
            if due is None or due > self.now:
                return due
            self._due = None
            # a room that has nothing due is not asked: its tick would do nothing
            handled = support.worker.tick(self.now) if watch is not None and watch <= self.now else 0
            if handled or (outbox is not None and outbox <= self.now):
                handled += delivery.worker.tick(self.now)
            if not handled:
                self._refuse_stumbles()
            idle = 0 if handled else idle + 1
            if idle > 1:
                break
        raise Stumbled(f"at {self.now:%Y-%m-%d %H:%M} UTC something is due that the worker does not do")

    def _next_due(self) -> tuple[datetime | None, datetime | None]:
        """When the watch and the outbox act next. What was found stays true until something happens."""
        if self._due is None:
            pending = Delivery.objects.filter(state="pending").order_by("not_before")
            self._due = support.worker.next_due(self.now), pending.values_list("not_before", flat=True).first()
        return self._due

    def _evaluate(self) -> None:
        """A change is evaluated at its own time, also while nothing is sent."""
        while support.worker.evaluate(self.now):
            pass

    def _refuse_stumbles(self) -> None:
        if Stumble.objects.exists():
            raise Stumbled("the worker raised; its log says where")

    def _freeze(self, moment: datetime) -> None:
        self._clock.close()
        self._clock.enter_context(clock.frozen(moment))
        self.now = moment

    # --- what came of it --------------------------------------------------------------------------------------

    def _messages(self) -> Iterator[Sent]:
        """Every attempt of the watch's messages. One that no way outside took bounced, whatever the inbox holds."""
        if Delivery.objects.filter(reason="raised").exists():
            raise Stumbled("the worker raised; its log says where")
        taken = {message.key for _to, message in self.post.sent}
        found = EpisodeMessage.objects.filter(delivery__attempted_at__isnull=False, delivery__kind__in=SENT)
        messages = []
        for one in found.select_related("delivery"):
            sent = one.delivery
            assert sent.attempted_at is not None
            to, bounced = self.world.names[sent.recipient_id], sent.dedupe_key not in taken
            messages.append(Sent(sent.attempted_at, to, sent.kind, one.level, bounced))
        yield from sorted(messages, key=lambda message: message.order)

    def _streaks(self) -> Streaks:
        found: Streaks = {}
        for name in sorted(self.scenario.rules):
            streaks = streaks_of(self.world.people[name], self.now)
            if self._by_group(name):
                found[name] = {
                    group: streaks.get(self.world.groups[group].pk, 0) for group in sorted(self._was_in(name))
                }
            else:
                found[name] = streaks.get(None, 0)
        return found

    def _by_group(self, name: str) -> bool:
        changes = [one.terms["scope"] for one in self.scenario.events if one.person == name and "scope" in one.terms]
        scope: str = changes[-1] if changes else self.scenario.rules[name].terms["scope"]
        return scope == "group"

    def _was_in(self, name: str) -> set[str]:
        joins = {one.group for one in self.scenario.events if (one.kind, one.person) == ("join", name)}
        members = self.scenario.members
        return joins | {one.group for one in members if one.person == name and one.since <= self.scenario.until}

    # --- events -----------------------------------------------------------------------------------------------

    def happen(self, event: Event) -> None:
        """One event through its service. What a service refuses as settled, or for lack of a standing, is nothing."""
        try:
            _EVENTS[event.kind](self, event)
        except ValidationError as refused:
            raise Malformed(f"{event.name}: {' '.join(refused.messages)}") from refused

    def member(self, person: str, group: str, commits: tuple[str, ...]) -> None:
        member_make(self.world, person, group)
        for meeting in commits:
            commitment_make(actor=self.world.people[person], meeting=self.world.meetings[meeting])

    def accept(self, pair: tuple[str, str]) -> None:
        """By the invitation's link, given anew: the scenario says when they accept, not when they were asked."""
        contact = self.world.contacts[pair]
        Supporter.objects.filter(pk=contact.pk).update(invited_at=self.now)
        contact.refresh_from_db()
        if contact.state == Supporter.INVITED:
            token = link_give(purpose="invite", subject=contact.pk, person=contact.person)
            supporter_accept(link=link_open(token=token))

    def renew(self, pair: tuple[str, str]) -> None:
        """A consent of a scenario has no end but its revocation."""
        contact, member = self.world.contacts[pair], self.world.people[pair[0]]
        contact.refresh_from_db()
        if contact.state in Supporter.ON_THE_LIST:
            for consent in Consent.objects.filter(supporter=contact, revoked_at=None):
                consent_grant(actor=member, supporter=contact, purpose=consent.purpose, days=CONSENT_DAYS)

    def begin_rule(self, rule: Rule) -> None:
        actor = self.world.people[rule.person]
        rule_set(actor=actor, levels=self.levels(rule.person, rule.levels), **rule.terms)
        if rule.person in self._pauses_to_come:
            self._pauses_to_come.remove(rule.person)
            pause_begin(actor=actor)

    def levels(self, member: str, names: tuple[tuple[str, ...], ...]) -> list[list[Supporter]]:
        """Without those who said no or STOP: they could not be told, and the rule takes nobody off the list."""
        ids = [contact.pk for (who, _name), contact in self.world.contacts.items() if who == member]
        listed = {one.pk: one for one in Supporter.objects.filter(pk__in=ids, state__in=Supporter.ON_THE_LIST)}
        both = [[self.world.contacts[member, name].pk for name in level] for level in names]
        return [[listed[pk] for pk in level if pk in listed] for level in both]

    def sheet(self, event: Event) -> Sheet:
        assert event.day is not None
        local = self.scenario.meetings[event.meeting].local(event.day)
        occurrence = occurrence_get(meeting=self.world.meetings[event.meeting], original_local=local)
        guests_let_in(self.world, event.meeting, list(event.marks))
        return sheet_get(occurrence=occurrence)

    def on_sheet(self, event: Event) -> None:
        marks = {self.world.people[name]: value for name, value in event.marks.items()}
        actor, sheet = self.world.facilitator, self.sheet(event)
        if event.kind == "close":
            sheet_close(actor=actor, sheet=sheet, marks=marks, rest="unknown")
        elif event.kind == "correct":
            sheet_correct(actor=actor, sheet=sheet, marks=marks)
        else:
            sheet_marks(actor=actor, sheet=sheet, marks=marks)

    def on_cancel(self, event: Event) -> None:
        assert event.day is not None
        local = self.scenario.meetings[event.meeting].local(event.day)
        occurrence = occurrence_get(meeting=self.world.meetings[event.meeting], original_local=local)
        change = occurrence_cancel if event.kind == "cancel" else occurrence_uncancel
        change(actor=self.world.facilitator, occurrence=occurrence)

    def on_self_log(self, event: Event) -> None:
        assert event.start is not None
        self_log(actor=self.world.people[event.person], starts_at=event.start)

    def on_pause(self, event: Event) -> None:
        """Without a rule there is nothing to pause; before the rule begins the pause waits for it."""
        rule = self.scenario.rules.get(event.person)
        if rule is None:
            return
        if event.at >= rule.since:
            (pause_begin if event.kind == "pause" else pause_end)(actor=self.world.people[event.person])
        elif event.kind == "pause":
            self._pauses_to_come.add(event.person)
        else:
            self._pauses_to_come.discard(event.person)

    def on_ok(self, event: Event) -> None:
        ok_say(actor=self.world.people[event.person])

    def on_rule(self, event: Event) -> None:
        levels = None if event.levels is None else self.levels(event.person, event.levels)
        rule_set(actor=self.world.people[event.person], levels=levels, **event.terms)

    def on_leave(self, event: Event) -> None:
        membership_leave(actor=self.world.people[event.person], group=self.world.groups[event.group])

    def on_join(self, event: Event) -> None:
        group, person = self.world.groups[event.group], self.world.people[event.person]
        invitation = invitation_make(actor=self.world.facilitator, group=group)
        invitation_use(actor=person, token=token_of(invitation))
        for meeting in event.commits:
            commitment_make(actor=person, meeting=self.world.meetings[meeting])

    def on_commit(self, event: Event) -> None:
        change = commitment_make if event.kind == "commit" else commitment_end
        change(actor=self.world.people[event.person], meeting=self.world.meetings[event.meeting])

    def on_revoke(self, event: Event) -> None:
        contact = self.world.contacts[event.person, event.other]
        consent_revoke(actor=self.world.people[event.person], supporter=contact, purpose=event.purpose)

    def on_stop(self, event: Event) -> None:
        contact = self.world.contacts[event.other, event.person]
        say = supporter_stop if event.kind == "stop" else supporter_decline
        say(supporter=contact, actor=contact.person)

    def on_answer(self, event: Event) -> None:
        contact = self.world.contacts[event.other, event.person]
        answer_give(kind=event.kind, supporter=contact, actor=contact.person)

    def on_bounce(self, event: Event) -> None:
        self.post.refused.add(self.world.addresses[event.person])

    def on_worker(self, event: Event) -> None:
        self.down = event.kind == "down"


Do = Callable[[Player, Event], None]


def _nothing_if(refusals: tuple[type[Exception], ...], do: Callable[[Player, Event], None]) -> Do:
    """An event that has no effect when its service refuses it so."""

    def done(player: Player, event: Event) -> None:
        try:
            do(player, event)
        except refusals:
            return

    return done


_P = Player
_EVENTS: dict[str, Do] = {
    **dict.fromkeys(("close", "correct", "mark"), _P.on_sheet),
    **dict.fromkeys(("cancel", "uncancel"), _P.on_cancel),
    "selflog": _P.on_self_log,
    **dict.fromkeys(("pause", "resume"), _P.on_pause),
    "ok": _P.on_ok,
    "rule": _P.on_rule,
    "leave": _nothing_if((PermissionDenied,), _P.on_leave),  # who is no member has nothing to leave
    "join": _P.on_join,
    **dict.fromkeys(("commit", "uncommit"), _nothing_if((PermissionDenied,), _P.on_commit)),  # only members commit
    "revoke": _P.on_revoke,
    **dict.fromkeys(("stop", "decline"), _P.on_stop),
    **dict.fromkeys(("claim", "reached", "cannot"), _nothing_if((Settled,), _P.on_answer)),  # who was not told
    "bounce": _P.on_bounce,
    **dict.fromkeys(("down", "up"), _P.on_worker),
}


def _steps(player: Player, scenario: Scenario) -> list[Step]:
    """Everything in its order: what stands from a moment on is there before the events of that moment."""
    steps = [Step(one.since, partial(player.member, one.person, one.group, one.commits)) for one in scenario.members]
    for one in scenario.supporters:
        pair = (one.member, one.person)
        if one.accepted is not None:
            steps.append(Step(one.accepted, partial(player.accept, pair)))
    steps += [Step(rule.since, partial(player.begin_rule, rule)) for rule in scenario.rules.values()]
    steps += [
        Step(event.at, partial(player.happen, event), "records" if event.kind in RECORDS else "")
        for event in scenario.events
    ]
    if steps:
        steps += _renewals(player, scenario, min(step.at for step in steps))
    return sorted((step for step in steps if step.at <= scenario.until), key=lambda step: step.at)


def _renewals(player: Player, scenario: Scenario, first: datetime) -> Iterator[Step]:
    at = first + RENEWED_AFTER
    while at < scenario.until:
        for one in scenario.supporters:
            yield Step(at, partial(player.renew, (one.member, one.person)))
        at += RENEWED_AFTER
