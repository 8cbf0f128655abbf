"""Talk: the list of one's rooms, and a room. Both can be read and posted to without JavaScript."""

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from chat import policies, posts, selectors, services
from frontend.actor import signed_in, the_actor
from frontend.views.chat_bubbles import SHOWN, bubbles_of
from frontend.views.chat_message import cid_of, kept, words_of
from ground.errors import Conflict, Settled, TooMany
from people.selectors import person_by_pid

if TYPE_CHECKING:
    from people.models import Link


@signed_in
@require_GET
def talk(request: HttpRequest) -> HttpResponse:
    """My rooms: when somebody wrote last, and how much I have not read."""
    actor = the_actor(request)
    return render(request, "chat/talk.html", {**_list_of(request), "waiting": len(selectors.cases_for(actor))})


@signed_in
@require_http_methods(["GET", "POST"])
def room(request: HttpRequest, key: str) -> HttpResponse:
    """GET: the last entries, or those before a seq. POST: one text under the form's own key."""
    actor = the_actor(request)
    text, wrong = "", ""
    if request.method == "POST":
        text = request.POST.get("body", "")
        try:
            services.message_post(actor=actor, room_key=key, cid=cid_of(request), body=text)
            return redirect(reverse("talk_room", args=[key]) + "#end")
        except (ValidationError, TooMany, Conflict) as error:  # what was typed is kept
            _status, wrong = words_of(error)
        except (Settled, PermissionDenied) as error:
            status, sentence = words_of(error)
            return kept(request, sentence, text, status)
    found = selectors.room_by_key(key)
    before = _before(request)
    entries = selectors.entries(found.pk, before=before or 2**62, limit=SHOWN) if found else []
    if found is None or not policies.can_read(actor, found):  # asked last: see chat.selectors
        raise PermissionDenied(_("This room is for the members of its group."))
    last = entries[-1].seq if entries else found.last_seq if not before else 0
    if last and not before:
        services.read_mark_set(actor=actor, room_key=key, seq=last)
    shown, standing = selectors.visible(entries, actor), selectors.standing_in(found, actor)
    listed = _list_of(request)
    context = {
        **listed,
        "room": found,
        "name": selectors.names_of([found], actor).get(found.pk) or _("former member"),
        "bubbles": bubbles_of(found, shown, actor),
        "notify": next((line["notify"] for line in listed["lines"] if line["key"] == key), ""),
        "notify_choices": _notify_choices(),
        "deeds": [deed for deed in selectors.plain(found, entries, actor) if deed["kind"] in {"react", "unreact"}],
        "pinned": _pinned(found, actor),
        "can_pin": found.group is None or standing.is_facilitator,
        "can_remove": standing.is_facilitator,
        "reactions": posts.REACTIONS,
        "slow_choices": [(0, _("none")), (30, _("30 seconds")), (300, _("5 minutes"))],
        "earlier": entries[0].seq if entries and entries[0].seq > found.floor + 1 else None,
        "before": before,
        "last": last,
        "closed": selectors.is_closed(found),
        "cid": uuid4(),
        "text": text,
        "wrong": wrong,
    }
    return render(request, "chat/room.html", context, status=400 if wrong else 200)


def _list_of(request: HttpRequest) -> dict[str, Any]:
    actor = the_actor(request)
    services.rooms_open(actor=actor)
    lines = [
        {
            "key": line.key,
            "name": line.name or _("former member"),
            "last_seq": line.last_seq,
            "at": line.last_at,
            "unread": line.unread,
            "closed": line.closed,
            "notify": line.notify,
            "tag": services.tag_of(line.pk, actor),
        }
        for line in selectors.lines_of(actor)
    ]
    return {"lines": lines, "me": actor}


def _notify_choices() -> list[tuple[str, str]]:
    words = (_("Once, until I read"), _("Only when I am named"), _("Never"))
    return list(zip(services.WISHES, words, strict=True))


