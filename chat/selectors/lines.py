"""The list of one's own rooms."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from chat.models import Message, Mute, ReadMark, Room, RoomMember
from chat.roster import apart_from, is_closed, pairs_open, roster
from groups.models import Membership
from people.models import Person

WISHES = {None: Mute.ALL, True: Mute.WHEN_NAMED, False: Mute.NEVER}  # by a mute's `named`, None where there is no mute


@dataclass(frozen=True, slots=True)
class Line:
    """A room in the list of one's own rooms. `unread` counts what others wrote."""

    key: str
    name: str
    last_seq: int
    last_at: datetime | None
    unread: int
    closed: bool
    kind: str = Room.GROUP
    pk: int = 0
    notify: str = Mute.ALL  # how much it tells this person when they are away: "all", "named" or "none"


def rooms_of(person: Person) -> QuerySet[Room]:
    """The rooms of the person's groups, of their pairs and of their cravings; some pairs may not be open now."""
    groups = Q(group__in=Membership.objects.filter(person=person, state=Membership.ACTIVE).values("group"))
    others = Q(pk__in=RoomMember.objects.filter(person=person, until=None).values("room"))
    return Room.objects.filter(groups | others)


def open_rooms(rooms: Iterable[Room]) -> list[Room]:
    """Without pairs that share no group any more, or of whom one blocked the other: both look the same."""
    rooms = list(rooms)
    pairs = [room.pk for room in rooms if room.kind == Room.PAIR]
    are_open = pairs_open(pairs) if pairs else set()
    return [room for room in rooms if room.kind != Room.PAIR or room.pk in are_open]


def room_keys_of(person: Person) -> list[str]:
    """The keys of the rooms in which the person may be now."""
    return sorted(room.key for room in open_rooms(rooms_of(person).only("pk", "key", "kind")))


def names_of(rooms: Iterable[Room], reader: Person) -> dict[int, str]:
    """What a reader calls these rooms: the group's name, or the others in it; empty when nobody else is there."""
    found = {room.pk: str(room.group) for room in rooms if room.group is not None}
    others = [room.pk for room in rooms if room.group is None]
    if others:
        here = RoomMember.objects.filter(room__in=others, until=None).exclude(person=reader).order_by("since", "pk")
        names: dict[int, list[str]] = {}
        for room, name in here.values_list("room_id", "person__name"):
            names.setdefault(room, []).append(name)
        found |= {pk: ", ".join(names.get(pk, [])) for pk in others}
    return found


def names_in(room: Room, reader: Person) -> list[str]:
    """Whom the reader may name here: the others in the room, without those kept apart from them."""
    here = roster(room.pk)
    others = here.people - {reader.pk} - here.apart.get(reader.pk, frozenset())
    names = Person.objects.filter(pk__in=others).exclude(name="").values_list("name", flat=True)
    return sorted(names, key=str.casefold)


def lines_of(person: Person) -> list[Line]:
    """The person's rooms, the one with the latest entry first."""
    latest = Message.objects.filter(room=OuterRef("pk"), seq=OuterRef("last_seq"))
    mark = ReadMark.objects.filter(room=OuterRef("pk"), person=person)
    annotated = (
        rooms_of(person)
        .select_related("group")
        .annotate(
            last_at=Subquery(latest.values("at")),
            marked=Subquery(mark.values("seq")),
            muted=Subquery(Mute.objects.filter(room=OuterRef("pk"), person=person).values("named")),
        )
    )
    rooms = open_rooms(annotated)
    marks = {room.pk: room.marked or 0 for room in rooms if room.last_seq > (room.marked or 0)}  # type: ignore[attr-defined]
    unread = unread_above(person, marks)
    names = names_of(rooms, person)
    lines = [
        Line(
            room.key,
            names.get(room.pk, ""),
            room.last_seq,
            room.last_at,  # type: ignore[attr-defined]
            unread.get(room.pk, 0),
            is_closed(room),
            room.kind,
            room.pk,
            WISHES[room.muted],  # type: ignore[attr-defined]
        )
        for room in rooms
    ]
    lines.sort(key=lambda line: line.name.casefold())
    return sorted(lines, key=lambda line: line.last_at.timestamp() if line.last_at else 0.0, reverse=True)


def unread_above(person: Person, marks: dict[int, int]) -> dict[int, int]:
    """How many words of others, whom the person sees, lie above each room's mark."""
    above = Q()
    for room_pk, seq in marks.items():
        above |= Q(room=room_pk, seq__gt=seq)
    if not marks:
        return {}
    words = Message.objects.filter(above, gone="", held=False).exclude(
        kind__in=["edit", "delete", "react", "unreact", "pin", "hold"]
    )
    theirs = words.exclude(sender=person).exclude(sender__in=apart_from(person.pk)).exclude(veils__reader=person)
    return dict(theirs.values("room").annotate(found=Count("pk")).values_list("room", "found"))
