"""Report, decide, ask somebody to listen, slow mode. What was decided stays without its words."""

from datetime import timedelta
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from chat import policies, posts, selectors
from chat.models import Message, Report, Room, Silence
from chat.services.entries import house_entry
from ground import clock
from ground.errors import Settled
from people.models import Person
from people.selectors import person_by_pid
from people.services import block_set

SLOWEST = 3600  # seconds between two messages of one person
SILENCES = (0, 60, 24 * 60, 7 * 24 * 60)  # minutes that somebody may be asked to listen; 0 ends it


def message_report(*, actor: Person, room_key: str, seq: int) -> None:
    """Ask a moderator to look at a message; from now on the two do not see each other (privacy.md). Twice is once.

    Raises PermissionDenied, and ValidationError for what is not a message of somebody else that the actor sees.
    """
    room = _room_of(actor, room_key)
    if Report.objects.filter(room=room, seq=seq, reporter=actor).exists():
        return
    entry = selectors.text_of(room, seq, actor)
    if entry is None or entry.sender in {None, actor} or entry.gone:
        raise ValidationError(_("This message is not here any more."))
    with transaction.atomic():
        Report.objects.get_or_create(
            room=room,
            seq=seq,
            reporter=actor,
            defaults={
                "sender": entry.sender,
                "sender_name": entry.sender_name,
                "words": entry.body,
                "at": clock.now(),
            },
        )
        block_set(actor=actor, other=entry.sender)


def report_decide(*, actor: Person, report_id: int, remove: bool) -> None:
    """Take the message away, or leave it (a held one is given free). The words kept for this are emptied.

    Decides every open report of the message. Raises PermissionDenied, and Settled when somebody was quicker.
    """
    with transaction.atomic():
        report = Report.objects.select_related("room__group").filter(pk=report_id).first()
        if report is None or not policies.can_decide(actor, report):
            raise PermissionDenied(_("This is for the group's facilitators and the coordinator."))
        room = Room.objects.select_for_update().get(pk=report.room_id)  # two who decide wait for each other here
        here = Report.objects.filter(room=room, seq=report.seq, state=Report.OPEN)
        if not here.filter(pk=report_id).exists():
            raise Settled(_("Somebody has decided this already."))
        entry = Message.objects.filter(room=room, seq=report.seq, gone="").first()
        if entry is not None and remove:
            house_entry(room_pk=room.pk, kind=posts.DELETE, of=entry.seq)
        elif entry is not None and entry.held:
            house_entry(room_pk=room.pk, kind=posts.HOLD, of=entry.seq, body=posts.OFF)
        state = Report.REMOVED if remove else Report.KEPT
        here.update(state=state, words="", decided_by=actor, decided_at=clock.now())


def silence_set(*, actor: Person, room_key: str, pid: UUID | str, minutes: int) -> None:
    """Ask a member to listen for a while: they read on, and cannot post. 0 ends it. Raises PermissionDenied."""
    room = _moderated(actor, room_key)
    person = person_by_pid(pid)
    standing = selectors.standing_in(room, person)
    if minutes not in SILENCES:
        raise ValidationError(_("Please choose one of the times."))
    if not standing.is_member or standing.is_facilitator:
        raise PermissionDenied(_("Only members of this group can be asked to listen."))
    if minutes:
        until = clock.now() + timedelta(minutes=minutes)
        Silence.objects.update_or_create(room=room, person=person, defaults={"until": until})
    else:
        Silence.objects.filter(room=room, person=person).delete()


def slow_set(*, actor: Person, room_key: str, seconds: int) -> None:
    """Slow mode: so many seconds between two messages of one person; 0 ends it. Raises PermissionDenied."""
    room = _moderated(actor, room_key)
    if not 0 <= seconds <= SLOWEST:
        raise ValidationError(_("Please choose one of the times."))
    Room.objects.filter(pk=room.pk).update(slow_seconds=seconds)


def _room_of(actor: Person, room_key: str) -> Room:
    room = selectors.room_by_key(room_key)
    if room is None or not policies.can_read(actor, room):
        raise PermissionDenied(_("This room is for the members of its group."))
    return room


def _moderated(actor: Person, room_key: str) -> Room:
    room = selectors.room_by_key(room_key)
    if room is None or not policies.can_moderate(actor, room):
        raise PermissionDenied(_("This is for the group's facilitators and the coordinator."))
    return room
