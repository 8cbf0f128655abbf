"""What talk holds of a person, and for how long it keeps what was said."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Max, Q

from chat import wire
from chat.models import Message, Mute, ReadMark, Report, Room, RoomMember, Silence, Veil
from chat.selectors import apart_from, names_of
from ground import clock
from people.models import Person

KEPT = timedelta(days=30)  # privacy rule D10
CRAVING_KEPT = timedelta(hours=72)  # after it was closed
AUDIT = timedelta(days=6 * 365)  # decisions, without text


def export(person: Person) -> dict[str, Any]:
    """What the person wrote, and how far they have read."""
    mine = Message.objects.filter(sender=person, gone="").select_related("room__group").order_by("room", "seq")
    marks = ReadMark.objects.filter(person=person).select_related("room__group")
    rooms = {entry.room for entry in mine} | {mark.room for mark in marks}
    names = names_of(rooms, person)
    return {
        "messages": [
            {"room": names.get(entry.room_id, ""), "at": wire.moment(entry.at), "body": entry.body} for entry in mine
        ],
        "read_marks": [{"room": names.get(mark.room_id, ""), "seq": mark.seq} for mark in marks],
    }


def erase(person: Person) -> None:
    """Other people's talk stays whole: the entries lose their sender's id and name (D11); a room of two ends.

    Whom a block had parted from them goes on not seeing their words, though the block is gone with the person.
    """
    apart = apart_from(person.pk)
    theirs = Message.objects.filter(sender=person).values_list("pk", flat=True) if apart else []
    Veil.objects.bulk_create(Veil(message_id=pk, reader_id=reader) for pk in theirs for reader in sorted(apart))
    Veil.objects.filter(reader=person).delete()
    Mute.objects.filter(person=person).delete()
    Room.objects.filter(kind=Room.PAIR, people__person=person, closed_at=None).update(closed_at=clock.now())
    ReadMark.objects.filter(person=person).delete()
    RoomMember.objects.filter(person=person).delete()
    Silence.objects.filter(person=person).delete()
    Report.objects.filter(sender=person).update(sender=None, sender_name="")
    Report.objects.filter(reporter=person).update(reporter=None)
    Message.objects.filter(sender=person).update(sender=None, sender_name="")


def purge(now: datetime) -> int:
    """Delete entries older than 30 days; cravings' rooms that closed 72 hours ago are emptied of words and people.

    Raises the rooms' floor; what was reported stands in its report until it is decided. Returns how many went.
    """
    Silence.objects.filter(until__lt=now).delete()
    Report.objects.filter(decided_at__lt=now - AUDIT).delete()
    gone = _purge_cravings(now)
    old = Q(at__lt=now - KEPT)
    for pk in Message.objects.filter(old).order_by().values_list("room", flat=True).distinct():
        with transaction.atomic():
            room = Room.objects.select_for_update().get(pk=pk)
            upto = Message.objects.filter(old, room=room).aggregate(upto=Max("seq"))["upto"] or room.floor
            room.floor = max(room.floor, upto)
            room.save(update_fields=["floor"])
            gone += Message.objects.filter(room=room, seq__lte=room.floor).delete()[0]
    return gone


def _purge_cravings(now: datetime) -> int:
    gone = 0
    left = Q(people__isnull=False) | Q(floor__lt=F("last_seq"))
    over = Room.objects.filter(left, kind=Room.CRAVING, closed_at__lt=now - CRAVING_KEPT)
    for pk in list(over.values_list("pk", flat=True).distinct()):
        with transaction.atomic():
            room = Room.objects.select_for_update().get(pk=pk)
            RoomMember.objects.filter(room=room).delete()
            Room.objects.filter(pk=pk).update(floor=room.last_seq, pinned=None)
            gone += Message.objects.filter(room=room).delete()[0]
    return gone
