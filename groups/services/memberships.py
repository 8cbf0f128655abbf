"""Who belongs: confirming, refusing, naming facilitators, leaving."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ground import clock, wake
from ground.errors import Conflict, Settled
from groups.models import Group, Membership
from groups.policies import can_end, can_run
from people.models import Person
from people.services import changes_write

LAST_ONE = "last_facilitator"  # the error code by which a page knows to ask for a successor


def membership_confirm(*, actor: Person, membership: Membership) -> Membership:
    """Let in who waits; they belong from this moment, nothing is back-dated. Facilitators only.

    Confirming a member again changes nothing. Raises Settled when the request was withdrawn or refused.
    """
    if not can_run(actor, membership.group):
        raise PermissionDenied
    now = clock.now()
    with transaction.atomic():
        waiting = Membership.objects.filter(pk=membership.pk, state=Membership.WAITING)
        if waiting.update(state=Membership.ACTIVE, since=now):
            changes_write(people=[membership.person], cause="joined_group", ref=membership.group_id, at=now)
        fresh = Membership.objects.select_related("group", "person").filter(pk=membership.pk).first()
    if fresh is None or fresh.state == Membership.ENDED:
        raise Settled(_("This request is no longer there."))
    return fresh


def membership_refuse(*, actor: Person, membership: Membership) -> None:
    """Do not let in who waits: the request is deleted and nobody is told. Facilitators only.

    Raises Conflict when another facilitator has let them in.
    """
    if not can_run(actor, membership.group):
        raise PermissionDenied
    deleted, _detail = Membership.objects.filter(pk=membership.pk, state=Membership.WAITING).delete()
    if not deleted and Membership.objects.standing().filter(pk=membership.pk).exists():
        raise Conflict(_("Somebody has let this person in already."))


def membership_withdraw(*, actor: Person, membership: Membership) -> None:
    """Take one's own request back. Raises PermissionDenied for somebody else's."""
    if membership.person_id != actor.pk:
        raise PermissionDenied
    Membership.objects.filter(pk=membership.pk, state=Membership.WAITING).delete()


def membership_role_set(*, actor: Person, membership: Membership, role: str) -> Membership:
    """Name a member facilitator, or let a facilitator be a member again. Facilitators only.

    Raises ValidationError for an unknown role and for the last facilitator, who names another first.
    """
    if role not in {Membership.MEMBER, Membership.FACILITATOR}:
        raise ValidationError({"role": _("This role is not known here.")})
    with transaction.atomic():
        # the group's row is the queue: two facilitators stepping down at once do not leave the group without one
        group = Group.objects.select_for_update().get(pk=membership.group_id)
        if not can_run(actor, group):
            raise PermissionDenied
        fresh = Membership.objects.standing().select_related("group", "person").filter(pk=membership.pk).first()
        if fresh is None:
            raise Settled(_("This person is no member of the group now."))
        if role == Membership.MEMBER and _is_last(fresh):
            raise ValidationError(_("Name another facilitator first."), code=LAST_ONE)
        Membership.objects.filter(pk=fresh.pk).update(role=role)
        if role == Membership.FACILITATOR:
            Group.objects.filter(pk=group.pk).update(needs_facilitator=False)
        fresh.role = role
    return fresh


def membership_name_facilitator(*, coordinator: Person, membership: Membership) -> Membership:
    """A coordinator names a facilitator for a group that has none. Raises PermissionDenied otherwise."""
    account = getattr(coordinator, "account", None)
    if account is None or not account.is_coordinator:
        raise PermissionDenied
    with transaction.atomic():
        group = Group.objects.select_for_update().get(pk=membership.group_id)
        if not group.needs_facilitator or group.closed_at is not None:
            raise PermissionDenied
        if not Membership.objects.standing().filter(pk=membership.pk).update(role=Membership.FACILITATOR):
            raise Settled(_("This person is no member of the group now."))
        Group.objects.filter(pk=group.pk).update(needs_facilitator=False)
    membership.role = Membership.FACILITATOR
    return membership


def membership_end(
    *, actor: Person, membership: Membership, successor: Membership | None = None, without_successor: bool = False
) -> None:
    """Leave a group, or (facilitators) take a member out of it; what was recorded stays. Ending twice changes nothing.

    The last facilitator names a `successor`, or says `without_successor`: then the group is marked and the coordinator
    asked; otherwise ValidationError with code LAST_ONE. Faces call meetings.services.commitments.membership_leave,
    which ends the commitments too.
    """
    now = clock.now()
    with transaction.atomic():
        # the group's row is the queue: the last two facilitators leaving at once see each other
        group = Group.objects.select_for_update().get(pk=membership.group_id)
        if not can_end(actor, membership):
            raise PermissionDenied
        fresh = Membership.objects.filter(pk=membership.pk).select_related("group", "person").first()
        if fresh is None or fresh.state == Membership.ENDED:
            return
        if fresh.state == Membership.WAITING:
            fresh.delete()
            return
        if _is_last(fresh):
            _hand_over(group, fresh, successor, without_successor)
        Membership.objects.filter(pk=fresh.pk).update(state=Membership.ENDED, until=max(now, fresh.since))
        changes_write(people=[fresh.person], cause="left_group", ref=group.pk, at=now)
        transaction.on_commit(lambda: wake.publish("roster", str(group.pk).encode()))  # open sockets end now


def _hand_over(group: Group, leaving: Membership, successor: Membership | None, without_successor: bool) -> None:
    if successor is not None:
        named = Membership.objects.standing().filter(pk=successor.pk, group=group).exclude(pk=leaving.pk)
        if not named.update(role=Membership.FACILITATOR):
            raise ValidationError({"successor": _("Choose somebody who is in the group.")})
    elif without_successor:
        Group.objects.filter(pk=group.pk).update(needs_facilitator=True)
    else:
        raise ValidationError(
            _("You are the last facilitator. Name another, or leave and the coordinator is asked."), code=LAST_ONE
        )


def _is_last(membership: Membership) -> bool:
    if membership.role != Membership.FACILITATOR:
        return False
    others = Membership.objects.facilitators().filter(group=membership.group_id).exclude(pk=membership.pk)
    return not others.exists()
