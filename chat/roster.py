"""Who may be in a room now.

A version tells whether this changed. It is computed from the rows that decide, never stored. Memberships, the people
of a room and blocks are only added (with ids that are never used again), end, or vanish with their person. So two
equal versions mean the same rows in the same states: with no row added since, none of those may have left or moved
without a count changing; with a row added, either the highest id grew or there are fewer rows. Of blocks only those
between two who are in the room count: their number and the sum of their ids, which grows when a new one takes the place
of another.

Versions of rooms where nobody can write in between (a pair that shares no group any more) need no more than yes or no.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import Count, F, Max, Q, Sum

from chat import wire
from chat.models import Room, RoomMember
from groups.models import Membership
from people.models import Block, Person

NOBODY = "0.0.0.0"  # the roster's version of a room that nobody ever was in  # noqa: S104
NO_BLOCKS = "0.0"


@dataclass(frozen=True, slots=True)
class Roster:
    """Who may be in a room now (ids of persons), and the version by which a change is noticed.

    `apart`: for those in it who do not see each other, whom they do not see.
    """

    version: str
    people: frozenset[int]
    apart: dict[int, frozenset[int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody is in a room."""

    is_member: bool = False
    is_facilitator: bool = False


STRANGER = Standing()


def room_by_key(key: str) -> Room | None:
    return Room.objects.select_related("group").filter(key=key).first() if wire.may_be_room(key) else None


def key_of(room_pk: int) -> str:
    """What the wire calls this room; empty when there is none."""
    return Room.objects.filter(pk=room_pk).values_list("key", flat=True).first() or ""


def is_closed(room: Room) -> bool:
    """A closed room can be read, and nobody posts in it."""
    return room.closed_at is not None or (room.group is not None and room.group.closed_at is not None)


def roster(room_pk: int) -> Roster:
    """Each part of the version is read in one statement with what it stands for."""
    room = Room.objects.filter(pk=room_pk).only("pk", "kind").first()
    if room is None:
        return Roster(NOBODY, frozenset())
    if room.kind == Room.GROUP:
        version, people = _of_group(room_pk)
    else:
        version, people = _of_people(room_pk)
        if room.kind == Room.PAIR:
            is_open = bool(pairs_open([room_pk]))
            version, people = f"{version}.{is_open:d}", people if is_open else frozenset()
    blocks = _blocks_among(people)
    return Roster(
        f"{version}/{_sum(pk for pk, _, _ in blocks)}", people, _apart((one, other) for _, one, other in blocks)
    )


def _blocks_among(people: Collection[int]) -> list[tuple[int, int, int]]:
    """(id, blocker, blocked) of the blocks between two of these people."""
    found = Block.objects.filter(blocker__in=people, blocked__in=people)
    return list(found.values_list("pk", "blocker_id", "blocked_id"))


def _sum(block_pks: Iterable[int]) -> str:
    pks = list(block_pks)
    return f"{len(pks)}.{sum(pks)}"


def _of_group(room_pk: int) -> tuple[str, frozenset[int]]:
    rows = list(Membership.objects.filter(group__room=room_pk).values_list("pk", "person_id", "state"))
    active = [person for _, person, state in rows if state == Membership.ACTIVE]
    ended = sum(1 for _, _, state in rows if state == Membership.ENDED)
    highest = max((pk for pk, _, _ in rows), default=0)
    return _version(len(rows), len(active), ended, highest), frozenset(active)


def _of_people(room_pk: int) -> tuple[str, frozenset[int]]:
    rows = list(RoomMember.objects.filter(room=room_pk).values_list("pk", "person_id", "until"))
    active = [person for _, person, until in rows if until is None]
    highest = max((pk for pk, _, _ in rows), default=0)
    return _version(len(rows), len(active), len(rows) - len(active), highest), frozenset(active)


def _apart(pairs: Iterable[tuple[int, int]]) -> dict[int, frozenset[int]]:
    found: dict[int, set[int]] = {}
    for one, other in pairs:
        found.setdefault(one, set()).add(other)
        found.setdefault(other, set()).add(one)
    return {person: frozenset(others) for person, others in found.items()}


def roster_versions(rooms: Mapping[int, str]) -> dict[int, str]:
    """The version of each room's roster now; `rooms` names their kinds by id."""
    groups = [pk for pk, kind in rooms.items() if kind == Room.GROUP]
    others = [pk for pk, kind in rooms.items() if kind != Room.GROUP]
    # blocks first: of somebody who leaves in between the members' own part tells
    blocks = (_group_blocks(groups) if groups else {}) | (_people_blocks(others) if others else {})
    found = _group_versions(groups) if groups else {}
    if others:
        found |= _people_versions(others)
    pairs = [pk for pk in others if rooms[pk] == Room.PAIR]
    if pairs:
        are_open = pairs_open(pairs)
        found |= {pk: f"{found.get(pk, NOBODY)}.{pk in are_open:d}" for pk in pairs}
    return {pk: f"{found.get(pk, NOBODY)}/{blocks.get(pk, NO_BLOCKS)}" for pk in rooms}


def _group_blocks(room_pks: Collection[int]) -> dict[int, str]:
    """The blocks' part of the version of each group's room in which there are any."""
    rows = (
        Block.objects.filter(
            blocker__memberships__group__room__in=room_pks,
            blocker__memberships__state=Membership.ACTIVE,
            blocked__memberships__group=F("blocker__memberships__group"),
            blocked__memberships__state=Membership.ACTIVE,
        )
        .values("blocker__memberships__group__room")
        .annotate(count=Count("pk"), ids=Sum("pk"))
        .values_list("blocker__memberships__group__room", "count", "ids")
    )
    return {room: f"{count}.{ids}" for room, count, ids in rows}


