"""For the coordinator: the roster, who answers, the lines, and the button in numbers. The last also for everybody."""

from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from cravings import selectors, services
from frontend.actor import actor_of, signed_in
from frontend.forms.cravings import DayForm, LineForm, RotaForm, ShiftForm
from ground import clock
from ground.errors import Conflict
from people.selectors import coordinators, is_coordinator

if TYPE_CHECKING:
    from people.models import Link, Person


@never_cache
@require_http_methods(["GET", "POST"])
@signed_in
def roster(request: HttpRequest) -> HttpResponse:
    """What is on this week, where people are missing, the weekly shifts. POST: the hours that should be staffed."""
    actor, now = _coordinator(request), clock.now()
    row = selectors.rota()
    zone = actor.zone if row.staffed_from is None else row.zone  # before the first wish: the coordinator's own
    form = RotaForm(request.POST or None, initial={"zone": zone, **_hours(row.staffed_from, row.staffed_until)})
    if request.method == "POST" and form.is_valid():
        services.rota_set(actor=actor, zone=form.cleaned_data["zone"], staffed=form.staffed())
        messages.success(request, _("Kept."))
        return redirect("coordinator_roster")
    context = {
        "turns": selectors.turns_listed(now),
        "gaps": selectors.gaps_ahead(now),
        "shifts": selectors.shifts_listed(_today(actor)),
        "form": form,
        "zone": actor.zone,
    }
    return render(request, "on_call/roster.html", context, status=400 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@signed_in
def shift_new(request: HttpRequest) -> HttpResponse:
    """A weekly shift, or one date."""
    actor = _coordinator(request)
    first = {"zone": actor.zone, "since": _today(actor), "weekday": _today(actor).weekday()}
    form = ShiftForm(request.POST or None, initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.shift_make(actor=actor, given=services.ShiftIn(**form.cleaned_data))
        except ValidationError as refused:
            form.take(refused)
        else:
            messages.success(request, _("Now say who has it."))
            return redirect("coordinator_shift", made.pk)
    return render(request, "on_call/shift_new.html", {"form": form}, status=400 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "POST"])
@signed_in
def shift(request: HttpRequest, shift_id: int) -> HttpResponse:
    """One shift: its people, its dates, its end."""
    actor = _coordinator(request)
    found = selectors.shift_one(shift_id)
    form = DayForm(request.POST if request.POST.get("act") in {"off", "hours", "usual"} else None)
    if request.method == "POST":
        try:
            if _shift_act(request, actor, shift_id, form):
                return redirect("coordinator_roster" if request.POST.get("act") == "end" else request.path)
        except ValidationError as refused:
            if form.is_bound:
                form.take(refused)
            else:
                messages.error(request, "; ".join(refused.messages))
                return redirect(request.path)
    people = [row.person for row in selectors.responders_listed() if row.vetted_at and not row.barred_at]
    if found.duty != "peer":
        people += [one for one in coordinators() if one not in people]
    context = {"shift": found, "form": form, "people": people, "today": _today(actor)}
    return render(request, "on_call/shift.html", context, status=400 if form.errors else 200)


def _shift_act(request: HttpRequest, actor: "Person", shift_id: int, form: DayForm) -> bool:
    """Do what the button says; False when the form of a date has mistakes in it."""
    act = request.POST.get("act", "")
    if act in {"join", "part"}:
        person = selectors.on_roster_by_pid(_pid(request.POST.get("person", "")))
        if act == "join":
            services.shift_join(actor=actor, shift_id=shift_id, person=person)
        else:
            services.shift_part(actor=actor, shift_id=shift_id, person=person)
    elif act == "end":
        services.shift_end(actor=actor, shift_id=shift_id, last=_today(actor))
    elif act in {"off", "hours", "usual"}:
        if not form.is_valid():
            return False
        hours = {name: form.cleaned_data[name] for name in ("start", "end")} if act == "hours" else {}
        services.shift_day_set(actor=actor, shift_id=shift_id, on=form.cleaned_data["on"], off=act == "off", **hours)
    else:
        raise ValidationError(_("Please choose one of the buttons."))
    messages.success(request, _("Kept."))
    return True


@require_http_methods(["GET", "POST"])
@signed_in
def responders(request: HttpRequest) -> HttpResponse:
    """Who wants to be there for others: admit the first ones of a new site, take the right away, give it back."""
    actor = _coordinator(request)
    if request.method == "POST":
        given = request.POST.get("responder", "")
        row = int(given) if given.isascii() and given.isdigit() and len(given) < 12 else 0
        try:
            if request.POST.get("act") == "admit":
                services.responder_admit(actor=actor, responder_id=row)
            else:
                services.responder_bar(actor=actor, responder_id=row, on=request.POST.get("act") == "bar")
        except Conflict as no:
            messages.info(request, str(no))
        else:
            messages.success(request, _("Noted."))
        return redirect("coordinator_responders")
    rows = selectors.responders_listed()
    return render(request, "on_call/responders.html", {"rows": rows, "me": actor, "zone": actor.zone})


@never_cache
@require_safe
@signed_in
def button(request: HttpRequest) -> HttpResponse:
    """The last 30 days: unanswered, times, loads, staffed hours. No names, no content."""
    actor, now = _coordinator(request), clock.now()
    context = {
        "numbers": selectors.numbers_for(actor, now),
        "incidents": selectors.incidents_for(actor, now),
        "reviews": _reviews(),
        "zone": actor.zone,
    }
    return render(request, "on_call/button.html", context)


@require_POST
@signed_in
def review(request: HttpRequest) -> HttpResponse:
    """Note why nobody came."""
    services.press_review(
        actor=_coordinator(request), ref=request.POST.get("ref", ""), found=request.POST.get("found", "")
    )
    messages.success(request, _("Noted."))
    return redirect("coordinator_button")


@require_http_methods(["GET", "POST"])
@signed_in
def lines(request: HttpRequest) -> HttpResponse:
    """Every crisis line with who called it and when. A person calls; a tap here only says that they did."""
    actor = _coordinator(request)
    if request.method == "POST":
        services.crisis_line_check(
            actor=actor,
            region=request.POST.get("region", ""),
            number=request.POST.get("number", ""),
            on=_today(actor),
        )
        messages.success(request, _("Thank you. Noted with your name and the day."))
        return redirect("coordinator_lines")
    return _lines_page(request)


@require_POST
@signed_in
def line_write(request: HttpRequest) -> HttpResponse:
    """Add a line, write one anew (`before`, its number until now), or take one off (`act`=retire)."""
    actor, before = _coordinator(request), request.POST.get("before", "")
    if request.POST.get("act") == "retire":
        try:
            services.crisis_line_retire(actor=actor, region=request.POST.get("region", ""), number=before)
            messages.success(request, _("Taken off the list."))
        except ValidationError as refused:
            messages.error(request, "; ".join(refused.messages))
        return redirect("coordinator_lines")
    form = LineForm(request.POST, auto_id="typed-%s")
    if form.is_valid():
        try:
            services.crisis_line_write(actor=actor, before=before, **form.cleaned_data)
        except ValidationError as refused:
            form.take(refused)
        else:
            messages.success(request, _("Kept. Now call it, and say here that it is right."))
            return redirect("coordinator_lines")
    return _lines_page(request, refused=form)


@require_GET
def numbers(request: HttpRequest) -> HttpResponse:
    """For everybody, from a size on at which nobody can be found in it."""
    return render(request, "on_call/numbers.html", {"numbers": selectors.numbers_public(clock.now())})


def roster_by_link(request: HttpRequest, link: "Link") -> HttpResponse:
    """A warning leads to the roster, which asks to sign in."""
    return redirect("coordinator_roster")


# --- parts ---------------------------------------------------------------------------------------------------


def _lines_page(request: HttpRequest, refused: LineForm | None = None) -> HttpResponse:
    """Each line with its form; what was refused stands open where it was typed, or below as a line to add."""
    rows, new = [], refused
    typed = (request.POST.get("region"), request.POST.get("before")) if refused else None
    for place, line in enumerate(selectors.lines_all()):
        if typed == (line.region, line.number):
            rows.append((line, refused))
            new = None
        else:
            rows.append((line, LineForm(initial=asdict(line), auto_id=f"line-{place}-%s")))
    context = {"rows": rows, "new": new or LineForm()}
    return render(request, "on_call/lines.html", context, status=400 if refused else 200)


def _coordinator(request: HttpRequest) -> "Person":
    actor = actor_of(request)
    if actor is None or not is_coordinator(actor):
        raise PermissionDenied
    return actor


def _pid(given: str) -> UUID:
    try:
        return UUID(given)
    except ValueError as error:
        raise ValidationError(_("Please choose one of the names.")) from error


def _today(actor: "Person") -> date:
    return clock.now().astimezone(ZoneInfo(actor.zone)).date()


def _hours(first: int | None, last: int | None) -> dict[str, str]:
    if first is None or last is None:
        return {}
    return {"first": f"{first // 60:02}:{first % 60:02}", "last": f"{last // 60 % 24:02}:{last % 60:02}"}


def _reviews() -> list[tuple[str, str]]:
    return [
        ("nobody_on", _("Nobody was on call or available")),
        ("not_seen", _("Asked, and not seen in time")),
        ("not_free", _("Asked, and nobody was free")),
        ("technical", _("Something was broken")),
        ("other", _("Something else")),
    ]
