"""Groups that meet on Thursdays in Berlin, for stories about belonging and attendance."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from ground import clock
from groups.models import Group, Membership
from groups.services import group_found
from meetings.models import Meeting, Occurrence, Sheet
from meetings.services.commitments import commitment_make
from meetings.services.group_meetings import meeting_make
from meetings.services.occurrences import occurrence_get, sheet_get
from meetings.services.series_plan import Plan
from people.models import Person
from tests.people_of_the_story import NOW, make_member

THURSDAY = 3
PLAN = Plan(name="Thursday circle", weekdays=(THURSDAY,), starts=time(19, 0), zone="Europe/Berlin", minutes=90)
LONG_AGO = NOW - timedelta(days=100)


@dataclass
class Circle:
    """A group founded 100 days before NOW; it meets every Thursday at 19:00 in Berlin, which is NOW."""

    group: Group
    facilitator: Person
    meeting: Meeting
    occurrence: Occurrence
    sheet: Sheet


def make_group(facilitator: Person, *, name: str = "Thursday people", heads: bool = False) -> Group:
    return group_found(actor=facilitator, name=name, zone="Europe/Berlin", head_count_only=heads)


def join(group: Group, person: Person, *, role: str = "member", since: datetime | None = None) -> Membership:
    return Membership.objects.create(group=group, person=person, role=role, since=since or clock.now())


def make_circle(*, heads: bool = False, starts: datetime = NOW) -> Circle:
    """The group, its meeting, and the occurrence that starts at `starts` with its open sheet."""
    with clock.frozen(LONG_AGO):
        facilitator = make_member()
        group = make_group(facilitator, heads=heads)
        meeting = meeting_make(actor=facilitator, group=group, plan=PLAN)
    occurrence, sheet = make_date(meeting, starts)
    return Circle(group, facilitator, meeting, occurrence, sheet)


def make_date(meeting: Meeting, starts: datetime) -> tuple[Occurrence, Sheet]:
    """The occurrence of a winter Thursday and its sheet."""
    local = (starts + timedelta(hours=1)).replace(tzinfo=None)
    occurrence = occurrence_get(meeting=meeting, original_local=local)
    return occurrence, sheet_get(occurrence=occurrence)


def make_regular(circle: Circle, alias: str | None = None, *, since: datetime | None = None) -> Person:
    """A member who is committed to the circle's meeting."""
    with clock.frozen(since or LONG_AGO + timedelta(days=1)):
        person = make_member(alias)
        join(circle.group, person)
        commitment_make(actor=person, meeting=circle.meeting)
    return person
