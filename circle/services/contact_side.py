"""What a contact decides for themselves beside yes, no and stop: a rest, and whether they see it on their own Today."""

from datetime import timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from circle.models import Supporter
from circle.selectors import looks_accepted
from circle.services import common
from ground import clock
from ground.errors import Conflict, Settled
from people.models import Link, Person

REST_DAYS = 30
MOST_REST_DAYS = 90


def supporter_rest(
    *, link: Link | None = None, supporter: Supporter | None = None, actor: Person | None = None, days: int = REST_DAYS
) -> Supporter:
    """The contact asks for a rest of `days` (1 to 90): before it is over nothing is asked of them. The member sees it.

    What puts an earlier message right still comes. Asking again sets the new end. To somebody who was taken off the
    list all looks the same. Raises PermissionDenied, ValidationError, Settled (they never said yes, or said stop).
    """
    if not 1 <= days <= MOST_REST_DAYS:
        raise ValidationError({"days": _("Choose between 1 and %(most)s days.") % {"most": MOST_REST_DAYS}})
    with transaction.atomic():
        row = _accepted(link, supporter, actor)
        row.rests_until = clock.now() + timedelta(days=days)
        row.save(update_fields=["rests_until"])
    return row


def supporter_rest_end(
    *, link: Link | None = None, supporter: Supporter | None = None, actor: Person | None = None
) -> Supporter:
    """The rest is over at once. Without one nothing happens. Raises PermissionDenied, Settled."""
    with transaction.atomic():
        row = _accepted(link, supporter, actor)
        if row.rests_until is not None:
            row.rests_until = None
            row.save(update_fields=["rests_until"])
    return row


def supporter_see(*, actor: Person, link: Link) -> Supporter:
    """Somebody who holds the contact's own link and has an account sees this contact on Today from now on.

    Raises PermissionDenied (another kind of link, no account), ValidationError (the member who chose), Conflict
    (another account sees it already: a mail may have been passed on), Settled.
    """
    common.signing_account(actor)
    with transaction.atomic():
        row = _accepted(link, None, None)
        if row.member_id == actor.pk:
            raise ValidationError(_("This is your own contact. It is for the person you chose."))
        if row.seen_by_id not in {None, actor.pk}:
            raise Conflict(_("Another account shows this on its Today. It can be taken off there first."))
        row.seen_by = actor
        row.save(update_fields=["seen_by"])
    return row


def supporter_unsee(*, actor: Person, supporter: Supporter) -> None:
    """Not on Today any more; the mails and their links stay. Raises PermissionDenied."""
    with transaction.atomic():
        row = common.locked(supporter)
        if row.seen_by_id != actor.pk:
            raise PermissionDenied
        row.seen_by = None
        row.save(update_fields=["seen_by"])


def _accepted(link: Link | None, supporter: Supporter | None, actor: Person | None) -> Supporter:
    row = common.answering(link=link, supporter=supporter, actor=actor)
    if not looks_accepted(row):
        raise Settled(_("There is nothing to rest from: we do not write to you."))
    return row
