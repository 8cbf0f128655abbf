"""For the coordinator: who asks very often, and what the word lists found. For who came: that it was not meant."""

from datetime import date
from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from cravings import selectors, services
from frontend.actor import signed_in, the_actor
from frontend.views.groups.common import going_back
from ground import clock
from people.selectors import person_by_pid

if TYPE_CHECKING:
    from people.models import Person

DAYS = {"1": 1, "7": 7, "30": 30}


@never_cache
@require_http_methods(["GET", "POST"])
@signed_in
def often(request: HttpRequest) -> HttpResponse:
    """Who asks very often: counts, and a decision for some days. POST decides, or takes it back."""
    actor = the_actor(request)
    if request.method == "POST":
        person = _person(request.POST.get("person", ""))
        kind, _sep, days = request.POST.get("limit", "").partition("-")
        if kind == "none":
            services.limit_end(actor=actor, person=person)
        else:
            services.limit_set(actor=actor, person=person, kind=kind, days=DAYS.get(days, 0))
        messages.success(request, _("Noted. They read it on their own screen."))
        return redirect("coordinator_often")
    rows = selectors.often_for(actor, clock.now())
    return render(request, "on_call/often.html", {"rows": rows, "zone": actor.zone})


@never_cache
@require_http_methods(["GET", "POST"])
@signed_in
def words(request: HttpRequest) -> HttpResponse:
    """What the lists of words found in the last weeks, in counts. POST: a week was looked at."""
    actor = the_actor(request)
    if request.method == "POST":
        try:
            week = date.fromisoformat(request.POST.get("week", ""))
        except ValueError as error:
            raise PermissionDenied from error
        services.words_looked(actor=actor, week=week)
        messages.success(request, _("Noted."))
        return redirect("coordinator_words")
    return render(request, "on_call/words.html", {"weeks": selectors.words_weeks(actor, clock.now())})


@require_POST
@signed_in
def not_meant(request: HttpRequest, ref: str) -> HttpResponse:
    """Who came says that it was no wish for company."""
    services.press_not_meant(actor=the_actor(request), ref=ref)
    messages.success(request, _("Noted. The coordinator sees a count, and no name of yours."))
    return redirect("need_claim", ref=ref)


@require_POST
@signed_in
def meant_otherwise(request: HttpRequest, ref: str) -> HttpResponse:
    """What stands above the room does not fit the words. Comes back to the room."""
    services.words_meant_otherwise(actor=the_actor(request), ref=ref, found=request.POST.get("found", ""))
    messages.success(request, _("Thank you. It helps us to keep the list short."))
    return redirect(going_back(request, "talk"))


def _person(pid: str) -> "Person":
    try:
        return person_by_pid(pid)
    except (ObjectDoesNotExist, ValidationError) as error:
        raise Http404 from error
