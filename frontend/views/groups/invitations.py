"""The ways into a group: the facilitators' page with link and QR, and the page that an invitation opens."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from frontend.actor import actor_of, signed_in, the_actor
from frontend.qr import qr_of
from frontend.views.groups.common import or_404, run_by
from groups import selectors, services
from groups.services.invitations import sentence


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@or_404
def invite(request: HttpRequest, slug: str) -> HttpResponse:
    """Personal invitations, the group's link and its QR."""
    actor = the_actor(request)
    own = run_by(request, slug)
    if request.method == "POST":
        action = request.POST.get("action", "")
        if action in {"personal", "code"}:
            services.invitation_make(actor=actor, group=own.group, kind=action)
        elif action == "renew":
            services.invitation_renew(actor=actor, group=own.group)
            messages.success(request, _("Here is a new link. The old one no longer works."))
        elif action == "revoke":
            _revoke(request, slug)
        else:
            return HttpResponseBadRequest()
        return redirect("group_invite", slug)
    code = selectors.standing_code(actor=actor, group=own.group)
    link = _address(request, selectors.token_of(code)) if code else ""
    personal = selectors.personal_invitations(actor=actor, group=own.group)
    context = {
        "group": own.group,
        "code": code,
        "code_state": selectors.invitation_state_now(code) if code else "",
        "link": link,
        "qr": qr_of(link) if code else "",
        "personal": [(one, _address(request, selectors.token_of(one))) for one in personal],
    }
    return render(request, "groups/invite.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@or_404
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """What an invitation opens. GET shows a button, POST joins; a guest signs up first and comes back here."""
    actor = actor_of(request)
    door = selectors.invitation_look(token=token)
    held = selectors.membership_of(door.group, actor) if actor else None
    inside = held is not None and held.state == "active"  # who waits at the group's code may come in by a personal one
    if inside and request.method != "POST" and door.state != "closed":
        return redirect("group", door.group.slug)
    if request.method == "POST":
        if actor is None:
            return redirect(f"{reverse('sign_up')}?next={request.path}")
        joined = services.invitation_use(actor=actor, token=token)
        if joined.state == "active":
            messages.success(request, _("You are in. Good to have you here."))
        return redirect("group", door.group.slug)
    if door.state != "standing":
        return render(request, "410.html", {"sentences": [sentence(door.state)]}, status=410)
    context = {"door": door, "group": door.group, "guest": actor is None, "path": request.path}
    # the site's own referrer policy (same-origin) stays: with none at all a browser's POST here would be refused
    return render(request, "groups/invitation.html", context)


def _revoke(request: HttpRequest, slug: str) -> None:
    invitation = services.invitation_open(token=request.POST.get("token", ""))
    services.invitation_revoke(actor=the_actor(request), invitation=invitation)
    messages.success(request, _("This invitation no longer works."))


def _address(request: HttpRequest, token: str) -> str:
    path = reverse("invitation", args=[token])
    return settings.SITE_URL + path if settings.SITE_URL else request.build_absolute_uri(path)
