"""The attendance list, signed in or by a facilitator's login-free link, and a member's own record."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from frontend.actor import signed_in, the_actor
from frontend.forms.days import day_of
from frontend.views.groups.common import or_404
from ground import clock
from ground.errors import Conflict
from ground.wall import to_utc, to_wall
from meetings.selectors import attendance, open_lists
from meetings.services import selflogs, sheets
from meetings.services.away import away_set, away_undo
from meetings.services.occurrences import occurrence_cancel, occurrence_uncancel

if TYPE_CHECKING:
    from meetings.models import Sheet
    from people.models import Link, Person

    Marks = dict[Person, str | None]

NO_MARK = "none"  # what a form says for "no mark"
VALUES = [
    ("present", gettext_lazy("present")),
    ("late", gettext_lazy("late")),
    ("online", gettext_lazy("online")),
    ("excused", gettext_lazy("excused")),
    ("absent", gettext_lazy("absent")),
    (NO_MARK, gettext_lazy("not marked")),
]


@require_safe
@signed_in
def owed(request: HttpRequest) -> HttpResponse:
    """The lists that wait for this facilitator."""
    return render(request, "sheets/owed.html", {"owed": open_lists.sheets_owed(the_actor(request), clock.now())})


@require_safe
@signed_in
def coordinator_lists(request: HttpRequest) -> HttpResponse:
    """Lists that nobody closed, for coordinators: groups and dates, no names of people."""
    lists = open_lists.sheets_unclosed(the_actor(request), clock.now())
    waiting = [one for one in lists if not one.expired]
    context = {"waiting": waiting, "expired": [one for one in lists if one.expired]}
    return render(request, "sheets/unclosed.html", context)


def lists_by_link(request: HttpRequest, link: "Link") -> HttpResponse:
    """The link in a coordinator's note: it leads to the page, which asks them to sign in."""
    return redirect("coordinator_lists")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@or_404
def sheet(request: HttpRequest, occurrence_id: int) -> HttpResponse:
    """The list of one date, for the group's facilitators."""
    actor = the_actor(request)
    if request.method == "POST":
        held = sheets.sheet_for(actor=actor, occurrence_id=occurrence_id)
        return _act(request, actor, held, lambda: sheets.sheet_read(actor=actor, occurrence_id=occurrence_id))
    return _show(request, sheets.sheet_read(actor=actor, occurrence_id=occurrence_id))


def sheet_by_link(request: HttpRequest, link: "Link") -> HttpResponse:
    """The same list without signing in: the link names one facilitator and one list."""
    actor, sheet_id = link.person, link.subject

    def read() -> sheets.View:
        return sheets.sheet_link_read(actor=actor, sheet_id=sheet_id)

    if request.method == "POST":
        held = sheets.sheet_link_for(actor=actor, sheet_id=sheet_id)
        return _act(request, actor, held, read, by_link=True)
    return _show(request, read(), by_link=True)


@require_POST
@signed_in
@or_404
def sheet_link(request: HttpRequest, occurrence_id: int) -> HttpResponse:
    """Give the facilitator a link to this list that needs no sign-in."""
    actor = the_actor(request)
    held = sheets.sheet_for(actor=actor, occurrence_id=occurrence_id)
    token = sheets.sheet_link_give(actor=actor, sheet=held)
    address = request.build_absolute_uri("/" + token)
    return render(request, "sheets/link.html", {"link": address, "occurrence_id": occurrence_id})


DIGITS = 19  # of an entry's number, at most


@require_safe
@signed_in
def own_attendance(request: HttpRequest) -> HttpResponse:
    """My own dates: what lists say, who wrote it, what I logged myself."""
    return _own_page(request)


def _own_page(request: HttpRequest, *, refusal: str = "") -> HttpResponse:
    actor = the_actor(request)
    context = {
        "entries": attendance.own_record(actor),
        "zone": actor.zone,
        "now_local": to_wall(clock.now(), actor.zone),
        "refusal": refusal,
    }
    return render(request, "sheets/own.html", context, status=400 if refusal else 200)


