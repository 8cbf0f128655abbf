"""What this room keeps about a person: their presses and answers, that they came or were asked, their shifts."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from cravings import selectors
from cravings.messages import topic_of
from cravings.models import (
    Aftercare,
    Asked,
    Availability,
    Claim,
    GapWarning,
    Limit,
    Press,
    Responder,
    ShiftDay,
    ShiftMember,
    SupporterAsked,
    Swap,
    Vouch,
    Wishes,
    WordsLook,
)
from cravings.services import after, claims, rooms
from cravings.services.common import locked
from delivery.services import cancel
from ground import clock
from people import holdings
from people.models import Person

KEPT = timedelta(days=365)  # then only the site's numbers remain
WARNED = timedelta(days=60)


def export(person: Person) -> dict[str, Any]:
    """Everything, for the person alone. Whom they were with stays with those."""
    responder = selectors.responder_of(person)
    wishes = selectors.wishes_of(person)
    return {
        "presses": [
            {
                "pressed_at": press.pressed_at.isoformat(),
                "state": press.state,
                "late": press.late,
                "ended_at": press.ended_at.isoformat() if press.ended_at else None,
                "how": press.how,
                "before": press.before,
                "level": press.level,
            }
            for press in Press.objects.filter(person=person).order_by("pressed_at")
        ],
        "asked_afterwards": [
            {"step": one.step, "at": one.due_at.isoformat(), "answer": one.answer}
            for one in Aftercare.objects.filter(press__person=person).order_by("due_at")
        ],
        "wishes": {
            "gender": wishes.gender,
            "ask": wishes.ask,
            "aftercare": wishes.aftercare,
            "hour": wishes.hour,
            "tell_the_lead": wishes.lead,
        },
        "limits": [
            {"kind": one.kind, "at": one.at.isoformat(), "until": one.until.isoformat()}
            for one in Limit.objects.filter(person=person)
        ],
        "was_there_for_others": Claim.objects.filter(person=person).count(),
        "was_asked": Asked.objects.filter(person=person).count(),
        "available_until": next((row.until.isoformat() for row in Availability.objects.filter(person=person)), None),
        "responder_since": responder.since.isoformat() if responder else None,
        "vouched_for": Vouch.objects.filter(by=person).count(),
        "shifts": [
            {
                "weekday": row.shift.weekday,
                "start": f"{row.shift.start:%H:%M}",
                "zone": row.shift.zone,
                "since": row.since.isoformat(),
                "until": row.until.isoformat() if row.until else None,
            }
            for row in ShiftMember.objects.filter(person=person).select_related("shift").order_by("pk")
        ],
    }


def erase(person: Person) -> None:
    """First withdraw what is pending; then the rows. A press the person took is asked anew; what is over keeps its
    times, without them."""
    for press in Press.objects.filter(person=person):
        cancel(topic=topic_of(press.pk), reason="the person is gone")
        cancel(topic=after.topic_of(press.pk), reason="the person is gone")
        rooms.close(press)  # what the others wrote there is emptied like after every talk
    Press.objects.filter(person=person).delete()
    for press in Press.objects.filter(claimed_by=person, state=Press.CLAIMED):
        claims.let_go(locked(press.pk), Claim.GIVEN_BACK, clock.now())
    Press.objects.filter(second_by=person).update(second=Press.NO_SECOND, second_by=None)
    Press.objects.filter(claimed_by=person).update(claimed_by=None)
    Claim.objects.filter(person=person).delete()
    Asked.objects.filter(person=person).delete()
    Availability.objects.filter(person=person).delete()
    Wishes.objects.filter(person=person).delete()
    Limit.objects.filter(person=person).delete()
    Limit.objects.filter(by=person).update(by=None)
    WordsLook.objects.filter(by=person).update(by=None)
    Vouch.objects.filter(by=person).delete()
    Responder.objects.filter(person=person).delete()
    Swap.objects.filter(Q(leaves=person) | Q(takes=person)).delete()
    ShiftMember.objects.filter(person=person).delete()
    SupporterAsked.objects.filter(supporter__person=person).delete()


def purge(now: datetime) -> int:
    """Delete presses that ended 12 months ago with all that hangs on them, and what is over."""
    old, _detail = Press.objects.filter(ended_at__lt=now - KEPT).delete()
    past, _detail = Availability.objects.filter(until__lte=now).delete()
    days, _detail = ShiftDay.objects.filter(on__lt=(now - KEPT).date()).delete()
    swaps, _detail = Swap.objects.filter(on__lt=(now - KEPT).date()).delete()
    shifts, _detail = ShiftMember.objects.filter(until__lt=(now - KEPT).date()).delete()
    limits, _detail = Limit.objects.filter(until__lte=now).delete()
    looks, _detail = WordsLook.objects.filter(at__lt=now - KEPT).delete()
    warned, _detail = GapWarning.objects.filter(ends_at__lt=now - WARNED).delete()
    return old + past + days + swaps + shifts + limits + looks + warned


def enter() -> None:
    holdings.register(
        "cravings",
        20,
        export=export,
        erase=erase,
        purge=purge,
        models=[
            "cravings.Press",
            "cravings.Asked",
            "cravings.Claim",
            "cravings.Availability",
            "cravings.Responder",
            "cravings.Vouch",
            "cravings.Wishes",
            "cravings.Aftercare",
            "cravings.SupporterAsked",
            "cravings.RiskSaid",
            "cravings.Limit",
            "cravings.WordsLook",
            "cravings.ShiftMember",
            "cravings.Swap",
        ],
    )