def _pinned(room: Any, actor: Any) -> str:
    """The pinned words, when the reader may see them."""
    found = selectors.text_of(room, room.pinned, actor) if room.pinned is not None else None
    return found.body if found else ""


def _before(request: HttpRequest) -> int | None:
    given = request.GET.get("before", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 16 else None


@signed_in
@require_http_methods(["GET", "POST"])
def search(request: HttpRequest) -> HttpResponse:
    """Words of my own rooms. A POST, so that what was searched for stays out of the address."""
    actor = the_actor(request)
    asked = request.POST.get("q", "")[:200]
    found = [
        {
            "at": one.at,
            "before": one.seq + 1,
            "key": one.key,
            "room": one.room or _("former member"),
            "name": one.name,
            "body": one.body,
        }
        for one in selectors.search(actor=actor, text=asked)
    ]
    return render(request, "chat/search.html", {"asked": asked, "found": found, "zone": actor.zone})


@signed_in
@require_http_methods(["GET", "POST"])
def cases(request: HttpRequest) -> HttpResponse:
    """What waits for me to decide, as a facilitator or the coordinator. POST: leave it, or take it away."""
    actor = the_actor(request)
    if request.method == "POST":
        ref = request.POST.get("ref", "")
        if request.POST.get("answer") not in {"keep", "remove"} or not (ref.isascii() and ref.isdigit()):
            return HttpResponseBadRequest(_("Please choose one of the buttons."))
        try:
            remove = request.POST["answer"] == "remove"
            services.report_decide(actor=actor, report_id=int(ref), remove=remove)
            messages.success(
                request, _("Done. The words are taken away.") if remove else _("Done. The words stay in the talk.")
            )
        except Settled as over:
            messages.info(request, str(over))
        return redirect("talk_cases")
    return render(request, "chat/cases.html", {"cases": selectors.cases_for(actor), "zone": actor.zone})


@signed_in
@require_POST
def pair(request: HttpRequest) -> HttpResponse:
    """The room of this person and me."""
    actor = the_actor(request)
    try:
        other = person_by_pid(UUID(request.POST.get("with", "")))
    except (ValueError, ObjectDoesNotExist) as error:
        raise PermissionDenied(_("You cannot write to this person here.")) from error
    return redirect("talk_room", services.pair_room_open(actor=actor, other=other).key)


@signed_in
@require_POST
def listen(request: HttpRequest, key: str) -> HttpResponse:
    """A facilitator asks a member to listen for a while."""
    actor = the_actor(request)
    try:
        minutes, pid = int(request.POST.get("minutes", "")), UUID(request.POST.get("with", ""))
        services.silence_set(actor=actor, room_key=key, pid=pid, minutes=minutes)
    except (ValueError, ValidationError, ObjectDoesNotExist):
        return HttpResponseBadRequest(_("Please choose one of the buttons."))
    messages.success(request, _("Done. They read on, and cannot write for an hour.") if minutes else _("Done."))
    return redirect("talk_room", key)


@signed_in
@require_POST
def notify(request: HttpRequest, key: str) -> HttpResponse:
    """How much this room tells me when I am away."""
    actor = the_actor(request)
    try:
        services.notices_wish(actor=actor, room_key=key, wish=request.POST.get("notify", ""))
    except ValidationError:
        return HttpResponseBadRequest(_("Please choose one of the buttons."))
    return redirect("talk_room", key)


def room_by_link(request: HttpRequest, link: "Link") -> HttpResponse:
    """A notification leads to its room, which asks them to sign in."""
    key = selectors.key_of(link.subject)
    return redirect("talk_room", key) if key else redirect("talk")


@signed_in
@require_POST
def slow(request: HttpRequest, key: str) -> HttpResponse:
    """A facilitator slows the room down."""
    actor = the_actor(request)
    try:
        services.slow_set(actor=actor, room_key=key, seconds=int(request.POST.get("seconds", "")))
    except (ValueError, ValidationError):
        return HttpResponseBadRequest(_("Please choose one of the buttons."))
    return redirect("talk_room", key)
