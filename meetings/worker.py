"""What is due in this room: next occurrences that are over, coming dates and lists of groups, open lists, notes,
questions whether a meeting is still right."""

from datetime import datetime

from meetings.services.confirming import confirmings_due
from meetings.services.import_work import imports_due
from meetings.services.occurrences import occurrences_prepare
from meetings.services.plans import plans_due
from meetings.services.reminders import sheets_due
from meetings.services.upcoming import upcoming_due


def tick(now: datetime) -> int:
    """Handle what is due at `now` (UTC); return how many items it was."""
    # first the dates: once it is known that a series has no next one, nobody asks for those of an outage any more
    done = occurrences_prepare(now) + upcoming_due(now=now)
    return done + sheets_due(now=now) + plans_due(now=now) + confirmings_due(now=now)


def lists(now: datetime) -> int:
    """Meeting lists on their way in or out: one piece of work a call, which may take minutes."""
    return imports_due(now=now)
