"""Proposed corrections for those who decide about them: what waits, and what each would change."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from groups.models import Membership
from meetings.models import Correction, Meeting
from meetings.selectors.finder import meeting_view
from meetings.selectors.proposals import FIELDS, offered, standing
from people.models import Person
from people.selectors import is_coordinator

MOST = 100


@dataclass(frozen=True, slots=True)
class Line:
    """One field: as it stands now, as it is wanted; `was` where it said something else when the proposal was made."""

    field: str
    now: Any
    wanted: Any
    was: Any
    moved: bool


def fields_for(actor: Person | None, meeting: Meeting, now: datetime) -> list[str]:
    """The fields of this meeting that `actor` (None: a guest) may propose to change."""
    view = meeting_view(meeting.slug, actor, now)
    return offered(meeting, join_shown=view is not None and view.join_shown)


def waiting_for(actor: Person) -> list[Correction]:
    """Open corrections that `actor` decides about, the oldest first, with their meetings."""
    run = Membership.objects.facilitators().filter(person=actor).values("group")
    mine = Q(meeting__group__in=run, meeting__group__closed_at=None)
    if is_coordinator(actor):
        mine |= Q(meeting__group=None) | Q(meeting__group__closed_at__isnull=False)
    return list(_open().filter(mine).select_related("meeting__group", "meeting__source")[:MOST])


def waiting_of(meetings: Collection[Meeting]) -> int:
    """How many corrections of these meetings wait. For those who run them."""
    return _open().filter(meeting__in=meetings).count()


def lines_of(correction: Correction) -> list[Line]:
    """Field by field, in the order of the form; what says so already by now is left out."""
    now = standing(correction.meeting, list(correction.wanted))
    return [
        Line(
            name,
            now[name],
            correction.wanted[name],
            correction.was.get(name),
            moved=correction.was.get(name) != now[name],
        )
        for name in FIELDS  # the database keeps what is wanted in an order of its own
        if name in correction.wanted and now[name] != correction.wanted[name]
    ]


def _open() -> QuerySet[Correction]:
    return Correction.objects.filter(state=Correction.OPEN).order_by("sent_at", "pk")
