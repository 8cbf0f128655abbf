"""Lists that wait: for the facilitator who closes them, and for the coordinator who sees that nobody did."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q

from ground.wall import to_wall
from groups.models import Group, Membership
from meetings.models import Meeting, Occurrence, Sheet
from meetings.selectors.attendance import MOST_SHOWN, OPEN_FOR, UNCLOSED_AFTER
from people.models import Person
from people.selectors import is_coordinator

UNCLOSED_SHOWN = timedelta(days=28)


@dataclass(frozen=True, slots=True)
class Owed:
    """A list that a facilitator has not closed yet."""

    occurrence_id: int
    sheet_id: int
    group: Group
    meeting: Meeting
    starts_at: datetime
    ends_at: datetime

    @property
    def local(self) -> datetime:
        return to_wall(self.starts_at, self.meeting.zone)


@dataclass(frozen=True, slots=True)
class Unclosed:
    """A list that nobody closed, as a coordinator sees it: where and when, never who."""

    group: str
    meeting: str
    local: datetime  # the wall start in the meeting's zone (naive)
    zone: str
    expired: bool
    without_facilitator: bool


def sheets_owed(person: Person, now: datetime) -> list[Owed]:
    """Lists that wait for this facilitator: begun, not closed, not expired, not cancelled; oldest first.

    Somebody named for the occurrence has it alone while they are a facilitator; else every facilitator of the group.
    """
    runs = Membership.objects.facilitators().filter(person=person, group__closed_at=None).values("group")
    named = Membership.objects.facilitators().filter(
        group=OuterRef("occurrence__meeting__group"), person=OuterRef("occurrence__on_duty")
    )
    waiting = Sheet.objects.filter(
        Q(occurrence__on_duty=None) | Q(occurrence__on_duty=person) | ~Exists(named),
        state=Sheet.OPEN,
        occurrence__state=Occurrence.SCHEDULED,
        occurrence__starts_at__lte=now,
        occurrence__ends_at__gt=now - OPEN_FOR,
        occurrence__meeting__group__in=runs,
    )
    found = []
    for sheet in waiting.select_related("occurrence__meeting__group").order_by("occurrence__starts_at", "pk"):
        held, meeting = sheet.occurrence, sheet.occurrence.meeting
        assert meeting.group is not None
        found.append(Owed(held.pk, sheet.pk, meeting.group, meeting, held.starts_at, held.ends_at))
    return found


def sheets_unclosed(coordinator: Person, now: datetime) -> list[Unclosed]:
    """Lists open for 48 hours or more, and those that expired in the last four weeks, the latest first.

    Raises PermissionDenied for all but coordinators. One statement beside that.
    """
    if not is_coordinator(coordinator):
        raise PermissionDenied
    since = now - UNCLOSED_SHOWN
    waiting = Sheet.objects.filter(
        state__in=[Sheet.OPEN, Sheet.EXPIRED],
        occurrence__state=Occurrence.SCHEDULED,
        occurrence__ends_at__lte=now - UNCLOSED_AFTER,
        occurrence__starts_at__gt=since,
        occurrence__meeting__group__closed_at=None,
        occurrence__meeting__group__isnull=False,
    )
    found = []
    for sheet in waiting.select_related("occurrence__meeting__group").order_by("-occurrence__starts_at", "pk")[
        :MOST_SHOWN
    ]:
        occurrence, meeting = sheet.occurrence, sheet.occurrence.meeting
        assert meeting.group is not None
        found.append(
            Unclosed(
                group=meeting.group.name,
                meeting=meeting.name,
                local=to_wall(occurrence.starts_at, meeting.zone),
                zone=meeting.zone,
                expired=sheet.state == Sheet.EXPIRED,
                without_facilitator=meeting.group.needs_facilitator,
            )
        )
    return found
