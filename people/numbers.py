"""Phone numbers as they are stored: E.164, a plus sign and at most 15 digits."""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

E164 = re.compile(r"^\+[1-9][0-9]{6,14}$")
SEPARATORS = re.compile(r"[\s()./\-]")


def e164(text: str) -> str:
    """The number without what people write between its digits; 00 in front is a plus. Raises ValidationError."""
    number = SEPARATORS.sub("", text)
    if number.startswith("00"):
        number = "+" + number[2:]
    if not E164.match(number):
        raise ValidationError({"address": _("Please write the number with its country, like +44 7700 900123.")})
    return number
