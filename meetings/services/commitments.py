"""Commitments ("I plan to come"), excuses, and leaving a group with all that hangs on it. All by the member alone."""

from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ground import clock
from ground.errors import Conflict, Settled
from groups.models import Group, Membership
from groups.services import membership_end
from meetings.models import Commitment, Mark, Meeting, Occurrence, Sheet
from meetings.policies import can_come
from meetings.schema import refusal_in_words
from meetings.services.marking import Wish, marks_write
from meetings.services.occurrences import occurrence_get, sheet_get
from people.models import Person
from people.services import changes_write

EXCUSED = "excused"


def commitment_make(*, actor: Person, meeting: Meeting) -> Commitment:
    """From now on the actor plans to come to this meeting; nothing is back-dated. Doing it twice is doing it once.

    Members of the meeting's group only. Raises PermissionDenied, ValidationError for a group that counts heads only,
    Settled when the meeting has ended.
    """
    _refuse(actor, meeting)
    if meeting.closed_at is not None:
        raise Settled(_("This meeting has ended."))
    now = clock.now()
    with transaction.atomic():
        # the member's own row is the queue: one person tapping twice, or leaving at the same moment
        membership = Membership.objects.select_for_update().standing().filter(group=meeting.group_id, person=actor)
        if not list(membership):
            raise PermissionDenied
        standing = Commitment.objects.standing().filter(meeting=meeting, person=actor).first()
        if standing is not None:
            return standing
        with refusal_in_words():
            made = Commitment.objects.create(meeting=meeting, person=actor, since=now)
        changes_write(people=[actor], cause="committed", ref=meeting.pk, at=now)
    return made


def commitment_end(*, actor: Person, meeting: Meeting) -> None:
    """The actor no longer plans to come; what was until now stays. Without a commitment nothing happens.

    Raises PermissionDenied for somebody who is not in the meeting's group.
    """
    _refuse(actor, meeting)
    now = clock.now()
    with transaction.atomic():
        if Commitment.objects.standing().filter(meeting=meeting, person=actor).update(until=now):
            changes_write(people=[actor], cause="uncommitted", ref=meeting.pk, at=now)


def commitments_end(*, meeting: Meeting, now: datetime) -> list[Person]:
    """End every commitment to a meeting that ends, in the caller's transaction; return whose they were."""
    standing = Commitment.objects.standing().filter(meeting=meeting).select_related("person")
    people = [commitment.person for commitment in standing]
    standing.update(until=now)
    return people


def membership_leave(
    *, actor: Person, group: Group, successor: Membership | None = None, without_successor: bool = False
) -> None:
    """Leave a group: the membership and all commitments to its meetings end in one transaction (docs/rules.md 2.7).

    The last facilitator names a `successor` or says `without_successor`: see groups.services.membership_end.
    Raises PermissionDenied for somebody who is not in the group.
    """
    own = Membership.objects.filter(group=group, person=actor, until=None).first()
    if own is None:
        raise PermissionDenied
    membership_remove(actor=actor, membership=own, successor=successor, without_successor=without_successor)


def membership_remove(
    *, actor: Person, membership: Membership, successor: Membership | None = None, without_successor: bool = False
) -> None:
    """Leave, or (facilitators) take a member out of the group; their commitments to its meetings end with it."""
    now = clock.now()
    with transaction.atomic():
        membership_end(actor=actor, membership=membership, successor=successor, without_successor=without_successor)
        mine = Commitment.objects.standing().filter(meeting__group=membership.group_id, person=membership.person_id)
        mine.update(until=now)


def excuse(*, actor: Person, meeting: Meeting, original_local: datetime) -> Occurrence:
    """The actor cannot come on this date (original wall start, naive): `excused` on its sheet, by their own word.

    Possible until the date is over, as long as nobody else has marked them; excusing twice is excusing once.
    Raises PermissionDenied for outsiders, ValidationError for no such date, Settled when it is over or cancelled,
    Conflict when a facilitator has marked them or closed the list.
    """
    return _own_word(actor, meeting, original_local, EXCUSED)


def excuse_undo(*, actor: Person, meeting: Meeting, original_local: datetime) -> Occurrence:
    """The actor can come after all: their own excuse is taken off. Raises as `excuse` does."""
    return _own_word(actor, meeting, original_local, None)


def _own_word(actor: Person, meeting: Meeting, original_local: datetime, value: str | None) -> Occurrence:
    _refuse(actor, meeting)
    now = clock.now()
    with transaction.atomic():
        occurrence = occurrence_get(meeting=meeting, original_local=original_local)
        if occurrence.ends_at <= now or occurrence.state == Occurrence.CANCELLED:
            raise Settled(_("This date is over or is not held."))
        opened = sheet_get(occurrence=occurrence)
        # the sheet's row is the queue: a facilitator may be closing it at this moment
        sheet = Sheet.objects.select_for_update().get(pk=opened.pk)
        mark = Mark.objects.filter(sheet=sheet, person=actor).first()
        if (mark.value if mark else None) == value:
            return occurrence
        by_another = mark is not None and mark.value is not None and mark.by_id != actor.pk
        if sheet.state == Sheet.CLOSED or by_another:
            raise Conflict(_("The list has you already. Tell your facilitator if it is not right."))
        committed = Commitment.objects.at(occurrence.starts_at).filter(meeting=meeting, person=actor).exists()
        wish = Wish(sheet, actor, mark, value, expected=committed)
        marks_write([wish], actor=actor, now=now, revision=0)
    return occurrence


def _refuse(actor: Person, meeting: Meeting) -> None:
    if meeting.group is not None and meeting.group.head_count_only:
        if Membership.objects.standing().filter(group=meeting.group, person=actor).exists():
            raise ValidationError(_("This group counts heads only: nobody needs to say whether they come."))
        raise PermissionDenied
    if not can_come(actor, meeting):
        raise PermissionDenied
