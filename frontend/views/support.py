"""My watch (the member's page), and the two login-free pages: the member's answer and the supporter's."""

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from circle.services import supporter_rest, supporter_rest_end, supporter_stop
from frontend.actor import signed_in, the_actor
from frontend.forms import watch as given
from frontend.forms.rest import rest_days
from ground import clock
from ground.errors import Conflict, Settled
from ground.links import is_over
from meetings.services.commitments import excuse, excuse_undo
from support import services
from support.selectors import asked, pages
from support.selectors.next_date import next_planned, planned_named

if TYPE_CHECKING:
    from people.models import Link, Person
    from support.models import EpisodeSupporter

ANSWERS = {"ok", "pause", "go", "excuse", "undo"}  # by a member, from a message's link


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
    actor, posted = the_actor(request), request.POST
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
        return _watch_page(request, errors=wrong.messages, status=400, typed=True)
    messages.success(request, _("Kept. You are always asked first."))
    return redirect("watch")


@require_POST
@signed_in
def watch_switch(request: HttpRequest) -> HttpResponse:
    """On or off."""
    actor, on = the_actor(request), request.POST.get("on") == "yes"
    confirmed = request.POST.get("no_way_confirmed") == "yes"
    try:
        services.rule_switch(actor=actor, on=on, no_way_confirmed=confirmed)
    except ValidationError as wrong:
        return _watch_page(request, errors=wrong.messages, status=400)
    if on:
        messages.success(request, _("Your watch is on. It counts from now."))
    else:
        messages.success(request, _("Your watch is off. Nothing more is sent."))
        _say_leaving(request, actor)
    return redirect("watch")


@require_POST
@signed_in
def watch_pause(request: HttpRequest) -> HttpResponse:
    """Begin a pause (with an end or open), or end it (`on`=no)."""
    actor = the_actor(request)
    try:
        if request.POST.get("on") == "no":
            services.pause_end(actor=actor)
            messages.success(request, _("The pause is over."))
        else:
            services.pause_begin(actor=actor, until=given.pause_end(actor, request.POST, clock.now()))
            messages.success(request, _("Paused. Nothing counts while it lasts."))
            _say_leaving(request, actor)
    except ValidationError as wrong:
        return _watch_page(request, errors=wrong.messages, status=400)
    return redirect("watch")


@require_POST
@signed_in
def watch_ok(request: HttpRequest) -> HttpResponse:
    """ "I'm OK"."""
    _say_ok(request, the_actor(request))
    return redirect("watch")


def _watch_page(
    request: HttpRequest, *, errors: list[str] | None = None, status: int = 200, typed: bool = False
) -> HttpResponse:
    """`typed`: the form shows what was typed, not what is kept."""
    actor = the_actor(request)
    page = pages.watch_page(actor, clock.now())
    context = {
        "page": page,
        "form": given.typed(page, actor, request.POST) if typed else page,
        "zone": actor.zone,
        "errors": errors or [],
        "thresholds": range(1, 11),
        "graces": sorted({12, 24, 36, 48, 72, page.grace_hours}),
    }
    return render(request, "support/watch.html", context, status=status)


def _say_ok(request: HttpRequest, actor: "Person") -> None:
    if services.ok_say(actor=actor):
        messages.success(request, _("Good to hear. It is settled, and nothing more is sent."))
        _say_leaving(request, actor)
    else:
        messages.success(request, _("Good to hear. It is written down; nothing else changes."))


def _say_leaving(request: HttpRequest, actor: "Person") -> None:
    """An answer that came too late for one message says so, with its time in the member's zone."""
    for one in pages.leaving_now(actor, clock.now()):
        messages.warning(request, _leaving_words(one, actor.zone))


def _leaving_words(one: pages.Leaving, zone: str) -> str:
    return _("One message to %(name)s was already leaving at %(time)s. It cannot be called back.") % {
        "name": one.name,
        "time": f"{one.at.astimezone(ZoneInfo(zone)):%H:%M}",
    }


