"""The address of one's own calendar: given, renewed and taken back by its owner alone."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from frontend.actor import signed_in, the_actor
from ground.site import site_url
from meetings.services.calendars import calendar_give, calendar_revoke, calendar_standing


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def own_calendar(request: HttpRequest) -> HttpResponse:
    """Opening the page gives nothing: an address is made by a button, and shown again while it stands."""
    actor = the_actor(request)
    if request.method == "POST":
        action = request.POST.get("action", "")
        if action not in {"give", "renew", "revoke"}:
            return HttpResponseBadRequest()
        if action in {"renew", "revoke"}:
            calendar_revoke(actor=actor)
            messages.success(request, _("The old address no longer works."))
        if action in {"give", "renew"}:
            calendar_give(actor=actor)
        return redirect("own_calendar")
    address = ""
    if calendar_standing(actor=actor):  # the same token again, nothing is written
        address = site_url() + reverse("calendar_mine", args=[calendar_give(actor=actor)])
    return render(request, "meetings/own_calendar.html", {"address": address})
