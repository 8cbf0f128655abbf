"""A member's own tools."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from frontend.actor import signed_in, the_actor
from own import selectors, services


@signed_in
@require_http_methods(["GET", "POST"])
def call_card(request: HttpRequest) -> HttpResponse:
    """Whom the member would call. Shown to nobody else."""
    actor = the_actor(request)
    if request.method == "POST":
        given = {"name": request.POST.get("name", ""), "number": request.POST.get("number", "")}
        try:
            services.call_card_set(actor=actor, **given)
        except ValidationError as wrong:
            context = {"given": given, "errors": wrong.message_dict, "card": selectors.call_card_of(actor)}
            return render(request, "own/call_card.html", context, status=400)
        messages.success(request, _("Kept. It is one tap away when you need it."))
        return redirect("need" if request.POST.get("then") == "need" else "me")
    card = selectors.call_card_of(actor)
    given = {"name": card.name, "number": card.number} if card else {}
    return render(request, "own/call_card.html", {"given": given, "card": card, "then": request.GET.get("then", "")})


@signed_in
@require_POST
def call_card_clear(request: HttpRequest) -> HttpResponse:
    actor = the_actor(request)
    services.call_card_clear(actor=actor)
    messages.success(request, _("Taken away."))
    return redirect("me")


@signed_in
@require_http_methods(["GET", "POST"])
def coping(request: HttpRequest) -> HttpResponse:
    """What helps me, a line each: on the calm screen for me alone, also without network."""
    actor = the_actor(request)
    given, wrong = "\n".join(selectors.coping_of(actor)), ""
    if request.method == "POST":
        given = request.POST.get("items", "")
        try:
            services.coping_set(actor=actor, items=given.splitlines())
        except ValidationError as refused:
            wrong = refused.messages[0]
        else:
            messages.success(request, _("Kept. It stands on the calm screen."))
            return redirect("need" if request.POST.get("then") == "need" else "coping")
    context = {"given": given, "wrong": wrong, "then": request.GET.get("then", "")}
    return render(request, "own/coping.html", context, status=400 if wrong else 200)
