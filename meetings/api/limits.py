"""How often one address on the net may say something without an account."""

from allauth.core import ratelimit
from django.http import HttpRequest
from django.utils.translation import gettext as _

from ground.errors import TooMany


def count_correction(request: HttpRequest) -> None:
    """Raises TooMany after six corrections in an hour from one address (settings.ACCOUNT_RATE_LIMITS)."""
    if not ratelimit.consume(request, action="correction"):
        raise TooMany(_("Thank you, that were many corrections. Please go on in an hour."))
