"""Was this session opened, or confirmed, a short while ago? Choosing people asks for it (privacy.md, abuse risks)."""

import time

from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from django.http import HttpRequest

RECENT = 15 * 60  # seconds


def signed_in_recently(request: HttpRequest, *, within: int = RECENT) -> bool:
    """True `within` seconds of signing in or confirming, or when the account has nothing to confirm with.

    allauth notes these moments in machine time, which a moved clock does not touch.
    """
    if not request.user.is_authenticated:
        return False
    if not get_reauthentication_flows(request.user):  # signs in by e-mail code only
        return True
    latest = max((record.get("at", 0.0) for record in get_authentication_records(request, request.user)), default=0.0)
    return bool(time.time() - latest < within)  # noqa: TID251  (allauth's own clock)
