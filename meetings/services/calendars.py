"""A member's private calendar: a secret address of what they plan to come to. Given and taken back by them alone."""

from django.core.exceptions import PermissionDenied

from people.models import Link, Person
from people.selectors import account_of
from people.services import link_give, link_open, link_revoke

PURPOSE = "calendar"


def calendar_give(*, actor: Person) -> str:
    """The token of the actor's calendar, the same until it is taken back. Raises PermissionDenied without account."""
    _refuse(actor)
    return link_give(purpose=PURPOSE, subject=actor.pk, person=actor)


def calendar_revoke(*, actor: Person) -> None:
    """The address works no more; the next one is another. Raises PermissionDenied without an account."""
    _refuse(actor)
    link_revoke(purpose=PURPOSE, subject=actor.pk, person=actor)


def calendar_standing(*, actor: Person) -> bool:
    """Whether the actor has a private calendar now."""
    return Link.objects.filter(purpose=PURPOSE, subject=actor.pk, person=actor, revoked_at=None).exists()


def calendar_owner(*, token: str) -> Person | None:
    """Whose calendar a token opens; None for a token of another purpose. Raises Unknown, Settled."""
    link = link_open(token=token)
    return link.person if link.purpose == PURPOSE else None


def _refuse(actor: Person) -> None:
    if account_of(actor) is None:
        raise PermissionDenied
