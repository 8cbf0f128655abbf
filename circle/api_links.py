"""The JSON doors of a contact's login-free links: the invitation, and the page that stays."""

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from circle import selectors, services
from ground import clock
from ground.errors import Settled
from ground.link_doors import LinkDoor, choice, only
from people.services import link_give

if TYPE_CHECKING:
    from people.models import Link


def rest_days(body: dict[str, Any]) -> int:
    """`days`, or what a rest lasts without. Raises ValidationError."""
    days = body.get("days", services.REST_DAYS)
    if isinstance(days, bool) or not isinstance(days, int):
        raise ValidationError({"days": _("Please send a whole number.")})
    return days


def contact_shown(link: "Link") -> dict[str, Any]:
    """No more than the link's page shows (privacy rule D5)."""
    page = selectors.supporter_page(selectors.supporter_by_link(link), clock.now(), link=link)
    return {
        "face": page.face,
        "name": page.name,
        "sender_name": page.sender_name,
        "asked_on": page.asked_on,
        "rests_until": page.rests_until,
    }


class InviteDoor(LinkDoor):
    """yes, no, stop. An invitation works once; stop works for ever."""

    stop_lasts = True

    def shown(self, link: "Link", *, over: bool) -> dict[str, Any]:
        found = contact_shown(link)
        answers = {"invited": ["yes", "no", "stop"], "stopped": []}
        return found | {"answers": answers.get(found["face"], ["stop"])}

    def answered(self, link: "Link", body: dict[str, Any], *, over: bool) -> dict[str, Any]:
        supporter = selectors.supporter_by_link(link)
        answer = choice(body, "answer", ("yes", "no", "stop"))
        only(body, "answer")
        if over and answer != "stop":
            raise Settled(_("This invitation is over."))
        acts = {"yes": services.supporter_accept, "no": services.supporter_decline, "stop": services.supporter_stop}
        acts[answer](link=link)
        token = link_give(purpose="supporter_stop", subject=supporter.pk, person=supporter.person)
        return {"lasting_page": f"/{token}"}


class LastingDoor(LinkDoor):
    """rest {days: 1 to 90}, wake, stop."""

    stop_lasts = True

    def shown(self, link: "Link", *, over: bool) -> dict[str, Any]:
        found = contact_shown(link)
        answers = {"accepted": ["wake" if found["rests_until"] else "rest", "stop"], "stopped": []}
        return found | {"answers": answers.get(found["face"], ["stop"])}

    def answered(self, link: "Link", body: dict[str, Any], *, over: bool) -> dict[str, Any]:
        selectors.supporter_by_link(link)
        answer = choice(body, "answer", ("rest", "wake", "stop"))
        only(body, "answer", *(["days"] if answer == "rest" else []))
        if over and answer != "stop":
            raise Settled(_("This is settled."))
        if answer == "rest":
            services.supporter_rest(link=link, days=rest_days(body))
        elif answer == "wake":
            services.supporter_rest_end(link=link)
        else:
            services.supporter_stop(link=link)
        return {}


doors: dict[str, LinkDoor] = {"invite": InviteDoor(), "supporter_stop": LastingDoor()}
