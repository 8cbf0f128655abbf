"""The shell's own pages: Today, Me, and the manifest."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from frontend.actor import actor_of, signed_in, the_actor
from frontend.context import FACE_COOKIE, FACES, face_of
from frontend.language import remember
from frontend.today import today_of
from ground import clock
from people import services
from people.selectors import is_coordinator


@signed_in
def today(request: HttpRequest) -> HttpResponse:
    """At most three cards, and the quiet rest."""
    actor = the_actor(request)
    now = clock.now()
    found = today_of(actor, now)
    starts = found.starts.replace(tzinfo=None) if found.starts else None  # already in the reader's zone
    context = {"today": found, "starts_local": starts, "zone": actor.zone, "now": now}
    return render(request, "shell/today.html", context)


def me(request: HttpRequest) -> HttpResponse:
    """Guests too: language, name and icon are theirs to choose."""
    person = actor_of(request)
    context = {
        "languages": settings.LANGUAGES,
        "faces": FACES,
        "person": person,
        "coordinates": person is not None and is_coordinator(person),
    }
    return render(request, "shell/me.html", context)


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Choose the language of pages, and of messages when signed in. `next`: where to go on."""
    chosen = request.POST.get("language", "")
    if chosen not in dict(settings.LANGUAGES):
        raise ValidationError(_("This language is not here yet."))
    actor = actor_of(request)
    if actor is not None:
        services.person_settings(actor=actor, language=chosen)
    return remember(redirect(_next(request, "me")), settings.LANGUAGE_COOKIE_NAME, chosen)


@require_POST
def icon(request: HttpRequest) -> HttpResponse:
    """Choose the name and icon that this browser shows."""
    chosen = request.POST.get("face", "")
    if chosen not in FACES:
        raise ValidationError(_("This name is not known here."))
    return remember(redirect("me"), FACE_COOKIE, chosen)


def manifest(request: HttpRequest) -> JsonResponse:
    """The web app manifest, under the chosen name. It names nothing that explains the site."""
    face = face_of(request)
    content = {
        "id": "/",
        "name": FACES[face],
        "short_name": FACES[face],
        "start_url": "/today/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#fbf7f0",
        "theme_color": "#121a26",
        "icons": [
            {"src": static(f"icons/{face}.svg"), "sizes": "any", "type": "image/svg+xml"},
            {"src": static(f"icons/{face}-192.png"), "sizes": "192x192", "type": "image/png"},
            {"src": static(f"icons/{face}-512.png"), "sizes": "512x512", "type": "image/png", "purpose": "any"},
        ],
    }
    if face == "porchlight":
        content["shortcuts"] = [{"name": _("I need someone"), "url": "/need/"}]
    response = JsonResponse(content, content_type="application/manifest+json")
    response["Vary"] = "Cookie"
    return response


def _next(request: HttpRequest, default: str) -> str:
    """The address to go on to, if it is one of ours."""
    wanted = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if ours else default
