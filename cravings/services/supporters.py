"""A chosen person who was asked to call, by the link in their message."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from circle.selectors import looks_accepted
from cravings.models import Press, SupporterAsked
from cravings.services.common import tell_all
from ground import clock, links
from ground.errors import Settled
from people.models import Link


def supporter_asked_by(link: Link) -> SupporterAsked:
    """What a supporter's link is about. Being taken off the list, or muted, shows in nothing.

    Raises PermissionDenied; Settled 7 days after the press ended, and once they said no or stop themselves.
    """
    row = SupporterAsked.objects.select_related("press", "supporter").filter(pk=link.subject).first()
    if row is None or row.supporter.person_id != link.person_id:
        raise PermissionDenied
    if not looks_accepted(row.supporter) or links.is_over(row.press.ended_at, clock.now()):
        raise Settled(_("This is settled. Thank you for looking."))
    return row


def supporter_answer(*, link: Link, answer: str) -> SupporterAsked:
    """ "I will call" or "I cannot now": the member sees who calls. Repeatable; others are asked all the same.

    Raises ValidationError for another answer, Settled when the press is over.
    """
    row = supporter_asked_by(link)
    if answer not in {"calling", "cannot"}:
        raise ValidationError({"answer": _("Please choose one of the answers.")})
    if row.press.state not in Press.OPEN:
        raise Settled(_("This is settled. Thank you for looking."))
    with transaction.atomic():
        SupporterAsked.objects.filter(pk=row.pk).update(answer=answer, answered_at=clock.now())
        tell_all(row.press)
    row.refresh_from_db()
    return row
