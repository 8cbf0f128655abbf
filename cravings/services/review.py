"""The coordinator looks at presses that nobody answered."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext as _

from cravings.models import Press
from ground import clock
from people.models import Person
from people.selectors import is_coordinator


def press_review(*, actor: Person, ref: str, found: str) -> Press:
    """Note why nobody came, from a short list: no free text, so nothing about a person.

    Raises PermissionDenied for all but coordinators, ValidationError for another word or a press that was answered.
    """
    if not is_coordinator(actor):
        raise PermissionDenied
    if found not in Press.REVIEWS:
        raise ValidationError(_("Please choose one of the answers."))
    if not Press.objects.filter(ref=ref, state=Press.UNANSWERED).update(review=found, reviewed_at=clock.now()):
        raise ValidationError(_("This request was answered, or is not known here."))
    return Press.objects.get(ref=ref)
