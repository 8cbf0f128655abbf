"""Shifts and lists for the stories of the roster."""

from datetime import datetime, time, timedelta
from uuid import uuid4

from cravings.models import Shift, ShiftMember
from groups.models import Group
from meetings.models import Mark, Meeting, Occurrence, Sheet
from people.models import Person
from tests.cravings.circle_of_four import make_responder
from tests.people_of_the_story import NOW, make_member

ZONE = "Europe/Berlin"


LONG_AGO = NOW.date() - timedelta(days=60)


def make_shift(start: time, minutes: int, *, weekday: int = 3, since=LONG_AGO, **more) -> Shift:
    """A weekly shift, on Thursdays unless said otherwise."""
    given = {"zone": ZONE, "duty": "peer", "wanted": 1, "made_at": NOW, **more}
    return Shift.objects.create(weekday=weekday, start=start, minutes=minutes, since=since, **given)


def put_on(shift: Shift, *people: Person) -> None:
    for person in people:
        make_responder(person)
        ShiftMember.objects.create(shift=shift, person=person, since=shift.since)


def make_shift_now(name: str, *, at: datetime, duty: str = "peer") -> Person:
    """Somebody who is on call all of that day, without being "available" and without a group."""
    person = make_member(name)
    put_on(make_shift(time(0), 1440, weekday=at.weekday(), zone="UTC", duty=duty), person)
    return person


def attended(group: Group, person: Person, times: int, *, closed: bool = True) -> None:
    """`times` meetings at which somebody was marked present, on lists that were closed or not."""
    for _ in range(times):
        meeting = Meeting.objects.create(
            group=group, slug=uuid4().hex[:12], name="Circle", zone=ZONE, mode="online", created_at=NOW
        )
        occurrence = Occurrence.objects.create(
            meeting=meeting, original_local=NOW, starts_at=NOW - timedelta(hours=1), ends_at=NOW
        )
        over = {"state": "closed", "closed_at": NOW, "first_closed_at": NOW, "revision": 1} if closed else {}
        sheet = Sheet.objects.create(occurrence=occurrence, opened_at=NOW, step_at=None if closed else NOW, **over)
        Mark.objects.create(sheet=sheet, person=person, value="present", at=NOW)
