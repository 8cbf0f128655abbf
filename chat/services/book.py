"""What one transaction writes into the logs: each post is decided while its room is locked."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.db.models import Q

from chat import contacts, policies, posts, selectors, words
from chat.models import Message, Report, Room, Silence
from chat.posts import Outcome, Post
from ground import clock
from ground.site import site_host

LISTS = words.lists(Path(settings.TALK_WORDS) if settings.TALK_WORDS else words.LISTS)


def must_be_held(body: str) -> bool:
    """True for words that a moderator has to look at before others see them (cravings.md, T3)."""
    return words.T3 in words.look(body, LISTS)


class Book:
    """Decides the posts of a batch in their order; `store` writes what came of it.

    Whatever can refuse or change a plain text here must also keep it from the quick lane (chat.quick.STORE).
    """

    def __init__(self, rooms: dict[str, Room], batch: Sequence[Post]) -> None:
        self.at = clock.now()
        self.rooms = rooms
        self.new: list[Message] = []
        self.reports: list[Report] = []
        self.frames: dict[str, list[bytes]] = {}
        self.by: dict[str, list[int]] = {}
        self.firsts: dict[str, int] = {}
        senders = {post.sender.id for post in batch}
        self.standings = selectors.standings(list(rooms.values()), senders, lock=True)
        self.known = {
            (entry.room_id, entry.sender_id, entry.cid): entry
            for entry in Message.objects.filter(
                room__in=[room.pk for room in rooms.values()], sender__in=senders, cid__in={post.cid for post in batch}
            )
        }
        self.subjects = self._subjects(batch)
        self.silent = self._silent(senders)
        self.latest = self._latest(senders)
        self.apart = self._apart(senders)
        self.changed: dict[tuple[int, int], Message] = {}

    def _subjects(self, batch: Sequence[Post]) -> dict[tuple[int, int], Message]:
        """The entries that the batch is about."""
        wanted = Q()
        for post in batch:
            if post.of is not None and post.room in self.rooms:
                wanted |= Q(room=self.rooms[post.room].pk, seq=post.of)
        if not wanted:
            return {}
        return {(entry.room_id, entry.seq): entry for entry in Message.objects.filter(wanted)}

    def _apart(self, senders: set[int]) -> set[frozenset[int]]:
        """Who of the senders and the authors of what they are about is kept from whom."""
        authors = {subject.sender_id for subject in self.subjects.values() if subject.sender_id}
        return selectors.pairs_apart(senders, authors) if authors else set()

    def _silent(self, senders: set[int]) -> set[tuple[int, int]]:
        """Who is asked to listen, by (room, person)."""
        now = Silence.objects.filter(
            room__in=[r.pk for r in self.rooms.values()], person__in=senders, until__gt=self.at
        )
        return set(now.values_list("room_id", "person_id"))

    def _latest(self, senders: set[int]) -> dict[tuple[int, int], datetime]:
        """When these people last wrote in the rooms that are in slow mode."""
        slow = {room.pk: room.slow_seconds for room in self.rooms.values() if room.slow_seconds}
        if not slow:
            return {}
        since = self.at - timedelta(seconds=max(slow.values()))
        texts = Message.objects.filter(room__in=slow, sender__in=senders, kind=posts.TEXT, at__gt=since)
        found = texts.order_by("at").values_list("room_id", "sender_id", "at")
        return {(room, sender): at for room, sender, at in found if sender is not None}

    def _wait(self, room: Room, post: Post) -> float:
        """Seconds that slow mode asks this sender to wait; facilitators need not."""
        before = self.latest.get((room.pk, post.sender.id))
        if post.kind != posts.TEXT or not room.slow_seconds or before is None:
            return 0.0
        waited = max(0.0, (self.at - before).total_seconds())  # a clock that was set back makes nobody wait for longer
        return max(0.0, room.slow_seconds - waited)

    def enter(self, post: Post) -> Outcome:
        """A known cid is its old entry again, whatever happened to room and membership since."""
        room = self.rooms.get(post.room)
        held = post.kind in {posts.TEXT, posts.EDIT} and must_be_held(post.body)  # before anything is hidden in it
        if room is not None and room.kind == Room.CRAVING:
            post = replace(post, body=contacts.hide(post.body, own_host=site_host()))
        if room is not None and (entry := self.known.get((room.pk, post.sender.id, post.cid))):
            return Outcome(post, entry.seq, entry.at) if _is_same(entry, post) else Outcome(post, code=posts.CONFLICT)
        standing = self.standings.get((room.pk, post.sender.id), selectors.STRANGER) if room else selectors.STRANGER
        code = policies.refusal(room, standing)
        if code or room is None:
            return Outcome(post, code=code)
        subject = self.subjects.get((room.pk, post.of or 0))
        code = policies.refusal_of(post, room, subject, standing, self.at)
        if not code and subject is not None and not selectors.is_office(post.kind, room.kind, own=False):
            # what one does not see is not there: no answer and no sign under it
            code = posts.INVALID if frozenset({post.sender.id, subject.sender_id or 0}) in self.apart else ""
        if not code and held and post.kind == posts.EDIT:
            code = posts.WORDS
        if not code and (room.pk, post.sender.id) in self.silent and post.kind != posts.DELETE:
            code = posts.MUTED
        if code:
            return Outcome(post, code=code)
        if not standing.is_facilitator and (wait := self._wait(room, post)):
            return Outcome(post, code=posts.RATE, after=round(wait + 0.05, 1))
        own = subject is not None and subject.sender_id == post.sender.id
        entry = self._append(room, post, held=held, office=selectors.is_office(post.kind, room.kind, own=own))
        self._apply(room, entry, subject)
        return Outcome(post, entry.seq, self.at)

    def enter_by_house(self, room: Room, *, kind: str, body: str, of: int | None) -> None:
        """An entry without a sender; nothing is asked."""
        room.last_seq += 1
        entry = Message(room=room, seq=room.last_seq, kind=kind, of=of, cid=uuid4(), body=body, at=self.at)
        subject = Message.objects.filter(room=room, seq=of).first() if of is not None else None
        self._write_down(room, entry, None)
        self._apply(room, entry, subject)

    def _append(self, room: Room, post: Post, *, held: bool, office: bool) -> Message:
        room.last_seq += 1
        entry = Message(
            room=room,
            seq=room.last_seq,
            kind=post.kind,
            of=post.of,
            sender_id=post.sender.id,
            sender_name=post.sender.name,
            cid=post.cid,
            body=post.body,
            at=self.at,
            held=held,
        )
        if held:
            self.reports.append(
                Report(
                    room=room,
                    seq=entry.seq,
                    sender_id=post.sender.id,
                    sender_name=post.sender.name,
                    held=True,
                    words=post.body,
                    at=self.at,
                )
            )
        if post.kind == posts.TEXT:
            self.latest[room.pk, post.sender.id] = self.at
        self.known[room.pk, post.sender.id, post.cid] = entry
        self._write_down(room, entry, None if office else post.sender.pid)
        return entry

    def _write_down(self, room: Room, entry: Message, pid: str | None) -> None:
        self.new.append(entry)
        self.firsts.setdefault(room.key, entry.seq)
        self.frames.setdefault(room.key, []).append(selectors.frame_of(room.key, entry, pid))
        self.by.setdefault(room.key, []).append(selectors.by_of(entry) if pid else 0)

    def _apply(self, room: Room, entry: Message, subject: Message | None) -> None:
        """What the entry does to its subject."""
        if entry.kind == posts.PIN:
            room.pinned = entry.of
        if subject is None or entry.kind not in {posts.EDIT, posts.DELETE, posts.HOLD}:
            return
        if entry.kind == posts.EDIT:
            subject.body, subject.edited_at = entry.body, self.at
        elif entry.kind == posts.DELETE:
            own = entry.sender_id is not None and entry.sender_id == subject.sender_id
            subject.gone = Message.DELETED if own else Message.REMOVED
            subject.body, subject.held = "", False
        else:
            subject.held = entry.body == posts.ON
        self.changed[room.pk, subject.seq] = subject

    def store(self) -> list[Room]:
        """Write it all; returns the rooms whose logs grew."""
        if not self.new:
            return []
        Message.objects.bulk_create(self.new)
        if self.reports:
            Report.objects.bulk_create(self.reports)
        if self.changed:
            Message.objects.bulk_update(self.changed.values(), ["body", "edited_at", "gone", "held"])
        for (room_pk, seq), subject in sorted(self.changed.items(), key=lambda item: item[0]):
            # what an earlier edit said is nowhere either, and held with its text
            edits = Message.objects.filter(room=room_pk, of=seq, kind=posts.EDIT)
            edits.update(body=subject.body, held=subject.held)
        grown = [room for room in self.rooms.values() if room.key in self.firsts]
        Room.objects.bulk_update(grown, ["last_seq", "pinned"])
        return grown


def _is_same(entry: Message, post: Post) -> bool:
    """The same words; once an entry was changed or taken back, its first words are not known any more."""
    if entry.edited_at or entry.gone or entry.kind == posts.EDIT:
        return (entry.kind, entry.of) == (post.kind, post.of)
    return (entry.kind, entry.of, entry.body) == (post.kind, post.of, post.body)
