"""Searching in one's own rooms, and what waits for a moderator."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from chat import posts
from chat.models import Message, Report, Room
from chat.roster import apart_from
from chat.selectors.lines import names_of, open_rooms, rooms_of
from groups.models import Membership
from people.models import Person
from people.selectors import is_coordinator

MOST = 50


@dataclass(frozen=True, slots=True)
class Found:
    """A message that a search found; `room` is what its reader calls it."""

    key: str
    room: str
    seq: int
    name: str
    body: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Case:
    """A message about which somebody has to decide. The coordinator sees the words and no name."""

    ref: int
    room: str
    name: str
    words: str
    at: datetime
    held: bool


def search(*, actor: Person, text: str) -> list[Found]:
    """The latest messages with these words in the actor's own rooms; never those of people kept apart from them."""
    try:
        text = posts.body_of(text)
    except posts.BadBody:  # also what no message can hold
        return []
    rooms = {room.pk: room for room in open_rooms(rooms_of(actor).select_related("group"))}
    names = names_of(rooms.values(), actor)
    texts = Message.objects.filter(room__in=rooms, kind="text", gone="", body__icontains=text)
    seen = texts.exclude(Q(held=True) & ~Q(sender=actor)).exclude(sender__in=apart_from(actor.pk))
    seen = seen.exclude(veils__reader=actor)
    return [
        Found(
            rooms[entry.room_id].key, names.get(entry.room_id, ""), entry.seq, entry.sender_name, entry.body, entry.at
        )
        for entry in seen.order_by("-at", "-seq")[:MOST]
    ]


def cases_for(actor: Person) -> list[Case]:
    """What waits for the actor, oldest first: of the groups they facilitate; of every room for a coordinator.

    Nobody decides about their own words, nor about a message that they reported themselves.
    """
    coordinator = is_coordinator(actor)
    theirs = Report.objects.filter(room=OuterRef("room"), seq=OuterRef("seq"), reporter=actor)
    waiting = Report.objects.filter(~Exists(theirs), state=Report.OPEN).exclude(sender=actor)
    if not coordinator:
        runs = Membership.objects.facilitators().filter(person=actor)
        waiting = waiting.filter(room__kind=Room.GROUP, room__group__in=runs.values("group"))
    seen: dict[tuple[int, int], Case] = {}
    for report in waiting.select_related("room__group").order_by("at", "pk")[:200]:
        seen.setdefault(
            (report.room_id, report.seq),
            Case(
                report.pk,
                str(report.room.group) if report.room.group else "",
                "" if coordinator else report.sender_name,
                report.words,
                report.at,
                report.held,
            ),
        )
    return list(seen.values())
