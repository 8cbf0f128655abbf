"""What this room keeps about a person: what was decided to be said to them, and their inbox."""

from datetime import datetime, timedelta
from typing import Any

from delivery.models import Delivery, Inbound, InboxItem
from people.models import Person

INBOUND_KEPT = timedelta(days=30)  # no provider tells a message again so late


def export(person: Person) -> dict[str, Any]:
    messages = Delivery.objects.filter(recipient=person).order_by("due_at", "pk")
    inbox = InboxItem.objects.filter(person=person).order_by("at", "pk")
    return {
        "messages": [
            {"kind": m.kind, "state": m.state, "reason": m.reason, "due_at": m.due_at, "handed_at": m.handed_at}
            for m in messages
        ],
        "inbox": [{"text": item.text, "at": item.at, "read_at": item.read_at} for item in inbox],
    }


def erase(person: Person) -> None:
    """What is pending goes with what was said: nothing more leaves, nothing stays. Attempts go with their message."""
    Delivery.objects.filter(recipient=person).delete()


def purge(now: datetime) -> int:
    """References of texts that came in. Thinning the outbox comes with the privacy issue (docs/status.md)."""
    return Inbound.objects.filter(at__lt=now - INBOUND_KEPT).delete()[0]
