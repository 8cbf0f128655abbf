"""Corrections: the form that is open to everybody, and the pages of those who decide."""

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from frontend.actor import actor_of, signed_in, the_actor
from frontend.forms.corrections import LABELS, CorrectionForm
from frontend.forms.groups import MODES
from frontend.views.groups.common import or_404
from ground import clock
from ground.errors import Settled, TooMany
from meetings.api.limits import count_correction
from meetings.fellowships import FELLOWSHIPS
from meetings.selectors import attendance, corrections
from meetings.selectors.proposals import standing
from meetings.services.confirming import confirming_look
from meetings.services.corrections import (
    corrected_meeting,
    correction_accept,
    correction_decline,
    correction_read,
    correction_send,
)
from meetings.services.group_meetings import meeting_confirm
from people.selectors import is_coordinator

if TYPE_CHECKING:
    from meetings.models import Correction
    from people.models import Link


@require_http_methods(["GET", "HEAD", "POST"])
@or_404
def correct(request: HttpRequest, slug: str) -> HttpResponse:
    """ "Something is not right": the meeting as a form. Who sends it is thanked; nothing changes by it."""
    actor, meeting = actor_of(request), attendance.meeting_at(slug)
    if meeting.closed_at is not None:
        raise Settled(_("This meeting is no longer listed."))
    fields = corrections.fields_for(actor, meeting, clock.now())
    form = CorrectionForm(request.POST or None, standing=standing(meeting, fields))
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                count_correction(request)
                words = form.cleaned_data["words"]
                correction_send(actor=actor, meeting=meeting, given=form.given(fields), words=words)
            except ValidationError as refused:
                form.take(refused)
            except TooMany as refused:
                form.add_error(None, str(refused))
                status = refused.status
            else:
                messages.success(request, _("Thank you. Somebody who looks after this meeting will check it."))
                return redirect("meeting", slug)
    return render(request, "finder/correct.html", {"form": form, "meeting": meeting}, status=status)


@require_safe
@signed_in
def waiting(request: HttpRequest) -> HttpResponse:
    """What waits for me: as a facilitator of my groups, as a coordinator of all that no group has."""
    actor = the_actor(request)
    context = {
        "waiting": [(one, _about(one)) for one in corrections.waiting_for(actor)],
        "coordinates": is_coordinator(actor),
        "zone": actor.zone,
    }
    return render(request, "finder/corrections.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@or_404
def one(request: HttpRequest, correction_id: int) -> HttpResponse:
    """One correction, field by field: take over what is ticked, or leave all as it is."""
    actor = the_actor(request)
    found = correction_read(actor=actor, correction_id=correction_id)
    refusal = ""
    if request.method == "POST":
        answer = request.POST.get("answer", "")
        if answer not in {"accept", "decline"}:
            return HttpResponseBadRequest()
        try:
            if answer == "decline":
                correction_decline(actor=actor, correction=found)
                messages.success(request, _("Nothing is changed. Nobody is told."))
            else:
                correction_accept(actor=actor, correction=found, fields=request.POST.getlist("field"))
                messages.success(request, _("Done. The finder shows it so from now on."))
        except ValidationError as refused:
            refusal = " ".join(refused.messages)
        else:
            return redirect("corrections")
    lines = [_line(line) for line in corrections.lines_of(found)] if found.state == "open" else []
    context = {"correction": found, "meeting": found.meeting, "lines": lines, "refusal": refusal, "zone": actor.zone}
    return render(request, "finder/correction.html", context, status=400 if refusal else 200)


def correction_by_link(request: HttpRequest, link: "Link") -> HttpResponse:
    """The link in a note: it leads to the page, which asks to sign in."""
    return redirect("correction", link.subject)


def corrected_by_link(request: HttpRequest, link: "Link") -> HttpResponse:
    """The link in the thanks: the meeting as everybody sees it."""
    return redirect("meeting", corrected_meeting(correction_id=link.subject))


def confirm_by_link(request: HttpRequest, link: "Link") -> HttpResponse:
    """Is all of it still right? Opening changes nothing; one tap confirms, without signing in."""
    meeting = confirming_look(actor=link.person, meeting_id=link.subject)
    if request.method == "POST":
        if request.POST.get("answer") != "right":
            return HttpResponseBadRequest()
        meeting_confirm(actor=link.person, meeting=meeting)
        return redirect(f"{request.path}?done=1")
    context = {
        "meeting": meeting,
        "dates": attendance.dates_of([meeting], now=clock.now(), count=1),
        "done": request.GET.get("done") == "1" and meeting.confirmed_on is not None,
        "here_url": request.path,
        "change_url": reverse("group_meeting", args=[meeting.group.slug, meeting.pk]) if meeting.group else "",
        "mode": dict(MODES).get(meeting.mode, ""),
    }
    return render(request, "finder/confirm.html", context)


def _about(correction: "Correction") -> str:
    """What a correction is about, so that two of one meeting are told apart."""
    fields = [str(label) for name, label in LABELS.items() if name in correction.wanted]
    return " · ".join(fields) or _("In their own words")


def _line(line: corrections.Line) -> dict[str, Any]:
    """A field in a person's words."""
    return {
        "field": line.field,
        "label": LABELS[line.field],
        "now": _shown(line.field, line.now),
        "wanted": _shown(line.field, line.wanted),
        "was": _shown(line.field, line.was) if line.moved else "",
    }


def _shown(field: str, value: Any) -> str:
    if field == "days":
        return ", ".join(str(WEEKDAYS[day]) for day in value)
    if field == "gone":
        return _("yes") if value else _("no")
    if field == "mode":
        return str(dict(MODES).get(value, value))
    if field == "fellowship":
        return FELLOWSHIPS.get(value, value) or _("nothing")
    return str(value) or _("nothing")
