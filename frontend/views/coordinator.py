"""The coordinator's page: what waits for somebody to look. Groups, numbers and moments; no name of any person."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from frontend.actor import signed_in, the_actor
from ground import clock
from support.selectors import desk
from support.services import nudges_drop, nudges_release

DIGITS = 19  # of a row's number, at most


@require_safe
@signed_in
def hub(request: HttpRequest) -> HttpResponse:
    """Held nudges, false alerts, contacts that cannot be reached, and the sections of other parts."""
    actor, now = the_actor(request), clock.now()
    context = {
        "held": desk.held_nudges(actor),
        "most": desk.MOST,
        "alerts": desk.false_alerts(actor, now),
        "unreachable": desk.unreachable_contacts(actor),
        "zone": actor.zone,
    }
    return render(request, "coordinator/hub.html", context)


@require_POST
@signed_in
def held(request: HttpRequest) -> HttpResponse:
    """Let held nudges go, or decide that they never go: the ticked ones, or with `all` those that the page showed."""
    actor = the_actor(request)
    answer, _all, which = request.POST.get("answer", "").partition("-")
    acts = {"release": nudges_release, "drop": nudges_drop}
    if answer not in acts or which not in {"", "all"}:
        return HttpResponseBadRequest(_("Please choose one of the buttons."))
    given = request.POST.getlist("shown" if which else "ref")
    row_ids = [int(ref) for ref in given if ref.isdecimal() and len(ref) < DIGITS]
    done = acts[answer](actor=actor, row_ids=row_ids)
    if not row_ids:
        messages.warning(request, _("Tick the messages that you mean."))
    elif not done:
        messages.info(request, _("This is settled."))
    else:
        messages.success(request, _said(answer, done))
    return redirect("coordinator")


def _said(answer: str, done: int) -> str:
    if answer == "release":
        words = ngettext(
            "%(n)d message may go. All that the member set is asked again before it does.",
            "%(n)d messages may go. All that each member set is asked again before they do.",
            done,
        )
    else:
        words = ngettext(
            "%(n)d message does not go. The member reads that somebody looked.",
            "%(n)d messages do not go. Each member reads that somebody looked.",
            done,
        )
    return words % {"n": done}
