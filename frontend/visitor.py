"""Which time zone a visitor's clock shows."""

from django.http import HttpRequest

from frontend.actor import actor_of
from frontend.zones import ZONES

COOKIE = "zone"  # set by js/visitor_zone.js: an IANA name, nothing else
KNOWN = frozenset(ZONES)


def visitor_zone(request: HttpRequest) -> str:
    """The browser's zone by its cookie, else the signed-in person's, else empty: not known."""
    told = request.COOKIES.get(COOKIE, "")
    if told in KNOWN:
        return told
    actor = actor_of(request)
    return actor.zone if actor else ""
