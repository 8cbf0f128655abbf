"""Who may do what in a group. Every answer is about the present moment; a closed group lets nobody change anything."""

from groups.models import Group, Invitation, Membership
from people.models import Person


def can_found(actor: Person) -> bool:
    """Whoever signs in may found a group; a person without an account may not."""
    return hasattr(actor, "account")


def can_see(actor: Person, group: Group) -> bool:
    """Only members see a group from inside: its members, its dates, its room."""
    return Membership.objects.standing().filter(group=group, person=actor).exists()


def can_run(actor: Person, group: Group) -> bool:
    """Facilitators invite, confirm, name others, change the group and its meetings."""
    return group.closed_at is None and Membership.objects.facilitators().filter(group=group, person=actor).exists()


def can_revoke(actor: Person, invitation: Invitation) -> bool:
    return can_run(actor, invitation.group)


def can_end(actor: Person, membership: Membership) -> bool:
    """One's own always; a facilitator also a member's, never another facilitator's."""
    if membership.person_id == actor.pk:
        return True
    return membership.role == Membership.MEMBER and can_run(actor, membership.group)
