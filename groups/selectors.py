"""Reads about groups, scoped to who asks. There is no search for members, and no list of them outside their group."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.utils.translation import gettext as _

from ground import clock, links
from ground.errors import Unknown
from groups.models import Group, Invitation, Membership
from people.models import Block, Person


@dataclass(frozen=True, slots=True)
class Door:
    """What an invitation's page shows: `state` is standing, used, expired, revoked or closed."""

    invitation: Invitation
    state: str

    @property
    def group(self) -> Group:
        return self.invitation.group


def is_member(group: Group, person: Person, at: datetime | None = None) -> bool:
    """Whether `person` belongs to `group` now, or did at the moment `at` (UTC). Waiting is not belonging."""
    spans = Membership.objects.standing() if at is None else Membership.objects.at(at)
    return spans.filter(group=group, person=person).exists()


def is_facilitator(group: Group, person: Person) -> bool:
    return Membership.objects.facilitators().filter(group=group, person=person).exists()


def membership_of(group: Group, person: Person) -> Membership | None:
    """The open membership of a person, waiting ones included; None for strangers and former members."""
    return Membership.objects.filter(group=group, person=person, until=None).select_related("group").first()


def members(group: Group) -> QuerySet[Membership]:
    """The confirmed memberships of a group, facilitators first, then by name. For services; pages use members_for."""
    facilitators_first = Case(
        When(role=Membership.FACILITATOR, then=Value(0)), default=Value(1), output_field=IntegerField()
    )
    found = Membership.objects.standing().filter(group=group).select_related("person")
    return found.order_by(facilitators_first, "person__name", "pk")


def facilitators(group: Group) -> list[Person]:
    return [m.person for m in members(group).filter(role=Membership.FACILITATOR)]


def members_for(*, actor: Person, group: Group) -> list[Membership]:
    """The members that a member may see: a blocked pair does not see each other; facilitators see all for the list.

    Raises PermissionDenied for an outsider.
    """
    own = _own(actor, group)
    found = list(members(group))
    if own.role == Membership.FACILITATOR:
        return found
    pairs = Block.objects.filter(Q(blocker=actor) | Q(blocked=actor)).values_list("blocker_id", "blocked_id")
    hidden = {pk for pair in pairs for pk in pair} - {actor.pk}
    return [membership for membership in found if membership.person_id not in hidden]


def waiting_for(*, actor: Person, group: Group) -> list[Membership]:
    """Who came by the group's code and waits for a facilitator. Raises PermissionDenied for all but facilitators."""
    if _own(actor, group).role != Membership.FACILITATOR:
        raise PermissionDenied
    waiting = Membership.objects.filter(group=group, state=Membership.WAITING).select_related("person", "group")
    return list(waiting.order_by("since", "pk"))


def groups_of(person: Person) -> list[Membership]:
    """The person's own groups by name, waiting included, closed ones left out; `membership.group` is loaded."""
    mine = Membership.objects.filter(person=person, until=None, group__closed_at=None).select_related("group")
    return list(mine.order_by("group__name", "pk"))


def group_for(*, actor: Person, slug: str) -> Membership:
    """The actor's own membership (with its group) of the group at this address, waiting ones included.

    Raises Group.DoesNotExist for an unknown address and PermissionDenied for an outsider.
    """
    group = Group.objects.get(slug=slug)
    own = membership_of(group, actor)
    if own is None:
        raise PermissionDenied
    return own


def slug_of(group_id: int) -> str:
    """A group's address, for a link that leads there. Raises Unknown when the group is gone."""
    slug = Group.objects.filter(pk=group_id).values_list("slug", flat=True).first()
    if slug is None:
        raise Unknown(_("This group is not here any more."))
    return slug


def membership_in(*, actor: Person, slug: str, pid: UUID | str) -> Membership:
    """Somebody's open membership, for facilitators. Raises PermissionDenied or Membership.DoesNotExist."""
    own = group_for(actor=actor, slug=slug)
    if own.role != Membership.FACILITATOR or own.state != Membership.ACTIVE:
        raise PermissionDenied
    found = Membership.objects.select_related("group", "person")
    return found.get(group=own.group, person__pid=pid, until=None)


def standing_code(*, actor: Person, group: Group) -> Invitation | None:
    """The group's code, for facilitators; an expired one is returned until it is renewed."""
    if _own(actor, group).role != Membership.FACILITATOR:
        raise PermissionDenied
    return Invitation.objects.filter(group=group, kind=Invitation.CODE, revoked_at=None).select_related("group").first()


def personal_invitations(*, actor: Person, group: Group) -> list[Invitation]:
    """Personal invitations that can still be used, newest first, for facilitators."""
    if _own(actor, group).role != Membership.FACILITATOR:
        raise PermissionDenied
    open_ones = Invitation.objects.filter(
        group=group, kind=Invitation.PERSONAL, used_at=None, revoked_at=None, expires_at__gt=clock.now()
    )
    return list(open_ones.select_related("group", "created_by").order_by("-created_at", "-pk"))


def token_of(invitation: Invitation) -> str:
    """The token in an invitation's address: 13 base32 characters."""
    return links.token_for("invitation", invitation.key)


def invitation_state(invitation: Invitation, now: datetime) -> str:
    if invitation.group.closed_at is not None:
        return "closed"
    if invitation.revoked_at is not None:
        return "revoked"
    if invitation.used_at is not None:
        return "used"
    return "expired" if invitation.expires_at <= now else "standing"


def invitation_state_now(invitation: Invitation) -> str:
    return invitation_state(invitation, clock.now())


def invitation_look(*, token: str) -> Door:
    """What the page of an invitation shows, whatever its state. Raises Invitation.DoesNotExist for an unknown token."""
    invitation = Invitation.objects.select_related("group", "created_by").get(token_hash=links.hash_of(token))
    return Door(invitation, invitation_state(invitation, clock.now()))


def _own(actor: Person, group: Group) -> Membership:
    own = membership_of(group, actor)
    if own is None or own.state != Membership.ACTIVE:
        raise PermissionDenied
    return own
