"""Reading what became of an episode's messages in the outbox, and what follows: told, bounced, suppressed, due anew."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from delivery.models import Delivery
from people.models import ContactWay
from support.models import Episode, EpisodeMessage, EpisodeSupporter, Rule
from support.selectors import contacts
from support.selectors.cases import Case
from support.selectors.contacts import ANEW
from support.services.messages import note, to_member
from support.services.plan import plan

ARRIVED = ("handed_over", "uncertain")


def outcomes_read(case: Case, messages: Sequence[EpisodeMessage], *, now: datetime) -> None:
    """Read these outcomes of one member, whose rule the caller holds locked, and plan the open episodes anew.

    `messages` carry episode (with watch and person), delivery and row (with supporter and person).
    """
    for message in messages:
        _read(message, now)
        message.open = False
    EpisodeMessage.objects.filter(pk__in=[message.pk for message in messages]).update(open=False)
    replan(case, {message.episode_id for message in messages}, now)


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


def replan(case: Case, episodes: Iterable[int], now: datetime) -> None:
    """Plan these of the member's open episodes anew, from the rows as they are now."""
    wanted = set(episodes)
    opened = {episode.pk: episode for episode in case.episodes.values() if episode.pk in wanted and episode.decided_at}
    if not opened:
        return
    for episode in opened.values():
        episode.refresh_from_db()
        rows = EpisodeSupporter.objects.filter(episode=episode).order_by("level", "pk")
        case.rows[episode.pk] = list(rows.select_related("supporter__person", "supporter__member"))
        for row in case.rows[episode.pk]:
            row.episode = episode
    people = contacts.load([case], now)
    for episode in opened.values():
        plan(case, episode, people)


def _read(message: EpisodeMessage, now: datetime) -> None:
    delivery, row = message.delivery, message.row
    at = delivery.handed_at or delivery.attempted_at or now
    if delivery.kind == "final_notice":
        _read_notice(message.episode, delivery, now)
    elif row is None:
        note(message.episode, at, _outcome(delivery), kind=delivery.kind, reason=delivery.reason)
    else:
        _read_supporter(message, row, delivery, at)
        if delivery.state == "failed":
            _unreachable(message.episode, row, at)


def _read_notice(episode: Episode, delivery: Delivery, now: datetime) -> None:
    """The grace runs from the attempt, also of a notice that bounced (4.9)."""
    if delivery.attempted_at is None:
        note(episode, now, _outcome(delivery), kind=delivery.kind, reason=delivery.reason)
        return
    note(episode, delivery.attempted_at, "sent", kind=delivery.kind)
    if delivery.payload.get("number") == episode.notices:
        Episode.objects.filter(pk=episode.pk).update(notice_attempted_at=delivery.attempted_at)


def _read_supporter(message: EpisodeMessage, row: EpisodeSupporter, delivery: Delivery, at: datetime) -> None:
    detail = {"kind": delivery.kind, "supporter": row.supporter_id, "name": row.supporter.name, "level": message.level}
    note(message.episode, at, _outcome(delivery), **detail, reason=delivery.reason)
    if message.level is not None:
        _read_nudge(row, delivery, at)
    elif delivery.kind == "reminder" and delivery.state == "cancelled" and delivery.attempted_at is None:
        row.reminded = False  # the claim was taken back before it went
        row.save(update_fields=["reminded"])


def _read_nudge(row: EpisodeSupporter, delivery: Delivery, at: datetime) -> None:
    fresh = EpisodeSupporter.objects.get(pk=row.pk)
    if delivery.state in ARRIVED:
        fresh.state, fresh.told_at = EpisodeSupporter.TOLD, at
    elif delivery.state == "failed":
        fresh.state, fresh.bounced_at = EpisodeSupporter.BOUNCED, at
    elif delivery.reason in ANEW and fresh.episode.ended_at is None and delivery.attempted_at is None:
        fresh.state, fresh.serial = EpisodeSupporter.WAITING, fresh.serial + 1
    elif delivery.state == "suppressed":
        fresh.state = EpisodeSupporter.SUPPRESSED
    else:
        fresh.state = EpisodeSupporter.WITHDRAWN
    fresh.save(update_fields=["state", "told_at", "bounced_at", "serial"])


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
