"""Days that a page's form names."""

from datetime import date

from django.core.exceptions import ValidationError
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _


def day_of(text: str) -> date:
    """One of two days of a form. Raises ValidationError for one that does not exist."""
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        raise ValidationError(_("Give two days that exist."))
    return day
