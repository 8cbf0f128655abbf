"""/print/: the meetings of a search on paper, A4 or letter, as a list or as a booklet to fold. Open to guests."""

from dataclasses import replace
from datetime import date
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from frontend.finder_filters import LASTING
from frontend.visitor import for_this_browser, place_is_lost, visitor_zone, with_position
from frontend.zones import ZONES
from ground import clock
from ground.site import site_url
from meetings.out import booklet
from meetings.selectors.asking import asked_from
from meetings.selectors.printed import Line, Printed, printed

PAPERS = ("a4", "letter")


@require_safe
def print_list(request: HttpRequest) -> HttpResponse:
    """Raises ValidationError (400) for an address that cannot be read."""
    params = {key: value for key in (*LASTING, "zone") if (value := request.GET.get(key, "").strip())}
    asked = asked_from(with_position(params, request), zone=visitor_zone(request))
    found = Printed("", date.min, [], [], more=False)
    if not asked.unknown_place:
        found = printed(replace(asked.search, day="", within=None, on_now=False), now=clock.now())
    paper = request.GET.get("paper", "")
    context = {
        "asked": asked,
        "found": found,
        "days": _days(found),
        "paper": paper if paper in PAPERS else "a4",
        "fold": request.GET.get("fold", "") == "1",
        "kept": {key: value for key, value in params.items() if key in LASTING},
        "back": "?" + urlencode({key: value for key, value in params.items() if key in LASTING}),
        "zones": ZONES,
        "site": site_url(),
        "today": clock.now(),
        "place_lost": place_is_lost(request),
    }
    if context["fold"]:
        pages = booklet.panels(_days(found))
        context["sides"] = [
            [pages[at] if at is not None else None for at in side] for side in booklet.sheets(len(pages))
        ]
    return for_this_browser(render(request, "finder/printed.html", context), request)


def _days(found: Printed) -> list[tuple[str, list[Line]]]:
    days: list[tuple[str, list[Line]]] = [(_name(day), lines) for day, lines in found.days]
    return [*days, (_("By appointment"), found.asking)] if found.asking else days


def _name(day: date) -> str:
    return capfirst(date_format(day, "l j F"))