@require_POST
@signed_in
def self_log(request: HttpRequest) -> HttpResponse:
    """Log a meeting anywhere, in one's own wall time; or take an entry back."""
    actor = the_actor(request)
    remove = request.POST.get("remove", "")
    if remove.isdecimal() and len(remove) < DIGITS:
        selflogs.self_log_remove(actor=actor, self_log_id=int(remove))
        messages.success(request, _("It is taken off."))
        return redirect("own_attendance")
    try:
        selflogs.self_log(actor=actor, starts_at=_moment(request.POST.get("starts", ""), actor.zone))
    except ValidationError as refused:
        return _own_page(request, refusal=" ".join(refused.messages))
    messages.success(request, _("Logged. It counts."))
    return redirect("own_attendance")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@or_404
def self_log_edit(request: HttpRequest, self_log_id: int) -> HttpResponse:
    """One's own entry: another time, or off."""
    actor = the_actor(request)
    held = attendance.self_log_of(actor, self_log_id)
    refusal, typed = "", to_wall(held.starts_at, actor.zone).strftime("%Y-%m-%dT%H:%M")
    if request.method == "POST":
        typed = request.POST.get("starts", "")
        try:
            selflogs.self_log_edit(actor=actor, self_log_id=held.pk, starts_at=_moment(typed, actor.zone))
        except ValidationError as refused:
            refusal = " ".join(refused.messages)
        except Conflict as taken:
            refusal = str(taken)
        else:
            messages.success(request, _("Changed."))
            return redirect("own_attendance")
    context = {"logged": held, "typed": typed, "refusal": refusal, "zone": actor.zone}
    return render(request, "sheets/self_log.html", context, status=400 if refusal else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def away(request: HttpRequest) -> HttpResponse:
    """Away between two days: excused from everything planned in it; and what I am excused from."""
    actor = the_actor(request)
    refusal = ""
    first, last = request.POST.get("first", ""), request.POST.get("last", "")
    if request.method == "POST":
        try:
            days = {"first": day_of(first), "last": day_of(last)}
            if request.POST.get("action") == "undo":
                done = away_undo(actor=actor, **days)
                words = ngettext("%(n)d date is planned again.", "%(n)d dates are planned again.", done.excused)
            else:
                done = away_set(actor=actor, **days)
                words = ngettext("You are excused from %(n)d date.", "You are excused from %(n)d dates.", done.excused)
        except ValidationError as refused:
            refusal = " ".join(refused.messages)
        else:
            messages.success(request, words % {"n": done.excused})
            if done.kept:
                messages.info(request, _("Dates on which the list has you already stay as they are."))
            return redirect("away")
    context = {
        "excused": attendance.excuses_of(actor, clock.now()),
        "first": first or to_wall(clock.now(), actor.zone).date().isoformat(),
        "last": last,
        "refusal": refusal,
    }
    return render(request, "sheets/away.html", context, status=400 if refusal else 200)


def _show(request: HttpRequest, view: sheets.View, *, by_link: bool = False, asked: bool = False) -> HttpResponse:
    """`asked`: closing has been tried, so the two-way question stands on top."""
    context = {
        "view": view,
        "sheet": view.sheet,
        "closed": view.sheet.state == "closed",
        "heads": view.group.head_count_only,
        "values": VALUES,
        "words": dict(VALUES),
        "first_tap": "online" if view.meeting.mode == "online" else "present",
        "by_link": by_link,
        "asked": asked,
        "here_url": request.path,
    }
    response = render(request, "sheets/sheet.html", context)
    response.headers["Cache-Control"] = "no-store"
    return response


def _act(
    request: HttpRequest,
    actor: "Person",
    sheet: "Sheet",
    read: Callable[[], sheets.View],
    *,
    by_link: bool = False,
) -> HttpResponse:
    action = request.POST.get("action", "")
    if action == "mark":
        return _tap(request, actor, sheet)
    if action == "count":
        return _count(request, actor, sheet)
    if action in {"not_held", "held"}:
        return _held(request, actor, sheet, held=action == "held")
    if action not in {"save", "close", "correct"}:
        return HttpResponseBadRequest()
    marks = _marks(request, sheet)
    try:
        if action == "save":
            sheets.sheet_marks(actor=actor, sheet=sheet, marks=marks)
            messages.success(request, _("Saved. The list is still open."))
        elif action == "correct":
            before = sheet.revision
            corrected = sheets.sheet_correct(actor=actor, sheet=sheet, marks=marks)
            same = corrected.revision == before
            said = _("Corrected. If a message went out because of it, it is put right by itself; you need do nothing.")
            messages.success(request, _("Nothing was changed.") if same else said)
        else:
            sheets.sheet_close(actor=actor, sheet=sheet, marks=marks, rest=request.POST.get("rest") or None)
            messages.success(request, _("The list is closed. Thank you."))
    except Conflict as moved:
        messages.warning(request, str(moved))
    except ValidationError as refused:
        if sheets.REST_ASKED not in getattr(refused, "error_dict", {}):
            raise
        # what was tapped is kept while the question is asked
        sheets.sheet_marks(actor=actor, sheet=sheet, marks=marks)
        return _show(request, read(), by_link=by_link, asked=True)
    return redirect(request.path)


def _held(request: HttpRequest, actor: "Person", sheet: "Sheet", *, held: bool) -> HttpResponse:
    """ "It did not take place", and taking that back: the only thing beside the list that its link can do."""
    if held:
        occurrence_uncancel(actor=actor, occurrence=sheet.occurrence)
        messages.success(request, _("Good. The list is open again."))
    else:
        occurrence_cancel(actor=actor, occurrence=sheet.occurrence)
        messages.success(request, _("Thank you. This date is noted as not held; nothing is asked about it any more."))
    return redirect(request.path)


def _tap(request: HttpRequest, actor: "Person", sheet: "Sheet") -> HttpResponse:
    """One mark, by fetch: answers what stands on the list now."""
    pid, value = request.POST.get("pid", ""), request.POST.get("value", "")
    try:
        person = attendance.people_named(sheet.occurrence, [pid])[pid]
        mark = sheets.sheet_mark(actor=actor, sheet=sheet, person=person, value=_value(value))
    except Conflict as closed:
        return JsonResponse({"error": str(closed)}, status=closed.status)
    except ValidationError as refused:
        return JsonResponse({"error": " ".join(refused.messages)}, status=400)
    return JsonResponse({"value": (mark.value if mark else None) or NO_MARK})


def _count(request: HttpRequest, actor: "Person", sheet: "Sheet") -> HttpResponse:
    text = request.POST.get("head_count", "").strip()
    number = int(text) if text.isdecimal() and len(text) < 6 else -1
    try:
        sheets.sheet_count(actor=actor, sheet=sheet, head_count=number)
    except ValidationError as refused:
        messages.warning(request, " ".join(refused.messages))
    else:
        messages.success(request, _("The list is closed. Thank you."))
    return redirect(request.path)


def _marks(request: HttpRequest, sheet: "Sheet") -> "Marks":
    """What this page changed: a mark that is as it was when the page was made is not written over somebody else's."""
    wanted: dict[str, str | None] = {}
    for name, value in request.POST.items():
        pid = name.removeprefix("mark-")
        if pid != name and value != request.POST.get(f"was-{pid}"):
            wanted[pid] = _value(str(value))
    people = attendance.people_named(sheet.occurrence, wanted)
    return {people[pid]: value for pid, value in wanted.items()}


def _value(text: str) -> str | None:
    return None if text == NO_MARK else text


def _moment(text: str, zone: str) -> datetime:
    """A wall time of a form as an instant. Raises ValidationError."""
    try:
        wall = parse_datetime(text)
    except ValueError:
        wall = None
    if wall is None or wall.tzinfo is not None:
        raise ValidationError({"starts_at": _("Say when it was: a day and a time.")})
    return to_utc(wall, zone)
