"""The note before what a member planned: switching it on, and answering it by its link."""

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from frontend.actor import signed_in, the_actor
from ground import clock
from ground.errors import Conflict, Settled
from meetings.selectors import attendance
from meetings.services.plans import plan_answer, plan_reminder_set

if TYPE_CHECKING:
    from people.models import Link

CHOICES = [
    ("", gettext_lazy("No notes")),
    ("1440", gettext_lazy("A day before")),
    ("180", gettext_lazy("Three hours before")),
    ("60", gettext_lazy("An hour before")),
]


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def plan_reminders(request: HttpRequest) -> HttpResponse:
    """A note before what I planned: not at all, or how long before."""
    actor = the_actor(request)
    if request.method == "POST":
        text = request.POST.get("lead", "")
        try:
            plan_reminder_set(actor=actor, lead_minutes=int(text) if text.isdecimal() else None if not text else -1)
        except ValidationError:
            return HttpResponseBadRequest()
        messages.success(request, _("Saved."))
        return redirect("plan_reminders")
    chosen = attendance.plan_reminder_of(actor)
    return render(request, "plans/reminders.html", {"choices": CHOICES, "chosen": str(chosen or "")})


def plan_by_link(request: HttpRequest, link: "Link") -> HttpResponse:
    """One date of one member: coming, or not this time. Opening it changes nothing; it ends with the date."""
    actor = link.person
    try:
        held = attendance.occurrence_of(link.subject)
    except ObjectDoesNotExist as gone:
        raise Http404 from gone
    if held.ends_at <= clock.now() or held.state == "cancelled":
        raise Settled(_("This date is over or is not held."))
    if request.method == "POST":
        answer = request.POST.get("answer", "")
        if answer not in {"coming", "not"}:
            return HttpResponseBadRequest()
        try:
            plan_answer(actor=actor, occurrence=held, coming=answer == "coming")
        except Conflict as marked:
            messages.warning(request, str(marked))
        return redirect(request.path)
    context = {
        "starts": held.starts_at.astimezone(ZoneInfo(actor.zone)).replace(tzinfo=None),
        "excused": attendance.excused_from(actor, held),
        "here_url": request.path,
    }
    return render(request, "plans/plan.html", context)
