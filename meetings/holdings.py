"""What this room keeps about a person: their marks, commitments, self-logged meetings, and which
corrections a member sent."""

from datetime import datetime, timedelta
from typing import Any

from meetings.models import Commitment, Correction, Mark, PlanReminder, SelfLog
from people.models import Person

CORRECTIONS_KEPT = timedelta(days=90)


def export(person: Person) -> dict[str, Any]:
    marks = Mark.objects.filter(person=person).select_related("sheet__occurrence__meeting__group")
    commitments = Commitment.objects.filter(person=person).select_related("meeting")
    return {
        "attendance": [
            {
                "meeting": mark.sheet.occurrence.meeting.name,
                "starts_at": mark.sheet.occurrence.starts_at,
                "mark": mark.value,
                "expected": mark.expected,
                "written_at": mark.at,
            }
            for mark in marks.order_by("sheet__occurrence__starts_at", "pk")
        ],
        "commitments": [
            {"meeting": c.meeting.name, "since": c.since, "until": c.until} for c in commitments.order_by("since", "pk")
        ],
        "reminder_minutes_before": PlanReminder.objects.filter(person=person)
        .values_list("lead_minutes", flat=True)
        .first(),
        "corrections": [
            {"meeting": one.meeting.name, "sent_at": one.sent_at, "wanted": one.wanted, "words": one.words}
            for one in Correction.objects.filter(by=person).select_related("meeting").order_by("pk")
        ],
        "self_logged": [
            {"starts_at": log.starts_at, "entered_at": log.at, "title": log.title}
            for log in SelfLog.objects.filter(person=person).order_by("starts_at")
        ],
    }


def erase(person: Person) -> None:
    """Marks go with their history; head counts and other people's rows stay, without this person's name on them."""
    Mark.objects.filter(person=person).delete()
    Commitment.objects.filter(person=person).delete()
    SelfLog.objects.filter(person=person).delete()
    PlanReminder.objects.filter(person=person).delete()
    Correction.objects.filter(by=person).update(by=None)


def purge(now: datetime) -> int:
    """Corrections 90 days after they were decided: strangers' words are not kept for good.

    Thinning sheets after 12 months comes with the privacy issue (docs/status.md).
    """
    gone, _detail = Correction.objects.filter(settled_at__lte=now - CORRECTIONS_KEPT).delete()
    return gone
