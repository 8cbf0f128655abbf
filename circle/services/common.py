"""What the writers share: locked rows, the topic of a contact, what was already leaving."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from circle.models import Supporter
from circle.policies import can_answer, can_change
from delivery import services as delivery
from delivery.models import Delivery
from ground import clock
from people.models import Account, Link, Person
from people.selectors import account_of
from people.services import change_write

LINK_PURPOSES = ("invite", "supporter_stop")
JUST_LEFT = timedelta(minutes=10)  # a message handed over so shortly before a withdrawal is mentioned as well


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What a withdrawal found. `leaving_at`: one message was already leaving, or had just left, at this time (UTC)."""

    leaving_at: datetime | None = None


def topic_of(supporter: Supporter) -> str:
    return f"supporter:{supporter.pk}"


def signing_account(actor: Person) -> Account:
    """The account that signs for `actor`. Raises PermissionDenied for a person without one: adults with an account."""
    account = account_of(actor)
    if account is None or not account.is_active:
        raise PermissionDenied(_("Only a member can choose people, in a session of their own."))
    return account


def locked(supporter: Supporter) -> Supporter:
    """The row as it is now, held until the transaction ends. Raises Supporter.DoesNotExist."""
    rows = Supporter.objects.select_for_update(of=("self",)).select_related("member", "person")
    return rows.get(pk=supporter.pk)


def own(actor: Person, supporter: Supporter) -> Supporter:
    """The member's own contact, locked. Raises PermissionDenied for anybody else's."""
    row = locked(supporter)
    if not can_change(actor, row):
        raise PermissionDenied
    signing_account(actor)
    return row


def answering(*, link: Link | None, supporter: Supporter | None, actor: Person | None) -> Supporter:
    """The contact that answers, locked: by one of their links, or by themselves. Raises PermissionDenied."""
    if link is not None:
        if link.purpose not in LINK_PURPOSES:
            raise PermissionDenied
        found = Supporter.objects.filter(pk=link.subject).first()
        supporter, actor = found, link.person
    if supporter is None or actor is None:
        raise PermissionDenied
    row = locked(supporter)
    if not can_answer(actor, row):
        raise PermissionDenied
    return row


def withdraw(supporter: Supporter, *, kinds: tuple[str, ...] | None, reason: str) -> Withdrawn:
    """Cancel what waits for this contact (`kinds` None: everything), and say what could not be held any more."""
    leaving = delivery.cancel(recipient=supporter.person, kinds=kinds, reason=reason)
    just_left = Delivery.objects.filter(
        recipient=supporter.person,
        state__in=["handed_over", "uncertain"],
        attempted_at__gt=clock.now() - JUST_LEFT,
        bounced=False,
    ).exclude(kind="invite")
    if kinds is not None:
        just_left = just_left.filter(kind__in=kinds)
    times = [row.attempted_at or clock.now() for row in [*leaving, *just_left]]
    return Withdrawn(max(times, default=None))


def note_change(supporter: Supporter, cause: str) -> None:
    """Tell the watch, in this transaction, that something about this contact changed."""
    change_write(person=supporter.member, cause=cause, ref=supporter.pk)
