"""What the JSON doors of this room read alike: a day, a date's key."""

from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.http import Http404
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from meetings.selectors import attendance


def day_named(name: str, text: str) -> date:
    """A day as in 2026-01-15. Raises ValidationError under `name` for one that does not exist."""
    try:
        day = parse_date(text)
    except ValueError:  # a date that does not exist
        day = None
    if day is None:
        raise ValidationError({name: _("Give a day that exists, as in 2026-01-15.")})
    return day


def key_named(text: str) -> datetime:
    """The original wall start that stands in an address. Raises Http404."""
    try:
        return attendance.key_read(text)
    except ValueError as wrong:
        raise Http404 from wrong
