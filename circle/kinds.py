"""The messages this room owns: the invitation (T04), not arrived (T18), consent revoked (T12), ends soon (T19)."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import formats, translation

from circle.models import Supporter
from circle.selectors import invitation_ends, standing
from circle.services.consent import speaks
from circle.services.invitation import invitation_came_back
from circle.services.standing import supporter_stop
from delivery.kinds import Kind, Subject, register, register_stop
from delivery.models import Delivery
from people.models import Person
from people.selectors import account_of


def supporter_in(delivery: Delivery) -> Supporter | None:
    found = Supporter.objects.select_related("member", "person")
    return found.filter(pk=delivery.payload.get("supporter")).first()


def check_invite(delivery: Delivery, now: datetime) -> str | None:
    """Still invited by this very invitation, in time, by a member whose account lives.

    `muted` plays no part: a contact somebody made the member add is muted from the start and still asked once.
    """
    supporter = supporter_in(delivery)
    if supporter is None:
        return "contact is gone"
    if supporter.state != Supporter.INVITED:
        return f"contact is {supporter.state}"
    if delivery.payload.get("number") != supporter.invitations or now >= invitation_ends(supporter):
        return "the invitation is over"
    account = account_of(supporter.member)
    return None if account is not None and account.is_active else "the member's account is closed"


def check_not_arrived(delivery: Delivery, now: datetime) -> str | None:
    """Still invited by this very invitation, and to a member whose account lives."""
    supporter = supporter_in(delivery)
    if supporter is None or supporter.state != Supporter.INVITED:
        return "contact is gone"
    if delivery.payload.get("number") != supporter.invitations:
        return "invited anew"
    account = account_of(supporter.member)
    return None if account is not None and account.is_active else "the member's account is closed"


def check_revoked(delivery: Delivery, now: datetime) -> str | None:
    """True when sent: nothing goes to this contact."""
    supporter = supporter_in(delivery)
    if supporter is None:
        return "contact is gone"
    silent = supporter.state not in Supporter.ON_THE_LIST or not speaks(supporter, now)
    return None if silent else "allowed again"


def check_ends(delivery: Delivery, now: datetime) -> str | None:
    """The consent that ends was neither revoked nor renewed, and has not ended."""
    supporter = supporter_in(delivery)
    if supporter is None or supporter.state not in Supporter.ON_THE_LIST:
        return "contact is gone"
    ends = datetime.fromisoformat(delivery.payload["ends"])
    holds = supporter.consents.filter(standing(now), expires_at=ends).exists()
    return None if holds else "revoked, renewed or over"


def context(delivery: Delivery) -> dict[str, str]:
    supporter = supporter_in(delivery)
    if supporter is None:
        return {}
    to_member = delivery.recipient_id == supporter.member_id
    values = {"me": supporter.member.name if to_member else supporter.sender_name, "su": supporter.name}
    if "ends" in delivery.payload:
        local = datetime.fromisoformat(delivery.payload["ends"]).astimezone(ZoneInfo(delivery.recipient.zone))
        with translation.override(delivery.recipient.language):
            values["day"] = formats.date_format(local, "j M")
    return values


def invite_link(delivery: Delivery) -> Subject:
    return ("invite", delivery.payload["supporter"])


def stop_link(delivery: Delivery) -> Subject:
    return ("supporter_stop", delivery.payload["supporter"])


def page_link(delivery: Delivery) -> Subject:
    """The member's own page, which asks them to sign in."""
    return ("circle", delivery.payload["supporter"])


def stop_all(person: Person) -> None:
    """A text with STOP from the contact's own number: as if they had used their stop page."""
    for supporter in Supporter.objects.filter(person=person).exclude(state=Supporter.STOPPED):
        supporter_stop(supporter=supporter, actor=person)


def enter() -> None:
    """Called from apps.py."""
    register_stop("circle", stop_all)
    register(
        Kind(
            "invite",
            "T04",
            check=check_invite,
            context=context,
            link=invite_link,
            stop=stop_link,
            came_back=invitation_came_back,
        )
    )
    register(Kind("invite_unreachable", "T18", check=check_not_arrived, context=context, link=page_link))
    register(Kind("consent_revoked", "T12", check=check_revoked, context=context, link=page_link))
    register(Kind("consent_ends", "T19", check=check_ends, context=context, link=page_link))
