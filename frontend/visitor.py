"""What a visitor's browser says of itself: which time zone its clock shows, and where it is when it was asked."""

import re
from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control

from frontend.actor import actor_of
from frontend.zones import ZONES

COOKIE = "zone"  # set by js/visitor_zone.js: an IANA name, nothing else
KNOWN = frozenset(ZONES)
NEAR_ME = "me"  # instead of a position in an address
NEAR_COOKIE = "near"  # set by js/finder.js for an hour: latitude_longitude, two decimals
NEAR = re.compile(r"(-?\d{1,2}(?:\.\d{1,2})?)_(-?\d{1,3}(?:\.\d{1,2})?)", re.ASCII)


def visitor_zone(request: HttpRequest) -> str:
    """The browser's zone by its cookie, else the signed-in person's, else empty: not known."""
    told = request.COOKIES.get(COOKIE, "")
    if told in KNOWN:
        return told
    actor = actor_of(request)
    return actor.zone if actor else ""


def with_position(params: Mapping[str, str], request: HttpRequest) -> dict[str, str]:
    """The parameters with the browser's place instead of "me"; without any where it is not told, or told no more."""
    if params.get("near") != NEAR_ME:
        return dict(params)
    told = NEAR.fullmatch(request.COOKIES.get(NEAR_COOKIE, ""))
    here = {"near": f"{told[1]},{told[2]}"} if told and abs(float(told[1])) <= 90 and abs(float(told[2])) <= 180 else {}
    return {key: value for key, value in params.items() if key != "near"} | here


def place_is_lost(request: HttpRequest) -> bool:
    """Whether an address means the browser's place, and no other, and the browser does not tell it."""
    return _near_me(request) and not request.GET.get("place") and not with_position({"near": NEAR_ME}, request)


def for_this_browser(response: HttpResponse, request: HttpRequest) -> HttpResponse:
    """An answer that hangs on where the browser is belongs to nobody else, and to no later moment."""
    if _near_me(request):
        patch_cache_control(response, private=True, max_age=0)
    return response


def _near_me(request: HttpRequest) -> bool:
    return request.GET.get("near", "").strip() == NEAR_ME
