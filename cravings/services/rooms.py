"""The room of those who talk: their own, with nobody else in it, emptied 72 hours after it closes (chat)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, Min

from chat.models import Message, Room, RoomMember
from chat.services import craving_room_open, room_close, room_member_add, room_member_remove
from cravings.models import Press
from people.models import Person


@dataclass(frozen=True, slots=True)
class Text:
    """What somebody wrote; to look at once, never to keep."""

    seq: int
    sender: int
    body: str


@dataclass(frozen=True, slots=True)
class Words:
    """When somebody wrote in a room, first and last (UTC)."""

    first: datetime
    last: datetime


def open_for(press: Press) -> str:
    """The key of the room of those who talk now, made for the first; who is not there any more is let go at once."""
    people = [pk for pk in (press.person_id, press.claimed_by_id, press.second_by_id) if pk is not None]
    room = Room.objects.filter(key=press.room).first() if press.room else None
    if room is None:
        return craving_room_open(members=Person.objects.filter(pk__in=people).order_by("pk")).key
    inside = set(RoomMember.objects.filter(room=room, until=None).values_list("person", flat=True))
    for person in Person.objects.filter(pk__in=set(people) - inside):
        room_member_add(room=room, person=person)
    for person in Person.objects.filter(pk__in=inside - set(people)):
        room_member_remove(room=room, person=person)
    return room.key


def close(press: Press) -> None:
    """The talk is over: it can be read for a while, and nobody writes there any more."""
    room = Room.objects.filter(key=press.room).first() if press.room else None
    if room is not None:
        room_close(room=room)


def empty(press: Press) -> None:
    """Who was there is gone: out of the room at once. Whoever comes next gets a room of their own and reads nothing
    of before."""
    room = Room.objects.filter(key=press.room).first() if press.room else None
    if room is None:
        return
    for member in (
        RoomMember.objects.filter(room=room, until=None).exclude(person=press.person_id).select_related("person")
    ):
        room_member_remove(room=room, person=member.person)
    room_close(room=room)
    Press.objects.filter(pk=press.pk).update(room="", looked_seq=0)


def texts_after(press: Press, seq: int) -> list[Text]:
    """What was written in the press's room above `seq`."""
    if not press.room:
        return []
    found = Message.objects.filter(room__key=press.room, seq__gt=seq, kind="text", sender__isnull=False)
    return [Text(*row) for row in found.order_by("seq").values_list("seq", "sender", "body")]


def words_of(press: Press, people: Iterable[int], since: datetime) -> dict[int, Words]:
    """Who of these people wrote in the press's room since a moment, by their id."""
    if not press.room:
        return {}
    found = Message.objects.filter(room__key=press.room, sender__in=set(people), at__gte=since, kind="text")
    counted = found.order_by().values("sender").annotate(first=Min("at"), last=Max("at"))
    return {row["sender"]: Words(row["first"], row["last"]) for row in counted}
