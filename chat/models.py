"""Talk: rooms with a log of numbered entries. Storage is the truth; the socket is a hint."""

import secrets
from typing import ClassVar

from django.db import models
from django.db.models import F, Q


def new_epoch() -> str:
    """A random mark of this room's numbering, so that a restored backup forces clients to start over."""
    return secrets.token_hex(8)


class Room(models.Model):
    """A room with a log; `last_seq` is given out in the commit.

    group: who may be here is read from the group's memberships each time (chat.selectors.roster): a copy could be
    wrong. pair: two members of a common group, as long as they share one and neither blocked the other. craving: who
    is called in and let go one by one (RoomMember); once closed its log is kept for 72 hours (D10).
    """

    GROUP, PAIR, CRAVING = "group", "pair", "craving"

    key = models.CharField(max_length=40, unique=True)  # "g12", "p" or "c" and a drawn word: what the wire calls it
    kind = models.CharField(max_length=8, default=GROUP)
    group = models.OneToOneField("groups.Group", on_delete=models.CASCADE, null=True, related_name="room")
    pair = models.CharField(max_length=41, blank=True, default="")  # the two ids in order: one room for two people
    last_seq = models.BigIntegerField(default=0)
    floor = models.BigIntegerField(default=0)  # entries up to here were purged
    epoch = models.CharField(max_length=16, default=new_epoch)
    pinned = models.BigIntegerField(null=True)  # the seq of the message that is pinned now
    noticed = models.BigIntegerField(default=0)  # up to here it was decided who away is told (chat.services.notices)
    slow_seconds = models.PositiveIntegerField(default=0)  # slow mode: between two messages of one person
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)  # a group's own closing stands at the group

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="room_floor_not_above_last", condition=Q(floor__gte=0, floor__lte=F("last_seq"))
            ),
            models.UniqueConstraint(fields=["pair"], condition=~Q(pair=""), name="one_room_for_two_people"),
            models.CheckConstraint(
                name="room_kind_known",
                condition=Q(kind="group", group__isnull=False, pair="")
                | (Q(kind="pair", group=None) & ~Q(pair=""))
                | Q(kind="craving", group=None, pair=""),
            ),
        ]


class RoomMember(models.Model):
    """One span of being in a pair's or a craving's room. Coming back makes a new row, as with memberships."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="people")
    person = models.ForeignKey("people.Person", on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["room", "person"], condition=Q(until=None), name="in_a_room_once"),
        ]


class Message(models.Model):
    """One entry of a room's log. `cid` is the sender's own key: the same post twice is one entry.

    edit, delete, react, unreact, pin and hold are entries about the entry `of`; a text with `of` answers it. An edit
    also replaces the text's own body, a delete empties it: what was taken back is nowhere. A held text is shown to
    its sender alone until a moderator decided.
    An erased sender leaves the entry with `sender` null and an empty name; other people's talk stays whole (D11).
    """

    DELETED, REMOVED = "deleted", "removed"  # by the sender; by a moderator

    # no index of its own: (room, seq) serves
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="messages", db_index=False)
    seq = models.BigIntegerField()
    kind = models.CharField(max_length=8, default="text")
    of = models.BigIntegerField(null=True)  # the seq that this entry is about, or answers
    sender = models.ForeignKey("people.Person", on_delete=models.SET_NULL, null=True, related_name="+")
    sender_name = models.CharField(max_length=40, blank=True)
    cid = models.UUIDField()
    body = models.TextField(blank=True, default="")
    at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True)
    gone = models.CharField(max_length=8, blank=True, default="")
    held = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["room", "seq"], name="one_entry_per_seq"),
            models.UniqueConstraint(
                fields=["room", "sender", "cid"], condition=Q(sender__isnull=False), name="one_entry_per_client_id"
            ),
            models.CheckConstraint(name="seq_starts_at_one", condition=Q(seq__gte=1)),
            models.CheckConstraint(name="entry_is_about_an_earlier_one", condition=Q(of=None) | Q(of__lt=F("seq"))),
            models.CheckConstraint(name="what_is_gone_has_no_words", condition=Q(gone="") | Q(body="")),
        ]
        indexes: ClassVar = [
            models.Index(fields=["room", "of"], condition=Q(of__isnull=False), name="entries_about_an_entry"),
        ]


class Veil(models.Model):
    """Words of somebody whose account was erased, which this reader does not see: a block had parted the two."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="veils", db_index=False)
    reader = models.ForeignKey("people.Person", on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["message", "reader"], name="one_veil")]


class ReadMark(models.Model):
    """How far a person has read a room, and up to where they were told while they were away; both only grow."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="read_marks", db_index=False)
    person = models.ForeignKey("people.Person", on_delete=models.CASCADE, related_name="+")
    seq = models.BigIntegerField()
    told = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["room", "person"], name="one_read_mark")]


class Mute(models.Model):
    """This person wants no notifications from this room; with `named` one when they are named. Nobody else sees it."""

    ALL, WHEN_NAMED, NEVER = "all", "named", "none"  # what one may wish; without a row it is ALL

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="mutes", db_index=False)
    person = models.ForeignKey("people.Person", on_delete=models.CASCADE, related_name="+")
    named = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["room", "person"], name="one_mute_per_room")]


class Silence(models.Model):
    """Somebody is asked to listen for a while in a room: they read on and cannot post until then."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="silences")
    person = models.ForeignKey("people.Person", on_delete=models.CASCADE, related_name="+")
    until = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["room", "person"], name="one_silence_per_room")]


class Report(models.Model):
    """A message that a moderator has to decide about: somebody reported it, or its words were held (reporter null).

    `words` keeps the text as it was when reported, whatever its sender does to it and after the room's own retention,
    until the decision; then it is emptied, and what is left is an audit without text (D10).
    """

    OPEN, KEPT, REMOVED = "open", "kept", "removed"

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="reports")
    seq = models.BigIntegerField()
    sender = models.ForeignKey("people.Person", on_delete=models.SET_NULL, null=True, related_name="+")
    sender_name = models.CharField(max_length=40, blank=True)
    reporter = models.ForeignKey("people.Person", on_delete=models.SET_NULL, null=True, related_name="+")
    held = models.BooleanField(default=False)  # its words were held; nobody reported it
    words = models.TextField(blank=True, default="")
    at = models.DateTimeField()
    state = models.CharField(max_length=8, default=OPEN)
    decided_by = models.ForeignKey("people.Person", on_delete=models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["room", "seq", "reporter"], condition=Q(reporter__isnull=False), name="reported_once_by_each"
            ),
            models.CheckConstraint(
                name="report_keeps_words_until_decided",
                condition=Q(state="open", decided_at=None)
                | Q(state__in=["kept", "removed"], decided_at__isnull=False, words=""),
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["state", "at"], name="reports_by_state")]
