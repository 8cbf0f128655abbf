"""A room's log as its readers may see it.

Where entries are read for somebody, their membership and whom they do not see are read *after* the entries: what was
committed after they left, or after a block, cannot be among them.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.contrib.sessions.models import Session

from chat import wire
from chat.models import Message, ReadMark, Room
from chat.order import Run
from chat.roster import apart_from, roster_versions, standing_in
from people.models import Person


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


def heads(keys: Collection[str]) -> dict[str, Head]:
    """Where these rooms' logs stand; rooms that are gone are missing."""
    rows = list(Room.objects.filter(key__in=keys).values_list("key", "pk", "last_seq", "floor", "epoch", "kind"))
    versions = roster_versions({pk: kind for _, pk, *_, kind in rows})
    return {key: Head(pk, last, floor, epoch, versions[pk]) for key, pk, last, floor, epoch, _ in rows}


def frame_of(room_key: str, entry: Message, pid: str | None) -> bytes:
    """An entry's ready frame, as its sender sees it and everybody else when it is not held."""
    return wire.message(
        room=room_key,
        seq=entry.seq,
        kind=entry.kind,
        cid=entry.cid,
        pid=pid,
        name=entry.sender_name,
        at=entry.at,
        body=entry.body,
        of=entry.of,
        edited=entry.kind == "text" and entry.edited_at is not None,
        gone=entry.gone,
        held=entry.held,
    )


def by_of(entry: Message) -> int:
    """For whom an entry is, as chat.order.Run has it."""
    return -(entry.sender_id or 0) if entry.held else entry.sender_id or 0


def run_of(room_key: str, entries: Collection[Message], *, first: int, version: str = "") -> Run:
    """Ready frames of consecutive entries whose sender is loaded."""
    frames = tuple(frame_of(room_key, entry, str(entry.sender.pid) if entry.sender else None) for entry in entries)
    return Run(first, frames, version, tuple(by_of(entry) for entry in entries))


def for_reader(room_key: str, run: Run, reader: int) -> Run:
    """The run with nothing in it that is not for this reader."""
    hidden = set(run.hidden_from(reader, apart_from(reader)))
    frames = tuple(
        wire.void(room_key, seq) if seq in hidden else frame for seq, frame in enumerate(run.frames, run.first)
    )
    return Run(run.first, frames, run.version)


def entries(room_pk: int, *, after: int = 0, before: int | None = None, limit: int = wire.PAGE) -> list[Message]:
    """Up to `limit` entries in order: those next above `after`, or with `before` those next below it."""
    found = Message.objects.filter(room=room_pk, seq__gt=after).select_related("sender")
    if before is None:
        return list(found.order_by("seq")[:limit])
    return list(found.filter(seq__lt=before).order_by("-seq")[:limit])[::-1]


def plain(room_key: str, found: Collection[Message], reader: Person) -> list[dict[str, Any]]:
    """Entries as the JSON door gives them to a reader: the same objects as on the wire."""
    if not found:
        return []
    found = list(found)
    run = for_reader(room_key, run_of(room_key, found, first=found[0].seq), reader.pk)
    return [json.loads(frame) for frame in run.frames]


def visible(found: Collection[Message], reader: Person) -> list[Message]:
    """Those of the entries that are for this reader."""
    apart = apart_from(reader.pk)
    return [
        entry for entry in found if entry.sender_id not in apart and (not entry.held or entry.sender_id == reader.pk)
    ]


def run_after(room_pk: int, room_key: str, after: int) -> Run:
    """The next entries above `after`, with the roster's version read after them."""
    found = entries(room_pk, after=after)
    kind = Room.objects.filter(pk=room_pk).values_list("kind", flat=True).first() or ""
    version = roster_versions({room_pk: kind})[room_pk]
    return run_of(room_key, found, first=_first(found, after), version=version)


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
    run = for_reader(room_key, run_of(room_key, found, first=_first(found, start)), person_pk)
    return Page(room.epoch, run, run.last < last, reset, is_in(room, person_pk))


def is_in(room: Room, person_pk: int) -> bool:
    """True for who may be in this room now."""
    return standing_in(room, Person(pk=person_pk)).is_member


def read_mark(room_pk: int, person: Person) -> int:
    """The seq up to which the person has read; 0 for nothing."""
    return ReadMark.objects.filter(room=room_pk, person=person).values_list("seq", flat=True).first() or 0


def live_sessions(keys: Collection[str]) -> set[str]:
    """Those of the session keys that were not signed out."""
    return set(Session.objects.filter(session_key__in=keys).values_list("session_key", flat=True))
