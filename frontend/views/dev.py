"""Doors that exist only with the development switch: the mails, the clock, sign-in as somebody of the demo."""

from datetime import UTC, datetime, timedelta

from allauth.account.internal.flows.login import record_authentication
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from delivery.transports.email.files import mails
from ground import clock
from people.selectors import demo_account, demo_accounts


@require_GET
def mail(request: HttpRequest) -> HttpResponse:
    """Every outgoing mail, latest first; `?format=json` for scripts, oldest first."""
    found = mails()
    if request.GET.get("format") == "json":
        rows = [{"name": m.name, "headers": m.headers, "text": m.text} for m in found]
        return JsonResponse({"mails": rows})
    return render(request, "dev/mail.html", {"mails": found[::-1], "now": clock.now()})


@csrf_exempt  # loopback and development only; scripts move the clock without a page
def move_clock(request: HttpRequest) -> HttpResponse:
    """GET: the moment. POST `to` (ISO, UTC) or `hours`: move it."""
    if request.method == "POST":
        try:
            if "to" in request.POST:
                moment = datetime.fromisoformat(request.POST["to"]).replace(tzinfo=UTC)
            else:
                moment = clock.now() + timedelta(hours=float(request.POST["hours"]))
            clock.move_to(moment)
        except (KeyError, ValueError, OverflowError):
            return HttpResponseBadRequest("give `to` as 2026-01-15T19:35:00 (UTC) or `hours` as a number\n")
        if request.headers.get("Accept", "").startswith("text/html"):
            return redirect("dev_mail")
    return JsonResponse({"now": clock.now().isoformat()})


@require_GET
def people(request: HttpRequest) -> HttpResponse:
    return render(request, "dev/people.html", {"accounts": demo_accounts(), "now": clock.now()})


@require_POST
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in as one of the demo's people."""
    account = demo_account(request.POST.get("alias", ""))
    if account is None:
        raise Http404
    login(request, account, backend="allauth.account.auth_backends.AuthenticationBackend")
    record_authentication(request, account, method="demo")  # as fresh as a sign-in with a password
    return redirect("today")
