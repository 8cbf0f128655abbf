"""The messages this room owns: the invitation (T04), not arrived (T18), consent revoked (T12), ends soon (T19)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import formats, translation

from circle.models import Consent, Supporter
from circle.selectors import invitation_ends, standing
from circle.services.consent import speaking
from circle.services.invitation import invitation_came_back
from circle.services.standing import supporter_stop
from delivery.kinds import Kind, Subject, register, register_stop
from delivery.models import Delivery
from people.models import Person
from people.selectors import alive


def supporters_in(deliveries: Sequence[Delivery]) -> list[Supporter | None]:
    """The contact that each is about, in one statement."""
    named = [delivery.payload.get("supporter", 0) for delivery in deliveries]
    found = Supporter.objects.select_related("member", "person").in_bulk(set(named))
    return [found.get(pk) for pk in named]


# --- checks: each asks for many at once, in a fixed number of statements ----------------------------------------------


def check_invites(deliveries: Sequence[Delivery], now: datetime) -> list[str | None]:
    """Still invited by this very invitation, in time, by a member whose account lives.

    `muted` plays no part: a contact somebody made the member add is muted from the start and still asked once.
    """
    supporters = supporters_in(deliveries)
    living = _living(supporters)

    def bar(delivery: Delivery, supporter: Supporter | None) -> str | None:
        if supporter is None:
            return "contact is gone"
        if supporter.state != Supporter.INVITED:
            return f"contact is {supporter.state}"
        if delivery.payload.get("number") != supporter.invitations or now >= invitation_ends(supporter):
            return "the invitation is over"
        return None if supporter.member_id in living else "the member's account is closed"

    return list(map(bar, deliveries, supporters))


def check_not_arrived(deliveries: Sequence[Delivery], now: datetime) -> list[str | None]:
    """Still invited by this very invitation, and to a member whose account lives."""
    supporters = supporters_in(deliveries)
    living = _living(supporters)

    def bar(delivery: Delivery, supporter: Supporter | None) -> str | None:
        if supporter is None or supporter.state != Supporter.INVITED:
            return "contact is gone"
        if delivery.payload.get("number") != supporter.invitations:
            return "invited anew"
        return None if supporter.member_id in living else "the member's account is closed"

    return list(map(bar, deliveries, supporters))


def check_revoked(deliveries: Sequence[Delivery], now: datetime) -> list[str | None]:
    """True when sent: nothing goes to this contact."""
    supporters = supporters_in(deliveries)
    heard = speaking([one.pk for one in supporters if one is not None], now)

    def bar(_delivery: Delivery, supporter: Supporter | None) -> str | None:
        if supporter is None:
            return "contact is gone"
        silent = supporter.state not in Supporter.ON_THE_LIST or supporter.pk not in heard
        return None if silent else "allowed again"

    return list(map(bar, deliveries, supporters))


def check_ends(deliveries: Sequence[Delivery], now: datetime) -> list[str | None]:
    """The consent that ends was neither revoked nor renewed, and has not ended."""
    supporters = supporters_in(deliveries)
    held = Consent.objects.filter(standing(now), supporter__in=[one.pk for one in supporters if one is not None])
    ends = set(held.values_list("supporter_id", "expires_at"))

    def bar(delivery: Delivery, supporter: Supporter | None) -> str | None:
        if supporter is None or supporter.state not in Supporter.ON_THE_LIST:
            return "contact is gone"
        holds = (supporter.pk, datetime.fromisoformat(delivery.payload["ends"])) in ends
        return None if holds else "revoked, renewed or over"

    return list(map(bar, deliveries, supporters))


def _living(supporters: Iterable[Supporter | None]) -> set[int]:
    return alive({one.member_id for one in supporters if one is not None})


# --- what the texts are filled with, and links ------------------------------------------------------------------------


def contexts(deliveries: Sequence[Delivery]) -> list[dict[str, str]]:
    return list(map(_context, deliveries, supporters_in(deliveries)))


def _context(delivery: Delivery, supporter: Supporter | None) -> dict[str, str]:
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
            checks=check_invites,
            contexts=contexts,
            link=invite_link,
            stop=stop_link,
            came_back=invitation_came_back,
        )
    )
    register(Kind("invite_unreachable", "T18", checks=check_not_arrived, contexts=contexts, link=page_link))
    register(Kind("consent_revoked", "T12", checks=check_revoked, contexts=contexts, link=page_link))
    register(Kind("consent_ends", "T19", checks=check_ends, contexts=contexts, link=page_link))
