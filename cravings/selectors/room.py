"""What stands above a craving's room: who may do what, and, where words say that a life may be in danger, numbers."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from chat import contacts, words
from chat.models import Message
from chat.services.book import LISTS
from cravings.models import Press, RiskSaid
from people.models import Person

LOOKED_AT, FRESH = 20, timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class RoomView:
    """danger: words of the first list were said lately (somebody may be dying); near: of the second (about to use).

    mine: the reader asked; else they came. No message is ever held for such words: only this stands above them. said:
    somebody told that the words were meant otherwise. hidden: something in the reader's own words is not shown.
    """

    ref: str
    mine: bool
    open: bool
    peer: str
    gone: bool
    quiet: bool
    danger: bool
    near: bool
    said: bool
    hidden: bool


def room_view(actor: Person, key: str, now: datetime) -> RoomView | None:
    """For those who talk in this room; None for every other room and everybody else."""
    inside = Q(person=actor) | Q(claimed_by=actor) | Q(second_by=actor)
    found = Press.objects.filter(inside, room=key).exclude(room="").select_related("person", "claimed_by")
    press = found.order_by("-pk").first()
    if press is None:
        return None
    mine = press.person_id == actor.pk
    risks = risks_in(key, now)
    return RoomView(
        ref=press.ref,
        mine=mine,
        open=press.state == Press.CLAIMED,
        peer=(press.claimed_by.name if press.claimed_by else "") if mine else press.person.name,
        gone=mine and press.state == Press.CLAIMED and press.peer_gone_at is not None,
        quiet=press.state == Press.CLAIMED and press.quiet_step > 0,
        danger=words.T1 in risks,
        near=words.T2 in risks,
        said=RiskSaid.objects.filter(press=press, meant_otherwise_at__isnull=False).exists() if risks else False,
        hidden=_hidden(actor, key, now),
    )


def risks_in(key: str, now: datetime) -> frozenset[str]:
    """Which risk words were said in the last half hour, by anybody."""
    latest = Message.objects.filter(room__key=key, kind="text", at__gt=now - FRESH).order_by("-seq")
    return frozenset().union(*(words.look(body, LISTS) for body in latest.values_list("body", flat=True)[:LOOKED_AT]))


def _hidden(actor: Person, key: str, now: datetime) -> bool:
    """Whether one of the reader's own messages of late holds something that was hidden."""
    mine = Message.objects.filter(room__key=key, kind="text", sender=actor, at__gt=now - FRESH)
    return mine.filter(body__contains=contacts.HIDDEN).exists()
