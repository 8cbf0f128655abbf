"""The quiet look at my own people, once a month. Whatever is answered, it ends in the same words."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from circle import selectors, services
from frontend.actor import signed_in, the_actor
from frontend.forms.circle import NOT_MINE, OWN_CHOICE
from frontend.views.circle import say_leaving
from ground import clock


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def look(request: HttpRequest) -> HttpResponse:
    """One question for each person: my own choice, or not. Unanswered stays as it is."""
    actor = the_actor(request)
    if request.method != "POST":
        context = {
            "cards": selectors.cards(actor, clock.now()),
            "zone": actor.zone,
            "own": OWN_CHOICE,
            "not_mine": NOT_MINE,
        }
        return render(request, "circle/look.html", context)
    if request.POST.get("action") == "later":
        services.look_later(actor=actor)
        return redirect("today")
    quiet = [one for one in selectors.supporters_of(actor) if request.POST.get(f"choice-{one.person.pid}") == NOT_MINE]
    found = services.look_done(actor=actor, quiet=quiet)
    messages.success(request, _("Thank you. The next look is in a month."))
    for supporter, withdrawn in found.items():
        say_leaving(request, supporter.name, withdrawn)
    return redirect("today")
