"""Meetings that a member logs on their own word: anywhere, of any kind. They count as being there (scope any)."""

from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ground import clock
from ground.errors import Conflict
from meetings.models import SelfLog
from people.models import Person
from people.services import changes_write

OLDEST = timedelta(days=366)


def self_log(*, actor: Person, starts_at: datetime) -> SelfLog:
    """Note that the actor was at a meeting that began at `starts_at` (aware); the same start twice is one.

    Raises ValidationError for a start that is still to come, more than a year ago, or without a zone.
    """
    now = clock.now()
    _check(starts_at, now)
    with transaction.atomic():
        # the person's row is the queue: a double tap is one log
        Person.objects.select_for_update().get(pk=actor.pk)
        held = SelfLog.objects.filter(person=actor, starts_at=starts_at).first()
        if held is not None:
            return held
        made = SelfLog.objects.create(person=actor, starts_at=starts_at, at=now)
        changes_write(people=[actor], cause="self_logged", ref=made.pk, at=now)
    return made


def self_log_edit(*, actor: Person, self_log_id: int, starts_at: datetime) -> SelfLog:
    """Another start for one's own entry. The same start changes nothing.

    Raises PermissionDenied for somebody else's entry, Conflict when another entry has this start, ValidationError as
    `self_log` does.
    """
    now = clock.now()
    _check(starts_at, now)
    with transaction.atomic():
        Person.objects.select_for_update().get(pk=actor.pk)
        held = SelfLog.objects.filter(person=actor, pk=self_log_id).first()
        if held is None:
            raise PermissionDenied
        if held.starts_at == starts_at:
            return held
        if SelfLog.objects.filter(person=actor, starts_at=starts_at).exists():
            raise Conflict(_("You have logged a meeting at this time already."))
        held.starts_at = starts_at
        held.save(update_fields=["starts_at"])
        changes_write(people=[actor], cause="self_logged", ref=held.pk, at=now)
    return held


def self_log_remove(*, actor: Person, self_log_id: int) -> None:
    """Take one's own entry back. Raises PermissionDenied for somebody else's."""
    with transaction.atomic():
        removed, _detail = SelfLog.objects.filter(person=actor, pk=self_log_id).delete()
        if not removed:
            raise PermissionDenied
        changes_write(people=[actor], cause="self_logged", ref=self_log_id)


def _check(starts_at: datetime, now: datetime) -> None:
    if starts_at.tzinfo is None:
        raise ValidationError({"starts_at": _("Say when it was, with a time zone.")})
    if starts_at > now:
        raise ValidationError({"starts_at": _("This is still to come. Log it when you have been there.")})
    if starts_at < now - OLDEST:
        raise ValidationError({"starts_at": _("Only the last year can be logged.")})
