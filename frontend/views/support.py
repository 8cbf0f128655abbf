"""My watch (the member's page), and the two login-free pages: the member's answer and the supporter's."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from circle.services import supporter_stop
from frontend.actor import actor_of, signed_in
from frontend.forms import watch as given
from ground import clock
from ground.errors import Settled
from support import services
from support.selectors import pages

if TYPE_CHECKING:
    from people.models import Link, Person
    from support.models import EpisodeSupporter


# --- the member's page ----------------------------------------------------------------------------------------


@require_safe
@signed_in
def watch(request: HttpRequest) -> HttpResponse:
    """The rule in words, who would hear, what is going on and what was."""
    return _watch_page(request)


@require_POST
@signed_in
def watch_set(request: HttpRequest) -> HttpResponse:
    """Set the rule, or change it."""
    actor, posted = _actor(request), request.POST
    try:
        services.rule_set(
            actor=actor,
            threshold=given.number(posted, "threshold"),
            scope=posted.get("scope", ""),
            grace_hours=given.number(posted, "grace_hours"),
            ok_stops=posted.get("ok_stops") == "yes",
            levels=given.levels(actor, posted),
            no_way_confirmed=posted.get("no_way_confirmed") == "yes",
        )
    except ValidationError as wrong:
        return _watch_page(request, errors=wrong.messages, status=400)
    messages.success(request, _("Kept. You are always asked first."))
    return redirect("watch")


@require_POST
@signed_in
def watch_switch(request: HttpRequest) -> HttpResponse:
    """On or off."""
    on = request.POST.get("on") == "yes"
    confirmed = request.POST.get("no_way_confirmed") == "yes"
    try:
        services.rule_switch(actor=_actor(request), on=on, no_way_confirmed=confirmed)
    except ValidationError as wrong:
        return _watch_page(request, errors=wrong.messages, status=400)
    if on:
        messages.success(request, _("Your watch is on. It counts from now."))
    else:
        messages.success(request, _("Your watch is off. Nothing is sent, and nobody was told."))
    return redirect("watch")


@require_POST
@signed_in
def watch_pause(request: HttpRequest) -> HttpResponse:
    """Begin a pause (with an end or open), or end it (`on`=no)."""
    actor = _actor(request)
    try:
        if request.POST.get("on") == "no":
            services.pause_end(actor=actor)
            messages.success(request, _("The pause is over."))
        else:
            services.pause_begin(actor=actor, until=given.pause_end(actor, request.POST))
            messages.success(request, _("Paused. Nothing counts while it lasts, and nobody was told."))
    except ValidationError as wrong:
        return _watch_page(request, errors=wrong.messages, status=400)
    return redirect("watch")


@require_POST
@signed_in
def watch_ok(request: HttpRequest) -> HttpResponse:
    """ "I'm OK"."""
    _say_ok(request, _actor(request))
    return redirect("watch")


def _watch_page(request: HttpRequest, *, errors: list[str] | None = None, status: int = 200) -> HttpResponse:
    actor = _actor(request)
    context = {
        "page": pages.watch_page(actor, clock.now()),
        "zone": actor.zone,
        "errors": errors or [],
        "thresholds": range(1, 11),
        "graces": (12, 24, 36, 48, 72),
    }
    return render(request, "support/watch.html", context, status=status)


def _say_ok(request: HttpRequest, actor: "Person") -> None:
    if services.ok_say(actor=actor):
        messages.success(request, _("Good to hear. It is settled, and nothing more is sent."))
    else:
        messages.success(request, _("Good to hear. It is written down; nothing else changes."))


def _actor(request: HttpRequest) -> "Person":
    actor = actor_of(request)
    assert actor is not None  # every view here is for people who are signed in
    return actor


# --- the member's answer from a message: no account needed, GET changes nothing --------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def watch_by_link(request: HttpRequest, link: "Link") -> HttpResponse:
    """What would happen, when, to whom; fine, pause, or let it go ahead. Raises Settled 7 days after the end."""
    view = _episode(link)
    if pages.link_is_over(view.ended_at, clock.now()):
        raise Settled(_("This is settled."))
    said = ""
    if request.method == "POST":
        answer = request.POST.get("answer", "")
        if answer not in {"ok", "pause", "go"}:
            return HttpResponseBadRequest(_("Please choose one of the buttons."))
        try:
            if answer == "ok":
                services.ok_say(actor=link.person)
            elif answer == "pause":
                services.pause_begin(actor=link.person, until=given.pause_end(link.person, request.POST))
        except ValidationError as wrong:
            context = {"page": view, "zone": link.person.zone, "errors": wrong.messages}
            return render(request, "support/answer.html", context, status=400)
        return redirect(f"{request.path}?said={answer}")
    said = request.GET.get("said", "")
    context = {"page": view, "zone": link.person.zone, "said": said if said in {"ok", "pause", "go"} else ""}
    return render(request, "support/answer.html", context)


def _episode(link: "Link") -> pages.EpisodeView:
    try:
        return pages.episode_view(link)
    except ObjectDoesNotExist:
        raise Http404 from None


# --- the supporter's page: no account, no script, no cookie; GET changes nothing -------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def nudge_by_link(request: HttpRequest, link: "Link") -> HttpResponse:
    """I'm on it, I reached them, I can't now, stop. 410 when the episode has been over for 7 days."""
    row = _row(link)
    if request.method == "POST":
        return _nudge_answer(request, link, row)
    view = pages.nudge_view(row, clock.now())
    return _nudge_page(request, row, view, status=410 if view.face == "settled" else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def nudge_by_link_settled(request: HttpRequest, link: "Link") -> HttpResponse:
    """A link that was withdrawn or is over shows "settled" and stop; stop works for ever."""
    row = _row(link)
    if request.method == "POST":
        if request.POST.get("answer") != "stop":
            return _nudge_page(request, row, pages.nudge_view(row, clock.now(), settled=True), status=410)
        return _nudge_answer(request, link, row)
    view = pages.nudge_view(row, clock.now(), settled=True)
    return _nudge_page(request, row, view, status=200 if view.face == "stopped" else 410)


def _nudge_answer(request: HttpRequest, link: "Link", row: "EpisodeSupporter") -> HttpResponse:
    answer = request.POST.get("answer", "")
    if answer == "stop":
        supporter_stop(supporter=row.supporter, actor=link.person)
        return redirect(request.path)
    if answer not in {"claim", "reached", "cannot"}:
        return HttpResponseBadRequest(_("Please choose one of the buttons."))
    try:
        services.answer_give(kind=answer, link=link)
    except Settled:
        return _nudge_page(request, row, pages.nudge_view(row, clock.now(), settled=True), status=410)
    return redirect(request.path)


def _row(link: "Link") -> "EpisodeSupporter":
    try:
        return pages.nudge_row(link)
    except ObjectDoesNotExist:
        raise Http404 from None


def _nudge_page(
    request: HttpRequest, row: "EpisodeSupporter", view: pages.NudgeView, *, status: int = 200
) -> HttpResponse:
    """Only what NudgeView holds reaches the template (rule D5)."""
    return render(request, "support/nudge.html", {"page": view, "zone": row.supporter.person.zone}, status=status)
