"""A room's log as its readers may see it.

Where entries are read for somebody, their membership and whom they do not see are read *after* the entries: what was
committed after they left, or after a block, cannot be among them.
"""

import json
from bisect import bisect_right
from collections.abc import Collection
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from chat import posts, wire
from chat.models import Message, ReadMark, Room, Veil
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


def is_office(kind: str, room_kind: str, *, own: bool) -> bool:
    """What a facilitator does for the room: it carries no name and reaches everybody, blocks or not.

    `own`: the entry is about a text of the same person.
    """
    if kind == posts.PIN:
        return room_kind == Room.GROUP
    return kind == posts.HOLD or (kind == posts.DELETE and not own)


def run_of(room: Room, entries: Collection[Message], *, first: int, version: str = "") -> Run:
    """Ready frames of consecutive entries whose sender is loaded."""
    removals = _removals(entries)
    frames, by = [], []
    for entry in entries:
        office = is_office(entry.kind, room.kind, own=entry.seq not in removals)
        pid = str(entry.sender.pid) if entry.sender and not office else None
        frames.append(frame_of(room.key, entry, pid))
        by.append(0 if office else by_of(entry))
    return Run(first, tuple(frames), version, tuple(by))


def _removals(entries: Collection[Message]) -> set[int]:
    """The seqs of those that took away somebody else's text."""
    deletes = {entry.of: entry for entry in entries if entry.kind == posts.DELETE and entry.of is not None}
    if not deletes:
        return set()
    room = next(iter(deletes.values())).room_id
    taken = Message.objects.filter(room=room, seq__in=deletes, gone=Message.REMOVED)
    return {deletes[seq].seq for seq in taken.values_list("seq", flat=True)}


def _veiled(entries: Collection[Message], reader: int) -> set[int]:
    """The seqs of words of erased people from whom the reader had been kept apart."""
    nobodys = [entry.pk for entry in entries if entry.sender_id is None]
    if not nobodys:
        return set()
    return set(Veil.objects.filter(message__in=nobodys, reader=reader).values_list("message__seq", flat=True))


def for_reader(room_key: str, run: Run, reader: int, entries: Collection[Message]) -> Run:
    """The run of these entries with nothing in it that is not for this reader."""
    hidden = {*run.hidden_from(reader, apart_from(reader)), *_veiled(entries, reader)}
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


def plain(room: Room, found: Collection[Message], reader: Person) -> list[dict[str, Any]]:
    """Entries as the JSON door gives them to a reader: the same objects as on the wire."""
    if not found:
        return []
    found = list(found)
    run = for_reader(room.key, run_of(room, found, first=found[0].seq), reader.pk, found)
    return [json.loads(frame) for frame in run.frames]


def visible(found: Collection[Message], reader: Person) -> list[Message]:
    """Those of the entries that are for this reader."""
    apart, veiled = apart_from(reader.pk), _veiled(found, reader.pk)
    return [
        entry
        for entry in found
        if entry.sender_id not in apart and entry.seq not in veiled and (not entry.held or entry.sender_id == reader.pk)
    ]


def run_after(room_pk: int, room_key: str, after: int) -> Run:
    """The next entries above `after`, with the roster's version read after them."""
    found = entries(room_pk, after=after)
    kind = Room.objects.filter(pk=room_pk).values_list("kind", flat=True).first() or ""
    version = roster_versions({room_pk: kind})[room_pk]
    return run_of(Room(pk=room_pk, key=room_key, kind=kind), found, first=_first(found, after), version=version)


def _first(found: list[Message], after: int) -> int:
    """The seq with which a run begins: where a purge came in between it is not the next one."""
    return found[0].seq if found else after + 1


def page_for(room_key: str, person_pk: int, after: int | None) -> Page | None:
    """What a member who holds everything up to `after` (None: nothing) needs next; None when there is no such room.

    More than 500 missed entries, entries that were purged, or a seq from another numbering: the last 50 and `reset`.
    Long texts make a page shorter.
    """
    room = Room.objects.filter(key=room_key).first()
    if room is None:
        return None
    last = room.last_seq
    reset = after is None or after > last or after < room.floor or last - after > wire.GAP
    start = max(room.floor, last - wire.FRESH) if reset or after is None else after
    found = entries(room.pk, after=start)
    run = _short(for_reader(room_key, run_of(room, found, first=_first(found, start)), person_pk, found))
    return Page(room.epoch, run, run.last < last, reset, is_in(room, person_pk))


def _short(run: Run) -> Run:
    """The beginning of the run that fits into a page, never nothing: a slow reader takes one after the other."""
    ends = list(accumulate(map(len, run.frames)))
    fits = max(1, bisect_right(ends, wire.PAGE_BYTES))
    return run if fits >= len(ends) else Run(run.first, run.frames[:fits], run.version, run.by[:fits])


def is_in(room: Room, person_pk: int) -> bool:
    """True for who may be in this room now."""
    return standing_in(room, Person(pk=person_pk)).is_member


def read_mark(room_pk: int, person: Person) -> int:
    """The seq up to which the person has read; 0 for nothing."""
    return ReadMark.objects.filter(room=room_pk, person=person).values_list("seq", flat=True).first() or 0
