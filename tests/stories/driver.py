"""Plays a story through the real services and the worker with a moved clock: exact at every due time.

with Story(berlin(2026, 1, 1, 12)) as story:
    dana = story.member("Dana")
    ...
    story.close(meeting, day, {dana: "absent"})
    story.run_until(later)
    assert story.messages == [...]
"""

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Self

import delivery.worker
import support.worker
from circle.models import Supporter
from circle.services import consent_revoke, supporter_accept, supporter_invite, supporter_stop
from delivery import transports
from delivery.models import Delivery
from delivery.transports import Message
from delivery.transports.recording import RecordingTransport
from ground import clock
from ground.wall import to_utc
from groups.models import Group, Membership
from groups.services import group_found
from meetings.models import Meeting, Occurrence, Sheet
from meetings.services.commitments import commitment_make
from meetings.services.group_meetings import meeting_make
from meetings.services.occurrences import occurrence_cancel, occurrence_get, sheet_get
from meetings.services.series_plan import Plan
from meetings.services.sheets import sheet_close, sheet_correct
from people.models import Link, Person
from people.services import link_give, link_open
from support.models import EpisodeMessage
from support.selectors.cases import streaks_of
from support.services import rule_set
from tests.people_of_the_story import make_member

BERLIN = "Europe/Berlin"
FIRST = date(2026, 1, 1)  # a Thursday
LONG_BEFORE = datetime(2025, 12, 20, 11, tzinfo=UTC)


def berlin(*parts: int) -> datetime:
    """A moment in UTC from a wall time in Berlin."""
    return to_utc(datetime(*parts), BERLIN)


@dataclass
class Post(RecordingTransport):
    """Writes down every attempt with its moment; refuses for good what is in `refused`."""

    attempts: list[tuple[datetime, str, Message, bool]] = field(default_factory=list)

    def send(self, address: str, message: Message) -> None:
        bounced = address in self.refused
        if address not in self.busy:
            self.attempts.append((clock.now(), address, message, bounced))
        super().send(address, message)


