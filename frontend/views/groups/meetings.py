"""A group's meetings: adding, changing and ending a series, cancelling dates, coming and not coming."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from frontend.actor import signed_in, the_actor
from frontend.forms.days import day_of
from frontend.forms.groups import MeetingForm, SeriesForm
from frontend.views.groups.common import going_back, or_404, run_by
from frontend.views.groups.free_days import free_days_shown
from frontend.views.list_words import differences_shown
from ground import clock
from groups.selectors import facilitators
from meetings.schedule import key_read
from meetings.selectors import attendance, series
from meetings.services import group_meetings, occurrences
from meetings.services.commitments import commitment_end, commitment_make, excuse, excuse_undo

if TYPE_CHECKING:
    from meetings.models import Meeting

DATES = 8  # that can be cancelled on a meeting's page


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@or_404
def new(request: HttpRequest, slug: str) -> HttpResponse:
    """Add a weekly meeting."""
    own = run_by(request, slug)
    form = MeetingForm(request.POST or None, initial={"zone": own.group.zone, "title": own.group.name})
    if request.method == "POST" and form.is_valid():
        try:
            group_meetings.meeting_make(actor=the_actor(request), group=own.group, plan=form.plan(own.group.name))
        except ValidationError as refused:
            form.take(refused)
        else:
            messages.success(request, _("The meeting is in the group's calendar."))
            return redirect("group", slug)
    context = {"form": form, "group": own.group}
    return render(request, "groups/meeting_new.html", context, status=400 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@or_404
def meeting(request: HttpRequest, slug: str, meeting_id: int) -> HttpResponse:
    """One meeting for its facilitators: which dates are not held, the series, its end."""
    own = run_by(request, slug)
    found = attendance.meeting_in(own.group, meeting_id)
    initial = series.plan_of(found)
    others = series.series_of(found)
    form = _form_of(request, initial, others)
    if request.method == "POST" and form.is_valid():
        together = form.cleaned_data.get("together")
        edit = group_meetings.series_edit if together else group_meetings.meeting_edit
        try:
            edit(actor=the_actor(request), meeting=found, plan=form.plan(own.group.name))
        except ValidationError as refused:
            form.take(refused)
            found = attendance.meeting_in(own.group, meeting_id)  # as it is, not as it was to be
        else:
            messages.success(request, _("Saved. It holds from the next date on."))
            return redirect("group_meeting", slug, meeting_id)
    context = {
        "form": form,
        "group": own.group,
        "meeting": found,
        "dates": attendance.dates_of([found], now=clock.now(), count=DATES),
        "last_day": initial["last"],
        "others": others,
        "differences": differences_shown(found),
        "free": free_days_shown(found),
    }
    return render(request, "groups/meeting.html", context, status=400 if form.errors else 200)


def _form_of(request: HttpRequest, initial: dict[str, object], others: "list[Meeting]") -> MeetingForm:
    """Each time of day is a meeting of its own by now; those that were made together can be changed together."""
    if others:
        also = ", ".join(f"{one.starts_local:%H:%M}" for one in others)
        return SeriesForm(request.POST or None, initial=initial | {"also": also})
    form = MeetingForm(request.POST or None, initial=initial)
    del form.fields["also"]
    return form


@require_POST
@signed_in
@or_404
def dates(request: HttpRequest, slug: str, meeting_id: int) -> HttpResponse:
    """Cancel the ticked dates, or take one up again."""
    actor = the_actor(request)
    found = attendance.meeting_in(run_by(request, slug).group, meeting_id)
    originals = [_key(key) for key in request.POST.getlist("date")]
    if request.POST.get("action") == "back" and len(originals) == 1:
        held = occurrences.occurrence_get(meeting=found, original_local=originals[0])
        occurrences.occurrence_uncancel(actor=actor, occurrence=held)
        messages.success(request, _("It is on again."))
    elif not originals:
        messages.warning(request, _("Choose the dates that are not held."))
    else:
        done = occurrences.occurrences_cancel(actor=actor, meeting=found, originals=originals)
        words = ngettext("%(count)d date is cancelled.", "%(count)d dates are cancelled.", len(done))
        messages.success(request, words % {"count": len(done)})
    return redirect("group_meeting", slug, meeting_id)


@require_POST
@signed_in
@or_404
def holiday(request: HttpRequest, slug: str, meeting_id: int) -> HttpResponse:
    """Cancel every date between two days."""
    found = attendance.meeting_in(run_by(request, slug).group, meeting_id)
    try:
        first, last = (day_of(request.POST.get(name, "")) for name in ("first", "last"))
        done = occurrences.occurrences_cancel_between(actor=the_actor(request), meeting=found, first=first, last=last)
    except ValidationError as refused:
        messages.warning(request, " ".join(refused.messages))
    else:
        words = ngettext("%(count)d date is cancelled.", "%(count)d dates are cancelled.", len(done))
        messages.success(request, words % {"count": len(done)})
    return redirect("group_meeting", slug, meeting_id)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@or_404
def arrange(request: HttpRequest, slug: str, meeting_id: int, key: str) -> HttpResponse:
    """One date for its facilitators: another time, and who is on duty."""
    actor = the_actor(request)
    own = run_by(request, slug)
    found = attendance.meeting_in(own.group, meeting_id)
    now_arranged = attendance.arranged(found, _key(key))
    running = facilitators(own.group)
    refusal, typed = "", now_arranged.local.strftime("%Y-%m-%dT%H:%M")
    if request.method == "POST":
        action = request.POST.get("action", "")
        try:
            if action == "move":
                typed = request.POST.get("starts", "")
                held = occurrences.occurrence_get(meeting=found, original_local=_key(key))
                occurrences.occurrence_move(actor=actor, occurrence=held, starts_local=_wall(typed))
                messages.success(request, _("This date is moved."))
            elif action == "duty":
                pid = request.POST.get("person", "")
                person = next((one for one in running if str(one.pid) == pid), None)
                if pid and person is None:
                    return HttpResponseBadRequest()
                held = occurrences.occurrence_get(meeting=found, original_local=_key(key))
                occurrences.occurrence_duty_set(actor=actor, occurrence=held, person=person)
                messages.success(request, _("Saved."))
            else:
                return HttpResponseBadRequest()
        except ValidationError as refused:
            refusal = " ".join(refused.messages)
        else:
            return redirect("group_meeting", slug, meeting_id)
    context = {
        "group": own.group,
        "meeting": found,
        "arranged": now_arranged,
        "facilitators": running,
        "typed": typed,
        "refusal": refusal,
    }
    return render(request, "groups/arrange.html", context, status=400 if refusal else 200)


@require_POST
@signed_in
@or_404
def end(request: HttpRequest, slug: str, meeting_id: int) -> HttpResponse:
    """End a series."""
    found = attendance.meeting_in(run_by(request, slug).group, meeting_id)
    if request.POST.get("sure") != "yes":
        messages.warning(request, _("Nothing is changed. Tick the box if the meeting is to end."))
        return redirect("group_meeting", slug, meeting_id)
    group_meetings.meeting_end(actor=the_actor(request), meeting=found)
    messages.success(request, _("The meeting has ended."))
    return redirect("group", slug)


@require_POST
@signed_in
@or_404
def commit(request: HttpRequest, slug: str) -> HttpResponse:
    """ "I plan to come", or no longer."""
    actor = the_actor(request)
    found = attendance.meeting_at(slug)
    action = request.POST.get("action", "")
    if action == "commit":
        commitment_make(actor=actor, meeting=found)
        messages.success(request, _("Good. You are expected from the next date on."))
    elif action == "uncommit":
        commitment_end(actor=actor, meeting=found)
        messages.success(request, _("Done. You are not expected any more; come whenever you like."))
    else:
        return HttpResponseBadRequest()
    return redirect(going_back(request, _home(found.group.slug if found.group else "")))


@require_POST
@signed_in
@or_404
def date(request: HttpRequest, slug: str, key: str) -> HttpResponse:
    """ "Can't come" on one date, and taking that back."""
    actor = the_actor(request)
    found = attendance.meeting_at(slug)
    action = request.POST.get("action", "")
    if action == "excuse":
        excuse(actor=actor, meeting=found, original_local=_key(key))
        messages.success(request, _("Thank you for saying so. It counts as excused."))
    elif action == "undo":
        excuse_undo(actor=actor, meeting=found, original_local=_key(key))
        messages.success(request, _("Good. See you there."))
    else:
        return HttpResponseBadRequest()
    return redirect(going_back(request, _home(found.group.slug if found.group else "")))


def _wall(text: str) -> datetime:
    """A wall time of a form. Raises ValidationError."""
    try:
        wall = parse_datetime(text)
    except ValueError:
        wall = None
    if wall is None or wall.tzinfo is not None:
        raise ValidationError(_("Say when it is: a day and a time."))
    return wall


def _key(text: str) -> datetime:
    try:
        return key_read(text)
    except ValueError as wrong:
        raise Http404 from wrong


def _home(slug: str) -> str:
    return reverse("group", args=[slug]) if slug else reverse("groups")
