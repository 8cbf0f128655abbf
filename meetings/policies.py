"""Who may do what at meetings. Outside groups nothing is recorded: a listed meeting without a group has no doors."""

from django.db.models import Q

from groups.models import Membership
from groups.policies import can_run, can_see
from meetings.models import Meeting, Occurrence
from people.models import Person
from people.selectors import is_coordinator


def can_run_meeting(actor: Person, meeting: Meeting) -> bool:
    """Facilitators of the meeting's group keep its lists, cancel its dates, edit and end it."""
    return meeting.group is not None and can_run(actor, meeting.group)


def can_correct(actor: Person, meeting: Meeting) -> bool:
    """Who decides about a proposed correction: the facilitators of the meeting's group, else the coordinators."""
    if meeting.group is not None and meeting.group.closed_at is None:
        return can_run_meeting(actor, meeting)
    return is_coordinator(actor)


def can_come(actor: Person, meeting: Meeting) -> bool:
    """Members of the meeting's group may commit to it and excuse themselves, unless the group counts heads only."""
    group = meeting.group
    return group is not None and not group.head_count_only and group.closed_at is None and can_see(actor, group)


def known_to(occurrence: Occurrence) -> "set[int]":
    """The ids of those who may stand on this sheet: everybody who is or was a confirmed member of the group."""
    confirmed = Q(state__in=[Membership.ACTIVE, Membership.ENDED])
    return set(Membership.objects.filter(confirmed, group=occurrence.meeting.group).values_list("person_id", flat=True))
