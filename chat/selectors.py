"""Reads about talk.

The roster's version is computed from the group's memberships, never stored: rows are only added (with ids that are
never used again), go from waiting to active to ended, and vanish with their person. So two equal versions mean the
same rows in the same states: with no row added since, none of those may have left or moved without a count changing;
with a row added, either the highest id grew or there are fewer rows.

Where entries are read for somebody, their membership is read *after* the entries: what was committed after they left
cannot be among them.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.sessions.models import Session
from django.db.models import Count, Max, OuterRef, Q, Subquery

from chat import wire
from chat.models import Message, ReadMark, Room
from chat.order import Run
from groups.models import Membership
from people.models import Person

NOBODY = "0.0.0.0"  # the roster's version of a room whose group has no memberships  # noqa: S104


@dataclass(frozen=True, slots=True)
class Roster:
    """Who may be in a room now (ids of persons), and the version by which a change is noticed."""

    version: str
    people: frozenset[int]


@dataclass(frozen=True, slots=True)
class Head:
    """Where a room's log stands."""

    pk: int
    last_seq: int
    floor: int
    epoch: str
    version: str


@dataclass(frozen=True, slots=True)
class Page:
    """Consecutive entries for one reader. `reset`: what the reader holds does not join up with it."""

    epoch: str
    run: Run
    more: bool
    reset: bool
    is_member: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A room in the list of one's own rooms. `unread` counts what others wrote."""

    key: str
    name: str
    last_seq: int
    last_at: datetime | None
    unread: int
    closed: bool


def room_by_key(key: str) -> Room | None:
    return Room.objects.select_related("group").filter(key=key).first()


def is_in(room_pk: int, person_pk: int) -> bool:
    """True for an active member of the room's group."""
    return Membership.objects.filter(group__room=room_pk, person=person_pk, state=Membership.ACTIVE).exists()


def members_among(pairs: Collection[tuple[int, int]], *, lock: bool = False) -> set[tuple[int, int]]:
    """Those of the (group, person) pairs that are active members; `lock`: and stay so until the transaction ends."""
    found = Membership.objects.filter(
        group__in={group for group, _ in pairs}, person__in={person for _, person in pairs}, state=Membership.ACTIVE
    )
    if lock:  # a leaving that is not committed yet is waited for
        found = found.select_for_update(no_key=True).order_by("pk")
    return set(found.values_list("group_id", "person_id"))


def roster(room_pk: int) -> Roster:
    """Read in one statement, so that version and people belong together."""
    rows = list(Membership.objects.filter(group__room=room_pk).values_list("pk", "person_id", "state"))
    active = [person for _, person, state in rows if state == Membership.ACTIVE]
    ended = sum(1 for _, _, state in rows if state == Membership.ENDED)
    highest = max((pk for pk, _, _ in rows), default=0)
    return Roster(_version(len(rows), len(active), ended, highest), frozenset(active))


def roster_versions(room_pks: Collection[int]) -> dict[int, str]:
    """The version of each room's roster now."""
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
    found = {room: _version(*counts) for room, *counts in rows}
    return {pk: found.get(pk, NOBODY) for pk in room_pks}


def _version(rows: int, active: int, ended: int, highest: int) -> str:
    return f"{rows}.{active}.{ended}.{highest}"


def heads(keys: Collection[str]) -> dict[str, Head]:
    """Where these rooms' logs stand; rooms that are gone are missing."""
    rows = list(Room.objects.filter(key__in=keys).values_list("key", "pk", "last_seq", "floor", "epoch"))
    versions = roster_versions([pk for _, pk, *_ in rows])
    return {key: Head(pk, last, floor, epoch, versions[pk]) for key, pk, last, floor, epoch in rows}


def frames_of(room_key: str, entries: Collection[Message]) -> tuple[bytes, ...]:
    """Ready frames of entries whose sender is loaded."""
    return tuple(
        wire.message(
            room=room_key,
            seq=entry.seq,
            kind=entry.kind,
            cid=entry.cid,
            pid=str(entry.sender.pid) if entry.sender else None,
            name=entry.sender_name,
            at=entry.at,
            body=entry.body,
        )
        for entry in entries
    )


