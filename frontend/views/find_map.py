"""The finder's map and one meeting's place on it: pages of their own, only where the operator named a server of tiles.

The page itself asks nobody: the map is opened by a button beside the words that say who is asked then.
"""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from frontend.actor import actor_of
from frontend.finder_filters import url_of
from frontend.tiles import tiles, with_tiles
from frontend.views.finder import found_for
from frontend.visitor import for_this_browser
from ground import clock
from meetings.selectors import finder

# what says where, and what goes with it: the map's window stands in for it
WHERE = dict.fromkeys(("place", "near", "radius", "box", "sort"))
AROUND = 0.02  # degrees about one place, some two kilometres either way
WORLD = (-60.0, -180.0, 75.0, 180.0)


@with_tiles
@require_safe
def find_map(request: HttpRequest) -> HttpResponse:
    """The list with a map beside it. Raises ValidationError (400) for an address that cannot be read."""
    context = found_for(request)
    params, search = context["params"], context["asked"].search
    context |= {
        "tiles": tiles(),
        "window": _written(_window(search, context["found"])),
        "circle": f"{search.near[0]},{search.near[1]},{search.radius}" if search.near else "",
        "door": reverse("api_map") + url_of(params, **WHERE, zone=context["zone"]),
        "list_url": reverse("find") + url_of(params).removesuffix("?"),
        "anywhere_url": url_of(params, box=None),
        "online_url": reverse("find") + url_of(params, mode="online", **WHERE),
        "off": finder.off_map(search, now=clock.now()),
    }
    shown = for_this_browser(render(request, "finder/map.html", context), request)
    if "near" in request.GET:
        patch_cache_control(shown, no_store=True)  # the circle around the reader's place stands in it
    return shown


@with_tiles
@require_safe
def meeting_map(request: HttpRequest, slug: str) -> HttpResponse:
    """One meeting's place."""
    view = finder.meeting_view(slug, actor_of(request), clock.now())
    if view is None or not view.mapped:
        raise Http404
    lat, lon = float(view.meeting.latitude or 0), float(view.meeting.longitude or 0)
    context = {
        "tiles": tiles(),
        "meeting": view.meeting,
        "window": _written(_about(lat, lon, AROUND * (2 if view.meeting.approximate else 1))),
        "spot": f"{lat:.5f},{lon:.5f}",
    }
    return render(request, "finder/map_meeting.html", context)


def _window(search: finder.Search, rows: list[finder.Found]) -> finder.Box:
    """What the map shows first: the window or circle asked for, else the places of the rows beside it."""
    if search.box is not None:
        return search.box
    if search.near is not None:
        return _about(*search.near, search.radius / 111)
    spots = [
        (one.latitude, one.longitude)
        for one in (row.meeting for row in rows)
        if one.mode != one.ONLINE and one.latitude is not None and one.longitude is not None
    ]
    if not spots:
        return WORLD
    lats, lons = [lat for lat, _lon in spots], [lon for _lat, lon in spots]
    return min(lats) - AROUND, min(lons) - AROUND, max(lats) + AROUND, max(lons) + AROUND


def _about(lat: float, lon: float, degrees: float) -> finder.Box:
    return lat - degrees, lon - degrees, lat + degrees, lon + degrees


def _written(box: finder.Box) -> str:
    return ",".join(f"{edge:.4f}" for edge in box)
