"""What talk holds of a person, and for how long it keeps what was said."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, Q

from chat import wire
from chat.models import Message, ReadMark, Room
from people.models import Person

KEPT = timedelta(days=30)  # privacy rule D10


def export(person: Person) -> dict[str, Any]:
    """What the person wrote, and how far they have read."""
    mine = Message.objects.filter(sender=person).select_related("room__group").order_by("room", "seq")
    marks = ReadMark.objects.filter(person=person).select_related("room__group")
    return {
        "messages": [
            {"room": str(entry.room.group), "at": wire.moment(entry.at), "body": entry.body} for entry in mine
        ],
        "read_marks": [{"room": str(mark.room.group), "seq": mark.seq} for mark in marks],
    }


def erase(person: Person) -> None:
    """Other people's talk stays whole: the entries lose their sender's id and name (D11)."""
    ReadMark.objects.filter(person=person).delete()
    Message.objects.filter(sender=person).update(sender=None, sender_name="")


def purge(now: datetime) -> int:
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
