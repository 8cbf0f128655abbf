"""Being there for others: how to become a responder, one's own shifts, swaps, rests, wishes. One thumb is enough."""

from datetime import date, timedelta
from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cravings import selectors, services
from cravings.calendar import Event
from cravings.calendar import calendar as calendar_of
from frontend.actor import signed_in, the_actor
from frontend.forms.cravings import WishesForm
from ground import clock
from ground.errors import Conflict, Settled
from ground.site import site_url
from people.services import link_give, link_open, link_revoke

if TYPE_CHECKING:
    from people.models import Link

FEED_AHEAD = timedelta(days=90)


@never_cache
@require_GET
@signed_in
def on_call(request: HttpRequest) -> HttpResponse:
    """Everything on one page: am I available, my shifts, dates that others cannot, what is missing to begin."""
    actor, now = the_actor(request), clock.now()
    row = selectors.responder_of(actor)
    turns = selectors.turns_of(actor, now)
    context = {
        "vetting": selectors.vetting_of(actor, now),
        "row": row,
        "until": selectors.available_until(actor, now),
        "with_somebody": selectors.mine_now(actor),
        "waiting": selectors.waiting_for(actor),
        "turns": turns,
        "now_on": [turn for turn in turns if turn.on_now],
        "swaps": selectors.swaps_open(actor, now) if row or turns else [],
        "vouch_for": selectors.waiting_for_vouch(actor),
        "zone": actor.zone,
        "resting": row.rests_until if row and row.rests_until and row.rests_until > now else None,
    }
    return render(request, "on_call/on_call.html", context)


@require_POST
@signed_in
def join(request: HttpRequest) -> HttpResponse:
    """Opt in, or out (`on`=no)."""
    if request.POST.get("on") == "no":
        services.responder_leave(actor=the_actor(request))
        messages.success(request, _("You are not asked any more. Thank you for the time you gave."))
    else:
        services.responder_join(actor=the_actor(request))
        messages.success(request, _("Thank you. Below stands what is still missing."))
    return redirect("on_call")


@require_POST
@signed_in
def vouch(request: HttpRequest) -> HttpResponse:
    """A facilitator stands up for somebody of their group."""
    services.responder_vouch(actor=the_actor(request), responder_id=_number(request, "responder"))
    messages.success(request, _("Noted. They can see that you did."))
    return redirect("on_call")


@require_POST
@signed_in
def rest(request: HttpRequest) -> HttpResponse:
    """Ask me nothing for some days; 0 ends it."""
    services.responder_rest(actor=the_actor(request), days=_number(request, "days"))
    messages.success(request, _("Noted."))
    return redirect("on_call")


@require_POST
@signed_in
def swap(request: HttpRequest) -> HttpResponse:
    """I cannot on this date; I can after all; I take it."""
    actor, act = the_actor(request), request.POST.get("act", "")
    try:
        if act == "ask":
            services.swap_ask(actor=actor, shift_id=_number(request, "shift"), on=_date(request))
            messages.success(request, _("The others are asked. Until somebody takes it, it is yours."))
        elif act == "keep":
            services.swap_withdraw(actor=actor, swap_id=_number(request, "swap"))
            messages.success(request, _("It is yours again."))
        elif act == "take":
            services.swap_take(actor=actor, swap_id=_number(request, "swap"))
            messages.success(request, _("It is yours now. Thank you."))
        else:
            return HttpResponseBadRequest(_("Please choose one of the buttons."))
    except (Settled, Conflict) as over:
        messages.info(request, str(over))
    return redirect("on_call")


@require_http_methods(["GET", "POST"])
@signed_in
def wishes(request: HttpRequest) -> HttpResponse:
    """Who may come when I ask, and whether I am asked afterwards."""
    actor = the_actor(request)
    own = selectors.wishes_of(actor)
    given = {"gender": own.gender, "ask": own.ask, "aftercare": own.aftercare, "hour": str(own.hour)}
    given["lead"] = own.lead
    form = WishesForm(request.POST or None, initial=given)
    if request.method == "POST" and form.is_valid():
        try:
            services.wishes_set(actor=actor, **form.cleaned_data)
        except ValidationError as refused:
            form.take(refused)
        else:
            messages.success(request, _("Kept."))
            return redirect("wishes")
    return render(request, "on_call/wishes.html", {"form": form}, status=400 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@signed_in
def calendar_link(request: HttpRequest) -> HttpResponse:
    """The private address of one's own shifts; POST ends it and gives a new one."""
    actor = the_actor(request)
    if request.method == "POST":
        link_revoke(purpose="shift_calendar", subject=actor.pk, person=actor)
        messages.success(request, _("The old address has ended. This is the new one."))
        return redirect("shift_calendar")
    token = link_give(purpose="shift_calendar", subject=actor.pk, person=actor)
    address = site_url() + reverse("shift_calendar_feed", args=[token])
    return render(request, "on_call/calendar.html", {"address": address})


@require_GET
def calendar(request: HttpRequest, token: str) -> HttpResponse:
    """The shifts of the one whose address this is, for a calendar program. No name, no purpose."""
    link = link_open(token=token)
    if link.purpose != "shift_calendar":
        raise Http404
    return calendar_by_link(request, link)


def calendar_by_link(request: HttpRequest, link: "Link") -> HttpResponse:
    now = clock.now()
    host = request.get_host()
    with translation.override(link.person.language):  # a calendar program names no language
        events = [
            Event(f"{turn.shift}-{turn.on:%Y%m%d}@{host}", turn.starts, turn.ends, _("My turn"))
            for turn in selectors.turns_of(link.person, now, FEED_AHEAD)
        ]
        content = calendar_of(events, name=_("My turns"), made=now)
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response["Cache-Control"] = "private, no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response


def on_call_by_link(request: HttpRequest, link: "Link") -> HttpResponse:
    """A message about a shift leads to one's own page, which asks to sign in."""
    return redirect("on_call")


# --- parts ---------------------------------------------------------------------------------------------------


def _number(request: HttpRequest, name: str) -> int:
    given = request.POST.get(name, "")
    if not (given.isascii() and given.isdigit()) or len(given) > 12:
        raise PermissionDenied
    return int(given)


def _date(request: HttpRequest) -> date:
    try:
        return date.fromisoformat(request.POST.get("on", ""))
    except ValueError as error:
        raise PermissionDenied from error
