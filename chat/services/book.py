"""What one transaction writes into the logs: each post is decided while its room is locked."""

from collections.abc import Sequence

from django.db.models import Q

from chat import policies, posts, selectors
from chat.models import Message, Room
from chat.posts import Outcome, Post
from ground import clock


class Book:
    """Decides the posts of a batch in their order; `store` writes what came of it.

    Whatever can refuse or change a plain text here must also keep it from the quick lane (chat.quick.STORE).
    """

    def __init__(self, rooms: dict[str, Room], batch: Sequence[Post]) -> None:
        self.at = clock.now()
        self.rooms = rooms
        self.new: list[Message] = []
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
        self.changed: dict[tuple[int, int], Message] = {}
        self.rewritten: set[tuple[int, int]] = set()

    def _subjects(self, batch: Sequence[Post]) -> dict[tuple[int, int], Message]:
        """The entries that the batch is about."""
        wanted = Q()
        for post in batch:
            if post.of is not None and post.kind != posts.TEXT and post.room in self.rooms:
                wanted |= Q(room=self.rooms[post.room].pk, seq=post.of)
        if not wanted:
            return {}
        return {(entry.room_id, entry.seq): entry for entry in Message.objects.filter(wanted)}

    def enter(self, post: Post) -> Outcome:
        """A known cid is its old entry again, whatever happened to room and membership since."""
        room = self.rooms.get(post.room)
        if room is not None and (entry := self.known.get((room.pk, post.sender.id, post.cid))):
            return Outcome(post, entry.seq, entry.at) if _is_same(entry, post) else Outcome(post, code=posts.CONFLICT)
        standing = self.standings.get((room.pk, post.sender.id), selectors.STRANGER) if room else selectors.STRANGER
        code = policies.refusal(room, standing)
        if code or room is None:
            return Outcome(post, code=code)
        subject = self.subjects.get((room.pk, post.of or 0))
        code = policies.refusal_of(post, room, subject, standing, self.at)
        if code:
            return Outcome(post, code=code)
        entry = self._append(room, post)
        self._apply(room, entry, subject)
        return Outcome(post, entry.seq, self.at)

    def _append(self, room: Room, post: Post) -> Message:
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
        )
        self.new.append(entry)
        self.known[room.pk, post.sender.id, post.cid] = entry
        self.firsts.setdefault(room.key, entry.seq)
        self.frames.setdefault(room.key, []).append(selectors.frame_of(room.key, entry, post.sender.pid))
        self.by.setdefault(room.key, []).append(selectors.by_of(entry))
        return entry

    def _apply(self, room: Room, entry: Message, subject: Message | None) -> None:
        """What the entry does to its subject."""
        if entry.kind == posts.PIN:
            room.pinned = entry.of
        if subject is None or entry.kind not in {posts.EDIT, posts.DELETE, posts.HOLD}:
            return
        if entry.kind == posts.EDIT:
            subject.body, subject.edited_at = entry.body, self.at
        elif entry.kind == posts.DELETE:
            subject.gone = Message.DELETED if entry.sender_id == subject.sender_id else Message.REMOVED
            subject.body, subject.held = "", False
        else:
            subject.held = entry.body == posts.ON
        self.changed[room.pk, subject.seq] = subject
        if entry.kind != posts.HOLD:
            self.rewritten.add((room.pk, subject.seq))

    def store(self) -> list[Room]:
        """Write it all; returns the rooms whose logs grew."""
        if not self.new:
            return []
        Message.objects.bulk_create(self.new)
        if self.changed:
            Message.objects.bulk_update(self.changed.values(), ["body", "edited_at", "gone", "held"])
        for room_pk, seq in sorted(self.rewritten):
            # what an earlier edit said is nowhere either
            body = self.changed[room_pk, seq].body
            Message.objects.filter(room=room_pk, of=seq, kind=posts.EDIT).update(body=body)
        grown = [room for room in self.rooms.values() if room.key in self.firsts]
        Room.objects.bulk_update(grown, ["last_seq", "pinned"])
        return grown


def _is_same(entry: Message, post: Post) -> bool:
    """The same words; once an entry was changed or taken back, its first words are not known any more."""
    if entry.edited_at or entry.gone or entry.kind == posts.EDIT:
        return (entry.kind, entry.of) == (post.kind, post.of)
    return (entry.kind, entry.of, entry.body) == (post.kind, post.of, post.body)
