"""What a member plans to come to, for the private calendar that only they were given."""

from datetime import datetime

from meetings.models import Commitment
from meetings.out.public import Public
from meetings.selectors.published import published_by_pk
from people.models import Person


def planned(person: Person, now: datetime) -> list[Public]:
    """The meetings that somebody plans to come to, with what the public may know of each: links stay on its page,
    since a calendar is copied to machines that nobody here knows. Three queries at most."""
    standing = Commitment.objects.standing().filter(person=person)
    return published_by_pk(list(standing.values_list("meeting_id", flat=True)), now)
