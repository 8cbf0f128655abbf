"""Whose public holidays a meeting's facilitators are shown."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext as _

from meetings.free_days import is_known
from meetings.models import Meeting
from meetings.policies import can_run_meeting
from people.models import Person


def meeting_holidays_set(*, actor: Person, meeting: Meeting, region: str) -> Meeting:
    """Choose the region whose public holidays are suggested (`DE`, `DE-BY`), `-` for none, empty for where it is held.

    Facilitators only. No date changes. Raises ValidationError for a region whose holidays are not known.
    """
    if not can_run_meeting(actor, meeting):
        raise PermissionDenied
    if region not in {"", Meeting.NO_HOLIDAYS} and not is_known(region):
        raise ValidationError({"region": _("The public holidays of this place are not known here.")})
    Meeting.objects.filter(pk=meeting.pk).update(holidays_of=region)
    meeting.holidays_of = region
    return meeting
