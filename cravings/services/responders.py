"""Who answers: opt in, vouch, admit, bar, rest, be available."""

from datetime import timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from cravings import selectors, waves
from cravings.models import Availability, Responder, Vouch
from cravings.services.roster import shifts_leave
from ground import clock
from ground.errors import Conflict
from groups.models import Group, Membership
from people.models import Person
from people.selectors import is_coordinator

RESTS = (1, 7, 30)  # days


def responder_join(*, actor: Person) -> Responder:
    """ "I want to be there for others." Nothing is asked of them before they are vetted."""
    now = clock.now()
    row, _made = Responder.objects.get_or_create(person=actor, defaults={"since": now})
    return responder_vet(row)


def responder_vet(row: Responder) -> Responder:
    """Note, once, that all three conditions hold, or that the coordinator admitted them."""
    if row.vetted_at is None and selectors.vetting_of(row.person, clock.now()).complete:
        Responder.objects.filter(pk=row.pk, vetted_at=None).update(vetted_at=clock.now())
        row.refresh_from_db()
    return row


def responder_leave(*, actor: Person) -> None:
    """No longer, at once and without a reason: off their shifts as well. A person who was barred stays barred."""
    with transaction.atomic():
        Availability.objects.filter(person=actor).delete()
        Responder.objects.filter(person=actor, barred_at=None).delete()
        shifts_leave(actor=actor)


def responder_vouch(*, actor: Person, responder_id: int) -> Responder:
    """A facilitator stands up for a member of their group. Raises PermissionDenied for anybody else and oneself."""
    row = Responder.objects.select_related("person").filter(pk=responder_id).first()
    if row is None or row.person_id == actor.pk:
        raise PermissionDenied
    inside = Membership.objects.standing().filter(person=row.person)
    groups = Membership.objects.facilitators().filter(person=actor, group__in=inside.values("group"))
    group = Group.objects.filter(pk__in=groups.values("group"), closed_at=None).order_by("pk").first()
    if group is None:
        raise PermissionDenied
    Vouch.objects.get_or_create(responder=row, by=actor, group=group, defaults={"at": clock.now()})
    return responder_vet(row)


def responder_admit(*, actor: Person, responder_id: int) -> Responder:
    """On a new site the coordinator admits first responders without the 30 days; both can see it.

    Raises PermissionDenied for all but coordinators and for oneself, Conflict when they are vetted already.
    """
    row = _for_coordinator(actor, responder_id)
    if row.vetted_at is not None:
        raise Conflict(_("They can answer already."))
    now = clock.now()
    Responder.objects.filter(pk=row.pk).update(admitted_by=actor, admitted_at=now, vetted_at=now)
    row.refresh_from_db()
    return row


def responder_bar(*, actor: Person, responder_id: int, on: bool = True) -> Responder:
    """Take the right to answer away, or give it back; what was upheld before counts no more then.

    Raises PermissionDenied for all but coordinators.
    """
    row = _for_coordinator(actor, responder_id)
    with transaction.atomic():
        now = clock.now()
        changed = {"barred_at": now} if on else {"barred_at": None, "cleared_at": now}
        Responder.objects.filter(pk=row.pk).update(barred_for="", **changed)
        if on:
            Availability.objects.filter(person=row.person).delete()
    row.refresh_from_db()
    return row


def _for_coordinator(actor: Person, responder_id: int) -> Responder:
    row = Responder.objects.select_related("person").filter(pk=responder_id).first()
    if row is None or not is_coordinator(actor) or row.person_id == actor.pk:
        raise PermissionDenied
    return row


def responder_rest(*, actor: Person, days: int) -> None:
    """ "Ask me nothing for a while": offered after a talk, taken at any time; 0 ends it. Raises ValidationError."""
    if days not in {0, *RESTS}:
        raise ValidationError({"days": _("Please choose one of the answers.")})
    until = clock.now() + timedelta(days=days) if days else None
    with transaction.atomic():
        Responder.objects.filter(person=actor).update(rests_until=until)
        if days:
            Availability.objects.filter(person=actor).delete()


def available_set(*, actor: Person) -> Availability:
    """ "I'm available": for 8 hours from now. Tapping again starts the 8 hours anew, and ends a rest.

    Raises ValidationError for somebody who is not vetted yet.
    """
    row = selectors.responder_of(actor)
    if row is not None:
        responder_vet(row)
    if row is None or row.vetted_at is None or row.barred_at is not None:
        raise ValidationError(_("You cannot be asked yet. “Be there for others” says what is missing."))
    now = clock.now()
    with transaction.atomic():
        Responder.objects.filter(pk=row.pk).update(rests_until=None)
        found, _made = Availability.objects.update_or_create(
            person=actor, defaults={"since": now, "until": now + waves.AVAILABLE}
        )
    return found


def available_end(*, actor: Person) -> None:
    """No longer available, at once. Messages that have not left are withdrawn by their kind's check."""
    Availability.objects.filter(person=actor).delete()
