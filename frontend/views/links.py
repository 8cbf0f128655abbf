"""`/<13 characters>`: login-free links, led to the page of their purpose. GET never acts; answers are POST."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.module_loading import import_string
from django.views.decorators.csrf import csrf_exempt

from ground.errors import Settled, Unknown
from people.services import link_look, link_open

if TYPE_CHECKING:
    from people.models import Link

Page = Callable[[HttpRequest, "Link"], HttpResponse]

# purpose -> view(request, link). A purpose in SETTLED has a page of its own for links that are over.
PURPOSES = {
    "invite": "frontend.views.circle.invite_by_link",
    "supporter_stop": "frontend.views.circle.stop_by_link",
    "sheet": "frontend.views.sheets.sheet_by_link",
    "keeping": "frontend.views.groups.pages.keeping_by_link",
    "lists": "frontend.views.sheets.lists_by_link",
    "plan": "frontend.views.plans.plan_by_link",
    "correction": "frontend.views.corrections.correction_by_link",
    "corrected": "frontend.views.corrections.corrected_by_link",
    "confirm": "frontend.views.corrections.confirm_by_link",
    "talk": "frontend.views.chat.room_by_link",
    "press": "frontend.views.cravings.press_by_link",
    "press_supporter": "frontend.views.cravings.supporter_by_link",
    "need": "frontend.views.cravings.need_by_link",
    "aftercare": "frontend.views.cravings.aftercare_by_link",
    "on_call": "frontend.views.on_call.on_call_by_link",
    "shift_calendar": "frontend.views.on_call.calendar_by_link",
    "roster": "frontend.views.roster.roster_by_link",
    "nudge": "frontend.views.support.nudge_by_link",
    "watch": "frontend.views.support.watch_by_link",
    "circle": "frontend.views.circle.circle_by_link",
}
SETTLED = {"nudge", "invite"}


@csrf_exempt  # the address itself is the secret; no-referrer pages and one-click mail programs send no origin
def by_token(request: HttpRequest, token: str) -> HttpResponse:
    """Show or answer what the link is about. Unknown: 404. Used, revoked, expired: 410 with what is still possible."""
    response = _answer(request, link_look(token=token), token)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _answer(request: HttpRequest, link: "Link", token: str) -> HttpResponse:
    if link.purpose not in PURPOSES:  # a token of something that is no page (a calendar)
        raise Unknown
    page: Page = import_string(PURPOSES[link.purpose])
    try:
        return page(request, link_open(token=token))
    except Settled as over:
        if link.purpose in SETTLED:
            settled: Page = import_string(PURPOSES[link.purpose] + "_settled")
            return settled(request, link)
        return render(request, "410.html", {"sentences": [str(over)]}, status=410)
