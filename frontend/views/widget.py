"""The widget that other sites put on their pages: /widget.js, one script, and /widget.json, what it shows. Public."""

import json
from datetime import date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from frontend.templatetags.zone_names import zone_name
from ground import clock
from ground.site import site_url
from ground.wall import to_wall
from meetings.api.public import JSON, refuse, send
from meetings.selectors import finder
from meetings.selectors.asking import asked_from

SCRIPT = Path(__file__).resolve().parents[1] / "static" / "js" / "widget.js"
MOST = 50
USUAL = 20


@require_safe
def widget_js(request: HttpRequest) -> HttpResponseBase:
    return send(request, lambda: [SCRIPT.read_bytes()], content_type="text/javascript; charset=utf-8", key="widget.js")


@require_safe
def widget_json(request: HttpRequest) -> HttpResponseBase:
    """What the finder finds, as the widget shows it: days of `zone`, words in the language `words`."""
    params = {key: str(value) for key, value in request.GET.dict().items()}
    lang = params.pop("words", "")
    limit = params.get("limit", "")
    rows = int(limit) if limit.isdecimal() and len(limit) < 4 and 1 <= int(limit) <= MOST else USUAL
    with translation.override(lang if lang in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE):
        try:
            asked = asked_from(params)
            if asked.unknown_place:
                return refuse(_("No town of this name is known here."), 400)

            def make() -> list[bytes]:
                now = clock.now()
                page = finder.search(asked.search, now=now, after=params.get("after", ""), limit=rows)
                return [json.dumps(_answer(page, now), ensure_ascii=False).encode()]

            return send(request, make, content_type=JSON)
        except ValidationError as error:
            return refuse(" ".join(error.messages), 400)


def _answer(page: finder.Page, now: datetime) -> dict[str, Any]:
    today = to_wall(now, page.zone).date()
    rows = [(_day(row, page.zone, today), row) for row in page.rows]
    return {
        "lang": translation.get_language(),
        "zone": page.zone,
        "after": page.after,
        "words": {
            "title": _("Meetings"),
            "none": _("No meeting matches."),
            "more": _("Show more"),
            "on_now": _("on now"),
            "zone": _("Times are %(zone)s time.") % {"zone": zone_name(page.zone)},
        },
        "days": [
            {"name": name, "meetings": [_row(row, page.zone) for _name, row in of_day]}
            for name, of_day in groupby(rows, key=lambda pair: pair[0])
        ],
    }


def _day(row: finder.Found, zone: str, today: date) -> str:
    if row.in_progress:
        return _("On now")
    if row.held is None:
        return _("By appointment")
    day = to_wall(row.held.starts_at, zone).date()
    named = {today: _("Today"), today + timedelta(days=1): _("Tomorrow")}
    return named.get(day) or capfirst(date_format(day, "l j F"))


def _row(row: finder.Found, zone: str) -> dict[str, Any]:
    meeting = row.meeting
    how = {"online": _("Online"), "hybrid": _("In person and online")}.get(meeting.mode, "")
    return {
        "name": meeting.name,
        "url": site_url() + reverse("meeting", args=[meeting.slug]),
        "starts_at": row.held.starts_at.isoformat() if row.held else None,
        "time": to_wall(row.held.starts_at, zone).strftime("%H:%M") if row.held else "",
        "in_progress": row.in_progress,
        "how": how,
        "where": "" if meeting.mode == "online" else (meeting.place or meeting.address),
    }
