"""What talk says outside: that something waits, never what, who or where (D8, D9)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from chat.services import notices
from delivery.kinds import Kind, Subject, register
from delivery.models import Delivery


def check_notices(deliveries: Sequence[Delivery], now: datetime) -> list[str | None]:
    """As services.notices_barred says; a fixed number of statements a room."""
    by_room: dict[int, list[Delivery]] = {}
    for delivery in deliveries:
        by_room.setdefault(delivery.payload["room"], []).append(delivery)
    reasons: dict[int, str | None] = {}
    for room_pk, some in by_room.items():
        barred = notices.notices_barred(room_pk, [(one.recipient_id, one.kind, browser(one)) for one in some])
        reasons |= {one.pk: reason for one, reason in zip(some, barred, strict=True)}
    return [reasons[delivery.pk] for delivery in deliveries]


def to_me(delivery: Delivery) -> dict[str, str]:
    return {"me": delivery.recipient.name}


def room_link(delivery: Delivery) -> Subject:
    """The room's own page, which asks them to sign in."""
    return ("talk", delivery.payload["room"])


def tag(delivery: Delivery) -> str:
    return notices.tag_of(delivery.payload["room"], delivery.recipient)


def browser(delivery: Delivery) -> int | None:
    """A member is told in each of their browsers, by a message each."""
    found = delivery.payload.get("browser")
    return found if isinstance(found, int) else None


def enter() -> None:
    """Called from apps.py."""
    for name, text in ((notices.NOTICE, "T40"), (notices.NAMED, "T41")):
        kind = Kind(name, text, context=to_me, link=room_link, checks=check_notices)
        register(replace(kind, ways=notices.WAYS, tag=tag, only=browser))
