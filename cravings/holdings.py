"""What this room keeps about a person: their presses, whether they are available, and that they were asked."""

from datetime import datetime, timedelta
from typing import Any

from cravings.models import Asked, Availability, Press
from cravings.services import topic_of
from delivery.services import cancel
from ground import clock
from people import holdings
from people.models import Person

KEPT = timedelta(days=365)  # then only the site's numbers remain


def export(person: Person) -> dict[str, Any]:
    """Everything, for the person alone. Whom they were with stays with those."""
    return {
        "presses": [
            {
                "pressed_at": press.pressed_at.isoformat(),
                "state": press.state,
                "late": press.late,
                "ended_at": press.ended_at.isoformat() if press.ended_at else None,
                "how": press.how,
            }
            for press in Press.objects.filter(person=person).order_by("pressed_at")
        ],
        "was_there_for_others": Press.objects.filter(claimed_by=person).count(),
        "was_asked": Asked.objects.filter(person=person).count(),
        "available_until": next((row.until.isoformat() for row in Availability.objects.filter(person=person)), None),
    }


def erase(person: Person) -> None:
    """First withdraw what is pending; then the rows. A press the person took keeps its times, without them."""
    for press in Press.objects.filter(person=person):
        cancel(topic=topic_of(press.pk), reason="the person is gone")
    Press.objects.filter(person=person).delete()
    Press.objects.filter(claimed_by=person, state=Press.CLAIMED).update(state=Press.CLOSED, ended_at=clock.now())
    Press.objects.filter(claimed_by=person).update(claimed_by=None)
    Asked.objects.filter(person=person).delete()
    Availability.objects.filter(person=person).delete()


def purge(now: datetime) -> int:
    """Delete presses that ended 12 months ago, and availabilities that are over."""
    old, _detail = Press.objects.filter(ended_at__lt=now - KEPT).delete()
    past, _detail = Availability.objects.filter(until__lte=now).delete()
    return old + past


def enter() -> None:
    holdings.register(
        "cravings",
        20,
        export=export,
        erase=erase,
        purge=purge,
        models=["cravings.Press", "cravings.Asked", "cravings.Availability"],
    )
