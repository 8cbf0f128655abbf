"""How far people have read."""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from chat import policies, selectors
from chat.models import ReadMark, Room
from people.models import Person


def read_marks_set(*, marks: dict[tuple[int, str], int]) -> None:
    """Move the marks of (person, room key) up to a seq: never back, nor beyond the log; strangers have none."""
    if not marks:
        return
    rooms = {room.key: room for room in Room.objects.filter(key__in={key for _, key in marks})}
    allowed = selectors.standings(list(rooms.values()), {person for person, _ in marks})
    with transaction.atomic():
        new = []
        for (person, key), seq in sorted(marks.items()):
            room = rooms.get(key)
            if room is None or (room.pk, person) not in allowed:
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
