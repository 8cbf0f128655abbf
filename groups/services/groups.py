"""Groups: founding, describing, closing."""

import secrets
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ground import clock
from ground.errors import Conflict, Settled, TooMany
from ground.links import ALPHABET
from groups.models import Group, Invitation, Membership
from groups.policies import can_found, can_run
from people.models import Person, check_zone
from people.services import changes_write

SHORTEST_NAME = 2
FOUNDED_A_DAY = 10  # by one person; more is no group work


def group_found(*, actor: Person, name: str, zone: str, about: str = "", head_count_only: bool = False) -> Group:
    """Make a group; who founds it is its first facilitator.

    Raises PermissionDenied without an account, ValidationError for a name, a text or a zone that will not do,
    TooMany after ten groups in a day.
    """
    if not can_found(actor):
        raise PermissionDenied
    group = Group(
        slug=_draw_slug(),
        name=checked_name(name),
        zone=zone,
        about=about.strip(),
        head_count_only=head_count_only,
        created_at=clock.now(),
        created_by=actor,
    )
    _check(group)
    with transaction.atomic():
        since = group.created_at - timedelta(days=1)
        if Group.objects.filter(created_by=actor, created_at__gt=since).count() >= FOUNDED_A_DAY:
            raise TooMany(_("That is many groups for one day. Try again tomorrow."))
        group.save(force_insert=True)
        Membership.objects.create(group=group, person=actor, role=Membership.FACILITATOR, since=group.created_at)
        changes_write(people=[actor], cause="joined_group", ref=group.pk, at=group.created_at)
    return group


def group_update(
    *, actor: Person, group: Group, name: str | None = None, zone: str | None = None, about: str | None = None
) -> Group:
    """Change what a group says of itself; None leaves a thing as it is. Facilitators only. Raises ValidationError."""
    if not can_run(actor, group):
        raise PermissionDenied
    if name is not None:
        group.name = checked_name(name)
    if zone is not None:
        group.zone = zone
    if about is not None:
        group.about = about.strip()
    _check(group)
    group.save(update_fields=["name", "zone", "about"])
    return group


def group_keeping_set(*, actor: Person, group: Group, head_count_only: bool, at: datetime) -> bool:
    """Whether the group keeps lists by name or counts heads only; True when that is new. Facilitators only.

    Faces call meetings.services.keeping.keeping_change, which also takes away what may no longer be kept. The group's
    row stays locked until the end of the caller's transaction.
    """
    with transaction.atomic():
        locked = Group.objects.select_for_update().get(pk=group.pk)
        if not can_run(actor, locked):
            raise PermissionDenied
        group.head_count_only = head_count_only
        if locked.head_count_only == head_count_only:
            return False
        Group.objects.filter(pk=group.pk).update(head_count_only=head_count_only, keeping_changed_at=at)
        group.keeping_changed_at = at
    return True


def group_close(*, actor: Person, group: Group, at: datetime | None = None) -> None:
    """End a group: every membership ends, every invitation is revoked. Facilitators only; Conflict when it is closed.

    What lies above (commitments, meetings) is ended by meetings.services.group_meetings.group_end, which faces call.
    """
    now = at or clock.now()
    with transaction.atomic():
        if not can_run(actor, group):
            raise PermissionDenied
        if not Group.objects.filter(pk=group.pk, closed_at=None).update(closed_at=now):
            raise Conflict(_("This group is closed already."))
        standing = Membership.objects.standing().filter(group=group).select_related("person")
        changes_write(people=[m.person for m in standing], cause="group_closed", ref=group.pk, at=now)
        Membership.objects.filter(group=group, state=Membership.WAITING).delete()
        standing.update(state=Membership.ENDED, until=now)
        Invitation.objects.filter(group=group, revoked_at=None).update(revoked_at=now)
    group.closed_at = now


def group_open(group: Group) -> None:
    """Raise Settled when the group has been closed."""
    if group.closed_at is not None:
        raise Settled(_("This group has ended."))


def checked_name(name: str) -> str:
    """A name with single blanks. Raises ValidationError when it is too short or holds what cannot be read."""
    tidy = " ".join(name.split())
    if len(tidy) < SHORTEST_NAME:
        raise ValidationError({"name": _("Give the group a name of two letters or more.")})
    if not tidy.isprintable():
        raise ValidationError({"name": _("This name holds characters that cannot be read.")})
    return tidy


def _check(group: Group) -> None:
    try:
        check_zone(group.zone)
    except ValidationError as unknown:
        raise ValidationError({"zone": _("This time zone is not known here.")}) from unknown
    group.clean_fields(exclude=["created_by", "closed_at", "keeping_changed_at"])


def _draw_slug() -> str:
    """Eight characters that say nothing: an address in a browser's history must not name a group."""
    return "".join(secrets.choice(ALPHABET) for _n in range(8))