class Story:
    """One run of time. Events are methods; between them `at` and `run_until` let the worker act at each due time."""

    def __init__(self, start: datetime = LONG_BEFORE) -> None:
        self.post = Post()
        self.now = start
        self.down = False
        self.mute = False  # the watch runs and delivery stands still
        self._stack = ExitStack()
        self._clock = ExitStack()

    def __enter__(self) -> Self:
        self._stack.enter_context(transports.replaced({"email": self.post}))
        self._freeze(self.now)
        return self

    def __exit__(self, *_error: object) -> None:
        self._clock.close()
        self._stack.close()

    # --- time -------------------------------------------------------------------------------------------------

    def at(self, moment: datetime) -> Self:
        """Everything due before `moment` happens; then it is `moment`."""
        self.settle()
        while (due := self._next_due()) is not None and due < moment:
            assert due > self.now, "something is due that the worker does not do"
            self._freeze(due)
            self.settle()
        self._freeze(moment)
        return self

    def run_until(self, moment: datetime) -> Self:
        """Everything due until `moment`, included, happens."""
        self.at(moment)
        self.settle()
        return self

    def settle(self) -> None:
        """The worker acts at this instant until nothing is left to do."""
        if self.down:
            support.worker.evaluate(self.now)
            return
        for _round in range(200):
            if support.worker.tick(self.now) + (0 if self.mute else delivery.worker.tick(self.now)) == 0:
                return
        raise AssertionError("the worker finds no end")

    def _next_due(self) -> datetime | None:
        if self.down:
            return None
        pending = None if self.mute else Delivery.objects.filter(state="pending").order_by("not_before").first()
        times = [support.worker.next_due(self.now), pending.not_before if pending else None]
        return min((max(time, self.now) for time in times if time), default=None)

    def _freeze(self, moment: datetime) -> None:
        assert moment >= self.now, "time does not run backwards"
        self._clock.close()
        self._clock.enter_context(clock.frozen(moment))
        self.now = moment

    def happened(self) -> None:
        """A change is evaluated at its own time, also while nothing is sent."""
        support.worker.evaluate(self.now)

    # --- people and places ------------------------------------------------------------------------------------

    def member(self, name: str = "dana", zone: str = BERLIN) -> Person:
        return make_member(name, email=f"{name}@example.org", zone=zone)

    def group(self, *weekdays: int, hour: int = 19, name: str = "g1") -> tuple[Group, Meeting]:
        """A group that meets weekly in Berlin: on Thursdays at 19:00 unless said otherwise (0 is Monday)."""
        facilitator = make_member(f"fa-{name}", zone=BERLIN)
        group = group_found(actor=facilitator, name=f"Group {name}", zone=BERLIN)
        plan = Plan(name=name, weekdays=weekdays or (3,), starts=time(hour, 0), zone=BERLIN, minutes=90)
        return group, meeting_make(actor=facilitator, group=group, plan=plan)

    def join(self, person: Person, group: Group, *meetings: Meeting) -> Membership:
        membership = Membership.objects.create(group=group, person=person, since=self.now)
        for meeting in meetings:
            commitment_make(actor=person, meeting=meeting)
        self.happened()
        return membership

    def supporter(
        self,
        member: Person,
        name: str = "sam",
        zone: str = BERLIN,
        *,
        accepted: bool = True,
        purposes: Iterable[str] = ("absence", "back_in_touch"),
    ) -> Supporter:
        """Invited by the member, and (unless told otherwise) accepted by the invitation's link at once."""
        supporter = supporter_invite(
            actor=member, name=name, address=f"{name}@example.org", zone=zone, purposes=purposes
        )
        if accepted:
            self.accept(supporter)
        Delivery.objects.filter(kind="invite").delete()
        return supporter

    def accept(self, supporter: Supporter) -> None:
        token = link_give(purpose="invite", subject=supporter.pk, person=supporter.person)
        supporter_accept(link=link_open(token=token))
        supporter.refresh_from_db()

    def rule(self, person: Person, threshold: int = 3, *levels: list[Supporter], **more: object) -> None:
        both = [*levels, [], []][:2]
        rule_set(actor=person, threshold=threshold, levels=both, **more)

    # --- what happens at meetings -----------------------------------------------------------------------------

    def occurrence(self, meeting: Meeting, day: date) -> Occurrence:
        assert meeting.starts_local is not None
        return occurrence_get(meeting=meeting, original_local=datetime.combine(day, meeting.starts_local.time()))

    def sheet(self, meeting: Meeting, day: date) -> Sheet:
        return sheet_get(occurrence=self.occurrence(meeting, day))

    def close(self, meeting: Meeting, day: date, marks: dict[Person, str | None]) -> None:
        """Close the sheet now; who is not named stays unknown."""
        self._close(meeting, day, marks)
        self.happened()

    def close_many(self, *sheets: tuple[Meeting, date, dict[Person, str | None]]) -> None:
        """Several sheets in one change."""
        for sheet in sheets:
            self._close(*sheet)
        self.happened()

    def _close(self, meeting: Meeting, day: date, marks: dict[Person, str | None]) -> None:
        sheet_close(actor=self.facilitator(meeting), sheet=self.sheet(meeting, day), marks=marks, rest="unknown")

    def correct(self, meeting: Meeting, day: date, marks: dict[Person, str | None]) -> None:
        sheet_correct(actor=self.facilitator(meeting), sheet=self.sheet(meeting, day), marks=marks)
        self.happened()

    def cancel(self, meeting: Meeting, day: date) -> None:
        occurrence_cancel(actor=self.facilitator(meeting), occurrence=self.occurrence(meeting, day))
        self.happened()

    def facilitator(self, meeting: Meeting) -> Person:
        return Membership.objects.get(group=meeting.group_id, role="facilitator").person

    def revoke(self, supporter: Supporter, purpose: str = "absence") -> None:
        consent_revoke(actor=supporter.member, supporter=supporter, purpose=purpose)
        self.happened()

    def stop(self, supporter: Supporter) -> None:
        supporter_stop(supporter=supporter, actor=supporter.person)
        self.happened()

    def link(self, name: str, kind: str) -> Link:
        """The link in the latest message of a kind to somebody, opened."""
        return link_open(token=self.token(name, kind))

    def token(self, name: str, kind: str) -> str:
        found = [m for _at, to, m, _b in self.post.attempts if to == f"{name}@example.org" and m.kind == kind]
        return found[-1].link.rsplit("/", 1)[1]

    # --- what came of it --------------------------------------------------------------------------------------

    @property
    def messages(self) -> list[tuple[object, ...]]:
        """(moment, to, kind) or (moment, to, "nudge", level) of every attempt of the watch in order; bounces say so."""
        levels = {m.delivery.dedupe_key: m.level for m in EpisodeMessage.objects.select_related("delivery")}
        found = []
        for at, to, message, bounced in self.post.attempts:
            if message.key not in levels:
                continue  # another room's message
            level = levels[message.key]
            line = (at, to.partition("@")[0], message.kind, *([level] if level else []))
            found.append((*line, "bounced") if bounced else line)
        return sorted(found, key=lambda line: (line[0], *map(str, line[1:])))

    def said(self) -> list[str]:
        """The messages without their moments: "dana: soft_note"."""
        return [f"{to}: {' '.join(map(str, rest))}" for _at, to, *rest in self.messages]

    def streak(self, person: Person, group: Group | None = None) -> int:
        return streaks_of(person, self.now)[group.pk if group else None]

    def forget(self) -> None:
        """From now on only what follows is listed."""
        self.post.attempts.clear()


def week(number: int) -> date:
    """The Thursday of a week, from 1 January 2026."""
    return FIRST + timedelta(weeks=number)


def evening(day: date, hour: int = 20, minute: int = 35) -> datetime:
    """The moment in UTC of that evening in Berlin, when sheets are closed."""
    return berlin(day.year, day.month, day.day, hour, minute)
