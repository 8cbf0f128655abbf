"""The calm screen, being asked, and being available. GET never acts."""

import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.contrib.staticfiles import finders
from django.core.exceptions import ImproperlyConfigured
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cravings import selectors, services
from delivery.catalogue import text_of
from frontend.actor import actor_of, signed_in, the_actor
from frontend.templatetags.need import room_part
from ground import clock
from ground.errors import Conflict, Settled, TooMany
from own.guide_cards import CARDS
from own.selectors import call_card_of, coping_of

if TYPE_CHECKING:
    from cravings.lines import Line
    from people.models import Link, Person

ACTS: dict[str, Callable[..., Any]] = {
    "somebody-else": services.press_refuse,
    "second": services.press_second,
    "still-here": services.press_still_here,
    "give-back": services.press_give_back,
    "hand-over": partial(services.press_second, hand_over=True),
}
REGION_COOKIE = "place"
LEVELS = {str(level) for level in range(11)}
A_YEAR = 365 * 24 * 3600  # seconds
SENTENCE = re.compile(r"(?<=[.?]) ")


@never_cache
@require_http_methods(["GET", "POST"])
def need(request: HttpRequest) -> HttpResponse:
    """GET shows the calm screen at once; POST asks for somebody, in one tap, and comes back to it."""
    actor = actor_of(request)
    if request.method == "POST":
        if actor is None:
            return redirect_to_login(reverse("need"))
        key = _key(request.POST.get("client_key", "")) or uuid4()
        press = services.press_make(actor=actor, client_key=key, again=request.POST.get("again") == "yes")
        return _back(press.client_key)
    return render(request, "cravings/need.html", _screen(request, actor))


@never_cache
@require_GET
def need_state(request: HttpRequest) -> HttpResponse:
    """The part of the calm screen that changes: fetched every few seconds."""
    actor = actor_of(request)
    if actor is None:
        return HttpResponse(status=204)
    return render(request, "cravings/parts/state.html", _state(request, actor))


@never_cache
@require_GET
@signed_in
def need_room(request: HttpRequest, key: str) -> HttpResponse:
    """What stands above a craving's room now."""
    return render(request, "cravings/parts/room.html", room_part(the_actor(request), key))


@require_GET
def need_offline(request: HttpRequest) -> HttpResponse:
    """The calm screen without anything personal: what the service worker keeps for when there is no network."""
    return render(request, "cravings/need.html", {**_around(request, None), "offline": True})


@require_POST
@signed_in
def need_undo(request: HttpRequest, ref: str) -> HttpResponse:
    return _back(services.press_undo(actor=the_actor(request), ref=ref).client_key)


@require_POST
@signed_in
def need_now(request: HttpRequest, ref: str) -> HttpResponse:
    return _back(services.press_now(actor=the_actor(request), ref=ref).client_key)


@require_POST
@signed_in
def need_mark(request: HttpRequest, ref: str) -> HttpResponse:
    """How strong it is, while waiting: one tap, if at all."""
    given = request.POST.get("level", "")
    level = int(given) if given in LEVELS else -1  # which the service refuses, in words
    return _back(services.press_mark(actor=the_actor(request), ref=ref, level=level).client_key)


@require_POST
@signed_in
def need_close(request: HttpRequest, ref: str) -> HttpResponse:
    """Either of the two ends it. Who asked comes back to the calm screen, who came to the thank-you."""
    actor = the_actor(request)
    level = request.POST.get("level", "")
    how, number = request.POST.get("how", ""), int(level) if level in LEVELS else None
    press = services.press_close(actor=actor, ref=ref, how=how, level=number)
    if press.person_id == actor.pk:
        return _back(press.client_key)
    return redirect("need_claim", ref=ref)


@require_POST
@signed_in
def need_act(request: HttpRequest, ref: str, act: str) -> HttpResponse:
    """What either of those who talk may do in one tap; each comes back to their own page."""
    actor = the_actor(request)
    press = ACTS[act](actor=actor, ref=ref)
    if press.person_id == actor.pk:
        return _back(press.client_key)
    return redirect("need_claim", ref=ref)