# --- the member's answer from a message: no account needed, GET changes nothing --------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def watch_by_link(request: HttpRequest, link: "Link") -> HttpResponse:
    """What would happen, when, to whom; fine, pause, let it go ahead, can't come next time. Settled 7 days after."""
    view = _episode(link)
    if is_over(view.ended_at, clock.now()):
        raise Settled(_("This is settled."))
    if request.method != "POST":
        said = request.GET.get("said", "")
        return _answer_page(request, link, view, said=said if said in ANSWERS else "")
    answer = request.POST.get("answer", "")
    if answer not in ANSWERS:
        return HttpResponseBadRequest(_("Please choose one of the buttons."))
    try:
        _member_answers(answer, link.person, request.POST)
    except ValidationError as wrong:
        return _answer_page(request, link, view, errors=wrong.messages, status=400)
    except (Conflict, Settled) as over:  # about the next meeting: the link itself is fine
        return _answer_page(request, link, view, errors=[str(over)], status=over.status)
    return redirect(f"{request.path}?said={answer}")


def _member_answers(answer: str, member: "Person", posted: "QueryDict") -> None:
    if answer == "ok":
        services.ok_say(actor=member)
    elif answer == "pause":
        services.pause_begin(actor=member, until=given.pause_end(member, posted, clock.now()))
    elif answer in {"excuse", "undo"}:
        date = planned_named(member, posted.get("date"), clock.now())
        act = excuse if answer == "excuse" else excuse_undo
        act(actor=member, meeting=date.meeting, original_local=date.held.original_local)


def _answer_page(
    request: HttpRequest,
    link: "Link",
    view: pages.EpisodeView,
    *,
    said: str = "",
    errors: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    member = link.person
    stopped = said == "pause" or (said == "ok" and not view.open)  # "I'm fine" may change nothing, as the member set it
    leaving = pages.leaving_now(member, clock.now()) if stopped else []
    context = {
        "page": view,
        "zone": member.zone,
        "said": said,
        "errors": errors or [],
        "date": next_planned(member, clock.now()),
        "leaving": [_leaving_words(one, member.zone) for one in leaving],
    }
    return render(request, "support/answer.html", context, status=status)


def _episode(link: "Link") -> pages.EpisodeView:
    try:
        return pages.episode_view(link)
    except ObjectDoesNotExist:
        raise Http404 from None


# --- the supporter's page: no account, no script, no cookie; GET changes nothing -------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def nudge_by_link(request: HttpRequest, link: "Link") -> HttpResponse:
    """I'm on it, I reached them, I can't now, a rest, stop. 410 when the episode has been over for 7 days."""
    row = _row(link)
    if request.method == "POST":
        return _nudge_answer(request, link, row)
    view = asked.nudge_view(row, clock.now())
    return _nudge_page(request, row, view, status=410 if view.face == "settled" else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def nudge_by_link_settled(request: HttpRequest, link: "Link") -> HttpResponse:
    """A link that was withdrawn or is over shows "settled" and stop; stop works for ever."""
    row = _row(link)
    if request.method == "POST":
        if request.POST.get("answer") != "stop":
            return _nudge_page(request, row, asked.nudge_view(row, clock.now(), settled=True), status=410)
        return _nudge_answer(request, link, row)
    view = asked.nudge_view(row, clock.now(), settled=True)
    return _nudge_page(request, row, view, status=200 if view.face == "stopped" else 410)


def _nudge_answer(request: HttpRequest, link: "Link", row: "EpisodeSupporter") -> HttpResponse:
    answer = request.POST.get("answer", "")
    if answer == "rest":
        try:
            supporter_rest(supporter=row.supporter, actor=link.person, days=rest_days(request.POST))
        except ValidationError as wrong:
            return _nudge_page(request, row, asked.nudge_view(row, clock.now()), status=400, errors=wrong.messages)
        return redirect(request.path)
    own = {"stop": supporter_stop, "wake": supporter_rest_end}.get(answer)
    if own is not None:
        own(supporter=row.supporter, actor=link.person)
        return redirect(request.path)
    if answer not in {"claim", "reached", "cannot"}:
        return HttpResponseBadRequest(_("Please choose one of the buttons."))
    try:
        services.answer_give(kind=answer, link=link)
    except Settled:
        return _nudge_page(request, row, asked.nudge_view(row, clock.now(), settled=True), status=410)
    return redirect(request.path)


def _row(link: "Link") -> "EpisodeSupporter":
    try:
        return asked.nudge_row(link)
    except ObjectDoesNotExist:
        raise Http404 from None


def _nudge_page(
    request: HttpRequest,
    row: "EpisodeSupporter",
    view: asked.NudgeView,
    *,
    status: int = 200,
    errors: list[str] | None = None,
) -> HttpResponse:
    """Only what NudgeView holds reaches the template (rule D5)."""
    context = {"page": view, "zone": row.supporter.person.zone, "errors": errors or []}
    return render(request, "support/nudge.html", context, status=status)