def _people_blocks(room_pks: Collection[int]) -> dict[int, str]:
    """As `_group_blocks`, of rooms of two or few. A pair that is not open has nobody in it, and needs no blocks."""
    people: dict[int, set[int]] = {}
    here = RoomMember.objects.filter(room__in=room_pks, room__kind=Room.CRAVING, until=None)
    for room, person in here.values_list("room_id", "person_id"):
        people.setdefault(room, set()).add(person)
    if not people:
        return {}
    blocks = _blocks_among(set().union(*people.values()))
    inside = {room: [pk for pk, one, other in blocks if {one, other} <= here] for room, here in people.items()}
    return {room: _sum(pks) for room, pks in inside.items() if pks}


def _group_versions(room_pks: Collection[int]) -> dict[int, str]:
    rows = (
        Membership.objects.filter(group__room__in=room_pks)
        .values("group__room")
        .annotate(
            rows=Count("pk"),
            active=Count("pk", filter=Q(state=Membership.ACTIVE)),
            ended=Count("pk", filter=Q(state=Membership.ENDED)),
            highest=Max("pk"),
        )
        .values_list("group__room", "rows", "active", "ended", "highest")
    )
    return {room: _version(*counts) for room, *counts in rows}


def _people_versions(room_pks: Collection[int]) -> dict[int, str]:
    rows = (
        RoomMember.objects.filter(room__in=room_pks)
        .values("room")
        .annotate(rows=Count("pk"), active=Count("pk", filter=Q(until=None)), highest=Max("pk"))
        .values_list("room", "rows", "active", "highest")
    )
    return {room: _version(rows, active, rows - active, highest) for room, rows, active, highest in rows}


def _version(rows: int, active: int, ended: int, highest: int) -> str:
    return f"{rows}.{active}.{ended}.{highest}"


def pairs_open(room_pks: Collection[int]) -> set[int]:
    """Those of these pairs' rooms whose two people share a standing group and did not block each other.

    Whose other person is gone for good (an erased account) can go on reading what they wrote.
    """
    twos: dict[int, list[int]] = {}
    here = RoomMember.objects.filter(room__in=room_pks, until=None).order_by("room", "person")
    for room, person in here.values_list("room_id", "person_id"):
        twos.setdefault(room, []).append(person)
    everybody = {person for two in twos.values() for person in two}
    groups: dict[int, set[int]] = {}
    mine = Membership.objects.filter(person__in=everybody, state=Membership.ACTIVE, group__closed_at=None)
    for person, group in mine.values_list("person_id", "group_id"):
        groups.setdefault(person, set()).add(group)
    blocks = Block.objects.filter(blocker__in=everybody, blocked__in=everybody)
    kept_apart = {frozenset(pair) for pair in blocks.values_list("blocker_id", "blocked_id")}
    return {room for room, two in twos.items() if len(two) == 1 or _may_write(two, groups, kept_apart)}


def _may_write(two: list[int], groups: dict[int, set[int]], kept_apart: set[frozenset[int]]) -> bool:
    one, other = two
    return frozenset(two) not in kept_apart and bool(groups.get(one, set()) & groups.get(other, set()))


def standings(
    rooms: Collection[Room], people: Collection[int], *, lock: bool = False
) -> dict[tuple[int, int], Standing]:
    """What these people are in these rooms, by (room, person); strangers are missing.

    `lock`: a leaving that is under way is waited for, and one that comes later waits for this transaction.
    """
    by_group = {room.group_id: room.pk for room in rooms if room.kind == Room.GROUP}
    found: dict[tuple[int, int], Standing] = {}
    if by_group:
        rows = Membership.objects.filter(group__in=by_group, person__in=people, state=Membership.ACTIVE)
        if lock:
            rows = rows.select_for_update(no_key=True).order_by("pk")
        for group, person, role in rows.values_list("group_id", "person_id", "role"):
            found[by_group[group], person] = Standing(True, role == Membership.FACILITATOR)
    others = {room.pk: room.kind for room in rooms if room.kind != Room.GROUP}
    if others:
        are_open = pairs_open([pk for pk, kind in others.items() if kind == Room.PAIR])
        here = RoomMember.objects.filter(room__in=others, person__in=people, until=None)
        for room, person in here.values_list("room_id", "person_id"):
            if others[room] != Room.PAIR or room in are_open:
                found[room, person] = Standing(True)
    return found


def standing_in(room: Room, person: Person) -> Standing:
    """What the person is in the room now."""
    return standings([room], [person.pk]).get((room.pk, person.pk), STRANGER)


def pairs_apart(some: Collection[int], others: Collection[int]) -> set[frozenset[int]]:
    """Those of these pairs, one of each, of whom either blocked the other."""
    here = Q(blocker__in=some, blocked__in=others) | Q(blocker__in=others, blocked__in=some)
    return {frozenset(pair) for pair in Block.objects.filter(here).values_list("blocker_id", "blocked_id")}


def apart_from(person_pk: int) -> frozenset[int]:
    """Whom the person does not see and who does not see them: either blocked the other. Nobody is told which."""
    pairs = Block.objects.filter(Q(blocker=person_pk) | Q(blocked=person_pk)).values_list("blocker_id", "blocked_id")
    return frozenset(pk for pair in pairs for pk in pair) - {person_pk}
