"""Favourites: a member's belong to the account, a guest's to the browser alone. And what is shown without network.

Which meetings they are is sent in the body of a POST, never in an address: addresses are written into logs.
"""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from frontend.actor import actor_of
from frontend.finder_rows import written
from frontend.views.finder import rows_shown
from frontend.views.groups.common import going_back
from ground import clock
from ground.errors import TooMany
from meetings.selectors.kept import rows_of
from own.selectors import favourites_of
from own.services import FAVOURITES, favourite_drop, favourites_keep


@require_http_methods(["GET", "HEAD", "POST"])
def favourites(request: HttpRequest) -> HttpResponse:
    """The list; a guest's is filled in by js/kept.js. POST keeps a member's, or no longer."""
    actor = actor_of(request)
    if request.method == "POST":
        if actor is None:
            return HttpResponseBadRequest()
        if request.POST.get("action") == "drop":
            favourite_drop(actor=actor, slug=request.POST.get("slug", ""))
        else:
            try:
                favourites_keep(actor=actor, slugs=request.POST.getlist("slug")[:FAVOURITES])
            except TooMany as full:
                messages.warning(request, str(full))
        return redirect(going_back(request, "favourites"))
    context = _rows(request, favourites_of(actor)) if actor else {"guest": True}
    return render(request, "finder/favourites.html", context)


@never_cache
@require_POST
def favourite_rows(request: HttpRequest) -> HttpResponse:
    """The rows of a member's favourites, or of those that a guest's browser names. Nothing is kept of it here."""
    actor = actor_of(request)
    slugs = favourites_of(actor) if actor else request.POST.getlist("slug")[:FAVOURITES]
    return render(request, "finder/favourite_rows.html", _rows(request, slugs))


@require_GET
def offline(request: HttpRequest) -> HttpResponse:
    """What the service worker keeps for when there is no network: an empty page that js/kept.js fills."""
    return render(request, "finder/offline.html", {"offline": True})


def _rows(request: HttpRequest, slugs: list[str]) -> dict[str, object]:
    now = clock.now()
    zone, rows = rows_shown(request, rows_of(slugs, now), now)
    return {"rows": written(rows, dated=True), "zone": zone}