@require_POST
def need_place(request: HttpRequest) -> HttpResponse:
    """Where am I? Kept with the person, for guests in a cookie of this browser. No place is guessed."""
    region = request.POST.get("region", "")
    services.region_check(region)
    response = redirect(reverse("need") + "#lines")
    actor = actor_of(request)
    if actor is not None:
        services.region_choose(actor=actor, region=region)
    else:
        response.set_cookie(REGION_COOKIE, region, max_age=A_YEAR, httponly=True, samesite="Lax")
    return response


@never_cache
@signed_in
@require_http_methods(["GET", "POST"])
def need_claim(request: HttpRequest, ref: str) -> HttpResponse:
    """From the room or the inbox: be there for somebody."""
    actor = the_actor(request)
    if request.method == "POST":
        return _claim(request, actor, ref=ref)
    press = selectors.press_offered_to(actor, ref=ref)
    if press is None:
        raise Http404
    return _offer_page(request, selectors.offer_view(actor, press))


@require_http_methods(["GET", "POST"])
def press_by_link(request: HttpRequest, link: "Link") -> HttpResponse:
    """From a message: the same, without signing in. The link is the person's own."""
    press = selectors.press_offered_to(link.person, pk=link.subject)
    if press is None:
        raise Settled(_("This is settled. Thank you for looking."))
    if request.method == "POST":
        if "how" in request.POST:
            services.press_close(actor=link.person, ref=press.ref)
            return redirect(request.path)
        act = request.POST.get("act", "")
        if act in ("give-back", "hand-over"):
            ACTS[act](actor=link.person, ref=press.ref)
            return redirect(request.path)
        return _claim(request, link.person, ref=press.ref)
    return _offer_page(request, selectors.offer_view(link.person, press))


def need_by_link(request: HttpRequest, link: "Link") -> HttpResponse:
    """A message to who asked leads to their calm screen, which asks them to sign in."""
    return redirect("need")


@require_http_methods(["GET", "POST"])
def supporter_by_link(request: HttpRequest, link: "Link") -> HttpResponse:
    """A chosen person was asked to call: no account, no script; GET changes nothing."""
    row = services.supporter_asked_by(link)
    if request.method == "POST":
        services.supporter_answer(link=link, answer=request.POST.get("answer", ""))
        return redirect(request.path)
    context = {
        "name": row.supporter.sender_name,
        "answer": row.answer,
        "over": row.press.ended_at is not None or row.press.claimed_at is not None,
        "cards": [card for card in CARDS if card.slug in {"helps", "words", "emergency"}],
    }
    return render(request, "cravings/supporter.html", context)


@require_http_methods(["GET", "POST"])
def aftercare_by_link(request: HttpRequest, link: "Link") -> HttpResponse:
    """How is it now? One tap, no sign-in, told to nobody."""
    services.aftercare_question(actor=link.person, question_id=link.subject)  # a link that is over says so
    said = ""
    if request.method == "POST":
        said = services.aftercare_answer(
            actor=link.person, question_id=link.subject, answer=request.POST.get("answer", "")
        ).answer
    return render(request, "cravings/aftercare.html", {"said": said})


@require_POST
@signed_in
def available(request: HttpRequest) -> HttpResponse:
    """One tap on, one tap off; back to the page it stood on."""
    actor = the_actor(request)
    if request.POST.get("on") == "yes":
        services.available_set(actor=actor)
        messages.success(request, _("You are available for 8 hours. Thank you."))
    else:
        services.available_end(actor=actor)
        messages.success(request, _("You are no longer available."))
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()})
    return redirect(target if safe else "me")


