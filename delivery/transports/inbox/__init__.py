"""The inbox inside the site: a row, written in the gate's own transaction: it exists exactly when it was sent."""

from datetime import datetime

from delivery.models import Delivery, InboxItem
from delivery.transports import Message
from ground.site import site_url


def item(delivery: Delivery, message: Message, at: datetime) -> InboxItem:
    """The copy of `message`, not saved: the text without its link, which becomes a path on this site."""
    return InboxItem(
        person_id=delivery.recipient_id,
        delivery=delivery,
        text=message.text.replace(message.link, "").strip() if message.link else message.text,
        link=message.link.removeprefix(site_url()),
        at=at,
    )


def put(delivery: Delivery, message: Message, at: datetime) -> None:
    """Write the copy once: a repeat finds the first and changes nothing."""
    if not InboxItem.objects.filter(delivery=delivery).exists():
        item(delivery, message, at).save(force_insert=True)
