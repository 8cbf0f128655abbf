"""The only writers of a member's own tools."""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ground import clock
from own.models import CallCard
from people.models import Person

NAME_LENGTH = 40
NUMBER = re.compile(r"^\+?[0-9][0-9 ()./\-]{1,28}[0-9]$")


def call_card_set(*, actor: Person, name: str, number: str) -> CallCard:
    """The person whom the member would call; a new one takes the place of the old. Raises ValidationError."""
    name, number = " ".join(name.split()), " ".join(number.split())
    wrong = {}
    if not name or len(name) > NAME_LENGTH:
        wrong["name"] = _("Please give a name of up to 40 letters.")
    if not NUMBER.match(number):
        wrong["number"] = _("Please give a phone number: digits, spaces, and a plus in front if you like.")
    if wrong:
        raise ValidationError(wrong)
    card, _made = CallCard.objects.update_or_create(
        person=actor, defaults={"name": name, "number": number, "changed_at": clock.now()}
    )
    return card


def call_card_clear(*, actor: Person) -> None:
    """Nobody is on the card any more."""
    CallCard.objects.filter(person=actor).delete()
