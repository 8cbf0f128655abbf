"""Rooms: opened when they are asked for first, people let in and out, closed."""

import secrets
from collections.abc import Iterable

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from chat import policies, selectors
from chat.models import Room, RoomMember
from ground import clock, wake
from ground.errors import Settled
from groups.models import Group, Membership
from people.models import Person

SEATS = "talk.seats"  # topic: the payload is a room's key whose people changed; a hint that makes it quicker


def room_of(group: Group) -> Room:
    """The room of a group, made when it is asked for first."""
    room, _ = Room.objects.get_or_create(group=group, defaults={"key": f"g{group.pk}", "created_at": clock.now()})
    return room


def rooms_open(*, actor: Person) -> list[str]:
    """The keys of all rooms of the actor's groups; rooms that nobody has opened yet are made."""
    bare = Group.objects.filter(memberships__person=actor, memberships__state=Membership.ACTIVE, room=None)
    for group in bare:
        room_of(group)
    return selectors.room_keys_of(actor)


def pair_room_open(*, actor: Person, other: Person) -> Room:
    """The room of these two, made by the first who writes to the other.

    Raises PermissionDenied when the actor may not write to this person: no common group, a block on either side, or
    the newcomer's shield. The answer is the same for all of them.
    """
    if not policies.can_pair(actor, other):
        raise PermissionDenied(_("You cannot write to this person here."))
    low, high = sorted((actor.pk, other.pk))
    now = clock.now()
    with transaction.atomic():
        room, made = Room.objects.get_or_create(
            pair=f"{low}-{high}",
            defaults={"key": _drawn("p"), "kind": Room.PAIR, "created_at": now},
        )
        if made:
            RoomMember.objects.bulk_create([RoomMember(room=room, person_id=pk, since=now) for pk in (low, high)])
            _say(room)
    return room


def craving_room_open(*, members: Iterable[Person]) -> Room:
    """A new room for those who were brought together by the button; in the caller's transaction, if there is one.

    Who may be brought together is the caller's rule. It is a room like any other: what a pair of blocked people write
    does not reach each other.
    """
    now = clock.now()
    with transaction.atomic():
        room = Room.objects.create(key=_drawn("c"), kind=Room.CRAVING, created_at=now)
        RoomMember.objects.bulk_create([RoomMember(room=room, person=person, since=now) for person in members])
        _say(room)
    return room


def room_member_add(*, room: Room, person: Person) -> None:
    """Let somebody into a craving's room; who is in stays in. Raises Settled when it is closed."""
    with transaction.atomic():
        room = _locked(room)
        if room.closed_at is not None:
            raise Settled(_("This talk has ended."))
        RoomMember.objects.get_or_create(room=room, person=person, until=None, defaults={"since": clock.now()})
        _say(room)


def room_member_remove(*, room: Room, person: Person) -> None:
    """Let somebody go from a craving's room at once, open sockets included."""
    with transaction.atomic():
        room = _locked(room)
        RoomMember.objects.filter(room=room, person=person, until=None).update(until=clock.now())
        _say(room)


def room_close(*, room: Room) -> None:
    """End a craving's room: it can be read for 72 hours more, then it is emptied and nobody is in it (D10)."""
    with transaction.atomic():
        room = _locked(room)
        if room.closed_at is None:
            room.closed_at = clock.now()
            room.save(update_fields=["closed_at"])


def _locked(room: Room) -> Room:
    """The row itself: posts in this room wait, or were committed before."""
    found = Room.objects.select_for_update().get(pk=room.pk)
    if found.kind != Room.CRAVING:
        raise ValueError("only a craving's room is opened and closed by hand")
    return found


def _drawn(letter: str) -> str:
    return letter + secrets.token_hex(8)


def _say(room: Room) -> None:
    transaction.on_commit(lambda: wake.publish(SEATS, room.key.encode()))
