"""Reading what became of an episode's messages in the outbox, and what follows: told, bounced, suppressed, due anew."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from delivery.models import Delivery
from people.models import ContactWay
from support.models import Episode, EpisodeEvent, EpisodeMessage, EpisodeSupporter, Rule
from support.selectors import contacts
from support.selectors.cases import Case
from support.selectors.contacts import ANEW
from support.services.messages import to_member
from support.services.plan import plan_many, rows_save

ARRIVED = ("handed_over", "uncertain")
NUDGE = ("state", "told_at", "bounced_at", "serial")


@dataclass(slots=True)
class Read:
    """What a batch of outcomes changes, written at its end in a fixed number of statements.

    A row or an episode of which several messages are read is one object, so that each sees what the one before wrote.
    """

    now: datetime
    rows: dict[int, EpisodeSupporter] = field(default_factory=dict)
    episodes: dict[int, Episode] = field(default_factory=dict)
    events: list[EpisodeEvent] = field(default_factory=list)
    nudged: dict[int, EpisodeSupporter] = field(default_factory=dict)  # rows whose nudge moved on
    unasked: set[int] = field(default_factory=set)  # rows whose reminder was withdrawn unsent
    attempted: dict[datetime, set[int]] = field(default_factory=dict)  # episodes by the attempt of their latest notice

    def note(self, episode: Episode, at: datetime, what: str, **detail: Any) -> None:
        self.events.append(EpisodeEvent(episode=episode, at=at, what=what, detail=detail))

    def save(self) -> None:
        EpisodeEvent.objects.bulk_create(self.events)
        rows_save(self.nudged.values(), NUDGE)
        if self.unasked:
            EpisodeSupporter.objects.filter(pk__in=self.unasked).update(reminded=False)
        for at, episodes in self.attempted.items():
            Episode.objects.filter(pk__in=episodes).update(notice_attempted_at=at)


def outcomes_read(cases: Sequence[Case], messages: Sequence[EpisodeMessage], *, now: datetime) -> None:
    """Read these outcomes of members whose rules the caller holds locked, and plan their open episodes anew.

    `messages`, in order, carry episode (with watch and person), delivery and row (with supporter). A fixed number of
    statements, and a few more for each contact that turns out to be unreachable.
    """
    read = Read(now)
    for message in messages:
        message.episode = read.episodes.setdefault(message.episode_id, message.episode)
        if message.row is not None:
            message.row = read.rows.setdefault(message.row.pk, message.row)
        _read(read, message)
    read.save()
    EpisodeMessage.objects.filter(pk__in=[message.pk for message in messages]).update(open=False)
    replan(cases, set(read.episodes), now)


def message_came_back(delivery: Delivery) -> None:
    """A provider reports that a message to a supporter did not arrive after all: what becomes of it is read again.

    They were not told, then; what the log says of the hand-over stays.
    """
    found = EpisodeMessage.objects.select_related("episode__watch", "row")
    message = found.filter(delivery=delivery, row__isnull=False).first()
    if message is None or message.row is None:
        return
    # the member's rule first, as everywhere in this room
    Rule.objects.select_for_update(of=("self",)).filter(person=message.episode.watch.person_id).first()
    EpisodeMessage.objects.filter(pk=message.pk).update(open=True)
    if message.level is not None:
        told = EpisodeSupporter.objects.filter(pk=message.row.pk, state=EpisodeSupporter.TOLD)
        told.update(state=EpisodeSupporter.LEAVING, told_at=None)


def replan(cases: Sequence[Case], episodes: AbstractSet[int], now: datetime) -> None:
    """Plan these of the members' open episodes anew, from the rows as they are now."""
    opened = {
        episode.pk: case
        for case in cases
        for episode in case.episodes.values()
        if episode.pk in episodes and episode.decided_at
    }
    if not opened:
        return
    fresh = Episode.objects.in_bulk(opened)
    for pk, episode in fresh.items():
        case = opened[pk]
        episode.watch = case.episodes[episode.watch_id].watch
        case.episodes[episode.watch_id] = episode
        case.rows[pk] = []
    rows = EpisodeSupporter.objects.filter(episode__in=fresh).order_by("level", "pk")
    for row in rows.select_related("supporter__person"):
        case, row.episode = opened[row.episode_id], fresh[row.episode_id]
        row.supporter.member = case.person
        case.rows[row.episode_id].append(row)
    touched = {case.rule.pk: case for case in opened.values()}
    people = contacts.load(touched.values(), now)
    plan_many([(opened[pk], episode) for pk, episode in fresh.items()], people)


