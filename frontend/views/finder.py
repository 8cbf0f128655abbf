"""The finder and a meeting's page: open to guests. Every filter stands in the address; nothing needs JavaScript."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from frontend.actor import actor_of, signed_in, the_actor
from frontend.finder_filters import KEPT, as_items, elsewhere, filters, main_chips, type_name, url_of, wider
from frontend.finder_rows import Row, by_day, row_of
from frontend.qr import qr_of
from frontend.tiles import tiles
from frontend.visitor import for_this_browser, place_is_lost, visitor_zone, with_position
from ground import clock
from ground.wall import to_wall
from meetings.fellowships import FELLOWSHIPS
from meetings.selectors import finder
from meetings.selectors.asking import asked_from
from meetings.services.group_meetings import meeting_confirm
from own.selectors import is_favourite

PART = "X-Part"  # a header: the page's rows alone are asked for
MORE = ("tags", "lang", "fellowship", "time", "sort")  # filters that stand below "More days and kinds"


@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """The finder. Raises ValidationError (400) for an address that cannot be read."""
    shown = found_for(request)
    params = shown["params"]
    shown |= {
        **(elsewhere(params, get_language() or "") if shown["days"] else {}),
        "map_url": reverse("find_map") + url_of(params).removesuffix("?") if tiles() else "",
    }
    if request.headers.get(PART) == "results":  # js/visitor_zone.js
        part = render(request, "finder/results.html", shown)
        part["Cache-Control"] = "no-store"  # else Back might show it in the page's place
        return part
    more_open = any(params.get(key) for key in MORE) or params.get("day", "") not in {"", "today"}
    whole = shown | filters(params, shown["asked"], shown["today"]) | {"more_open": more_open}
    return for_this_browser(render(request, "finder/find.html", whole), request)


def found_for(request: HttpRequest) -> dict[str, Any]:
    """What the address asks for and what was found, for a page that shows the list."""
    now = clock.now()
    visitors = visitor_zone(request)
    params = _params(request)
    asked = asked_from(with_position(params, request), zone=visitors)
    zone = visitors or finder.main_zone()
    page = finder.Page([], "", zone)
    if not asked.unknown_place:
        page = finder.search(asked.search, now=now, after=request.GET.get("after", ""))
    rows = [row_of(found, zone, now) for found in page.rows]
    today = to_wall(now, zone).date()
    return {
        "params": params,
        "asked": asked,
        "found": page.rows,
        "days": by_day(rows, today, asked.search.sort),
        "today": today,
        "zone": zone,
        "chips": as_items(main_chips(params)),
        "others": [(city.label, url_of(params, place=city.label, near=None)) for city in asked.others],
        "next_url": url_of(params, after=page.after) if page.after else "",
        "first_url": url_of(params) if request.GET.get("after") else "",
        "wider": [] if rows else wider(params, asked),
        "nothing_listed": not rows and not finder.anything_listed(),
        "place_lost": place_is_lost(request),
    }


@require_safe
def counts(request: HttpRequest) -> HttpResponse:
    """The filters with how many meetings each would leave: a second request, after the list is there."""
    now = clock.now()
    visitors = visitor_zone(request)
    params = _params(request)
    asked = asked_from(with_position(params, request), zone=visitors)
    found = None if asked.unknown_place else finder.facets(asked.search, now=now)
    today = to_wall(now, visitors or finder.main_zone()).date()
    return for_this_browser(render(request, "finder/more.html", filters(params, asked, today, found)), request)


@require_safe
def meeting(request: HttpRequest, slug: str) -> HttpResponse:
    """One meeting: when next, where, how to join, and the first step towards a group."""
    now, actor = clock.now(), actor_of(request)
    view = finder.meeting_view(slug, actor, now)
    if view is None:
        raise Http404
    visitors = visitor_zone(request) or view.meeting.zone
    context = {
        "view": view,
        "meeting": view.meeting,
        "row": row_of(view.row, visitors, now),
        "dates": [_date(held.starts_at, held.ends_at, view.meeting.zone, visitors, now) for held in view.dates],
        "coming": _coming(view, visitors, now),
        "zone": visitors,
        "tags": [type_name(code) for code, _name in finder.tags_of(view.meeting)],
        "address": _address(request),
        "drawn": qr_of(_address(request)),
        "favourite": actor is not None and is_favourite(actor, slug),
        "guest": actor is None,
        "on_map": view.mapped and tiles() is not None,
        "fellowship": FELLOWSHIPS.get(view.meeting.fellowship, ""),
        "phone": "".join(c for c in view.meeting.conference_phone if c in "+0123456789,*#")[:40],
    }
    return render(request, "finder/meeting.html", context, status=410 if view.meeting.closed_at else 200)


@require_POST
@signed_in
def confirm(request: HttpRequest, slug: str) -> HttpResponse:
    """One tap of a facilitator: all that stands here is right."""
    view = finder.meeting_view(slug, the_actor(request), clock.now())
    if view is None:
        raise Http404
    meeting_confirm(actor=the_actor(request), meeting=view.meeting)
    messages.success(request, _("Thank you. The finder says that it was confirmed today."))
    return redirect("meeting", slug)


def _params(request: HttpRequest) -> dict[str, str]:
    """What the address asks for. The order by distance goes with the place it was from: one tap takes that away."""
    params = {key: value for key in KEPT if (value := request.GET.get(key, "").strip())}
    if params.get("near") and "near" not in with_position(params, request):
        del params["near"]
    if params.get("sort") == finder.BY_DISTANCE and not (params.get("place") or params.get("near")):
        del params["sort"]
    return params


def _address(request: HttpRequest) -> str:
    return settings.SITE_URL + request.path if settings.SITE_URL else request.build_absolute_uri(request.path)


def rows_shown(request: HttpRequest, found: list[finder.Found], now: datetime) -> tuple[str, list[Row]]:
    """(the zone whose times they show, the rows) for a list that no search made."""
    zone = visitor_zone(request) or finder.main_zone()
    return zone, [row_of(one, zone, now) for one in found]


def _coming(view: finder.MeetingView, visitors: str, now: datetime) -> list[dict[str, Any]]:
    """The next dates as its page lists them: also those that are cancelled, and where a moved one usually is."""
    zone, rows = view.meeting.zone, []
    for held in view.dates:
        moved = held.original_local in view.changes
        row = _date(held.starts_at, held.ends_at, zone, visitors, now)
        rows.append(row | {"key": held.key, "usual": held.original_local if moved else None})
    rows += [{"there": local, "off": True} for local in view.cancelled]
    return sorted(rows, key=lambda row: row["there"])


def _date(starts_at: datetime, ends_at: datetime, zone: str, visitors: str, now: datetime) -> dict[str, Any]:
    there, here = to_wall(starts_at, zone), to_wall(starts_at, visitors)
    return {
        "there": there,
        "ends": to_wall(ends_at, zone),
        "here": here if here != there else None,
        "on_now": starts_at <= now < ends_at,
    }
