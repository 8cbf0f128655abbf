"""The inbox inside the site: a row, written in the gate's own transaction. It stands from the first hand-over on."""

from datetime import datetime

from delivery.models import Delivery, InboxItem
from delivery.transports import Message
from ground.site import site_url


def item(delivery: Delivery, message: Message, at: datetime) -> InboxItem:
    """The copy of `message`, not saved: the text without its link, which becomes a path on this site."""
    return InboxItem(
        person_id=delivery.recipient_id,
        delivery=delivery,
        text=without(message.link, message.text),
        link=message.link.removeprefix(site_url()),
        at=at,
    )


def without(link: str, text: str) -> str:
    """A text that led up to its link ends as a sentence, where the link is the row or the note itself."""
    if not link:
        return text
    parts = [part.strip().removesuffix(":") for part in text.split(link)]
    return " ".join(part if part.endswith((".", "?", "!")) else f"{part}." for part in parts if part)
