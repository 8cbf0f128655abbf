"""How long a contact rests, as a page names it."""

from django.http import QueryDict

from circle.services import REST_DAYS


def rest_days(posted: QueryDict) -> int:
    """`days`, or what a rest lasts without; what is no number becomes one that the service refuses."""
    given = posted.get("days", "").strip()
    if not given:
        return REST_DAYS
    return int(given) if given.isdecimal() and len(given) < 4 else 0
