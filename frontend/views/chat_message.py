"""One message, and all that can be done to it by plain forms. The page of the room has its own way with JavaScript."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from chat import policies, posts, selectors, services
from frontend.actor import signed_in, the_actor
from frontend.views.chat_bubbles import SHOWN, bubble_of
from ground.errors import PorchlightError, Unknown
from people.services import block_set

if TYPE_CHECKING:
    from chat.models import Message, Room

Deed = Callable[[HttpRequest, "Room", int], None]
REFUSALS = (ValidationError, PorchlightError, PermissionDenied)


@signed_in
@require_http_methods(["GET", "POST"])
def message(request: HttpRequest, key: str, seq: int) -> HttpResponse:
    """GET: the message and what I may do. POST `do`: one deed, and back into the room; what was typed is not lost."""
    actor = the_actor(request)
    do, text = _deed_of(request), request.POST.get("body", "")
    room = selectors.room_by_key(key)
    refused: Exception | None = None
    if request.method == "POST" and room is not None:
        try:
            _do(request, room, seq, do)
            # a room of two ends when one does not see the other any more
            return redirect(_way_back(room, seq, do) if policies.can_read(actor, room) else reverse("talk"))
        except REFUSALS as error:
            refused = error
    entry = selectors.text_of(room, seq, actor) if room else None
    if room is None or not policies.can_read(actor, room):  # asked last: see chat.selectors
        return kept(request, _("This room is for the members of its group."), text, 403)
    if entry is None:
        return kept(request, _("This message is not here any more."), text, 404)
    if isinstance(refused, PermissionDenied) and not text:
        raise refused
    status, wrong = words_of(refused) if refused else (200, "")
    if refused and entry.gone:
        wrong = _("This message is not here any more.")
    context = {**_context(request, room, entry), "wrong": wrong, "draft": text, "draft_of": do}
    return render(request, "chat/message.html", context, status=status)


def words_of(error: Exception) -> tuple[int, str]:
    """The status and the sentence of what a service refused."""
    if isinstance(error, ValidationError):
        return 400, error.messages[0]
    return (error.status if isinstance(error, PorchlightError) else 403), str(error)


def kept(request: HttpRequest, sentence: str, text: str, status: int) -> HttpResponse:
    """A refusal behind which there is no form any more: what was typed stands here, to be copied."""
    if not text and status == 403:
        raise PermissionDenied(sentence)
    if not text:
        raise Unknown(sentence)
    return render(request, "chat/kept.html", {"sentence": sentence, "text": text}, status=status)


def _deed_of(request: HttpRequest) -> str:
    """The name of the button that was pressed; those with a sign carry it as their value."""
    return next((name for name in ("react", "unreact") if name in request.POST), request.POST.get("do", ""))


def _do(request: HttpRequest, room: "Room", seq: int, do: str) -> None:
    """Raises what the services raise, and ValidationError for no deed of ours."""
    if do not in DEEDS:
        raise ValidationError(_("Please choose one of the buttons."))
    DEEDS[do](request, room, seq)


def _post(kind: str, body: str = "body") -> Deed:
    """An entry about the message; its words stand in the field `body`."""

    def deed(request: HttpRequest, room: "Room", seq: int) -> None:
        services.message_post(
            actor=the_actor(request),
            room_key=room.key,
            cid=cid_of(request),
            body=request.POST.get(body, ""),
            kind=kind,
            of=seq,
        )

    return deed


def _unpin(request: HttpRequest, room: "Room", _seq: int) -> None:
    services.message_post(actor=the_actor(request), room_key=room.key, cid=cid_of(request), body="", kind=posts.PIN)


def _report(request: HttpRequest, room: "Room", seq: int) -> None:
    services.message_report(actor=the_actor(request), room_key=room.key, seq=seq)
    messages.success(request, _("Thank you. Somebody looks at it. You two do not see each other any more."))


def _block(request: HttpRequest, room: "Room", seq: int) -> None:
    """Whose words these are and I do not see each other; nobody is asked to look, nobody is told."""
    actor = the_actor(request)
    entry = selectors.text_of(room, seq, actor)
    if entry is None or entry.sender is None or not policies.can_read(actor, room):
        raise ValidationError(_("This message is not here any more."))
    block_set(actor=actor, other=entry.sender)
    messages.success(request, _("Done. You two do not see each other any more. Nobody is told."))


DEEDS: dict[str, Deed] = {
    "reply": _post(posts.TEXT),
    "edit": _post(posts.EDIT),
    "delete": _post(posts.DELETE, "nothing"),
    "react": _post(posts.REACT, "react"),
    "unreact": _post(posts.UNREACT, "unreact"),
    "pin": _post(posts.PIN, "nothing"),
    "unpin": _unpin,
    "report": _report,
    "block": _block,
}


def cid_of(request: HttpRequest) -> UUID:
    """The form's key: the same form sent twice is one entry. Raises ValidationError."""
    try:
        return UUID(request.POST.get("cid", ""))
    except ValueError as error:
        raise ValidationError(_("This page is an old one. What you typed is below; please send it again.")) from error


def _way_back(room: "Room", seq: int, do: str) -> str:
    """To the message in its room, or to the end where a new one stands."""
    address = reverse("talk_room", args=[room.key])
    if do in {"reply", "report", "block"}:
        return f"{address}#end"
    if room.last_seq - seq < SHOWN - 1:
        return f"{address}#m{seq}"
    return f"{address}?before={seq + SHOWN // 2}#m{seq}"


def _context(request: HttpRequest, room: "Room", entry: "Message") -> dict[str, Any]:
    actor = the_actor(request)
    standing, own = selectors.standing_in(room, actor), entry.sender_id == actor.pk
    signs = {one.sign: one for one in selectors.signs_of(room.pk, [entry.seq], actor).get(entry.seq, [])}
    deeds = policies.deeds(actor, room, entry, standing)
    until = (entry.at + policies.EDITABLE).astimezone(ZoneInfo(actor.zone))
    return {
        "zone": actor.zone,
        "room": room,
        "name": selectors.names_of([room], actor).get(room.pk) or _("former member"),
        "bubble": bubble_of(entry, actor, ZoneInfo(actor.zone)),
        "back": _way_back(room, entry.seq, ""),
        "cids": [uuid4() for _number in range(4)],
        "can_answer": posts.TEXT in deeds and not entry.gone and not entry.held,
        "can_edit": posts.EDIT in deeds,
        "edit_until": until,
        "can_delete": posts.DELETE in deeds,
        "can_pin": posts.PIN in deeds,
        "pinned": room.pinned == entry.seq,
        "others": not own and entry.sender is not None and not entry.gone,
        "can_remove": standing.is_facilitator,
        "signs": [(sign, signs.get(sign)) for sign in posts.REACTIONS],
    }
