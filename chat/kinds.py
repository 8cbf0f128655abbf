"""What talk says outside: that something waits, never what, who or where (D8, D9)."""

from datetime import datetime

from chat import selectors
from chat.models import Room
from chat.services import notices
from delivery.kinds import Kind, Subject, register
from delivery.models import Delivery


def check_notice(delivery: Delivery, now: datetime) -> str | None:
    """Still a member, still wished, and something of somebody else is still unread: not read, taken back or parted."""
    room = Room.objects.select_related("group").filter(pk=delivery.payload["room"]).first()
    person = delivery.recipient
    if room is None or not selectors.standing_in(room, person).is_member:
        return "not in the room"
    wish = selectors.notices_wished(person, [room.pk])[room.pk]
    if wish == "none" or (wish == "named" and delivery.kind != notices.NAMED):
        return "not wished"
    mark = selectors.read_mark(room.pk, person)
    return None if selectors.unread_above(person, {room.pk: mark}) else "read"


def to_me(delivery: Delivery) -> dict[str, str]:
    return {"me": delivery.recipient.name}


def room_link(delivery: Delivery) -> Subject:
    """The room's own page, which asks them to sign in."""
    return ("talk", delivery.payload["room"])


def tag(delivery: Delivery) -> str:
    return notices.tag_of(delivery.payload["room"], delivery.recipient)


def enter() -> None:
    """Called from apps.py."""
    for name, text in ((notices.NOTICE, "T40"), (notices.NAMED, "T41")):
        register(Kind(name, text, check_notice, to_me, room_link, ways=notices.WAYS, tag=tag))
