"""What is a person's own business: how they are reached and when, who looked, whom they blocked; and the People tab."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from circle.selectors import supporters_of
from delivery.codes import code_send, way_try
from delivery.selectors import stopped_among
from delivery.transports import ways_out
from delivery.transports.webpush import public_key
from frontend.actor import signed_in, the_actor
from frontend.language import remember
from frontend.may_reach import may_reach
from frontend.zones import ZONES
from ground import clock
from ground.errors import Conflict, TooMany
from people import addresses, selectors, services

if TYPE_CHECKING:
    from people.models import Person

HOUR = 60  # minutes
DAY = 24 * HOUR
TRIED = {  # what became of a test message
    "sent": (
        gettext_lazy("A test is on its way. It should be there in a minute or two."),
        messages.SUCCESS,
    ),
    "uncertain": (gettext_lazy("A test left; we do not know whether it arrived."), messages.SUCCESS),
    "soft": (gettext_lazy("The test did not go out just now. Please try again later."), messages.WARNING),
    "hard": (gettext_lazy("The test was refused there for good, so we do not use this way now."), messages.WARNING),
    "stopped": (gettext_lazy("Someone wrote STOP from there, so nothing was sent."), messages.WARNING),
}
LOOKED_AT = {  # what services write into the access log, in words for the member
    "attendance list": gettext_lazy("the list of a meeting you are on"),
    "latest attendance": gettext_lazy("your latest marks"),
}


@require_safe
@signed_in
def people(request: HttpRequest) -> HttpResponse:
    """Two sections: my groups, and the people I chose."""
    return render(request, "people/people.html", {"chosen": supporters_of(the_actor(request))})


@require_safe
@signed_in
def reach(request: HttpRequest) -> HttpResponse:
    """What reaches me: the ways in their order, and the hours."""
    return _reach_page(request)


@require_POST
@signed_in
def reach_add(request: HttpRequest) -> HttpResponse:
    """A new address or number: it gets a code first."""
    actor = the_actor(request)
    address, kind = request.POST.get("address", ""), request.POST.get("kind", "email")
    given: dict[str, Any] = {"given": address, "given_kind": kind}
    try:
        send_code(request, actor, address, kind)
    except ValidationError as refused:
        return _reach_page(request, errors=refused.messages, status=400, **given)
    except (TooMany, Conflict) as refused:
        return _reach_page(request, errors=[str(refused)], status=refused.status, **given)
    return redirect("reach_code")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def reach_code(request: HttpRequest) -> HttpResponse:
    """Type the code that came by mail or as a text message."""
    actor = the_actor(request)
    waiting = selectors.code_waiting(actor, clock.now())
    errors: list[str] = []
    if request.method == "POST":
        try:
            way = addresses.address_code_use(actor=actor, code=request.POST.get("code", ""))
        except ValidationError as refused:
            errors = refused.messages
        else:
            messages.success(request, _("%(address)s reaches you from now on.") % {"address": way.address})
            return redirect("reach")
    context = {"waiting": waiting, "errors": errors}
    return render(request, "people/reach_code.html", context, status=400 if errors else 200)


@require_POST
@signed_in
def reach_way(request: HttpRequest, way_id: int) -> HttpResponse:
    """Move a way up or down, take it off, try it, or sign in with it."""
    actor = the_actor(request)
    action = request.POST.get("action", "")
    try:
        if action in {"up", "down"}:
            addresses.way_move(actor=actor, way_id=way_id, up=action == "up")
        elif action == "remove":
            addresses.address_remove(actor=actor, way_id=way_id)
            messages.success(request, _("Taken off. Nothing is sent there any more."))
        elif action == "test":
            message, level = TRIED[way_try(actor=actor, way_id=way_id)]
            messages.add_message(request, level, message)
        elif action == "sign_in":
            addresses.sign_in_address_set(actor=actor, way_id=way_id)
            messages.success(request, _("You sign in with this address from now on."))
        else:
            return HttpResponseBadRequest()
    except ValidationError as refused:
        messages.warning(request, " ".join(refused.messages))
    except (TooMany, Conflict) as refused:
        messages.warning(request, str(refused))
    return redirect("reach")


@require_POST
@signed_in
def reach_hours(request: HttpRequest) -> HttpResponse:
    """The hours in which messages may come, the zone they are counted in, and the language."""
    first, last = request.POST.get("first", ""), request.POST.get("last", "")
    language = request.POST.get("language", "")
    if not (first.isdecimal() and last.isdecimal()):
        return _reach_page(request, hours_errors=[_("Please choose both hours.")], status=400)
    if language not in dict(settings.LANGUAGES):
        return _reach_page(request, hours_errors=[_("This language is not here yet.")], status=400)
    window = (min(int(first), DAY), min(int(last), DAY))
    try:
        services.person_settings(
            actor=the_actor(request), zone=request.POST.get("zone", ""), window=window, language=language
        )
    except ValidationError as refused:
        the_actor(request).refresh_from_db()
        return _reach_page(request, hours_errors=refused.messages, status=400)
    with override(language):
        messages.success(request, _("Saved."))
    return remember(redirect("reach"), settings.LANGUAGE_COOKIE_NAME, language)


@require_safe
@signed_in
def looked(request: HttpRequest) -> HttpResponse:
    """Who looked at my attendance, and when (D14)."""
    actor = the_actor(request)
    looks = [
        {"name": look.reader_name, "at": look.at, "word": LOOKED_AT.get(look.what, look.what)}
        for look in selectors.looks_at(actor)
    ]
    return render(request, "people/looked.html", {"looks": looks, "zone": actor.zone})


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def blocks(request: HttpRequest) -> HttpResponse:
    """Whom I blocked; POST `pid` lifts one. Nobody is told of either."""
    actor = the_actor(request)
    found = selectors.blocks_of(actor)
    if request.method == "POST":
        pid = request.POST.get("pid", "")
        other = next((block.blocked for block in found if _same(block.blocked.pid, pid)), None)
        if other is None:
            raise Http404
        services.block_lift(actor=actor, other=other)
        messages.success(request, _("Lifted. You may see each other again. Nobody is told."))
        return redirect("blocks")
    return render(request, "people/blocks.html", {"blocks": found})


def send_code(request: HttpRequest, actor: "Person", address: str, kind: str = "email") -> None:
    """Make a code and send it. Says nothing of what is known of the address. Raises as code_send does."""
    if not code_send(actor=actor, address=address, kind=kind):
        messages.warning(request, _("The code did not go out just now. Nothing is lost: ask for a fresh one later."))


def _reach_page(
    request: HttpRequest,
    *,
    given: str = "",
    given_kind: str = "email",
    errors: list[str] | None = None,
    hours_errors: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    actor = the_actor(request)
    ways = selectors.ways_of(actor)
    stopped = stopped_among([way.address_hash for way in ways])
    account = selectors.account_of(actor)
    context: dict[str, Any] = {
        "ways": [
            {
                "way": way,
                "stopped": way.address_hash in stopped,
                "signs_in": bool(account and account.email and account.email == way.address),
            }
            for way in ways
        ],
        "waiting": selectors.code_pending(actor, clock.now()),
        "given": given,
        "given_kind": given_kind,
        "kinds": ways_out(),
        "may_reach": may_reach(actor),
        "push_key": public_key() if "webpush" in ways_out() else "",
        "errors": errors or [],
        "hours_errors": hours_errors or [],
        "person": actor,
        "zones": ZONES if actor.zone in ZONES else [actor.zone, *ZONES],
        "languages": settings.LANGUAGES,
        "firsts": _clock_faces(range(0, DAY, HOUR), actor.window_start),
        "lasts": _clock_faces(range(HOUR, DAY + HOUR, HOUR), actor.window_end),
    }
    return render(request, "people/reach.html", context, status=status)


def _clock_faces(minutes: range, chosen: int) -> list[tuple[int, str]]:
    """(minute of the day, "08:00") for a list to choose from; what was chosen before is always among them."""
    return [(minute, f"{minute // HOUR:02d}:{minute % HOUR:02d}") for minute in sorted({*minutes, chosen})]


def _same(pid: UUID, text: str) -> bool:
    return str(pid) == text.lower()
