"""Rows of this room: the listed meetings, and what happens at them."""

from meetings.models.attendance import Commitment, Mark, MarkWrite, Occurrence, PlanReminder, SelfLog, Sheet
from meetings.models.correction import Confirming, Correction
from meetings.models.imports import Import, ImportChange, ImportPart, ImportUndo, ListWord
from meetings.models.meeting import Listing, Meeting, MeetingDay, Source

__all__ = [
    "Commitment",
    "Confirming",
    "Correction",
    "Import",
    "ImportChange",
    "ImportPart",
    "ImportUndo",
    "ListWord",
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
