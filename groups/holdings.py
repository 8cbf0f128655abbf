"""What this room keeps about a person: memberships, and who made or used an invitation."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from groups.models import Group, Invitation, Membership
from people.models import Person

INVITATIONS_KEPT = timedelta(days=30)  # after they are over


def export(person: Person) -> dict[str, Any]:
    held = Membership.objects.filter(person=person).select_related("group").order_by("since", "pk")
    return {
        "groups": [
            {"group": m.group.name, "role": m.role, "state": m.state, "since": m.since, "until": m.until} for m in held
        ]
    }


def erase(person: Person) -> None:
    """The memberships go; a group whose last facilitator goes is marked, so that the coordinator is asked."""
    led = list(Membership.objects.facilitators().filter(person=person).values_list("group_id", flat=True))
    Membership.objects.filter(person=person).delete()
    kept = Membership.objects.facilitators().filter(group__in=led).values_list("group_id", flat=True)
    Group.objects.filter(pk__in=set(led) - set(kept), closed_at=None).update(needs_facilitator=True)
    # the group's code stays: it is the group's, and no longer names who made it
    unused = Q(created_by=person, kind=Invitation.PERSONAL, used_at=None)
    Invitation.objects.filter(Q(used_by=person) | unused).delete()


def purge(now: datetime) -> int:
    """Invitations that have been over for 30 days say only who came when: they go."""
    over = now - INVITATIONS_KEPT
    gone = Q(expires_at__lt=over) | Q(used_at__lt=over) | Q(revoked_at__lt=over)
    return Invitation.objects.filter(gone).delete()[0]
