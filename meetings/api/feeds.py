"""GET /meetings.json: the meetings here as a Meeting Guide feed."""

import json
from collections.abc import Iterator

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import path, reverse
from django.views.decorators.http import require_safe

from ground import clock
from ground.site import site_url
from meetings.api.public import JSON, send
from meetings.out import guide
from meetings.out.public import Public, joined
from meetings.selectors import published


@require_safe
def meetings_json(request: HttpRequest) -> HttpResponseBase:
    """All open weekly meetings; `?source=NAME` those of one list. An unknown list is an empty one."""
    # NUL: no database takes it, and no list is called so
    source = request.GET.get("source", "")[:80].replace("\0", "\ufffd")
    return send(request, lambda: joined(_array(source)), content_type=JSON, key=f"guide {source}")


def _array(source: str) -> Iterator[bytes]:
    now, numbered = clock.now(), published.numbered_slugs()
    between = b"[\n"
    for one in published.published(published.open_meetings(source=source)):
        for entry in guide.entries(one, now=now, page=page_of(one), taken=numbered.__contains__):
            yield between + json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode()
            between = b",\n"
    yield b"[]\n" if between == b"[\n" else b"\n]\n"


def page_of(one: Public) -> str:
    """The address of a meeting's page, for readers elsewhere."""
    return site_url() + reverse("meeting", args=[one.slug])


urls = [path("meetings.json", meetings_json, name="meetings_json")]