def entries(room_pk: int, *, after: int = 0, before: int | None = None, limit: int = wire.PAGE) -> list[Message]:
    """Up to `limit` entries in order: those next above `after`, or with `before` those next below it."""
    found = Message.objects.filter(room=room_pk, seq__gt=after).select_related("sender")
    if before is None:
        return list(found.order_by("seq")[:limit])
    return list(found.filter(seq__lt=before).order_by("-seq")[:limit])[::-1]


def plain(room_key: str, found: Collection[Message]) -> list[dict[str, Any]]:
    """Entries as the JSON door gives them: the same objects as on the wire."""
    return [json.loads(frame) for frame in frames_of(room_key, found)]


def run_after(room_pk: int, room_key: str, after: int) -> Run:
    """The next entries above `after`, with the roster's version read after them."""
    found = entries(room_pk, after=after)
    frames = frames_of(room_key, found)
    return Run(_first(found, after), frames, roster_versions([room_pk])[room_pk])


def _first(found: list[Message], after: int) -> int:
    """The seq with which a run begins: where a purge came in between it is not the next one."""
    return found[0].seq if found else after + 1


def page_for(room_key: str, person_pk: int, after: int | None) -> Page | None:
    """What a member who holds everything up to `after` (None: nothing) needs next; None when there is no such room.

    More than 500 missed entries, entries that were purged, or a seq from another numbering: the last 50 and `reset`.
    """
    room = Room.objects.filter(key=room_key).first()
    if room is None:
        return None
    last = room.last_seq
    reset = after is None or after > last or after < room.floor or last - after > wire.GAP
    start = max(room.floor, last - wire.FRESH) if reset or after is None else after
    found = entries(room.pk, after=start)
    run = Run(_first(found, start), frames_of(room_key, found), "")
    return Page(room.epoch, run, run.last < last, reset, is_in(room.pk, person_pk))


def room_keys_of(person: Person) -> list[str]:
    """The rooms of the groups in which the person is an active member."""
    mine = Room.objects.filter(group__memberships__person=person, group__memberships__state=Membership.ACTIVE)
    return sorted(mine.values_list("key", flat=True))


def lines_of(person: Person) -> list[Line]:
    """The person's rooms, the one with the latest entry first."""
    latest = Message.objects.filter(room=OuterRef("pk"), seq=OuterRef("last_seq"))
    mark = ReadMark.objects.filter(room=OuterRef("pk"), person=person)
    rooms = list(
        Room.objects.filter(group__memberships__person=person, group__memberships__state=Membership.ACTIVE)
        .select_related("group")
        .annotate(last_at=Subquery(latest.values("at")), marked=Subquery(mark.values("seq")))
    )
    unread = _unread(person, {room.pk: room.marked or 0 for room in rooms if room.last_seq > (room.marked or 0)})
    lines = [
        Line(room.key, str(room.group), room.last_seq, room.last_at, unread.get(room.pk, 0), _closed(room))
        for room in rooms
    ]
    lines.sort(key=lambda line: line.name.casefold())
    return sorted(lines, key=lambda line: line.last_at.timestamp() if line.last_at else 0.0, reverse=True)


def _closed(room: Room) -> bool:
    return room.group is not None and room.group.closed_at is not None


def _unread(person: Person, marks: dict[int, int]) -> dict[int, int]:
    """How many entries of others lie above each room's mark."""
    above = Q()
    for room_pk, seq in marks.items():
        above |= Q(room=room_pk, seq__gt=seq)
    if not marks:
        return {}
    counted = Message.objects.filter(above).exclude(sender=person).values("room").annotate(found=Count("pk"))
    return dict(counted.values_list("room", "found"))


def read_mark(room_pk: int, person: Person) -> int:
    """The seq up to which the person has read; 0 for nothing."""
    return ReadMark.objects.filter(room=room_pk, person=person).values_list("seq", flat=True).first() or 0


def live_sessions(keys: Collection[str]) -> set[str]:
    """Those of the session keys that were not signed out."""
    return set(Session.objects.filter(session_key__in=keys).values_list("session_key", flat=True))
