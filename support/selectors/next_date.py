"""The next date that a member planned to come to, as the pages of the watch offer it: never its name or place."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from meetings.selectors import attendance
from people.models import Person

LOOKED_AT = 30  # coming dates, to find one that is held


def next_planned(member: Person, now: datetime) -> attendance.Date | None:
    """The date in progress or next at `now` (UTC) that is held; None without one."""
    coming = attendance.next_for(member, now, LOOKED_AT)
    return next((date for date in coming if not date.cancelled), None)


def date_ref(date: attendance.Date) -> str:
    """What a page or an answer names the date by."""
    return f"{date.meeting.pk}-{date.key}"


def planned_named(member: Person, ref: object, now: datetime) -> attendance.Date:
    """The next planned date, if that is the one named. Raises ValidationError."""
    date = next_planned(member, now)
    if date is None or date_ref(date) != ref:
        raise ValidationError({"date": _("This date is over or is not held.")})
    return date
