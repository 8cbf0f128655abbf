"""My people (the member's page of who hears what), and the pages that a supporter opens from a link."""

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from circle import selectors, services
from circle.consents import DAYS, OFFERED, PURPOSES
from frontend.actor import signed_in, the_actor
from frontend.forms.rest import rest_days
from frontend.views.circle_add import confirmed
from ground import clock
from own.guide_cards import CARDS
from people.services import link_give
from support.selectors.pages import levels_of

if TYPE_CHECKING:
    from circle.models import Supporter
    from circle.services import Withdrawn
    from people.models import Link


# --- the member's pages --------------------------------------------------------------------------------------


@require_safe
@signed_in
def circle(request: HttpRequest) -> HttpResponse:
    """Everybody I chose: what they would hear, until when, what they were told so far."""
    actor = the_actor(request)
    cards = selectors.cards(actor, clock.now(), all_states=True)
    standing = [card for card in cards if card.on_the_list]
    ending = [(card.next_expiry, place) for place, card in enumerate(standing) if card.next_expiry is not None]
    context = {
        "cards": standing,
        "next_end": standing[min(ending)[1]] if ending else None,
        "former": [card for card in cards if not card.on_the_list],
        "offered": OFFERED,
        "levels": levels_of(actor),
        "zone": actor.zone,
    }
    return render(request, "circle/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def end(request: HttpRequest, pid: UUID, purpose: str) -> HttpResponse:
    """Take one permission back: one page to confirm, one tap."""
    supporter = _mine(request, pid)
    if purpose not in PURPOSES:
        raise Http404
    if request.method != "POST":
        context = {"supporter": supporter, "purpose": PURPOSES[purpose]}
        return render(request, "circle/end.html", context)
    found = services.consent_revoke(actor=the_actor(request), supporter=supporter, purpose=purpose)
    messages.success(request, _("Done. %(name)s will hear no more of this, and was not told.") % {"name": supporter})
    say_leaving(request, supporter.name, found)
    return _back(supporter)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@confirmed
def allow(request: HttpRequest, pid: UUID, purpose: str) -> HttpResponse:
    """Allow one thing, anew or again: the text to sign, one tap."""
    actor, supporter = the_actor(request), _mine(request, pid)
    if purpose not in OFFERED:
        raise Http404
    if request.method != "POST":
        texts = selectors.consent_preview(
            actor,
            name=supporter.name,
            sender_name=supporter.sender_name,
            purposes=[purpose],
            days=DAYS,
            now=clock.now(),
        )
        context = {"supporter": supporter, "purpose": PURPOSES[purpose], "text": texts[0].text}
        return render(request, "circle/allow.html", context)
    consent = services.consent_grant(actor=actor, supporter=supporter, purpose=purpose)
    until = formats.date_format(consent.expires_at.astimezone(ZoneInfo(actor.zone)), "DATE_FORMAT")
    messages.success(request, _("Allowed until %(day)s.") % {"day": until})
    return _back(supporter)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def remove(request: HttpRequest, pid: UUID) -> HttpResponse:
    """Take somebody off the list."""
    supporter = _mine(request, pid)
    if request.method != "POST":
        return render(request, "circle/remove.html", {"supporter": supporter})
    found = services.supporter_remove(actor=the_actor(request), supporter=supporter)
    messages.success(request, _("%(name)s is off your list, and was not told.") % {"name": supporter})
    say_leaving(request, supporter.name, found)
    return redirect("circle")


@require_POST
@signed_in
def quiet(request: HttpRequest, pid: UUID) -> HttpResponse:
    """Mute, or let messages through again (`on`=0). Nothing is sent and nothing shows."""
    actor, supporter = the_actor(request), _mine(request, pid)
    if request.POST.get("on") == "0":
        services.supporter_unmute(actor=actor, supporter=supporter)
        messages.success(request, _("Done."))
    else:
        found = services.supporter_mute(actor=actor, supporter=supporter)
        messages.success(request, _("Done."))
        say_leaving(request, supporter.name, found)
    return _back(supporter)


@require_POST
@signed_in
def again(request: HttpRequest, pid: UUID) -> HttpResponse:
    """Send the invitation again, with a new link."""
    supporter = services.supporter_resend(actor=the_actor(request), supporter=_mine(request, pid))
    messages.success(request, _("%(name)s is being asked again. The old link has ended.") % {"name": supporter})
    return _back(supporter)


@require_POST
@signed_in
def move(request: HttpRequest, pid: UUID) -> HttpResponse:
    """One place up or down."""
    supporter = _mine(request, pid)
    services.supporter_move(actor=the_actor(request), supporter=supporter, up=request.POST.get("way") == "up")
    return _back(supporter)


def circle_by_link(request: HttpRequest, link: "Link") -> HttpResponse:
    """A message to the member leads to the page itself, which asks them to sign in."""
    return redirect("circle")


def _mine(request: HttpRequest, pid: UUID) -> "Supporter":
    """One of my own people. Somebody else's do not exist."""
    try:
        return selectors.supporter_of(the_actor(request), pid)
    except ObjectDoesNotExist:
        raise Http404 from None


def _back(supporter: "Supporter") -> HttpResponse:
    return redirect(f"{reverse('circle')}#p{supporter.person.pid}")


def say_leaving(request: HttpRequest, name: str, found: "Withdrawn") -> None:
    """A withdrawal that came too late for one message says so, with its time in the member's zone."""
    if found.leaving_at is None:
        return
    local: datetime = found.leaving_at.astimezone(ZoneInfo(the_actor(request).zone))
    messages.warning(
        request,
        _("One message to %(name)s was already leaving at %(time)s. It cannot be called back.")
        % {"name": name, "time": f"{local:%H:%M}"},
    )


# --- the supporter's pages: no account, no script, no cookie; GET changes nothing ------------------------------


@require_safe
def guide(request: HttpRequest) -> HttpResponse:
    """The cards for anybody. Nobody notes who reads them."""
    return render(request, "circle/guide.html", {"cards": CARDS})


@require_http_methods(["GET", "HEAD", "POST"])
def invite_by_link(request: HttpRequest, link: "Link") -> HttpResponseBase:
    """The invitation: who asks, what it means, the cards, yes or no. Raises Settled when it is over."""
    supporter = _asked(link)
    if request.method != "POST":
        page = selectors.supporter_page(supporter, clock.now(), link=link)
        if page.face != "invited":
            return invite_by_link_settled(request, link)
        return _supporter_page(request, "circle/invite.html", supporter, page)
    answer = request.POST.get("answer")
    if answer == "yes":
        services.supporter_accept(link=link)
    elif answer == "no":
        services.supporter_decline(link=link)
    elif answer == "stop":
        services.supporter_stop(link=link)
    else:
        return HttpResponseBadRequest(_("Please choose one of the buttons."))
    return _lasting(supporter)


@require_http_methods(["GET", "HEAD", "POST"])
def invite_by_link_settled(request: HttpRequest, link: "Link") -> HttpResponseBase:
    """An invitation that is over: 410, and "stop" works still."""
    supporter = _asked(link)
    if request.method == "POST" and request.POST.get("answer") == "stop":
        services.supporter_stop(link=link)
        return _lasting(supporter)
    page = selectors.supporter_page(supporter, clock.now(), link=link)
    return _supporter_page(request, "circle/settled.html", supporter, page, status=410)


@require_http_methods(["GET", "HEAD", "POST"])
def stop_by_link(request: HttpRequest, link: "Link") -> HttpResponseBase:
    """The supporter's lasting page, and the stop that works for ever (also a mail program's one-click POST)."""
    supporter = _asked(link)
    one_click = request.POST.get("List-Unsubscribe") == "One-Click"
    answer = "" if one_click else request.POST.get("answer", "")
    if request.method == "POST" and answer in {"rest", "wake"}:
        try:
            if answer == "rest":
                services.supporter_rest(link=link, days=rest_days(request.POST))
            else:
                services.supporter_rest_end(link=link)
        except ValidationError as wrong:
            page = selectors.supporter_page(supporter, clock.now(), link=link)
            return _supporter_page(request, "circle/lasting.html", supporter, page, 400, errors=wrong.messages)
        return redirect(request.path)
    if request.method == "POST":
        if not one_click and request.POST.get("answer") != "stop":
            return HttpResponseBadRequest(_("Please choose one of the buttons."))
        supporter = services.supporter_stop(link=link)
        if not one_click:  # RFC 8058: a mail program's POST is answered without a redirect
            return redirect(request.path)
    page = selectors.supporter_page(supporter, clock.now(), link=link)
    return _supporter_page(request, "circle/lasting.html", supporter, page, token=request.path.strip("/"))


def _asked(link: "Link") -> "Supporter":
    try:
        return selectors.supporter_by_link(link)
    except ObjectDoesNotExist:
        raise Http404 from None


def _lasting(supporter: "Supporter") -> HttpResponse:
    """On to the page that stays."""
    token = link_give(purpose="supporter_stop", subject=supporter.pk, person=supporter.person)
    return redirect(f"/{token}")


def _supporter_page(
    request: HttpRequest,
    template: str,
    supporter: "Supporter",
    page: selectors.SupporterPage,
    status: int = 200,
    token: str = "",
    errors: list[str] | None = None,
) -> HttpResponse:
    """Only what SupporterPage holds reaches a template (privacy rule D5), and the link that was opened."""
    context = {"page": page, "zone": supporter.person.zone, "cards": CARDS, "token": token, "errors": errors or []}
    return render(request, template, context, status=status)
