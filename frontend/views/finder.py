"""The finder and a meeting's page: open to guests. Every filter stands in the address; nothing needs JavaScript."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from frontend.actor import actor_of
from frontend.visitor import visitor_zone
from ground import clock
from ground.wall import to_wall
from meetings.guide_types import TYPES
from meetings.selectors import finder
from meetings.selectors.asking import Asked, asked_from

KEPT = ("q", "place", "near", "radius", "day", "within", "on", "mode", "tags")  # what an address may carry
RADII = (5, 10, 25, 50, 100)
TAGS = ("A", "BE", "X", "W", "M", "Y", "LGBTQ", "X-MED")


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is a link: to the same search with or without it."""

    label: str
    url: str
    on: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One row as the page shows it: times in the zone of the page, and the meeting's own when its clock differs."""

    found: finder.Found
    local: datetime | None
    there: datetime | None
    minutes: int  # until it starts, or while on now: until it ends
    tags: list[str]


@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """The finder. Raises ValidationError (400) for an address that cannot be read."""
    now = clock.now()
    visitors = visitor_zone(request)
    params = {key: value for key in KEPT if (value := request.GET.get(key, "").strip())}
    asked = asked_from(params, zone=visitors)
    zone = visitors or finder.main_zone()
    page = finder.Page([], "", zone)
    if not asked.unknown_place:
        page = finder.search(asked.search, now=now, after=request.GET.get("after", ""))
    rows = [_row(found, zone, now) for found in page.rows]
    context = {
        "params": params,
        "asked": asked,
        "days": _by_day(rows, to_wall(now, zone).date()),
        "zone": zone,
        "zone_known": bool(visitors),
        "chips": _chips(params),
        "day_chips": _day_chips(params, to_wall(now, zone).date()),
        "tag_chips": _tag_chips(params),
        "more_open": params.get("tags") or params.get("day", "") in (*finder.DAY_NAMES, "tomorrow"),
        "radii": RADII,
        "radius": asked.search.radius,
        "others": [(city.label, _url(params, place=city.label, near=None)) for city in asked.others],
        "next_url": _url(params, after=page.after) if page.after else "",
        "first_url": _url(params) if request.GET.get("after") else "",
        "wider": _wider(params, asked),
        "nothing_listed": not rows and not finder.anything_listed(),
    }
    return render(request, "finder/find.html", context)


@require_safe
def meeting(request: HttpRequest, slug: str) -> HttpResponse:
    """One meeting: when next, where, how to join, and the first step towards a group."""
    now = clock.now()
    view = finder.meeting_view(slug, actor_of(request), now)
    if view is None:
        raise Http404
    visitors = visitor_zone(request) or view.meeting.zone
    context = {
        "view": view,
        "meeting": view.meeting,
        "row": _row(view.row, visitors, now),
        "dates": [_date(held.starts_at, held.ends_at, view.meeting.zone, visitors, now) for held in view.dates],
        "zone": visitors,
        "tags": [name for _code, name in finder.tags_of(view.meeting)],
        "phone": "".join(c for c in view.meeting.conference_phone if c in "+0123456789,*#")[:40],
    }
    return render(request, "finder/meeting.html", context, status=410 if view.meeting.closed_at else 200)


# --- rows -----------------------------------------------------------------------------------------------------


def _row(found: finder.Found, zone: str, now: datetime) -> Row:
    tags = [name for _code, name in finder.tags_of(found.meeting)][:3]
    if found.held is None:
        return Row(found, None, None, 0, tags)
    local = to_wall(found.held.starts_at, zone)
    there = to_wall(found.held.starts_at, found.meeting.zone)
    until = found.held.ends_at if found.in_progress else found.held.starts_at
    minutes = -((now - until) // timedelta(minutes=1))
    return Row(found, local, there if there != local else None, minutes, tags)


def _by_day(rows: list[Row], today: date) -> list[tuple[str, date | None, list[Row]]]:
    """(heading, date when the heading is one, rows) in order: on now, today, tomorrow, further days, by appointment."""

    def heading(row: Row) -> tuple[str, date | None]:
        if row.found.in_progress:
            return _("On now"), None
        if row.local is None:
            return _("By appointment"), None
        day = row.local.date()
        named = {today: _("Today"), today + timedelta(days=1): _("Tomorrow")}
        return (named[day], None) if day in named else ("", day)

    return [(name, day, list(of_day)) for (name, day), of_day in groupby(rows, key=heading)]


def _date(starts_at: datetime, ends_at: datetime, zone: str, visitors: str, now: datetime) -> dict[str, Any]:
    there, here = to_wall(starts_at, zone), to_wall(starts_at, visitors)
    return {
        "there": there,
        "ends": to_wall(ends_at, zone),
        "here": here if here != there else None,
        "on_now": starts_at <= now < ends_at,
    }


# --- filters as links -----------------------------------------------------------------------------------------


def _url(params: dict[str, str], **changes: str | None) -> str:
    """The finder's address with some parameters set, or left out (None)."""
    kept = {key: value for key, value in {**params, **changes}.items() if value}
    return "?" + urlencode(kept) if kept else "?"


def _chip(params: dict[str, str], label: str, key: str, value: str, *never_with: str) -> Chip:
    on = params.get(key) == value
    return Chip(label, _url(params, **{**dict.fromkeys(never_with), key: None if on else value}), on)


def _chips(params: dict[str, str]) -> list[Chip]:
    return [
        _chip(params, _("Within the hour"), "within", "60", "on", "day"),
        _chip(params, _("On now"), "on", "1", "within", "day"),
        _chip(params, _("Today"), "day", "today", "within", "on"),
        _chip(params, _("Online"), "mode", "online"),
        _chip(params, _("In person"), "mode", "in_person"),
    ]


def _day_chips(params: dict[str, str], today: date) -> list[Chip]:
    """Tomorrow, then the days after it, each by its name."""
    chips = [_chip(params, _("Tomorrow"), "day", "tomorrow", "within", "on")]
    for ahead in range(2, 7):
        weekday = (today + timedelta(days=ahead)).weekday()
        name = str(WEEKDAYS_ABBR[weekday])
        chips.append(_chip(params, name, "day", finder.DAY_NAMES[weekday], "within", "on"))
    return chips


def _tag_chips(params: dict[str, str]) -> list[Chip]:
    chosen = [tag for tag in params.get("tags", "").upper().split(",") if tag]
    chips = []
    for code in TAGS:
        rest = [tag for tag in chosen if tag != code]
        on = code in chosen
        chips.append(Chip(TYPES[code], _url(params, tags=",".join(rest if on else [*rest, code])), on))
    return chips


def _wider(params: dict[str, str], asked: Asked) -> list[tuple[str, str]]:
    """What to try when nothing was found: each drops one narrowing filter."""
    tries: list[tuple[str, str]] = []
    if asked.search.within is not None or asked.search.on_now:
        tries.append((_("See what comes next"), _url(params, within=None, on=None)))
        if asked.search.mode != "online":
            tries.append((_("Online, from anywhere"), _url(params, mode="online", place=None, near=None, radius=None)))
    elif asked.search.day:
        tries.append((_("Any day"), _url(params, day=None)))
    if asked.search.near and asked.search.radius < RADII[-1]:
        tries.append((_("Farther around"), _url(params, radius=str(RADII[-1]))))
    if params:
        tries.append((_("Start again"), "?"))
    return tries
