"""Rows of this room: the listed meetings, and what happens at them."""

from meetings.models.attendance import Commitment, Mark, MarkWrite, Occurrence, PlanReminder, SelfLog, Sheet
from meetings.models.meeting import Listing, Meeting, MeetingDay, Source

__all__ = [
    "Commitment",
    "Listing",
    "Mark",
    "MarkWrite",
    "Meeting",
    "MeetingDay",
    "Occurrence",
    "PlanReminder",
    "SelfLog",
    "Sheet",
    "Source",
]
