"""Talk: rooms with a log of numbered entries. Storage is the truth; the socket is a hint."""

import secrets
from typing import ClassVar

from django.db import models
from django.db.models import F, Q


def new_epoch() -> str:
    """A random mark of this room's numbering, so that a restored backup forces clients to start over."""
    return secrets.token_hex(8)


class Room(models.Model):
    """A room of a group. `last_seq` is given out in the commit.

    Who may be here is read from the group's memberships each time (chat.selectors.roster): a copy could be wrong.
    """

    key = models.CharField(max_length=40, unique=True)  # "g12": what the wire calls it
    group = models.OneToOneField("groups.Group", on_delete=models.CASCADE, null=True, related_name="room")
    last_seq = models.BigIntegerField(default=0)
    floor = models.BigIntegerField(default=0)  # entries up to here were purged
    epoch = models.CharField(max_length=16, default=new_epoch)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="room_floor_not_above_last", condition=Q(floor__gte=0, floor__lte=F("last_seq"))
            ),
        ]


class Message(models.Model):
    """One entry of a room's log. `cid` is the sender's own key: the same post twice is one entry.

    An erased sender leaves the entry with `sender` null and an empty name; other people's talk stays whole (D11).
    """

    # no index of its own: (room, seq) serves
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="messages", db_index=False)
    seq = models.BigIntegerField()
    kind = models.CharField(max_length=8, default="text")
    of = models.BigIntegerField(null=True)  # the seq that an edit, delete or reaction is about
    sender = models.ForeignKey("people.Person", on_delete=models.SET_NULL, null=True, related_name="+")
    sender_name = models.CharField(max_length=40, blank=True)
    cid = models.UUIDField()
    body = models.TextField(blank=True, default="")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["room", "seq"], name="one_entry_per_seq"),
            models.UniqueConstraint(
                fields=["room", "sender", "cid"], condition=Q(sender__isnull=False), name="one_entry_per_client_id"
            ),
            models.CheckConstraint(name="seq_starts_at_one", condition=Q(seq__gte=1)),
        ]


class ReadMark(models.Model):
    """How far a person has read a room; only grows."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="read_marks", db_index=False)
    person = models.ForeignKey("people.Person", on_delete=models.CASCADE, related_name="+")
    seq = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["room", "person"], name="one_read_mark")]
