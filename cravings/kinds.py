"""What this room says outside: one kind, without name, group or reason."""

from datetime import datetime

from cravings import selectors
from cravings.models import Press
from cravings.services import KIND
from delivery.kinds import Kind, Subject, register
from delivery.models import Delivery


def check(delivery: Delivery, now: datetime) -> str | None:
    """Reason to keep silent at the moment of sending: over, taken, no longer theirs to hear, no longer available."""
    press = Press.objects.filter(pk=delivery.payload["press"]).select_related("person").first()
    if press is None or press.state != Press.ASKING or press.unanswered_at <= now:
        return "the press is no longer asking"
    if selectors.press_offered_to(delivery.recipient, pk=press.pk) is None:
        return "blocked, or no shared group any more"
    if selectors.available_until(delivery.recipient, now) is None:
        return "no longer available"
    return None


def context(delivery: Delivery) -> dict[str, str]:
    return {}


def link(delivery: Delivery) -> Subject | None:
    return ("press", delivery.payload["press"])


def enter() -> None:
    register(Kind(name=KIND, text="T10", check=check, context=context, link=link))
