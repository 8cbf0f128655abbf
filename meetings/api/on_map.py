"""GET /api/v1/map/: what a map shows in a window. Open to everybody; needs no tiles and sets none up."""

from typing import Any

from django.core.exceptions import ValidationError
from django.urls import path
from django.utils.translation import gettext as _
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ground import clock
from meetings.api.finder import row_of
from meetings.selectors import finder
from meetings.selectors.asking import asked_from

NAMED = 20  # meetings of one place that are named
OF_A_MEETING = (
    "slug", "name", "starts_at", "ends_at", "starts_local", "zone", "in_progress", "by_appointment", "mode", "url",
)  # fmt: skip
PLACED = ("place", "near", "radius", "box", "sort", "after")  # what the window stands in for


class OnMap(APIView):
    """Meetings by place in a window. Parameters: window (south,west,north,east), zoom (0 to 22: how close together
    places are gathered), and those of the search but for its place (docs/finder.md). Each place has a count, the box
    of what was gathered, and its meetings by name once the window holds 200 or fewer."""

    permission_classes = [AllowAny]

    def get(self, request: Request) -> Response:
        given = request.query_params.dict()
        asked = asked_from({name: value for name, value in given.items() if name not in PLACED})
        window, zoom = _window(str(given.get("window", ""))), _zoom(str(given.get("zoom", "")))
        now = clock.now()
        shown = finder.on_map(asked.search, window, zoom, now=now)
        off = finder.off_map(asked.search, now=now)
        return Response(
            {
                "places": [_place(place) for place in shown.places],
                "total": shown.total,
                "capped": shown.capped,
                "zone": shown.zone,
                "off_map": {"online": off.online, "unplaced": off.unplaced, "capped": off.capped},
            }
        )


def _place(place: finder.Place) -> dict[str, Any]:
    return {
        "latitude": round(place.latitude, 5),
        "longitude": round(place.longitude, 5),
        "count": place.count,
        "box": [round(edge, 5) for edge in place.box],
        "approximate": place.approximate,
        "meetings": [_meeting(row) for row in place.rows[:NAMED]],
    }


def _meeting(row: finder.Found) -> dict[str, Any]:
    whole = row_of(row)
    return {key: whole[key] for key in OF_A_MEETING}


def _window(text: str) -> finder.Box:
    try:
        south, west, north, east = (float(part) for part in text.split(","))
    except ValueError as wrong:
        raise ValidationError({"window": _("Four numbers: south,west,north,east.")}) from wrong
    return south, west, north, east


def _zoom(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 2):
        raise ValidationError({"zoom": _("A number from 0 to 22.")})
    return int(text)


urls = [path("map/", OnMap.as_view(), name="api_map")]
