"""The inbox inside the site."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from delivery.selectors import inbox_of
from delivery.services import inbox_read
from frontend.actor import signed_in, the_actor


@signed_in
@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    actor = the_actor(request)
    return render(request, "delivery/inbox.html", {"items": inbox_of(actor)[:50], "zone": actor.zone})


@signed_in
@require_POST
def read(request: HttpRequest, item_id: int) -> HttpResponse:
    """Mark as read and go where the message points, if it points anywhere."""
    actor = the_actor(request)
    item = inbox_read(actor=actor, item_id=item_id)
    return redirect(item.link or "inbox")
