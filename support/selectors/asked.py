"""What a supporter may ever see of somebody who chose them (rule D5): a nudge's page, and their own Today."""

from dataclasses import dataclass
from datetime import datetime

from circle.models import Supporter
from circle.selectors import chosen_by, rests
from ground.links import is_over
from people.models import Link, Person
from support import streaks
from support.models import Answer, EpisodeSupporter
from support.selectors.cases import ON_THE_WAY
from support.selectors.contacts import closing_barred, load_rows


@dataclass(frozen=True, slots=True)
class NudgeView:
    """All that a supporter may ever see (rule D5).

    face: open, mistake (our message was one), ended (nothing is asked any more), settled, stopped.
    """

    face: str
    sender_name: str
    name: str
    told_at: datetime | None
    answer: str  # their own latest: claim, reached, cannot, or empty
    rests_until: datetime | None = None


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
    elif settled or is_over(ended, now):
        face = "settled"
    elif ended is not None:
        face = "mistake" if _retracted(row, now) else "ended"
    last = Answer.objects.filter(episode=row.episode, supporter=supporter).order_by("-at", "-pk").first()
    until = supporter.rests_until if rests(supporter, now) else None
    return NudgeView(face, supporter.sender_name, supporter.name, row.told_at, last.kind if last else "", until)


def _retracted(row: EpisodeSupporter, now: datetime) -> bool:
    """Whether this supporter was told that it was our mistake, or may hear it at this moment: no more than the mail."""
    decided = row.messages.filter(delivery__kind="retraction").select_related("delivery").first()
    if decided is None:
        return False
    if decided.delivery.state in ON_THE_WAY and not decided.delivery.bounced:
        return True
    people = load_rows([row], [row.supporter.member_id], now)
    return closing_barred(streaks.MessageKind.RETRACTION, row.supporter, people) is None


@dataclass(frozen=True, slots=True)
class Asked:
    """One member who chose this person, as that person sees it on Today. told_at: a nudge of theirs is open."""

    pid: str
    sender_name: str
    told_at: datetime | None
    answer: str
    rests_until: datetime | None


def asked_of(person: Person, now: datetime) -> list[Asked]:
    """One row for each member who chose `person`, those who asked for a call first. One query, three when any did."""
    contacts = chosen_by(person)
    if not contacts:
        return []
    told: dict[int, EpisodeSupporter] = {}
    rows = EpisodeSupporter.objects.filter(supporter__in=contacts, told_at__isnull=False, episode__ended_at=None)
    for row in rows.order_by("told_at", "pk"):
        told[row.supporter_id] = row
    latest: dict[tuple[int, int], str] = {}
    episodes = {row.episode_id for row in told.values()}
    for answer in Answer.objects.filter(episode__in=episodes, supporter__in=contacts).order_by("at", "pk"):
        latest[answer.episode_id, answer.supporter_id] = answer.kind
    found = []
    for contact in contacts:
        open_row = told.get(contact.pk)
        found.append(
            Asked(
                pid=str(contact.person.pid),
                sender_name=contact.sender_name,
                told_at=open_row.told_at if open_row else None,
                answer=latest.get((open_row.episode_id, contact.pk), "") if open_row else "",
                rests_until=contact.rests_until if rests(contact, now) else None,
            )
        )
    return sorted(found, key=lambda one: one.told_at is None)