@require_GET
def service_worker(request: HttpRequest) -> HttpResponse:
    """The service worker stands at the root, so that it may answer for every page."""
    found = finders.find("js/sw.js")
    if not isinstance(found, str):
        raise ImproperlyConfigured("static file js/sw.js is missing")
    with open(found, "rb") as script:  # noqa: PTH123  (a path that the finder gave)
        response = HttpResponse(script.read(), content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "no-cache"
    return response


# --- parts ---------------------------------------------------------------------------------------------------


def _key(given: str) -> UUID | None:
    try:
        return UUID(given)
    except ValueError:
        return None


def _back(key: UUID) -> HttpResponse:
    return redirect(f"{reverse('need')}?p={key}")


def _claim(request: HttpRequest, actor: "Person", *, ref: str) -> HttpResponse:
    try:
        services.press_claim(actor=actor, ref=ref)
    except (Conflict, TooMany) as no:
        more = selectors.waiting_for(actor) if isinstance(no, Conflict) else ""
        taken = selectors.OfferView(ref, "taken", more=more)
        return _offer_page(request, taken, status=no.status, why=str(no))
    return redirect(request.path)


def _offer_page(request: HttpRequest, offer: selectors.OfferView, status: int = 200, why: str = "") -> HttpResponse:
    context = {"offer": offer, "room_url": _room_url(offer.room), "by_link": actor_of(request) is None, "why": why}
    return render(request, "cravings/claim.html", context, status=status)


def _screen(request: HttpRequest, actor: "Person | None") -> dict[str, Any]:
    state = _state(request, actor) if actor else {}
    return {**_around(request, actor), **state}


def _around(request: HttpRequest, actor: "Person | None") -> dict[str, Any]:
    """Everything on the screen that does not depend on a press."""
    region = _region(request, actor)
    lines = selectors.crisis_lines(region)
    return {
        "person": actor,
        "card": call_card_of(actor) if actor else None,
        "coping": coping_of(actor) if actor else [],
        "region": region,
        "regions": [(code, _region_names().get(code, code)) for code in selectors.regions_known()],
        "lines": lines,
        "first_line": _first(lines),
        "soon_url": reverse("find") + "?within=60&mode=online",
    }


def _state(request: HttpRequest, actor: "Person") -> dict[str, Any]:
    """The press, and what the screen says about it."""
    now = clock.now()
    key = _key(request.GET.get("p", ""))
    press = selectors.press_current(actor, now, key)
    context: dict[str, Any] = {
        "person": actor,
        "press": press,
        "key": key,
        "fresh_key": uuid4(),
        "region": actor.region,
        "room_url": _room_url(press.room) if press else "",
        "levels": range(11),
        "limit": selectors.limit_of(actor, now),
        "zone": actor.zone,
    }
    if press is None:
        context["few_awake"] = not selectors.awake(actor, now)
    elif press.stage == "nobody_yet":
        first = _first(selectors.crisis_lines(actor.region))
        line = first.number if first else _("112 or 911")
        context["online"] = selectors.next_online(now)
        context["sentences"] = SENTENCE.split(text_of("T11", get_language() or "en", {"line": line}))
    elif press.how == "used":
        context["sentences"] = SENTENCE.split(text_of("T07", get_language() or "en", {}))
    return context


def _region(request: HttpRequest, actor: "Person | None") -> str:
    chosen = actor.region if actor else request.COOKIES.get(REGION_COOKIE, "")
    return chosen if chosen in selectors.regions_known() else ""


def _first(lines: "list[Line]") -> "Line | None":
    """The line that the big button calls: somebody to talk to, else the emergency number."""
    return next((line for line in lines if not line.emergency), lines[0] if lines else None)


def _region_names() -> dict[str, str]:
    return {
        "US": _("United States"),
        "CA": _("Canada"),
        "UK": _("United Kingdom"),
        "DE": _("Germany"),
        "EU": _("Elsewhere in Europe"),
    }


def _room_url(key: str) -> str:
    """Where the two talk for now: the room of the group they share."""
    return reverse("talk_room", args=[key]) if key else reverse("talk")
