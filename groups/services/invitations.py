"""The ways into a group: a personal invitation works once, the group's code (link and QR) many times until its date."""

import uuid
from datetime import timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ground import clock, links
from ground.errors import Settled
from groups.models import Group, Invitation, Membership
from groups.policies import can_found, can_revoke, can_run
from groups.selectors import invitation_look, invitation_state, token_of
from people.models import Person
from people.services import changes_write

LASTS = {Invitation.PERSONAL: timedelta(days=14), Invitation.CODE: timedelta(days=90)}


def invitation_make(*, actor: Person, group: Group, kind: str = Invitation.PERSONAL) -> Invitation:
    """Make a way in: personal (14 days, once) or the group's code (90 days). Facilitators only.

    A code that still stands is returned, not doubled; a code that ran out is renewed.
    """
    if kind not in LASTS:
        raise ValidationError({"kind": _("This kind of invitation is not known here.")})
    with transaction.atomic():
        # the group's row is the queue: two facilitators asking for a code at once get the same one
        locked = Group.objects.select_for_update().get(pk=group.pk)
        if not can_run(actor, locked):
            raise PermissionDenied
        if kind == Invitation.CODE:
            standing = Invitation.objects.filter(group=group, kind=kind, revoked_at=None).first()
            if standing is not None and standing.expires_at > clock.now():
                return standing
            if standing is not None:
                Invitation.objects.filter(pk=standing.pk).update(revoked_at=clock.now())
        return _insert(actor, group, kind)


def invitation_renew(*, actor: Person, group: Group) -> Invitation:
    """Replace the group's code: the old link and QR stop working at once. Facilitators only."""
    with transaction.atomic():
        locked = Group.objects.select_for_update().get(pk=group.pk)
        if not can_run(actor, locked):
            raise PermissionDenied
        standing = Invitation.objects.filter(group=group, kind=Invitation.CODE, revoked_at=None)
        standing.update(revoked_at=clock.now())
        return _insert(actor, group, Invitation.CODE)


def invitation_revoke(*, actor: Person, invitation: Invitation) -> None:
    """Withdraw an invitation; doing it twice changes nothing. Facilitators only."""
    if not can_revoke(actor, invitation):
        raise PermissionDenied
    Invitation.objects.filter(pk=invitation.pk, revoked_at=None).update(revoked_at=clock.now())


def invitation_open(*, token: str) -> Invitation:
    """The invitation of a token that can still be used; changes nothing.

    Raises Invitation.DoesNotExist for an unknown token, Settled for one that is used, withdrawn or over.
    """
    door = invitation_look(token=token)
    if door.state != "standing":
        raise Settled(sentence(door.state))
    return door.invitation


def invitation_use(*, actor: Person, token: str) -> Membership:
    """Come in: a personal invitation makes a member at once, the group's code a request that a facilitator confirms.

    Whoever is a member already stays one and uses nothing up; pressing twice is pressing once.
    Raises PermissionDenied without an account, Invitation.DoesNotExist, Settled.
    """
    if not can_found(actor):
        raise PermissionDenied
    now = clock.now()
    with transaction.atomic():
        invitation = Invitation.objects.select_related("group").get(token_hash=links.hash_of(token))
        # the group's row is the queue: one person pressing in two windows becomes one member
        Group.objects.select_for_update().get(pk=invitation.group_id)
        held = Membership.objects.filter(group=invitation.group, person=actor, until=None).first()
        if held is not None and (held.state == Membership.ACTIVE or invitation.kind == Invitation.CODE):
            if invitation.group.closed_at is not None:
                raise Settled(sentence("closed"))
            return held
        invitation.refresh_from_db()  # what another transaction did while this one queued
        state = invitation_state(invitation, now)
        if state != "standing":
            raise Settled(sentence(state))
        if invitation.kind == Invitation.CODE:
            return Membership.objects.create(group=invitation.group, person=actor, state=Membership.WAITING, since=now)
        # one statement decides who used it, whatever the isolation level
        used = Invitation.objects.filter(pk=invitation.pk, used_at=None).update(used_at=now, used_by=actor)
        if not used:
            raise Settled(sentence("used"))
        if held is not None:
            held.delete()  # waited at the code: the personal invitation lets them in
        joined = Membership.objects.create(group=invitation.group, person=actor, since=now)
        changes_write(people=[actor], cause="joined_group", ref=invitation.group_id, at=now)
        return joined


def sentence(state: str) -> str:
    """What a page says about an invitation that cannot be used."""
    return {
        "used": _("This invitation has been used. Ask the person who sent it for a new one."),
        "expired": _("This invitation is over. Ask the person who sent it for a new one."),
        "revoked": _("This invitation was withdrawn. Ask the person who sent it for a new one."),
        "closed": _("The group behind this invitation has ended."),
    }[state]


def _insert(actor: Person, group: Group, kind: str) -> Invitation:
    now = clock.now()
    invitation = Invitation(
        group=group, kind=kind, key=uuid.uuid4(), created_by=actor, created_at=now, expires_at=now + LASTS[kind]
    )
    invitation.token_hash = links.hash_of(token_of(invitation))
    invitation.save(force_insert=True)
    return invitation
