"""What a member types about the watch, turned into what services take. Nothing is written here."""

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _

from circle.selectors import supporters_of
from ground.wall import to_utc

if TYPE_CHECKING:
    from circle.models import Supporter
    from people.models import Person


def number(posted: QueryDict, name: str) -> int:
    """Raises ValidationError, named for the field, for what is no whole number."""
    try:
        return int(posted.get(name, ""))
    except ValueError:
        raise ValidationError({name: _("Please give a whole number.")}) from None


def levels(actor: "Person", posted: QueryDict) -> "list[list[Supporter]]":
    """The member's own people by the place chosen for each: `level-PID` is 1, 2, or anything else for not at all."""
    found: list[list[Supporter]] = [[], []]
    for supporter in supporters_of(actor):
        place = posted.get(f"level-{supporter.person.pid}", "")
        if place in {"1", "2"}:
            found[int(place) - 1].append(supporter)
    return found


def pause_end(actor: "Person", posted: QueryDict) -> datetime | None:
    """The end of a pause: the last moment of the chosen day in the member's zone; None for open.

    Raises ValidationError for a day that does not exist.
    """
    given = posted.get("until", "").strip()
    if not given:
        return None
    try:
        day = date.fromisoformat(given)
        return to_utc(datetime.combine(day + timedelta(days=1), time()), actor.zone)
    except (ValueError, OverflowError):
        raise ValidationError({"until": _("There is no such day. Choose one from the calendar.")}) from None
