"""The only writers of talk: rooms, entries, read marks, and what is erased and purged.

One commit can hold many posts. Rooms are locked in one order, the next seqs are taken from the locked row and given
back by a rollback, so the seqs of a room are the order of its commits and have no holes. What was committed goes to
the wake-up bus afterwards, as a hint.
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Max, Q
from django.utils.translation import gettext as _

from chat import news, policies, posts, selectors, wire
from chat.models import Message, ReadMark, Room
from chat.order import Run
from chat.paces import Paces
from chat.posts import Outcome, Post, Sender
from ground import clock, wake
from ground.errors import Conflict, Settled, TooMany
from groups.models import Group, Membership
from people.models import Person

log = logging.getLogger("porchlight.chat")

TOPIC = "talk"
KEPT = timedelta(days=30)  # privacy rule D10
paces = Paces(settings.TALK_BURST, settings.TALK_PER_SECOND)


def sender_of(person: Person) -> Sender:
    return Sender(person.pk, str(person.pid), person.name)


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


def message_post(*, actor: Person, room_key: str, cid: UUID, body: str) -> Outcome:
    """Post one text; the same cid again returns the entry that it made the first time.

    Raises ValidationError (the text), PermissionDenied, Settled (the group is closed), Conflict (the cid was used for
    another text), TooMany.
    """
    try:
        text = posts.body_of(body)
    except posts.BadBody as error:
        raise ValidationError(_why(str(error))) from error
    wait = pace(actor.pk)
    if wait:
        raise TooMany(_("That was quick. Please wait a few seconds, then send it again."))
    outcome = entries_write(posts=[Post(sender_of(actor), room_key, cid, text)])[0]
    _raise(outcome.code)
    return outcome


def _why(reason: str) -> str:
    """A refused text, in a sentence."""
    if reason == posts.EMPTY:
        return _("There is nothing in this message yet.")
    if reason == posts.LONG:
        return _("A message has up to 4000 characters. Please make two of it.")
    return _("This message holds a character that cannot be kept.")


def _raise(code: str) -> None:
    if code == posts.FORBIDDEN:
        raise PermissionDenied(_("This room is for the members of its group."))
    if code == posts.CLOSED:
        raise Settled(_("This group is closed. Its talk can be read, not continued."))
    if code == posts.CONFLICT:
        raise Conflict(_("Another message was sent under this key already."))
    if code:
        raise ValidationError(_("This message cannot be kept as it is."))


def pace(sender_id: int) -> float:
    """Seconds until this sender may post; 0.0 takes one of their tokens."""
    return paces.take(sender_id)


def entries_write(*, posts: Sequence[Post]) -> list[Outcome]:
    """Store checked texts (`body_of`) of any rooms in one transaction; one outcome a post, in their order.

    A post that the database refuses does not take its neighbours with it: they are stored one by one then.
    Raises OperationalError or InterfaceError when the database does not answer: nothing is known to be stored.
    """
    try:
        return _write_together(posts)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        if len(posts) == 1:
            log.exception("a message cannot be stored")
            return [Outcome(posts[0], code="invalid")]
    return [outcome for post in posts for outcome in entries_write(posts=[post])]


def _write_together(batch: Sequence[Post]) -> list[Outcome]:
    with transaction.atomic():
        keys = {post.room for post in batch}
        # of all rooms in one order, or two processes wait for each other
        locked = Room.objects.select_for_update(of=("self",)).select_related("group")
        rooms = {room.key: room for room in locked.filter(key__in=keys).order_by("pk")}
        book = _book(rooms, batch)
        outcomes = [book.enter(post) for post in batch]
        if book.new:
            Message.objects.bulk_create(book.new)
            changed = [room for room in rooms.values() if room.key in book.firsts]
            Room.objects.bulk_update(changed, ["last_seq"])
            transaction.on_commit(partial(_announce, changed, book))
    return outcomes


def _book(rooms: dict[str, Room], batch: Sequence[Post]) -> "Book":
    """Read what decides; a membership cannot end before this transaction does."""
    pairs = {(rooms[p.room].group_id, p.sender.id) for p in batch if p.room in rooms and rooms[p.room].group_id}
    known = Message.objects.filter(
        room__in=[room.pk for room in rooms.values()],
        sender__in={post.sender.id for post in batch},
        cid__in={post.cid for post in batch},
    )
    members = selectors.members_among([(g, s) for g, s in pairs if g is not None], lock=True)
    return Book(rooms, members=members, known=known)


class Book:
    """Decides each post of a batch while the rooms are locked."""

    def __init__(self, rooms: dict[str, Room], *, members: set[tuple[int, int]], known: Iterable[Message]) -> None:
        self.at = clock.now()
        self.rooms = rooms
        self.new: list[Message] = []
        self.frames: dict[str, list[bytes]] = {}
        self.firsts: dict[str, int] = {}
        self.members = members
        self.known = {(entry.room_id, entry.sender_id, entry.cid): entry for entry in known}

    def run(self, key: str, version: str) -> Run:
        """What was entered into a room, with the roster's version as read after the commit."""
        return Run(self.firsts[key], tuple(self.frames[key]), version)

    def enter(self, post: Post) -> Outcome:
        """A known cid is its old entry again, whatever happened to room and membership since."""
        room = self.rooms.get(post.room)
        if room is not None and (entry := self.known.get((room.pk, post.sender.id, post.cid))):
            same = (entry.kind, entry.body) == (post.kind, post.body)
            return Outcome(post, entry.seq, entry.at) if same else Outcome(post, code=posts.CONFLICT)
        is_member = room is not None and (room.group_id, post.sender.id) in self.members
        code = policies.refusal(room, is_member=is_member)
        if code or room is None:
            return Outcome(post, code=code)
        return self._append(room, post)

    def _append(self, room: Room, post: Post) -> Outcome:
        room.last_seq += 1
        entry = Message(
            room=room,
            seq=room.last_seq,
            kind=post.kind,
            sender_id=post.sender.id,
            sender_name=post.sender.name,
            cid=post.cid,
            body=post.body,
            at=self.at,
        )
        self.new.append(entry)
        self.known[room.pk, post.sender.id, post.cid] = entry
        self.firsts.setdefault(room.key, entry.seq)
        self.frames.setdefault(room.key, []).append(
            wire.message(
                room=room.key,
                seq=entry.seq,
                kind=post.kind,
                cid=post.cid,
                pid=post.sender.pid,
                name=post.sender.name,
                at=self.at,
                body=post.body,
            )
        )
        return Outcome(post, entry.seq, self.at)


