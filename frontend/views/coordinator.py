"""The coordinator's page: what waits for somebody to look. Groups, numbers and moments; no name of any person."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from frontend.actor import actor_of, signed_in
from ground import clock
from ground.errors import Settled
from support.selectors import desk
from support.services import nudge_drop, nudge_release


@require_safe
@signed_in
def hub(request: HttpRequest) -> HttpResponse:
    """Held nudges, false alerts, contacts that cannot be reached, and the sections of other parts."""
    actor, now = actor_of(request), clock.now()
    assert actor is not None  # behind signed_in
    context = {
        "held": desk.held_nudges(actor),
        "alerts": desk.false_alerts(actor, now),
        "unreachable": desk.unreachable_contacts(actor),
        "zone": actor.zone,
    }
    return render(request, "coordinator/hub.html", context)


@require_POST
@signed_in
def held(request: HttpRequest, ref: int) -> HttpResponse:
    """Let one held nudge go, or decide that it never goes."""
    actor = actor_of(request)
    assert actor is not None  # behind signed_in
    acts = {"release": nudge_release, "drop": nudge_drop}
    said = {
        "release": _("It may go. All that the member set is asked again before it does."),
        "drop": _("It does not go. The member reads that somebody looked."),
    }
    chosen = request.POST.get("answer", "")
    if chosen not in acts:
        return HttpResponseBadRequest(_("Please choose one of the buttons."))
    try:
        acts[chosen](actor=actor, row_id=ref)
    except Settled as over:
        messages.info(request, str(over))
    else:
        messages.success(request, said[chosen])
    return redirect("coordinator")
