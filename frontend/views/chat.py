"""Talk: the list of one's rooms, and a room. Both can be read and posted to without JavaScript."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from chat import policies, selectors, services
from chat.roster import is_closed
from frontend.actor import actor_of, signed_in
from ground.errors import TooMany

SHOWN = 50  # entries of a page
OFFER = re.compile(r"/need/[0-9a-z]+/claim/")
DOTS = 8  # colours beside a name; chat.js counts them the same way


@dataclass(frozen=True, slots=True)
class Bubble:
    """One entry as it is shown; `at` is local."""

    seq: int
    own: bool
    name: str
    dot: int
    body: str
    at: datetime
    offer: str = ""  # where to answer, when nobody wrote this but somebody would like a chat


@signed_in
@require_GET
def talk(request: HttpRequest) -> HttpResponse:
    """My rooms: when somebody wrote last, and how much I have not read."""
    return render(request, "chat/talk.html", _list_of(request))


@signed_in
@require_http_methods(["GET", "POST"])
def room(request: HttpRequest, key: str) -> HttpResponse:
    """GET: the last entries, or those before a seq. POST: one text under the form's own key."""
    actor = actor_of(request)
    assert actor is not None
    text, wrong = "", ""
    if request.method == "POST":
        text = request.POST.get("body", "")
        try:
            services.message_post(actor=actor, room_key=key, cid=_cid(request), body=text)
            return redirect(reverse("talk_room", args=[key]) + "#end")
        except (ValidationError, TooMany) as error:  # what was typed is kept
            wrong = error.messages[0] if isinstance(error, ValidationError) else str(error)
    found = selectors.room_by_key(key)
    before = _before(request)
    entries = selectors.entries(found.pk, before=before or 2**62, limit=SHOWN) if found else []
    if found is None or not policies.can_read(actor, found):  # asked last: see chat.selectors
        raise PermissionDenied(_("This room is for the members of its group."))
    last = entries[-1].seq if entries else found.last_seq if not before else 0
    if last and not before:
        services.read_mark_set(actor=actor, room_key=key, seq=last)
    zone = ZoneInfo(actor.zone)
    context = {
        **_list_of(request),
        "room": found,
        "bubbles": [_bubble(entry, actor.pk, zone) for entry in entries],
        "earlier": entries[0].seq if entries and entries[0].seq > found.floor + 1 else None,
        "before": before,
        "last": last,
        "name": selectors.names_of([found], actor)[found.pk] or _("A talk"),
        "closed": is_closed(found),
        "cid": uuid4(),
        "text": text,
        "wrong": wrong,
    }
    return render(request, "chat/room.html", context, status=400 if wrong else 200)


def _list_of(request: HttpRequest) -> dict[str, Any]:
    actor = actor_of(request)
    assert actor is not None
    services.rooms_open(actor=actor)
    zone = ZoneInfo(actor.zone)
    lines = [
        {
            "key": line.key,
            "name": line.name,
            "last_seq": line.last_seq,
            "at": line.last_at.astimezone(zone) if line.last_at else None,
            "unread": line.unread,
            "closed": line.closed,
        }
        for line in selectors.lines_of(actor)
    ]
    return {"lines": lines, "me": actor}


def _bubble(entry: Any, actor_pk: int, zone: ZoneInfo) -> Bubble:
    sender = entry.sender
    offer = OFFER.search(entry.body) if entry.kind == "offer" else None
    return Bubble(
        seq=entry.seq,
        own=sender is not None and sender.pk == actor_pk,
        name="Porchlight" if offer else entry.sender_name or _("former member"),
        dot=int(sender.pid.hex[:2], 16) % DOTS if sender else 0,
        body=entry.body,
        at=entry.at.astimezone(zone),
        offer=offer[0] if offer else "",
    )


def _cid(request: HttpRequest) -> UUID:
    """The form's key: the same form sent twice is one message. Raises ValidationError."""
    try:
        return UUID(request.POST.get("cid", ""))
    except ValueError as error:
        raise ValidationError(_("This page is an old one. What you typed is below; please send it again.")) from error


def _before(request: HttpRequest) -> int | None:
    given = request.GET.get("before", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 16 else None
