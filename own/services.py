"""The only writers of a member's own tools."""

import re
from collections.abc import Collection, Iterable

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ground import clock
from ground.errors import TooMany
from meetings.models import Meeting
from own.models import CallCard, CopingItem, Favourite
from people.models import Person
from people.selectors import account_of

NAME_LENGTH = 40
ITEMS, ITEM_LENGTH = 12, 80
FAVOURITES = 200
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


def coping_set(*, actor: Person, items: Iterable[str]) -> list[str]:
    """What helps the member, a line each; a new list takes the place of the old. Raises ValidationError."""
    found = [line for line in (" ".join(item.split()) for item in items) if line]
    if len(found) > ITEMS:
        raise ValidationError({"items": _("Please keep it to %(most)s lines.") % {"most": ITEMS}})
    if any(len(line) > ITEM_LENGTH for line in found):
        raise ValidationError({"items": _("Please keep each line to %(most)s letters.") % {"most": ITEM_LENGTH}})
    with transaction.atomic():
        CopingItem.objects.filter(person=actor).delete()
        CopingItem.objects.bulk_create(
            CopingItem(person=actor, text=line, position=place) for place, line in enumerate(found)
        )
    return found


def favourites_keep(*, actor: Person, slugs: Collection[str]) -> int:
    """Keep these meetings at hand; how many of them are kept now. Unknown ones are left out, twice is once.

    Raises PermissionDenied without an account, TooMany past two hundred.
    """
    if account_of(actor) is None:
        raise PermissionDenied
    now = clock.now()
    with transaction.atomic():
        found = list(Meeting.objects.filter(slug__in=slugs)[: FAVOURITES + 1])
        Favourite.objects.bulk_create(
            [Favourite(person=actor, meeting=meeting, at=now) for meeting in found], ignore_conflicts=True
        )
        if Favourite.objects.filter(person=actor).count() > FAVOURITES:
            raise TooMany(_("Your list is full: %(most)s meetings. Take one off it first.") % {"most": FAVOURITES})
    return len(found)


def favourite_drop(*, actor: Person, slug: str) -> None:
    """No longer keep this meeting at hand; one that was not kept is no error."""
    Favourite.objects.filter(person=actor, meeting__slug=slug).delete()