def _read(read: Read, message: EpisodeMessage) -> None:
    delivery, row = message.delivery, message.row
    at = delivery.handed_at or delivery.attempted_at or read.now
    if delivery.kind == "final_notice":
        _read_notice(read, message.episode, delivery)
    elif row is None:
        read.note(message.episode, at, _outcome(delivery), kind=delivery.kind, reason=delivery.reason)
    else:
        _read_supporter(read, message, row, at)
        if delivery.state == "failed":
            _unreachable(message.episode, row, at)


def _read_notice(read: Read, episode: Episode, delivery: Delivery) -> None:
    """The grace runs from the attempt, also of a notice that bounced (4.9)."""
    if delivery.attempted_at is None:
        read.note(episode, read.now, _outcome(delivery), kind=delivery.kind, reason=delivery.reason)
        return
    read.note(episode, delivery.attempted_at, "sent", kind=delivery.kind)
    if delivery.payload.get("number") == episode.notices:
        read.attempted.setdefault(delivery.attempted_at, set()).add(episode.pk)


def _read_supporter(read: Read, message: EpisodeMessage, row: EpisodeSupporter, at: datetime) -> None:
    delivery = message.delivery
    detail = {"kind": delivery.kind, "supporter": row.supporter_id, "name": row.supporter.name, "level": message.level}
    read.note(message.episode, at, _outcome(delivery), **detail, reason=delivery.reason)
    if message.level is not None:
        _read_nudge(row, message.episode, delivery, at)
        read.nudged[row.pk] = row
    elif delivery.kind == "reminder" and delivery.state == "cancelled" and delivery.attempted_at is None:
        read.unasked.add(row.pk)  # the claim was taken back before it went


def _read_nudge(row: EpisodeSupporter, episode: Episode, delivery: Delivery, at: datetime) -> None:
    if delivery.state in ARRIVED:
        row.state, row.told_at = EpisodeSupporter.TOLD, at
    elif delivery.state == "failed":
        row.state, row.bounced_at = EpisodeSupporter.BOUNCED, at
    elif delivery.reason in ANEW and episode.ended_at is None and delivery.attempted_at is None:
        row.state, row.serial = EpisodeSupporter.WAITING, row.serial + 1
    elif delivery.state == "suppressed":
        row.state = EpisodeSupporter.SUPPRESSED
    else:
        row.state = EpisodeSupporter.WITHDRAWN


def _unreachable(episode: Episode, row: EpisodeSupporter, at: datetime) -> None:
    """4.9: no way to this contact is left; the member hears it once, at the first bounce."""
    ways = ContactWay.objects.filter(person=row.supporter.person_id, bounced_at__isnull=False)
    last = ways.order_by("-bounced_at", "-pk").first()
    if row.supporter.muted:
        return  # nothing shows it
    to_member(
        episode,
        "unreachable",
        at,
        key=f"unreachable:{row.supporter_id}:{last.pk if last else 0}",
        supporter=row.supporter_id,
    )


def _outcome(delivery: Delivery) -> str:
    """The word of the log for what became of a message."""
    if delivery.state in ARRIVED:
        return "sent" if delivery.state == "handed_over" else "unsure"
    return {"failed": "bounced", "cancelled": "withdrawn", "suppressed": "suppressed"}[delivery.state]