def _announce(rooms: list[Room], book: Book) -> None:
    """Tell every process. The roster's versions are read after the commit: who left before it is in none of them."""
    try:
        versions = selectors.roster_versions([room.pk for room in rooms])
    except (OperationalError, InterfaceError):  # it is committed: an unknown version makes the hubs look for themselves
        versions = {}
    found = [(room.key, book.run(room.key, versions.get(room.pk, ""))) for room in rooms]
    wake.publish(TOPIC, news.pack(found))


def read_marks_set(*, marks: dict[tuple[int, str], int]) -> None:
    """Move the marks of (person, room key) up to a seq: never back, nor beyond the log; strangers have none."""
    if not marks:
        return
    rooms = {room.key: room for room in Room.objects.filter(key__in={key for _, key in marks})}
    pairs = [(room.group_id, person) for person, key in marks if (room := rooms.get(key)) and room.group_id]
    allowed = selectors.members_among([(group, person) for group, person in pairs if group is not None])
    with transaction.atomic():
        new = []
        for (person, key), seq in sorted(marks.items()):
            room = rooms.get(key)
            if room is None or (room.group_id, person) not in allowed:
                continue
            upto = min(seq, room.last_seq)
            new.append(ReadMark(room=room, person_id=person, seq=upto))
            ReadMark.objects.filter(room=room, person=person, seq__lt=upto).update(seq=upto)
        ReadMark.objects.bulk_create(new, ignore_conflicts=True)


def read_mark_set(*, actor: Person, room_key: str, seq: int) -> None:
    """The actor has read the room up to `seq`. Raises PermissionDenied."""
    room = selectors.room_by_key(room_key)
    if room is None or not policies.can_read(actor, room):
        raise PermissionDenied(_("This room is for the members of its group."))
    read_marks_set(marks={(actor.pk, room_key): seq})


def holdings_export(person: Person) -> dict[str, Any]:
    """What the person wrote, and how far they have read."""
    mine = Message.objects.filter(sender=person).select_related("room__group").order_by("room", "seq")
    marks = ReadMark.objects.filter(person=person).select_related("room__group")
    return {
        "messages": [
            {"room": str(entry.room.group), "at": wire.moment(entry.at), "body": entry.body} for entry in mine
        ],
        "read_marks": [{"room": str(mark.room.group), "seq": mark.seq} for mark in marks],
    }


def holdings_erase(person: Person) -> None:
    """Other people's talk stays whole: the entries lose their sender's id and name (D11)."""
    ReadMark.objects.filter(person=person).delete()
    Message.objects.filter(sender=person).update(sender=None, sender_name="")


def holdings_purge(now: datetime) -> int:
    """Delete entries older than 30 days and raise their rooms' floor; returns how many went."""
    gone = 0
    old = Q(at__lt=now - KEPT)
    for pk in Message.objects.filter(old).order_by().values_list("room", flat=True).distinct():
        with transaction.atomic():
            room = Room.objects.select_for_update().get(pk=pk)
            upto = Message.objects.filter(old, room=room).aggregate(upto=Max("seq"))["upto"] or room.floor
            room.floor = max(room.floor, upto)
            room.save(update_fields=["floor"])
            gone += Message.objects.filter(room=room, seq__lte=room.floor).delete()[0]
    return gone


def notice_post(*, groups: Sequence[Group], kind: str, body: str) -> None:
    """Put an entry that nobody sent (`from` is null) into the rooms of these groups, in the caller's transaction.

    Kind "offer": somebody of the group would like a chat; the body is the catalogue's text with a path on this site.
    """
    keys = [room_of(group).pk for group in groups]
    with transaction.atomic():
        # of all rooms in one order, as in _write_together
        for room in Room.objects.select_for_update().filter(pk__in=keys).order_by("pk"):
            room.last_seq += 1
            room.save(update_fields=["last_seq"])
            entry = Message.objects.create(
                room=room, seq=room.last_seq, kind=kind, cid=uuid4(), body=body, at=clock.now(), sender_name=""
            )
            transaction.on_commit(partial(_announce_notice, room, entry))


def _announce_notice(room: Room, entry: Message) -> None:
    frame = wire.message(
        room=room.key, seq=entry.seq, kind=entry.kind, cid=entry.cid, pid=None, name="", at=entry.at, body=entry.body
    )
    try:
        version = selectors.roster_versions([room.pk]).get(room.pk, "")
    except (OperationalError, InterfaceError):  # as in _announce
        version = ""
    wake.publish(TOPIC, news.pack([(room.key, Run(entry.seq, (frame,), version))]))
